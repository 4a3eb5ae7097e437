/**
 * Sends the sealed bytes of a reply and does nothing after the 250 but record it. Bytes and Message-ID are the same at
 * every attempt, so that a receiver can drop a repeated mail when the outcome of an attempt was unknown. Attempts
 * follow a schedule with growing pauses and end with a final, visible state.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { QUEUES, type SendJob } from '@estafette/contracts/queues';
import type { BlobStore, ChangeReply, LastingStore, Queues, ReplyRow, Vault } from '../ports.ts';
import { type NextHop, pauseBeforeAttempt } from './next-hop.ts';

/** What is written of attempts. */
interface AttemptTrail {
  replyAttempted(replyId: string, attempt: number): Promise<void>;
  replySent(replyId: string): Promise<void>;
  replyDelayed(replyId: string, code: string): Promise<void>;
  replyFailed(replyId: string, code: string): Promise<void>;
}

export interface Sender {
  /** Keeps sealed bytes until they have left. */
  keep(replyId: string, to: string, sealed: Uint8Array): Promise<void>;
  /** Puts the next attempt into the queue. */
  schedule(row: ReplyRow, delayMs?: number): Promise<void>;
  /** Removes sealed bytes of replies that have left or failed: a crash may have kept them. */
  tidy(): Promise<void>;
  /** One attempt; finds nothing to do when the reply has left or failed. */
  attempt(replyId: string): Promise<void>;
}

const OUT = 'out/';

/** The sender of sealed replies. */
export function createSender(options: {
  store: LastingStore;
  safe: BlobStore;
  vault: Vault;
  queues: Queues;
  nextHop: NextHop;
  trail: AttemptTrail;
  change: ChangeReply;
}): Sender {
  const { store, safe, vault, queues, trail, change } = options;

  const read = async (replyId: string): Promise<{ to: string; bytes: Buffer } | null> => {
    const stored = await safe.get(OUT + replyId);
    if (stored === null) return null;
    const clear = vault.open('spool', replyId, stored);
    const end = clear.indexOf(0x0a);
    const { to } = JSON.parse(clear.subarray(0, end).toString()) as { to: string };
    return { to, bytes: clear.subarray(end + 1) };
  };

  const schedule: Sender['schedule'] = (row, delayMs) =>
    queues.add(
      QUEUES.send,
      `${row.id}.${row.attempts}`,
      { replyId: row.id } satisfies SendJob,
      delayMs === undefined ? {} : { delayMs },
    );

  const later = async (row: ReplyRow, failure: 'next-hop-unreachable' | 'next-hop-deferred'): Promise<void> => {
    if (row.attempts >= DISPATCH_LIMITS.attemptsMax) {
      await trail.replyFailed(row.id, 'next-hop-gave-up');
      await change(row, { state: 'failed', failure: 'next-hop-gave-up', certain: false });
      await safe.delete(OUT + row.id);
      return;
    }
    await trail.replyDelayed(row.id, failure);
    if (row.state !== 'delayed' || row.failure !== failure)
      await change(row, { state: 'delayed', failure, certain: false });
    await schedule(row, pauseBeforeAttempt(row.attempts));
  };

  return {
    schedule,
    async keep(replyId, to, sealed) {
      const head = Buffer.from(`${JSON.stringify({ to })}\n`);
      await safe.put(OUT + replyId, vault.seal('spool', replyId, Buffer.concat([head, sealed])));
    },
    async tidy() {
      for await (const { name } of safe.list(OUT)) {
        const row = await store.reply(name.slice(OUT.length));
        if (row !== null && !['accepted', 'awaiting-key', 'sealed', 'delayed'].includes(row.state))
          await safe.delete(name);
      }
    },
    async attempt(replyId) {
      const before = await store.reply(replyId);
      if (before === null || (before.state !== 'sealed' && before.state !== 'delayed')) return;
      const mail = await read(replyId);
      const mailbox = await store.mailboxById(before.mailboxId);
      if (mail === null || mailbox === null) {
        await trail.replyFailed(replyId, 'sealed-mail-missing');
        await change(before, { state: 'failed', failure: 'sealed-mail-missing', certain: false });
        return;
      }
      const row: ReplyRow = { ...before, attempts: await store.countAttempt(replyId) };
      await trail.replyAttempted(replyId, row.attempts);
      const result = await options.nextHop.send({ from: mailbox.address, to: mail.to, bytes: mail.bytes });
      if (result.outcome === 'later') return later(row, result.failure);
      if (result.outcome === 'refused') {
        await trail.replyFailed(replyId, 'next-hop-refused');
        await change(row, { state: 'failed', failure: 'next-hop-refused' });
      } else {
        await trail.replySent(replyId);
        await change(row, { state: 'sent' });
      }
      await safe.delete(OUT + replyId);
    },
  };
}
