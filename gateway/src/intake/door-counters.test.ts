/** What a door counts of its peers, over time and within bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOnce } from './at-once.ts';
import { createDoorCounters } from './door-counters.ts';
import { doorLimits } from './door-limits.ts';
import { peerOf } from './peer-address.ts';

const clockAt = (start: number) => {
  let now = start;
  return {
    now: () => new Date(now),
    pass: (ms: number) => {
      now += ms;
    },
  };
};

test('connections count until they have left', () => {
  const counters = createDoorCounters(doorLimits({ connectionsMax: 3, connectionsPerAddressMax: 2 }), clockAt(0));
  assert.deepEqual(
    ['a', 'a', 'a', 'b', 'c'].map((address) => counters.arrived(address)),
    [null, null, 'connections-too-many', null, 'connections-too-many'],
  );
  counters.left('a');
  assert.equal(counters.arrived('c'), null);
});

test('an address that has brought no letter holds few connections, until one of its letters was accepted', () => {
  const clock = clockAt(0);
  const limits = { connectionsPerAddressMax: 4, strangerConnectionsPerAddressMax: 2, acceptedRememberedMs: 1_000 };
  const counters = createDoorCounters(doorLimits(limits), clock);
  const three = (address: string) => [1, 2, 3].map(() => counters.arrived(address));
  assert.deepEqual(three('a'), [null, null, 'connections-too-many']);
  counters.letterAccepted('a');
  assert.deepEqual(three('a'), [null, null, 'connections-too-many'], 'four in all');
  clock.pass(1_000);
  counters.left('a');
  assert.equal(counters.arrived('a'), 'connections-too-many', 'a stranger again');
});

test('an address that brings letters all the time stays known', () => {
  const clock = clockAt(0);
  const limits = { strangerConnectionsPerAddressMax: 1, acceptedRememberedMs: 1_000 };
  const counters = createDoorCounters(doorLimits(limits), clock);
  assert.equal(counters.arrived('a'), null);
  for (let letters = 0; letters < 2; letters += 1) {
    counters.letterAccepted('a');
    clock.pass(999);
  }
  assert.equal(counters.arrived('a'), null, 'long after its first letter');
  clock.pass(1);
  assert.equal(counters.arrived('a'), 'connections-too-many', 'a stranger again, so long after its last');
});

test('strangers together leave room for those whose letters were accepted', () => {
  const counters = createDoorCounters(doorLimits({ connectionsMax: 4, strangerConnectionsMax: 2 }), clockAt(0));
  assert.equal(counters.arrived('known'), null);
  counters.letterAccepted('known');
  assert.deepEqual(
    ['a', 'b', 'c', 'known', 'known'].map((address) => counters.arrived(address)),
    [null, null, 'connections-too-many', null, 'connections-too-many'],
  );
});

test('an IPv6 peer is its /64 in everything that is counted, and an IPv4 peer is the same however it is written', () => {
  const limits = { connectionsPerAddressMax: 2, lettersPerMinutePerAddressMax: 2, failedLoginsPerAddressMax: 2 };
  for (const all of [
    ['2001:db8:1:1::1', '2001:DB8:1:1:ffff::2', '2001:db8:1:1::3%eth0'],
    ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201'],
  ]) {
    const counters = createDoorCounters(doorLimits(limits), clockAt(0));
    assert.deepEqual(
      all.map((address) => counters.arrived(address)),
      [null, null, 'connections-too-many'],
    );
    counters.left(all[2] ?? '');
    assert.equal(counters.arrived(all[0] ?? ''), null);
    assert.deepEqual(
      all.map((address) => counters.letterBegins(address, null)),
      [null, null, 'letters-too-fast'],
    );
    for (const address of all.slice(0, 2)) counters.loginFailed(address);
    assert.equal(counters.mayLogIn(all[2] ?? ''), false);
  }
});

test('the address a peer is counted by', () => {
  for (const [address, peer] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:0:192.0.2.1', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:00a0:1:2:3:4', '2001:db8:0:a0::/64'],
    ['2001:db8:0:a1:1:2:3:4', '2001:db8:0:a1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['no address', 'no address'],
  ] as const)
    assert.equal(peerOf(address), peer, address);
});

test('letters are counted by the minute, of the address and of the operator apart', () => {
  const clock = clockAt(0);
  const limits = doorLimits({ lettersPerMinutePerAddressMax: 3, lettersPerMinutePerOperatorMax: 2 });
  const counters = createDoorCounters(limits, clock);
  const ask = (address: string, who: string | null) => counters.letterBegins(address, who);
  assert.deepEqual([ask('a', 'x'), ask('b', 'x'), ask('c', 'x')], [null, null, 'letters-too-fast']);
  assert.deepEqual(
    [ask('c', null), ask('c', null), ask('c', null), ask('c', null)],
    [null, null, null, 'letters-too-fast'],
  );
  clock.pass(60_000);
  assert.deepEqual([ask('c', 'x'), ask('a', 'x')], [null, null]);
});

test('failed logins are remembered for their time, and peers beyond the number make all begin anew', () => {
  const clock = clockAt(0);
  const counters = createDoorCounters(
    doorLimits({ failedLoginsPerAddressMax: 2, failedLoginsRememberedMs: 1_000, peersCountedMax: 3 }),
    clock,
  );
  counters.loginFailed('a');
  counters.loginFailed('a');
  assert.deepEqual([counters.mayLogIn('a'), counters.mayLogIn('b')], [false, true]);
  clock.pass(1_000);
  assert.equal(counters.mayLogIn('a'), true);
  for (const address of ['a', 'a', 'b', 'c', 'd']) counters.loginFailed(address);
  assert.equal(counters.mayLogIn('a'), true);
});

test('only so many run at the same time, and each has its turn, whatever became of the one before', async () => {
  const few = atOnce(2);
  let running = 0;
  let most = 0;
  const work = async (fails: boolean): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((turn) => setImmediate(turn));
    running -= 1;
    if (fails) throw new Error('failed');
  };
  const done = await Promise.allSettled(Array.from({ length: 20 }, (_, at) => few(() => work(at % 3 === 0))));
  assert.deepEqual([most, running, done.filter(({ status }) => status === 'fulfilled').length], [2, 0, 13]);
});
