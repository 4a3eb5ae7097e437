/** Lanes: a domain that hangs holds up nobody else, and one that failed rests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { createLanes, createRests } from './lanes.ts';

/** Work that ends when it is told to. */
function works() {
  const begun: string[] = [];
  const endings = new Map<string, () => void>();
  const work = (name: string) => () =>
    new Promise<void>((end) => {
      begun.push(name);
      endings.set(name, end);
    });
  const end = async (name: string): Promise<void> => {
    endings.get(name)?.();
    await new Promise((turn) => setImmediate(turn));
  };
  return { begun, work, end };
}

test('a lane runs so many at a time, in the order they came; the others wait for it and nobody else for them', async () => {
  const { begun, work, end } = works();
  const lanes = createLanes(10);
  for (const name of ['a1', 'a2', 'a3', 'a4']) lanes.enter('a', 2, work(name));
  lanes.enter('b', 2, work('b1'));
  assert.deepEqual(begun, ['a1', 'a2', 'b1']);
  await end('a2');
  assert.deepEqual(begun, ['a1', 'a2', 'b1', 'a3']);
});

test('where there are too many in all, the lanes take turns', async () => {
  const { begun, work, end } = works();
  const lanes = createLanes(2);
  for (const name of ['a1', 'a2', 'a3', 'a4']) lanes.enter('a', 9, work(name));
  for (const name of ['b1', 'b2']) lanes.enter('b', 9, work(name));
  assert.deepEqual(begun, ['a1', 'a2']);
  await end('a1');
  await end('a2');
  assert.deepEqual(
    begun
      .slice(2)
      .map((name) => name[0])
      .sort(),
    ['a', 'b'],
  );
});

test('work that fails leaves its lane to the next', async () => {
  const lanes = createLanes(1);
  const order: string[] = [];
  lanes.enter('a', 1, async () => {
    order.push('first');
  });
  await new Promise<void>((done) =>
    lanes.enter('a', 1, async () => {
      order.push('second');
      done();
    }),
  );
  assert.deepEqual(order, ['first', 'second']);
});

test('closing begins nothing any more and waits for what runs', async () => {
  const { begun, work, end } = works();
  const lanes = createLanes(10);
  lanes.enter('a', 1, work('a1'));
  lanes.enter('a', 1, work('a2'));
  let isClosed = false;
  const closed = lanes.close().then(() => {
    isClosed = true;
  });
  lanes.enter('b', 1, work('b1'));
  await new Promise((turn) => setImmediate(turn));
  assert.equal(isClosed, false);
  await end('a1');
  await closed;
  assert.deepEqual(begun, ['a1']);
  await createLanes(1).close();
});

test('a domain that failed rests longer each time, up to the longest, and not at all once it worked', () => {
  const rests = createRests();
  const now = 1_000_000;
  assert.equal(rests.resting('a', now), null);
  let at = now;
  let last = 0;
  for (let times = 0; times < 12; times += 1) {
    rests.failed('a', 'next-hop-unreachable', at);
    rests.failed('a', 'peer-untrusted', at);
    const rest = rests.resting('a', at);
    assert.equal(rest?.failure, 'next-hop-unreachable');
    const pause = (rest?.until ?? 0) - at;
    assert.ok(pause <= DISPATCH_LIMITS.restMaxMs * 1.2 && (pause > last || pause > DISPATCH_LIMITS.restMaxMs * 0.7));
    last = pause;
    at = rest?.until ?? at;
    assert.equal(rests.resting('a', at), null);
  }
  assert.equal(rests.resting('b', now), null);
  rests.failed('a', 'next-hop-unreachable', at);
  rests.worked('a');
  assert.equal(rests.resting('a', at), null);
});

test('no more domains are remembered than may be', () => {
  const rests = createRests();
  for (let lane = 0; lane <= DISPATCH_LIMITS.domainsRememberedMax; lane += 1)
    rests.failed(String(lane), 'next-hop-unreachable', 0);
  assert.equal(rests.resting('0', 1), null);
  assert.notEqual(rests.resting('1', 1), null);
});
