/** Ids, states and catalogues: what every side relies on without asking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { AUDIT_EVENTS } from './audit-events.ts';
import { adviceFor, CLOSE_CODES } from './close-codes.ts';
import { FAILURES, type FailureCode, failureOf, Refusal } from './failure.ts';
import { derivedId, type IdKind, idOf, newId } from './ids.ts';
import { isCorrection, isProof, mayFollow, REPLY_STATES, type ReplyState } from './status.ts';
import { REASONS } from './verdict.ts';

const KINDS: IdKind[] = [
  'letter',
  'conversation',
  'message',
  'reply',
  'device',
  'mailbox',
  'enrolment',
  'event',
  'blob',
];

test('new ids are of their kind, different, and sort by their making', () => {
  for (const kind of KINDS) {
    const ids = Array.from({ length: 200 }, () => newId(kind));
    assert.deepEqual([...ids].sort(), ids);
    assert.equal(new Set(ids).size, ids.length);
    assert.ok(ids.every((id) => v.is(idOf(kind), id)));
    for (const other of KINDS) if (other !== kind) assert.equal(v.is(idOf(other), ids[0]), false);
  }
});

test('a derived id is the same for the same digest, and of its kind', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 26, maxLength: 64 }), (digest) => {
      assert.equal(derivedId('message', digest), derivedId('message', digest.slice()));
      assert.ok(v.is(idOf('message'), derivedId('message', digest)));
    }),
    { seed: 20260112 },
  );
  assert.notEqual(derivedId('blob', new Uint8Array(32)), derivedId('blob', new Uint8Array(32).fill(1)));
  assert.throws(() => derivedId('blob', new Uint8Array(25)), RangeError);
});

test('what is no id of a kind is refused', () => {
  for (const text of [
    '',
    'ltr_',
    `ltr_${'0'.repeat(25)}`,
    `ltr_${'0'.repeat(27)}`,
    `ltr_${'-'.repeat(26)}`,
    `${newId('letter')}\n`,
  ])
    assert.equal(v.is(idOf('letter'), text), false, JSON.stringify(text));
});

/** How far a reply has come; a delay and an unknown outcome are not progress, and no way back either. */
const PROGRESS: Record<ReplyState, number> = {
  accepted: 0,
  'awaiting-key': 0,
  sealed: 1,
  delayed: 2,
  unknown: 2,
  failed: 3,
  sent: 3,
  delivered: 4,
  read: 5,
};

test('a reply never comes back to a state before, nor into itself but for a new delay', () => {
  for (const from of REPLY_STATES) {
    for (const to of REPLY_STATES) {
      if (!mayFollow(from, to)) continue;
      // Silence or a late delay after the 250, and a failure for one of several recipients.
      const isLost = from === 'sent' && (to === 'unknown' || to === 'delayed');
      const isCorrected = isCorrection(from, to);
      assert.ok(PROGRESS[to] >= PROGRESS[from] || isLost || isCorrected, `${from} → ${to}`);
      if (from === to) assert.equal(from, 'delayed');
    }
  }
  for (const from of REPLY_STATES) assert.equal(mayFollow(from, 'accepted'), false);
  assert.deepEqual(
    REPLY_STATES.filter((from) => mayFollow(from, 'sealed')),
    ['accepted', 'awaiting-key'],
  );
});

test('what was read for certain never changes, and late news after a failure or a delivery is a correction', () => {
  for (const to of REPLY_STATES) assert.equal(mayFollow('read', to), false);
  assert.deepEqual(
    REPLY_STATES.filter((to) => mayFollow('delivered', to)),
    ['read', 'failed'],
  );
  for (const to of ['sent', 'delivered', 'read'] as const) {
    assert.equal(mayFollow('failed', to), true);
    assert.deepEqual([isCorrection('failed', to), isCorrection('unknown', to)], [true, true]);
  }
  assert.equal(isCorrection('delivered', 'failed'), true);
  const usual = [
    ['sealed', 'sent'],
    ['sent', 'delivered'],
    ['sent', 'unknown'],
    ['sent', 'failed'],
    ['unknown', 'failed'],
    ['unknown', 'delayed'],
    ['failed', 'failed'],
    ['delivered', 'read'],
  ] as const;
  for (const [from, to] of usual) assert.equal(isCorrection(from, to), false, `${from} → ${to}`);
});

test('proven news follows what nobody had proven: the same state, or a failure of what had arrived', () => {
  for (const from of REPLY_STATES) {
    for (const to of REPLY_STATES) {
      const isTakenBack = to === 'failed' && (from === 'delivered' || from === 'read');
      const step = (fromCertain: boolean, toCertain: boolean): boolean =>
        isProof({ state: from, certain: fromCertain }, { state: to, certain: toCertain });
      assert.equal(step(false, true), from === to || isTakenBack, `${from} → ${to}`);
      assert.deepEqual([step(true, true), step(false, false), step(true, false)], [false, false, false]);
    }
  }
  assert.equal(isCorrection('read', 'failed'), true);
});

test('every state can be reached from accepted', () => {
  const reached = new Set<ReplyState>(['accepted']);
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const from of [...reached]) for (const to of REPLY_STATES) if (mayFollow(from, to)) reached.add(to);
  }
  assert.deepEqual([...reached].sort(), [...REPLY_STATES].sort());
});

test('every failure has a generic text for the peer and a precise one for the operator', () => {
  for (const code of Object.keys(FAILURES) as FailureCode[]) {
    const { peer, operator, smtp, person, retry } = failureOf(code);
    assert.ok(peer.length > 0 && !/[\r\n]/.test(peer) && /^[\x20-\x7e]+$/.test(peer), code);
    assert.match(operator, /\.$/, code);
    if (person !== undefined) assert.match(person, /^[A-ZÀÉ].*\.$/, code);
    assert.ok(smtp !== undefined || person !== undefined, `${code} reaches somebody`);
    if (smtp === undefined) continue;
    assert.match(smtp.enhanced, /^[245]\.\d{1,3}\.\d{1,3}$/);
    assert.equal(smtp.enhanced[0], String(smtp.code)[0], `${code}: the class of both codes is one`);
    if (smtp.code < 500) assert.notEqual(retry, 'never', code);
    assert.ok(smtp.code !== 250);
  }
});

test('a refusal carries its code, and nothing a peer should not hear', () => {
  const refusal = new Refusal('mailbox-unknown');
  assert.deepEqual([refusal.code, refusal.certain, refusal.message], ['mailbox-unknown', true, 'mailbox-unknown']);
  assert.equal(new Refusal('reply-malformed', 'x', { certain: false }).certain, false);
});

test('every reason has a French sentence and an English one', () => {
  for (const [code, { fr, en }] of Object.entries(REASONS)) {
    assert.match(fr, /^[A-ZÀÉ].*\.$/, code);
    assert.match(en, /^[A-Z].*\.$/, code);
  }
});

test('every close code is one a server may send and says what to do', () => {
  for (const [code, { meaning, name }] of Object.entries(CLOSE_CODES)) {
    assert.ok(Number(code) < 1_016 || (Number(code) >= 4_000 && Number(code) < 5_000), code);
    assert.ok(meaning.length > 0 && name.length > 0);
  }
  assert.equal(adviceFor(4_401), 'sign-in');
  assert.equal(adviceFor(4_999), 'retry-later');
});

test('every audit event has a meaning', () => {
  for (const meaning of Object.values(AUDIT_EVENTS)) assert.ok(meaning.length > 10);
});
