/**
 * The inbox in Redis. One stream per mailbox whose entry ids are our own numbers, so that "everything after the
 * cursor" is one range read; a hash per conversation remembers which event got which number, which makes appending
 * idempotent and sweeping exact. Redis is asked to be on disk before it answers (appendfsync always, checked at
 * boot by the runtime); if it forgets nevertheless, the epoch is new and devices start over.
 */
import { randomBytes } from 'node:crypto';
import { base64url } from '@estafette/contracts/bytes';
import type { InboxEvent } from '@estafette/contracts/sealed-event';
import type { Clock } from '@estafette/runtime/ports';
import type { Redis } from 'ioredis';
import { ACKNOWLEDGE, APPEND, HEAD, SWEEP_CONVERSATION } from './inbox-scripts.ts';
import type { Appended, InboxHead, InboxStore, StoredEvent } from './inbox-store.ts';
import type { RelayLimits } from './relay-context.ts';

/** All mailboxes that have an inbox; the sweep walks through it. */
const MAILBOXES_KEY = 'relay:mailboxes';
const SWEEP_BATCH = 100;

function keysOf(mailboxId: string) {
  return {
    head: `relay:{${mailboxId}}:head`,
    log: `relay:{${mailboxId}}:log`,
    expiries: `relay:{${mailboxId}}:expiries`,
    cursors: `relay:{${mailboxId}}:cursors`,
    conversation: (conversationId: string) => `relay:{${mailboxId}}:stored:${conversationId}`,
  };
}

function newEpoch(): string {
  return base64url(new Uint8Array(randomBytes(12)));
}

export class RedisInboxStore implements InboxStore {
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #seenAfterExpiryMs: number;

  constructor(redis: Redis, clock: Clock, limits: Pick<RelayLimits, 'seenAfterExpirySeconds'>) {
    this.#redis = redis;
    this.#clock = clock;
    this.#seenAfterExpiryMs = limits.seenAfterExpirySeconds * 1_000;
  }

  async append(mailboxId: string, events: readonly InboxEvent[]): Promise<readonly Appended[]> {
    if (events.length === 0) return [];
    const names = keysOf(mailboxId);
    const keys = [names.head, names.log, names.expiries];
    const argv: (string | number)[] = [newEpoch(), this.#clock.now().getTime(), this.#seenAfterExpiryMs];
    for (const event of events) {
      keys.push(names.conversation(event.conversationId));
      const device = event.kind === 'key' ? event.device : '';
      argv.push(event.id, event.conversationId, event.expiresAt, device, JSON.stringify(event));
    }
    // The mailbox is listed for the sweep before, and again with, every append: a list that Redis forgot heals itself.
    const [, answer] = await Promise.all([
      this.#redis.sadd(MAILBOXES_KEY, mailboxId),
      APPEND.run(this.#redis, keys, argv),
    ]);
    const numbers = answer as number[];
    return events.map((_, i) => ({ seq: Number(numbers[i * 2]), isNew: numbers[i * 2 + 1] === 1 }));
  }

  async head(mailboxId: string): Promise<InboxHead> {
    const answer = await HEAD.run(this.#redis, [keysOf(mailboxId).head], [newEpoch()]);
    const [epoch, lastSeq] = answer as [string, string | null];
    return { epoch, lastSeq: Number(lastSeq ?? 0) };
  }

  async readAfter(mailboxId: string, cursor: number, maxEvents: number): Promise<readonly StoredEvent[]> {
    const entries = await this.#redis.xrange(keysOf(mailboxId).log, `(${cursor}-0`, '+', 'COUNT', maxEvents);
    return entries.map(([entryId, fields]) => {
      const [, at, , device, , json] = fields;
      return { seq: Number.parseInt(entryId, 10), at: Number(at), device: device || null, json: json ?? '' };
    });
  }

  async acknowledge(mailboxId: string, deviceId: string, cursor: number): Promise<number> {
    return Number(await ACKNOWLEDGE.run(this.#redis, [keysOf(mailboxId).cursors], [deviceId, cursor]));
  }

  async acknowledged(mailboxId: string, deviceId: string): Promise<number> {
    return Number((await this.#redis.hget(keysOf(mailboxId).cursors, deviceId)) ?? 0);
  }

  async forgetDevice(mailboxId: string, deviceId: string): Promise<void> {
    await this.#redis.hdel(keysOf(mailboxId).cursors, deviceId);
  }

  async sweep(): Promise<{ conversations: number; events: number }> {
    const swept = { conversations: 0, events: 0 };
    let position = '0';
    do {
      const [next, mailboxIds] = await this.#redis.sscan(MAILBOXES_KEY, position, 'COUNT', SWEEP_BATCH);
      for (const mailboxId of mailboxIds) {
        const removed = await this.#sweepMailbox(mailboxId);
        swept.conversations += removed.conversations;
        swept.events += removed.events;
      }
      position = next;
    } while (position !== '0');
    return swept;
  }

  async #sweepMailbox(mailboxId: string): Promise<{ conversations: number; events: number }> {
    const names = keysOf(mailboxId);
    const now = this.#clock.now().getTime();
    const expired = await this.#redis.zrangebyscore(names.expiries, '-inf', now);
    const swept = { conversations: 0, events: 0 };
    for (const conversationId of expired) {
      const keys = [names.log, names.expiries, names.conversation(conversationId)];
      const removed = Number(await SWEEP_CONVERSATION.run(this.#redis, keys, [conversationId, now]));
      if (removed < 0) continue;
      swept.conversations += 1;
      swept.events += removed;
    }
    return swept;
  }
}
