/** A whole relay for a test: the real server on a free port, a real Redis, queues and blobs in memory. */
import { newId } from '@estafette/contracts/ids';
import { QUEUES } from '@estafette/contracts/queues';
import type { InboxEvent } from '@estafette/contracts/sealed-event';
import type { Log, LogFields } from '@estafette/runtime/ports';
import type { Redis } from 'ioredis';
import { type RelayOptions, type StartedRelay, startRelay } from '../main.ts';
import { MemoryBlobs } from './memory-blobs.ts';
import { MemoryQueues } from './memory-queues.ts';
import type { PrivateRedis } from './private-redis.ts';
import { TestClock } from './test-clock.ts';
import { TestDevice } from './test-device.ts';

export class TestRelay {
  readonly relay: StartedRelay;
  readonly redis: Redis;
  readonly queues: MemoryQueues;
  readonly blobs: MemoryBlobs;
  readonly clock: TestClock;
  readonly log: LineLog;
  #jobs = 0;

  private constructor(parts: {
    relay: StartedRelay;
    redis: Redis;
    queues: MemoryQueues;
    blobs: MemoryBlobs;
    clock: TestClock;
    log: LineLog;
  }) {
    this.relay = parts.relay;
    this.redis = parts.redis;
    this.queues = parts.queues;
    this.blobs = parts.blobs;
    this.clock = parts.clock;
    this.log = parts.log;
  }

  static async start(server: PrivateRedis, options: Partial<RelayOptions> = {}): Promise<TestRelay> {
    const redis = await server.connect();
    const subscriber = await server.connect();
    const queues = new MemoryQueues();
    const blobs = new MemoryBlobs();
    const clock = new TestClock();
    const log = new LineLog();
    const own = { redis, subscriber, queues, blobs, clock, log, host: '127.0.0.1', port: 0, webRoot: null };
    const relay = await startRelay({ ...own, ...options });
    const made = new TestRelay({ relay, redis, queues, blobs, clock, log });
    await made.deliver({ kind: 'devices-introduced' });
    return made;
  }

  /** Host and port. */
  get address(): string {
    return `${this.relay.address.host}:${this.relay.address.port}`;
  }

  /** Delivers a job as the gateway would, and waits until it is done. */
  async deliver(job: object): Promise<void> {
    this.#jobs += 1;
    await this.queues.add(QUEUES.deliver, `job-${this.#jobs}`, job);
    await this.queues.settled();
  }

  append(mailboxId: string, ...events: InboxEvent[]): Promise<void> {
    return this.deliver({ kind: 'append', mailboxId, events });
  }

  /** A device whose enrolment the gateway has accepted. */
  async joinedDevice(mailboxId?: string, validUntil: number | null = null): Promise<TestDevice> {
    const device = await TestDevice.make(this.address, mailboxId);
    await this.join(device, validUntil);
    return device;
  }

  async join(device: TestDevice, validUntil: number | null = null, events: InboxEvent[] = []): Promise<void> {
    const { deviceId, signingKey } = device;
    const answer = { outcome: 'joined', iv: 'AAAA', ct: 'bWVtYmVy' };
    const enrolmentId = newId('enrolment');
    const member = { mailboxId: device.mailboxId, deviceId, signingKey, validUntil };
    await this.deliver({ kind: 'device-joined', ...member, enrolmentId, answer, events });
  }

  /** An hour from now by the relay's clock. */
  get inOneHour(): number {
    return this.clock.ms + 3_600_000;
  }
}

/** Keeps the log lines, so that a test can look at them. */
export class LineLog implements Log {
  readonly lines: string[] = [];

  debug(message: string, fields?: LogFields): void {
    this.#keep('debug', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#keep('info', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#keep('warn', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#keep('error', message, fields);
  }

  #keep(level: string, message: string, fields: LogFields = {}): void {
    const { error, ...rest } = fields;
    this.lines.push(JSON.stringify({ level, message, ...rest, error: error instanceof Error ? error.message : error }));
  }
}
