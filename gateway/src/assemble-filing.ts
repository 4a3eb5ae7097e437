/**
 * Puts filing in the patient's record together: what a conversation keeps is opened again, documents are made of it, the
 * mail is sealed as answers are. Rules stand in filing/ and reply/; the order in outbound.ts.
 */
import type { Ground } from './assemble-ground.ts';
import { createTrail } from './audit/trail.ts';
import { conversationExtender } from './conversation/extend-conversation.ts';
import { openClaimedSender, openOriginal } from './conversation/kept-original.ts';
import { createReminder } from './conversation/remind.ts';
import { createFilingAdmission } from './filing/admit-filing.ts';
import { createFilingMaker } from './filing/make-filing.ts';
import type { FilingSources } from './filing/read-kept.ts';
import type { FilingPlace, OutboundOptions } from './outbound.ts';
import { correspondentIndexOf, type LastingStore, type Outbox, type ReplyRow } from './ports.ts';
import { openAsked, openReply } from './reply/open-reply.ts';
import type { AttachmentKeeper } from './reply/reply-attachments.ts';
import { createFilingSealer } from './reply/seal-filing.ts';

/** A conversation and its key as what was kept of letters is opened with. */
const keptIn = ({ conversation, conversationKey: key }: FilingPlace) => ({ conversation, key });

const sealedOf = ({ id: replyId, conversationId, sealed }: ReplyRow) => ({ replyId, conversationId, ...sealed });

/** Opens a letter that was shown, as at its arrival with what is known now; it was scanned when it came. */
function rereaderOf({ store, workers, vault, clock, certificateStatus, spaces }: Ground) {
  return async (letter: Buffer, { conversation: { mailboxId, space } }: FilingPlace, at: number) => {
    const { letters } = spaces.judging(space ?? undefined);
    const keys = (await store.keysOf(mailboxId)).map(({ certificate, privateKey }) => ({ certificate, privateKey }));
    const facts = { letter, at, statusAt: clock.now().getTime(), keys, trust: certificateStatus.trust(), letters };
    const task = { ...facts, released: true, givesContent: true };
    const opened = await workers.open(task);
    if (!opened.verdict.reasons.includes('signer-unknown')) return opened;
    const sender = await store.correspondent(correspondentIndexOf(vault, opened.headers.from));
    return sender === null ? opened : workers.open({ ...task, known: [sender.certificate, ...sender.chain] });
  };
}

function sourcesOf(ground: Ground, attachments: Pick<AttachmentKeeper, 'open'>): FilingSources<FilingPlace> {
  const originals = { blobs: ground.blobs, idFor: ground.events.idFor };
  const reread = rereaderOf(ground);
  const original = (place: FilingPlace, letterId: string) => openOriginal(originals, keptIn(place), letterId);
  return {
    original,
    async asked(row, { key }) {
      const asked = await openAsked(key, row.deviceId, sealedOf(row));
      if (asked.type !== 'filing') throw new Error('a filing whose wish is none');
      return asked;
    },
    async answer(row, { conversation: { mailboxId, id: conversationId }, key }) {
      const message = await openReply(key, row.deviceId, sealedOf(row));
      return { message, attachments: await attachments.open({ mailboxId, conversationId, key }, message) };
    },
    async letter(place, letterId, receivedAt) {
      const bytes = await original(place, letterId);
      return bytes === null ? null : { original: bytes, opened: await reread(bytes, place, receivedAt) };
    },
    claimedSender: (place, letterId, sealed) => openClaimedSender(keptIn(place), letterId, sealed),
  };
}

/** The steps of filings on this ground. */
export function assembleFiling(
  ground: Ground,
  outbox: Pick<Outbox, 'has'>,
  attachments: Pick<AttachmentKeeper, 'open'>,
) {
  const { store, custody, events, vault, clock, trust, ownKeys, seal, spaces, tokens } = ground;
  const correspondentIndex = (address: string) => correspondentIndexOf(vault, address);
  const admitFiling = createFilingAdmission({
    store,
    extend: conversationExtender(custody),
    trailOf: (inside: LastingStore) => createTrail(inside, clock),
  });
  const sealFiling: OutboundOptions['sealFiling'] = createFilingMaker({
    ...{ store, outbox, correspondentIndex },
    sources: sourcesOf(ground, attachments),
    seal: createFilingSealer({ store, spaces, correspondentIndex, ownKeys, seal, trust, clock }),
    messageIdFor: tokens.messageIdFor,
    mailIdFor: (name) => events.idFor('mail', name),
  });
  return { admitFiling, sealFiling };
}

/** The step that tells which conversations end unfiled. */
export function assembleReminder({ store, custody, events, queues, clock, log }: Ground): () => Promise<void> {
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  return createReminder({ store, custody, events, queues, trailOf, clock, log });
}
