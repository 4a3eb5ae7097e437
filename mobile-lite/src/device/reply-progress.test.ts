import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplyState } from '@estafette/contracts/status';
import { advance, advanceLocally, isSettled, localProgress, type ReplyProgress } from './reply-progress.ts';

function after(...states: ReplyState[]): ReplyProgress {
  const step = (state: ReplyState) => ({ state, failure: null, certain: true, at: `at ${state}` });
  return states.reduce((progress, state) => advance(progress, step(state)), localProgress('queued'));
}

test('a reply goes forward from the device to the gateway, and never back', () => {
  assert.equal(after('accepted', 'sealed', 'sent', 'delivered', 'read').state, 'read');
  assert.equal(after('sent', 'sealed').state, 'sent');
  assert.equal(after('read', 'sent').state, 'read');
  assert.equal(advanceLocally(after('accepted'), 'queued').state, 'accepted');
});

test('a state this device was not told is passed over', () => {
  assert.equal(after('accepted', 'sent').state, 'sent');
  assert.equal(after('accepted', 'read').state, 'read');
});

test('a late success after a failure is shown as a correction, and stays one', () => {
  assert.equal(after('sealed', 'sent').corrected, false);
  assert.equal(after('sealed', 'failed').corrected, false);
  assert.equal(after('sealed', 'failed', 'sent').corrected, true);
  assert.equal(after('sealed', 'failed', 'sent', 'delivered').corrected, true);
});

test('only the word of the gateway settles a reply', () => {
  assert.equal(isSettled(undefined), false);
  assert.equal(isSettled(localProgress('queued')), false);
  assert.equal(isSettled(after('accepted')), true);
});

test('what the gateway takes back is a correction, whichever way it goes', () => {
  const delivered = after('accepted', 'sealed', 'sent', 'delivered');
  const step = { state: 'failed', failure: 'next-hop-refused', certain: true, at: 'late' } as const;
  const taken = advance(delivered, { ...step, correction: true });
  assert.deepEqual([taken.state, taken.corrected, taken.failure], ['failed', true, 'next-hop-refused']);
  assert.equal(advance(after('read'), { ...step, state: 'sealed' }).state, 'read');
});

test('what is proven replaces what nobody had proven, and is not replaced by it', () => {
  const step = (state: ReplyState, certain: boolean) => ({ state, failure: null, certain, at: 'then' });
  const perhaps = advance(after('sealed', 'sent'), step('read', false));
  assert.deepEqual([perhaps.state, perhaps.certain], ['read', false]);
  assert.equal(advance(perhaps, step('failed', false)), perhaps);
  const proven = advance(perhaps, step('read', true));
  assert.deepEqual([proven.state, proven.certain, proven.corrected], ['read', true, false]);
  assert.equal(advance(proven, step('read', false)), proven);
  assert.equal(advance(proven, step('failed', true)), proven);
  assert.equal(advance(perhaps, step('failed', true)).state, 'failed');
});

test('what is told of single recipients counts, even where the whole comes no further', () => {
  const one = (state: ReplyState) => [{ address: 'a@x.example', state, failure: null, at: 'then' }];
  const sent = advance(after('accepted', 'sealed'), {
    state: 'sent',
    failure: null,
    certain: true,
    at: 'sent',
    recipients: one('sent'),
  });
  const still = advance(sent, { state: 'sent', failure: null, certain: true, at: 'again', recipients: one('read') });
  assert.deepEqual([still.state, still.at, still.recipients?.[0]?.state], ['sent', 'sent', 'read']);
  const further = advance(still, { state: 'delivered', failure: null, certain: true, at: 'more' });
  assert.deepEqual([further.state, further.recipients?.[0]?.state], ['delivered', 'read']);
});

test('news that comes late does not take the place of newer news, nor does the same news again', () => {
  const step = (state: ReplyState, revision: number) => ({ state, failure: null, certain: true, at: 'then', revision });
  const delivered = advance(advance(after('sealed'), step('accepted', 1)), step('delivered', 4));
  for (const late of ['sent', 'delayed', 'unknown', 'failed'] as const)
    assert.equal(advance(delivered, { ...step(late, 3), recipients: [], correction: true }), delivered);
  assert.equal(advance(delivered, step('failed', 4)), delivered);
  const failed = advance(delivered, { ...step('failed', 5), correction: true });
  assert.deepEqual([failed.state, failed.corrected], ['failed', true]);
  assert.equal(advance(failed, step('delivered', 4)), failed);
});

test('newer news counts whatever was told before, also where the steps between never came', () => {
  const step = (state: ReplyState, revision: number) => ({ state, failure: null, certain: true, at: 'then', revision });
  const refused = { state: 'failed', failure: 'reply-malformed', certain: true, at: 'then' } as const;
  assert.equal(advance(advance(localProgress('queued'), refused), step('accepted', 1)).state, 'accepted');
  assert.equal(advance(after('read'), step('sent', 7)).state, 'sent');
  const same = advance(advance(after('sealed'), step('sent', 3)), step('sent', 5));
  assert.equal(advance(same, step('delayed', 4)), same);
});
