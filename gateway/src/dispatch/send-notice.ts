/**
 * Sends the sealed notice to the proven sender of a letter in quarantine, once: with the null return path, so that
 * nothing ever answers it by machine (RFC 3834 §3.3). The bytes are kept until they have left; what became of them
 * stands in the row of the letter and in the trail, and nobody waits for it.
 */
import { NOTICE_LIMITS } from '@estafette/contracts/limits';
import { QUEUES, type SendJob } from '@estafette/contracts/queues';
import type { BlobStore, LastingStore, QuarantinedLetter, Queues, Vault } from '../ports.ts';
import { type NextHop, pauseBeforeAttempt } from './next-hop.ts';

/** What is written of notices on their way. */
interface NoticeTrail {
  noticeSent(letterId: string, mailboxId: string): Promise<void>;
  noticeDelayed(letterId: string, mailboxId: string, code: string): Promise<void>;
  noticeFailed(letterId: string, mailboxId: string, code: string): Promise<void>;
}

type NoticeName = Pick<QuarantinedLetter, 'letterId' | 'mailboxId'>;

export interface NoticeSender {
  /** Keeps sealed bytes until they have left. */
  keep(letter: NoticeName, to: string, sealed: Uint8Array): Promise<void>;
  /** One attempt; finds nothing to do when the notice has left or failed. */
  attempt(letter: NoticeName): Promise<void>;
  /**
   * Queues what was kept and never tried; `again` also what was tried before, since Redis may have forgotten it, and
   * removes bytes that wait for nothing: a crash may have kept them. `again` only before letters are taken in.
   */
  retell(options?: { again: boolean }): Promise<void>;
}

const NOTICES = 'notices/';

/** The sender of sealed notices. */
export function createNoticeSender(options: {
  store: LastingStore;
  safe: BlobStore;
  vault: Vault;
  queues: Queues;
  nextHop: NextHop;
  trail: NoticeTrail;
}): NoticeSender {
  const { store, safe, vault, queues, trail } = options;
  const nameOf = ({ letterId, mailboxId }: NoticeName) => `${NOTICES}${letterId}.${mailboxId}`;

  const read = async (letter: NoticeName): Promise<{ to: string; bytes: Buffer } | null> => {
    const stored = await safe.get(nameOf(letter));
    if (stored === null) return null;
    const clear = vault.open('spool', nameOf(letter), stored);
    const end = clear.indexOf(0x0a);
    const { to } = JSON.parse(clear.subarray(0, end).toString()) as { to: string };
    return { to, bytes: clear.subarray(end + 1) };
  };

  const schedule = ({ letterId, mailboxId }: NoticeName, attempts: number, delayMs = 0): Promise<void> =>
    queues.add(
      QUEUES.send,
      `${letterId}.${mailboxId}.notice.${attempts}`,
      { kind: 'notice', letterId, mailboxId } satisfies SendJob,
      delayMs === 0 ? {} : { delayMs },
    );

  const end = async (letter: NoticeName, failure: string | null): Promise<void> => {
    const { letterId, mailboxId } = letter;
    if (failure === null) await trail.noticeSent(letterId, mailboxId);
    else await trail.noticeFailed(letterId, mailboxId, failure);
    await store.moveNotice(letterId, mailboxId, 'sealed', failure === null ? 'sent' : 'failed');
    await safe.delete(nameOf(letter));
  };

  return {
    async keep(letter, to, sealed) {
      const head = Buffer.from(`${JSON.stringify({ to })}\n`);
      await safe.put(nameOf(letter), vault.seal('spool', nameOf(letter), Buffer.concat([head, sealed])));
    },
    async attempt({ letterId, mailboxId }) {
      const letter = await store.quarantinedLetter(letterId, mailboxId);
      if (letter?.notice !== 'sealed') return;
      const mail = await read(letter);
      if (mail === null) return end(letter, 'sealed-mail-missing');
      const attempts = await store.countNoticeAttempt(letterId, mailboxId);
      const result = await options.nextHop.send({ from: '', to: mail.to, bytes: mail.bytes });
      if (result.outcome === 'sent') return end(letter, null);
      if (result.outcome === 'refused') return end(letter, 'next-hop-refused');
      if (attempts >= NOTICE_LIMITS.attemptsMax) return end(letter, 'next-hop-gave-up');
      await trail.noticeDelayed(letterId, mailboxId, result.failure);
      await schedule(letter, attempts, pauseBeforeAttempt(attempts));
    },
    async retell({ again } = { again: false }) {
      const waiting = await store.noticesToSend();
      for (const letter of waiting)
        if (again || letter.noticeAttempts === 0) await schedule(letter, letter.noticeAttempts);
      if (!again) return;
      const kept = new Set(waiting.map(nameOf));
      for await (const { name } of safe.list(NOTICES)) if (!kept.has(name)) await safe.delete(name);
    },
  };
}
