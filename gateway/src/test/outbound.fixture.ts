/** For tests: the way out from the reply of a device to the outbox, over a world; how replies are sealed is the test's. */
import { silentLog } from '@estafette/runtime/log';
import { createTrail } from '../audit/trail.ts';
import { cleanFileName, isExecutableName } from '../content/file-name.ts';
import { servedMediaType, sniffMediaType } from '../content/media-type.ts';
import { conversationExtender } from '../conversation/extend-conversation.ts';
import { openContext } from '../conversation/letter-message.ts';
import { createReplyStatus } from '../conversation/reply-status.ts';
import { createMailLife } from '../dispatch/mail-life.ts';
import { openMailSafe } from '../dispatch/mail-safe.ts';
import { createOutbox } from '../dispatch/outbox.ts';
import { createFilingAdmission } from '../filing/admit-filing.ts';
import { createOutbound, type OutboundOptions } from '../outbound.ts';
import type { LastingStore, NewMail, ReplyRow } from '../ports.ts';
import { createAdmission } from '../reply/admit-reply.ts';
import { createGatherer } from '../reply/gather-replies.ts';
import { createAttachmentKeeper } from '../reply/reply-attachments.ts';
import type { World } from './world.fixture.ts';

export const PAUSE_MS = 5_000;
const DOCTOR = 'claire.martin@cabinet.example';

/** Sealed bytes of a group, as a test makes them up. */
export function mailOf(world: World, rows: readonly ReplyRow[], bytes: Uint8Array): NewMail {
  const [{ id: first, groupId, mailboxId, conversationId }] = rows as [ReplyRow];
  const subject = groupId ?? first;
  return {
    ...{ mailboxId, conversationId, subject, bytes, kind: 'reply', space: 'demo', urgent: false, asksReports: true },
    id: world.events.idFor('mail', `${subject} ${DOCTOR}`),
    recipientIndex: world.vault.index('address-index', DOCTOR),
    replyIds: rows.map(({ id }) => id),
    from: 'pharmacie@officine.example',
    to: DOCTOR,
    messageId: world.tokens.messageIdFor(conversationId, subject),
  };
}

/** What outbound.ts is made of; `parts` replaces what the test makes up. */
export function assembleOutboundIn(
  world: World,
  parts: Pick<OutboundOptions, 'sealReplies' | 'ownKeys'> & Partial<Pick<OutboundOptions, 'sealFiling'>>,
  pauseMs = PAUSE_MS,
) {
  const { store, clock, custody, blobs, vault, queues, trail } = world;
  const status = createReplyStatus(world);
  const mails = openMailSafe({ safe: blobs, vault });
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const messageIdIndex = (id: string) => world.indexOf('message-id', id);
  const life = createMailLife({ store, trailOf, replies: status, clock, log: silentLog, ended: mails.remove });
  const common = { store, queues, messageIdIndex, clock, log: silentLog };
  const lasting = { giveUpAfterHoursOf: () => 48, extend: conversationExtender(custody) };
  const outbox = createOutbox({ ...common, ...lasting, mails, life, replies: status, trailOf });
  const rules = {
    sniff: sniffMediaType,
    servedType: (declared: string, sniffed: ReturnType<typeof sniffMediaType>) =>
      servedMediaType(declared, sniffed).mediaType,
    cleanName: cleanFileName,
    isProgramName: isExecutableName,
  };
  const attachments = createAttachmentKeeper({ blobs, store, rules });
  const admitFiling = createFilingAdmission({ store, extend: conversationExtender(custody), trailOf });
  const unwrap = custody.unwrap;
  const admit = createAdmission({ store, openContext, unwrap, attachments, admitFiling, trail, clock });
  const gatherer = createGatherer({ store, clock, pauseMs });
  const sealFiling: OutboundOptions['sealFiling'] = async () => {
    throw new Error('this test files nothing');
  };
  const made = { custody, status, admit, gatherer, outbox, trail, sealFiling };
  const outbound = createOutbound({ ...common, ...made, ...parts });
  return { outbound, outbox, attachments };
}
