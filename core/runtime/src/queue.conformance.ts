/** What the queues promise, in code. Takes a factory; run by the test file of each adapter. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Consumer, GiveUp, type Queues } from './ports.ts';

type Work = (queues: Queues, queue: string) => Promise<void>;
const promises = new Map<string, Work>();
const promise = (title: string, work: Work) => promises.set(title, work);

/** Tests every promise; each on a queue of its own. */
export function queuesConformance(place: string, open: () => Queues): void {
  for (const [title, work] of promises) {
    test(`${place}: ${title}`, async () => {
      const queues = open();
      try {
        await work(queues, `test-${randomUUID()}`);
      } finally {
        await queues.close();
      }
    });
  }
}

async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await fact()); waited += 20) {
    assert.ok(waited < 60_000, 'waited in vain');
    await pause(20);
  }
}

/** A consumer that remembers what it was given. */
async function remembering(
  queues: Queues,
  queue: string,
  handler: (job: { n: number }, attempt: number) => Promise<void> = async () => {},
): Promise<{ consumer: Consumer; seen: string[] }> {
  const seen: string[] = [];
  const consumer = await queues.consume<{ n: number }>(
    queue,
    async (job, attempt) => {
      seen.push(`${job.n}.${attempt}`);
      await handler(job, attempt);
    },
    { concurrency: 4 },
  );
  return { consumer, seen };
}

promise('a job that was added is run once, and leaves nothing', async (queues, queue) => {
  await queues.add(queue, 'one', { n: 1 });
  assert.equal(await queues.depth(queue), 1);
  const { seen } = await remembering(queues, queue);
  await until(async () => (await queues.depth(queue)) === 0);
  assert.deepEqual(seen, ['1.1']);
});

promise('a job with the id of one that waits is not added twice', async (queues, queue) => {
  await queues.add(queue, 'same', { n: 1 });
  await queues.add(queue, 'same', { n: 2 });
  assert.equal(await queues.depth(queue), 1);
  const { seen } = await remembering(queues, queue);
  await until(async () => (await queues.depth(queue)) === 0);
  assert.deepEqual(seen, ['1.1']);
  await queues.add(queue, 'same', { n: 3 });
  await until(() => seen.length === 2);
});

promise('a handler that throws is tried again with the number of the attempt', async (queues, queue) => {
  const { seen } = await remembering(queues, queue, async (_, attempt) => {
    if (attempt < 3) throw new Error('not yet');
  });
  await queues.add(queue, 'again', { n: 1 });
  await until(() => seen.length === 3);
  await until(async () => (await queues.depth(queue)) === 0);
  assert.deepEqual(seen, ['1.1', '1.2', '1.3']);
});

promise('a handler that gives up is not tried again', async (queues, queue) => {
  const { seen } = await remembering(queues, queue, async () => {
    throw new GiveUp('never');
  });
  await queues.add(queue, 'over', { n: 1 });
  await until(async () => seen.length === 1 && (await queues.depth(queue)) === 0);
  await pause(1_500);
  assert.deepEqual(seen, ['1.1']);
});

promise('a delayed job counts at once and runs later', async (queues, queue) => {
  const added = Date.now();
  await queues.add(queue, 'later', { n: 1 }, { delayMs: 700 });
  assert.equal(await queues.depth(queue), 1);
  const { seen } = await remembering(queues, queue);
  await until(() => seen.length === 1);
  assert.ok(Date.now() - added >= 690);
});

promise('no more jobs run at the same time than allowed', async (queues, queue) => {
  let [running, most, done] = [0, 0, 0];
  for (let n = 0; n < 20; n += 1) await queues.add(queue, `job-${n}`, { n });
  await remembering(queues, queue, async () => {
    running += 1;
    most = Math.max(most, running);
    // On a slow machine the first would be done before the second begins.
    await until(() => most > 1);
    await pause(10);
    running -= 1;
    done += 1;
  });
  await until(() => done === 20);
  assert.ok(most <= 4 && most > 1);
});

promise('closing a consumer waits for its running job', async (queues, queue) => {
  const finishing: (() => void)[] = [];
  const { consumer, seen } = await remembering(queues, queue, () => new Promise((resolve) => finishing.push(resolve)));
  await queues.add(queue, 'running', { n: 1 });
  await until(() => seen.length === 1);
  let isClosed = false;
  const closing = consumer.close().then(() => {
    isClosed = true;
  });
  await pause(200);
  const wasClosed = isClosed;
  for (const finish of finishing) finish();
  await closing;
  assert.equal(wasClosed, false);
  await queues.add(queue, 'late', { n: 2 });
  await pause(200);
  assert.deepEqual(seen, ['1.1']);
  assert.equal(await queues.depth(queue), 1);
});

promise('the end of a job is told by its id to whoever listens', async (queues, queue) => {
  const completed: string[] = [];
  await queues.onCompleted(queue, (jobId) => completed.push(jobId));
  await remembering(queues, queue);
  await queues.add(queue, 'a.b', { n: 1 });
  await queues.add(queue, 'c', { n: 2 });
  await until(() => completed.length === 2);
  assert.deepEqual(completed.sort(), ['a.b', 'c']);
});
