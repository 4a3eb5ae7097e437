/**
 * Queues on BullMQ: the only file that imports it. At-least-once with growing pauses; finished jobs leave
 * nothing behind in Redis, because the state of the work lives in SQL. A consumer that was killed loses its
 * lock after `lockMs` and another takes the job up; consumers are idempotent, so a second run does no harm.
 */

import { Queue, QueueEvents, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Consumer, GiveUp, type Log, type Queues } from './ports.ts';
import { connectRedis, type RedisPlace } from './redis-connection.ts';

const PREFIX = 'estafette';
/** A killed consumer's job is taken up again after at most lock + one check. */
const TIMES_MS = { lock: 15_000, stalledCheck: 5_000 };
const RETRY_MS = { first: 500, last: 60_000 };
/** BullMQ wants a number: for ever, in practice (a month of one-minute pauses). */
const ATTEMPTS = 50_000;
const STALLS_MAX = 100;

function pauseBefore(attempt: number): number {
  const base = Math.min(RETRY_MS.first * 2 ** Math.min(attempt - 1, 10), RETRY_MS.last);
  return Math.round(base * (0.75 + Math.random() / 2));
}

/**
 * Takes up at once what a killed process was doing. On a Redis of our own nobody else can hold the locks of its jobs:
 * they are dropped and the jobs marked as stalled, which the first check of a consumer puts back.
 */
async function releaseOrphans(connection: Redis, queue: string): Promise<void> {
  const key = (name: string) => `${PREFIX}:${queue}:${name}`;
  const running = await connection.lrange(key('active'), 0, -1);
  if (running.length === 0) return;
  await connection.del(key('stalled-check'), ...running.map((jobId) => key(`${jobId}:lock`)));
  await connection.sadd(key('stalled'), ...running);
}

/** Opens the queues of one Redis; `isOwnRedis` when no other process can consume from it. */
export function openQueues(
  place: RedisPlace,
  log: Log,
  options: { isOwnRedis: boolean } = { isOwnRedis: false },
): Queues {
  const producers = new Map<string, Queue>();
  const connection = connectRedis(place, { name: 'queues', log });
  const closing: (() => Promise<void>)[] = [];

  const producer = (name: string): Queue => {
    const known = producers.get(name);
    if (known !== undefined) return known;
    const queue = new Queue(name, { connection, prefix: PREFIX });
    queue.on('error', () => {});
    producers.set(name, queue);
    return queue;
  };

  return {
    async add(queue, jobId, job, wish = {}) {
      await producer(queue).add('job', job, {
        jobId,
        attempts: ATTEMPTS,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
        // Nothing of an error rests in Redis: neither a growing list of stacks nor what its text may say.
        stackTraceLimit: 0,
        ...(wish.delayMs === undefined ? {} : { delay: wish.delayMs }),
      });
    },

    async consume(queue, handler, { concurrency }) {
      const workerConnection = connectRedis(place, { name: `consumer-${queue}`, log, forBlocking: true });
      if (options.isOwnRedis) await releaseOrphans(connection, queue);
      const worker = new Worker(
        queue,
        async (job) => {
          try {
            await handler(job.data, job.attemptsMade + 1);
          } catch (error) {
            log.warn('job will run again', { queue, jobId: String(job.id), attempt: job.attemptsMade + 1, error });
            if (error instanceof GiveUp) throw new UnrecoverableError(error.message);
            throw new Error('see the log');
          }
        },
        {
          connection: workerConnection,
          prefix: PREFIX,
          concurrency,
          lockDuration: TIMES_MS.lock,
          stalledInterval: TIMES_MS.stalledCheck,
          maxStalledCount: STALLS_MAX,
          drainDelay: 2,
          settings: { backoffStrategy: (attempt) => pauseBefore(attempt) },
        },
      );
      worker.on('error', (error) => log.debug('queue consumer trouble', { queue, error }));
      await worker.waitUntilReady();
      return once(async () => {
        await worker.close();
        workerConnection.disconnect();
      });
    },

    async onCompleted(queue, listener) {
      const eventsConnection = connectRedis(place, { name: `events-${queue}`, log, forBlocking: true });
      const events = new QueueEvents(queue, { connection: eventsConnection, prefix: PREFIX });
      events.on('error', () => {});
      events.on('completed', ({ jobId }) => listener(jobId));
      await events.waitUntilReady();
      return once(async () => {
        await events.close();
        eventsConnection.disconnect();
      });
    },

    async depth(queue) {
      const counts = await producer(queue).getJobCounts('wait', 'delayed', 'active', 'prioritized');
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },

    async close() {
      for (const close of closing) await close();
      for (const queue of producers.values()) await queue.close();
      connection.disconnect();
    },
  };

  function once(close: () => Promise<void>): Consumer {
    let closed: Promise<void> | undefined;
    const consumer = { close: () => (closed ??= close()) };
    closing.push(consumer.close);
    return consumer;
  }
}
