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
