/** Puts the way in together: opening, routing, keeping, quarantine, notices. The order stands in inbound.ts. */
import { notingUnscanned, scanLetter } from './antivirus/scan-letter.ts';
import type { AutomaticWays } from './assemble-automatic.ts';
import type { Ground } from './assemble-ground.ts';
import { createTrail } from './audit/trail.ts';
import { addViews } from './content/add-views.ts';
import { openCertificateBook } from './conversation/certificate-book.ts';
import { createSenderDesk } from './conversation/know-sender.ts';
import { createLetterKeeper } from './conversation/letter-message.ts';
import { createQuarantine, type Quarantine } from './conversation/quarantine.ts';
import { createRouter } from './conversation/route-letter.ts';
import { createInbound } from './inbound.ts';
import { correspondentIndexOf, type LastingStore, type OpenedLetter, type Outbox } from './ports.ts';
import { createNotifier } from './reply/refusal-notice.ts';

export interface WayIn {
  /** Takes one spooled letter all the way. */
  readonly inbound: (letterId: string) => Promise<void>;
  readonly quarantine: Quarantine;
  /** Takes what a device says was read. */
  readonly read: AutomaticWays['receipts'];
}

/** Opens with the keys of a mailbox; a signature without its certificate again, with what is known of the sender; then scans. */
function openerOf({ store, workers, vault, clock, certificateStatus, spaces, antivirus }: Ground) {
  const scanned = (opened: OpenedLetter) => (antivirus === null ? opened : scanLetter(antivirus, opened));
  return async (
    mailboxId: string,
    {
      space,
      ...given
    }: {
      letter: Uint8Array;
      at: number;
      space: string | undefined;
      released?: boolean;
      nullSender?: boolean;
    },
  ) => {
    antivirus?.mayScan();
    const { letters } = spaces.judging(space);
    const keys = (await store.keysOf(mailboxId)).map(({ certificate, privateKey }) => ({ certificate, privateKey }));
    const statusAt = clock.now().getTime();
    const givesContent = antivirus !== null;
    const task = { ...given, statusAt, keys, trust: certificateStatus.trust(), letters, givesContent };
    const opened = await workers.open(task);
    if (!opened.verdict.reasons.includes('signer-unknown')) return scanned(opened);
    const sender = await store.correspondent(correspondentIndexOf(vault, opened.headers.from));
    if (sender === null) return scanned(opened);
    return scanned(await workers.open({ ...task, known: [sender.certificate, ...sender.chain] }));
  };
}

/** The way in on this ground; `outbox` takes what a proven sender is told. */
export function assembleInbound(ground: Ground, outbox: Outbox, automatic: AutomaticWays): WayIn {
  const { config, store, blobs, custody, events, tokens, queues, vault, clock, log, trail, indexOf } = ground;
  const { ownKeys, seal, trust, messageIdIndex } = ground;
  const { spaces } = ground;
  const { delivered } = ground.waiters;
  const open = openerOf(ground);
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const certificates = openCertificateBook({ store, vault, trailOf, clock });
  const know = createSenderDesk({ certificates, spaces });
  const keeper = createLetterKeeper({
    store,
    blobs,
    events,
    addViews: (documents) => addViews(documents, { studio: ground.studio, clock }),
  });
  const quarantine = createQuarantine({
    store,
    blobs,
    custody,
    events,
    keeper,
    certificates,
    queues,
    log,
    delivered,
    trailOf,
    know,
    spaces,
    isScanning: ground.antivirus !== null,
    openReleased: (letter, mailboxId, space) => {
      const given = { letter, space: space ?? undefined, released: true };
      return ground.certificateStatus.opening(() => open(mailboxId, { ...given, at: clock.now().getTime() }));
    },
  });
  const notify = createNotifier({
    store,
    ownKeys,
    seal,
    trust,
    clock,
    log,
    trail,
    messageIdFor: ({ letterId, mailboxId, conversationId }) =>
      tokens.messageIdFor(conversationId, events.idFor('message', `notice ${letterId} ${mailboxId}`)),
    messageIdIndex,
    mailIdFor: (name) => events.idFor('mail', name),
    outbox,
    spaces,
  });
  const conversationTtlSeconds = config.ESTAFETTE_CONVERSATION_TTL_SECONDS;
  const inbound = createInbound({
    spool: ground.spool,
    open: ({ bytes, receivedAt, space, mailFrom }, mailboxId) =>
      open(mailboxId, { letter: bytes, at: receivedAt, space, nullSender: mailFrom === '' }),
    automatic: automatic.take,
    courtesies: automatic.courtesies,
    waits: ground.certificateStatus.waits,
    route: createRouter({ store, custody, tokens, indexOf, conversationTtlSeconds }),
    know,
    spaces,
    certificates,
    keeper,
    quarantine,
    notify,
    events,
    store,
    queues,
    vault,
    clock,
    log,
    delivered,
  });
  return { inbound: notingUnscanned(inbound, { trail, clock }), quarantine, read: automatic.receipts };
}
