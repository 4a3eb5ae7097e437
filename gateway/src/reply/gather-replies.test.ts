/** Which messages leave as one mail, and when: decided by times, people and sizes alone, the same at every run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import type { ReplyRow } from '../ports.ts';
import { planGroups } from './gather-replies.ts';

const START = Date.UTC(2026, 5, 15, 10, 20);
const PAUSE = 5_000;
const device = newId('device');

const reply = (atMs: number, change: Partial<ReplyRow> = {}): ReplyRow => ({
  id: newId('reply'),
  mailboxId: 'mbx',
  conversationId: 'cnv',
  deviceId: device,
  state: 'accepted',
  failure: null,
  certain: true,
  revision: 1,
  announcedRevision: 0,
  attempts: 0,
  sealed: { iv: 'aXY', ct: 'Y3Q' },
  createdAt: START + atMs,
  answers: 'ltr',
  to: 'sender',
  isPressing: false,
  bytes: 0,
  groupId: null,
  gatheredAt: null,
  ...change,
});
const plan = (waiting: readonly ReplyRow[], atMs: number, change: { pauseMs?: number; isEnding?: boolean } = {}) => {
  const { complete, nextAt } = planGroups(waiting, { now: START + atMs, pauseMs: PAUSE, isEnding: false, ...change });
  return { sizes: complete.map((group) => group.length), nextAt: nextAt === null ? null : nextAt - START };
};

test('messages typed within the pause of each other leave together, a pause after the last', () => {
  const waiting = [reply(0), reply(3_000), reply(7_500)];
  assert.deepEqual(plan(waiting, 12_499), { sizes: [], nextAt: 12_500 });
  assert.deepEqual(plan(waiting, 12_500), { sizes: [3], nextAt: null });
});

test('a longer pause makes two mails', () => {
  assert.deepEqual(plan([reply(0), reply(5_001)], 5_001), { sizes: [1], nextAt: 10_001 });
});

test('whoever writes on and on is sent at the latest after the longest wait', () => {
  const waiting = Array.from({ length: 18 }, (_, at) => reply(at * 4_000));
  const { sizes } = plan(waiting, 200_000);
  assert.deepEqual(sizes, [16, 2]);
  assert.equal(plan(waiting.slice(0, 16), 60_000).nextAt, null);
});

test('what is pressing takes along what was typed just before and waits for nothing', () => {
  const waiting = [reply(0), reply(1_000, { isPressing: true })];
  assert.deepEqual(plan(waiting, 1_000), { sizes: [2], nextAt: null });
  assert.deepEqual(plan([...waiting, reply(1_500)], 1_500), { sizes: [2], nextAt: 6_500 });
});

test('another device, other people, another letter: another mail', () => {
  const others: Partial<ReplyRow>[] = [{ deviceId: newId('device') }, { to: 'all' }, { answers: 'other' }];
  for (const other of others)
    assert.deepEqual(plan([reply(0), reply(100, other), reply(200)], 60_000).sizes, [2, 1], JSON.stringify(other));
});

test('attachments that are too much for one mail, or too many messages, make another', () => {
  const half = CONVERSATION_LIMITS.attachmentsTotalMaxBytes / 2 + 1;
  assert.deepEqual(plan([reply(0, { bytes: half }), reply(100, { bytes: half })], 60_000).sizes, [1, 1]);
  const many = Array.from({ length: CONVERSATION_LIMITS.gatherRepliesMax + 1 }, (_, at) => reply(at));
  assert.deepEqual(plan(many, 60_000).sizes, [CONVERSATION_LIMITS.gatherRepliesMax, 1]);
});

test('without a pause each message is a mail, at once; a conversation that ends keeps nothing back', () => {
  assert.deepEqual(plan([reply(0), reply(0)], 0, { pauseMs: 0 }), { sizes: [1, 1], nextAt: null });
  assert.deepEqual(plan([reply(0), reply(10)], 10, { isEnding: true }), { sizes: [2], nextAt: null });
});

test('whatever is typed, each message is in one mail at most, none is forgotten, none waits too long', () => {
  const typed = fc.array(
    fc.record({
      gap: fc.integer({ min: 0, max: 12_000 }),
      to: fc.constantFrom('sender' as const, 'all' as const),
      isPressing: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(typed, fc.integer({ min: 0, max: 600_000 }), (steps, later) => {
      let at = 0;
      const waiting = steps.map(({ gap, ...change }) => {
        at += gap;
        return reply(at, change);
      });
      const now = START + at + later;
      const { complete, nextAt } = planGroups(waiting, { now, pauseMs: PAUSE, isEnding: false });
      const ids = complete.flat().map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      const left = waiting.filter(({ id }) => !ids.includes(id));
      assert.equal(nextAt === null, left.length === 0);
      assert.ok(nextAt === null || (nextAt > now && nextAt <= now + PAUSE));
      for (const { createdAt } of left) assert.ok(now - createdAt <= CONVERSATION_LIMITS.gatherMaxMs);
    }),
    { seed: 20260112 },
  );
});
