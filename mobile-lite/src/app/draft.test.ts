import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { draftOf, EMPTY_DRAFT, keepDraft, type PickedFile } from './draft.ts';

const [FIRST, SECOND] = [newId('letter'), newId('letter')];

test('a draft answers the letter that was last at its first character, whatever comes meanwhile', () => {
  const conversation = newId('conversation');
  assert.equal(keepDraft(conversation, { ...draftOf(conversation), urgent: true }, FIRST).answers, null);
  keepDraft(conversation, { ...draftOf(conversation), text: 'B' }, FIRST);
  keepDraft(conversation, { ...draftOf(conversation), text: 'Bien reçu', urgent: false }, SECOND);
  assert.deepEqual(draftOf(conversation), { ...EMPTY_DRAFT, text: 'Bien reçu', answers: FIRST });
});

test('emptied or sent, it is no longer for that letter; given back after a failure, it is again', () => {
  const conversation = newId('conversation');
  const written = keepDraft(conversation, { ...EMPTY_DRAFT, text: 'Non' }, FIRST);
  assert.equal(keepDraft(conversation, { ...written, text: '' }, SECOND).answers, null);
  assert.equal(keepDraft(conversation, { ...draftOf(conversation), text: 'Oui' }, SECOND).answers, SECOND);
  keepDraft(conversation, EMPTY_DRAFT, SECOND);
  assert.equal(keepDraft(conversation, written, SECOND).answers, FIRST);
});

test('a file begins a draft as a character does, from when it is picked', () => {
  const conversation = newId('conversation');
  const file: PickedFile = {
    key: 1,
    preview: null,
    name: 'a.pdf',
    mediaType: 'application/pdf',
    bytes: new Uint8Array(1),
  };
  const picked = keepDraft(conversation, { ...EMPTY_DRAFT, preparing: 1 }, FIRST);
  assert.equal(keepDraft(conversation, { ...picked, files: [file], preparing: 0 }, SECOND).answers, FIRST);
  assert.equal(keepDraft(conversation, { ...picked, preparing: 0 }, SECOND).answers, null);
});
