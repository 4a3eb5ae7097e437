/**
 * Devices, nonces, tickets, sessions and enrolment answers in Redis. One-time things are taken by one atomic
 * command (GETDEL, SET NX); ends are Redis expiries. Of tickets and tokens only the SHA-256 is a key: they are
 * random and long, so a plain digest cannot be guessed back.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { EnrolmentAnswer } from '@estafette/contracts/enrolment';
import type { Clock } from '@estafette/runtime/ports';
import type { Redis } from 'ioredis';
import type { AccessStore, Admission, DeviceRecord } from './access-store.ts';
import { REGISTER_DEVICE } from './inbox-scripts.ts';
import type { RelayLimits } from './relay-context.ts';

const REVOKED = 'revoked';
const TOKEN_BYTES = 32;
/** A Redis that does not answer a PING within this is not there. */
const REACHABLE_WITHIN_MS = 2_000;
const HOUR_SECONDS = 3_600;

function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

const keys = {
  introduced: 'relay:introduced',
  device: (deviceId: string) => `relay:device:${deviceId}`,
  connections: (deviceId: string) => `relay:connections:${deviceId}`,
  nonce: (deviceId: string, nonce: string) => `relay:nonce:${deviceId}:${nonce}`,
  ticket: (ticket: string) => `relay:ticket:${digestOf(ticket)}`,
  session: (token: string) => `relay:session:${digestOf(token)}`,
  uploads: (mailboxId: string, hour: number) => `relay:uploads:${mailboxId}:${hour}`,
  answer: (enrolmentId: string, deviceId: string) => `relay:answer:${enrolmentId}:${deviceId}`,
};

export class RedisAccessStore implements AccessStore {
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #limits: RelayLimits;

  constructor(redis: Redis, clock: Clock, limits: RelayLimits) {
    this.#redis = redis;
    this.#clock = clock;
    this.#limits = limits;
  }

  async registerDevice(deviceId: string, record: DeviceRecord): Promise<boolean> {
    const key = keys.device(deviceId);
    const registered = await REGISTER_DEVICE.run(this.#redis, [key], [JSON.stringify(record), REVOKED]);
    if (registered === 1 && record.validUntil !== null) {
      await this.#redis.pexpire(key, Math.max(record.validUntil - this.#clock.now().getTime(), 1));
    }
    return registered === 1;
  }

  async revokeDevice(deviceId: string): Promise<void> {
    // The word stays as long as a repeated device-joined job could still come.
    await this.#redis.set(keys.device(deviceId), REVOKED, 'EX', this.#limits.seenAfterExpirySeconds);
    await this.#redis.del(keys.connections(deviceId));
  }

  async findDevice(deviceId: string): Promise<DeviceRecord | null> {
    const text = await this.#redis.get(keys.device(deviceId));
    if (text === null || text === REVOKED) return null;
    const record = JSON.parse(text) as DeviceRecord;
    const ended = record.validUntil !== null && record.validUntil <= this.#clock.now().getTime();
    return ended ? null : record;
  }

  async markIntroduced(): Promise<void> {
    await this.#redis.set(keys.introduced, '1');
  }

  async isIntroduced(): Promise<boolean> {
    return (await this.#redis.exists(keys.introduced)) === 1;
  }

  async useNonce(deviceId: string, nonce: string): Promise<boolean> {
    // A request is in time within the skew before and after: a nonce is remembered for both, and a second more.
    const seconds = 2 * this.#limits.ticketClockSkewSeconds + 1;
    return (await this.#redis.set(keys.nonce(deviceId, nonce), '1', 'EX', seconds, 'NX')) === 'OK';
  }

  async makeTicket(deviceId: string): Promise<string> {
    const ticket = newToken();
    await this.#redis.set(keys.ticket(ticket), deviceId, 'EX', this.#limits.ticketTtlSeconds);
    return ticket;
  }

  async takeTicket(ticket: string): Promise<Admission | null> {
    const deviceId = await this.#redis.getdel(keys.ticket(ticket));
    if (deviceId === null) return null;
    const record = await this.findDevice(deviceId);
    if (record === null) return null;
    const connection = await this.#redis.incr(keys.connections(deviceId));
    if (record.validUntil !== null) {
      await this.#redis.pexpire(keys.connections(deviceId), record.validUntil - this.#clock.now().getTime());
    }
    return { deviceId, mailboxId: record.mailboxId, validUntil: record.validUntil, connection };
  }

  async openSession(deviceId: string): Promise<string> {
    const token = newToken();
    await this.#redis.set(keys.session(token), deviceId, 'EX', this.#limits.sessionTtlSeconds);
    return token;
  }

  async findSession(token: string): Promise<{ deviceId: string; mailboxId: string } | null> {
    const deviceId = await this.#redis.get(keys.session(token));
    if (deviceId === null) return null;
    const record = await this.findDevice(deviceId);
    return record === null ? null : { deviceId, mailboxId: record.mailboxId };
  }

  async endSession(token: string): Promise<void> {
    await this.#redis.expire(keys.session(token), this.#limits.sessionGraceSeconds);
  }

  async countUpload(mailboxId: string, bytes: number): Promise<{ uploads: number; bytes: number }> {
    const hour = Math.floor(this.#clock.now().getTime() / 1_000 / HOUR_SECONDS);
    const key = keys.uploads(mailboxId, hour);
    const uploads = await this.#redis.hincrby(key, 'uploads', 1);
    const inAll = await this.#redis.hincrby(key, 'bytes', bytes);
    // Every time, not only the first: a count without an end would stay for ever if we died in between.
    await this.#redis.expire(key, 2 * HOUR_SECONDS);
    return { uploads, bytes: inAll };
  }

  async putAnswer(enrolmentId: string, deviceId: string, answer: EnrolmentAnswer): Promise<void> {
    const key = keys.answer(enrolmentId, deviceId);
    const seconds = this.#limits.enrolmentAnswerTtlSeconds;
    const text = JSON.stringify(answer);
    if (answer.outcome === 'joined') await this.#redis.set(key, text, 'EX', seconds);
    else await this.#redis.set(key, text, 'EX', seconds, 'NX');
  }

  async findAnswer(enrolmentId: string, deviceId: string): Promise<EnrolmentAnswer | null> {
    const text = await this.#redis.get(keys.answer(enrolmentId, deviceId));
    return text === null ? null : (JSON.parse(text) as EnrolmentAnswer);
  }

  async isReachable(): Promise<boolean> {
    // A client that is not connected would queue the PING and answer much later.
    if (this.#redis.status !== 'ready') return false;
    const tooLate = new AbortController();
    try {
      const answer = this.#redis.ping();
      answer.catch(() => undefined);
      // After a stall of our own the timer comes before an answer that has long been there: that is read first.
      const deadline = sleep(REACHABLE_WITHIN_MS, undefined, { signal: tooLate.signal, ref: false })
        .then(() => nextTurn())
        .then(() => 'too late');
      return (await Promise.race([answer, deadline])) === 'PONG';
    } catch {
      return false;
    } finally {
      tooLate.abort();
    }
  }
}
