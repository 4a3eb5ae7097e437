import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { StatusMessage } from '@estafette/contracts/message';
import { createStatusOrder } from './chat-lines.ts';

const of = (replyId: string, revision?: number): StatusMessage => ({
  ...({ type: 'status', replyId, state: 'sent', failure: null, certain: true, at: '' } as const),
  ...(revision === undefined ? {} : { revision }),
});

test('a status that comes after a newer one of its reply is no news; one without a revision always is', () => {
  const isNews = createStatusOrder();
  const [one, other] = [newId('reply'), newId('reply')];
  assert.deepEqual([of(one, 1), of(one, 3), of(one, 2), of(one, 3), of(other, 2), of(one), of(one, 4)].map(isNews), [
    true,
    true,
    false,
    false,
    true,
    true,
    true,
  ]);
});
