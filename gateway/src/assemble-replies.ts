/** Puts together how a reply becomes mails: admission, gathering, composing, sealing. Order and rules stand in outbound.ts. */
import { assembleFiling } from './assemble-filing.ts';
import type { Ground } from './assemble-ground.ts';
import { cleanFileName, isExecutableName } from './content/file-name.ts';
import { servedMediaType, sniffMediaType } from './content/media-type.ts';
import { openContext } from './conversation/letter-message.ts';
import type { ReplyStatus } from './conversation/reply-status.ts';
import { createOutbound, type Outbound } from './outbound.ts';
import { correspondentIndexOf, type Outbox } from './ports.ts';
import { createAdmission } from './reply/admit-reply.ts';
import { createGatherer } from './reply/gather-replies.ts';
import { createAttachmentKeeper, type FileRules } from './reply/reply-attachments.ts';
import { createReplySealer } from './reply/seal-reply.ts';

const FILE_RULES: FileRules = {
  sniff: sniffMediaType,
  servedType: (declared, sniffed) => servedMediaType(declared, sniffed).mediaType,
  cleanName: cleanFileName,
  isProgramName: isExecutableName,
};

/** The way of replies on this ground, to the outbox. */
export function assembleReplies(ground: Ground, outbox: Outbox, status: ReplyStatus): Outbound {
  const { config, store, blobs, custody, events, queues, vault, trust, clock, log, trail, ownKeys, seal } = ground;
  const { spaces, messageIdIndex, tokens } = ground;
  const attachments = createAttachmentKeeper({ blobs, store, rules: FILE_RULES, antivirus: ground.antivirus });
  const unwrap = custody.unwrap;
  const { admitFiling, sealFiling } = assembleFiling(ground, outbox, attachments);
  const admit = createAdmission({ store, openContext, unwrap, attachments, admitFiling, trail, clock });
  const gatherer = createGatherer({ store, clock, pauseMs: config.ESTAFETTE_GATHER_SECONDS * 1_000 });
  const sealReplies = createReplySealer({
    ...{ store, spaces, outbox, attachments, ownKeys, seal, trust, clock },
    messageIdFor: tokens.messageIdFor,
    mailIdFor: (name) => events.idFor('mail', name),
    correspondentIndex: (address) => correspondentIndexOf(vault, address),
  });
  const parts = {
    store,
    custody,
    status,
    admit,
    gatherer,
    sealReplies,
    sealFiling,
    outbox,
    ownKeys,
    queues,
    messageIdIndex,
  };
  return createOutbound({ ...parts, trail, clock, log });
}
