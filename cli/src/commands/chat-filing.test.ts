import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LetterMessage } from '@estafette/contracts/message';
import { completeWish, readJsonFiling, readTypedFiling } from './chat-filing.ts';

const conversationId = newId('conversation');
const letterId = newId('letter');
const wishOf = (line: string) => readTypedFiling(line, conversationId)?.wish;

test('a typed filing names the conversation, a letter as it came, or one of its documents, and perhaps the patient', () => {
  assert.deepEqual(wishOf('/filing'), {});
  assert.deepEqual(wishOf(`/filing ${letterId}`), { what: { kind: 'original', letterId } });
  assert.deepEqual(wishOf(`/filing ${letterId} 2`), { what: { kind: 'document', letterId, index: 2 } });
  const patient = { from: 'typed', familyName: 'DE LA RUE', givenName: 'Anne', birthDate: '1950-12-24', sex: 'F' };
  assert.deepEqual(wishOf('/filing for DE LA RUE;Anne;1950-12-24;F'), { patient });
  assert.equal(wishOf('/filing tout'), undefined);
  assert.equal(wishOf('/filing for X;Y;24/12/1950;F'), undefined);
  assert.equal(readTypedFiling('/filing', null), null);
});

test('without a patient the first report names him; without a report nothing is asked', () => {
  const letter = { letterId, documents: [{ kind: 'text' }, { kind: 'report' }] } as unknown as LetterMessage;
  const filing = readJsonFiling(conversationId, { documentType: '78601-2' });
  assert.ok(filing !== null);
  assert.deepEqual(completeWish(filing, [letter]), {
    what: { kind: 'conversation' },
    patient: { from: 'report', letterId, index: 1 },
    documentType: '78601-2',
  });
  assert.throws(() => completeWish(filing, []), /names the patient/);
  assert.equal(readJsonFiling(conversationId, 'tout'), null);
});
