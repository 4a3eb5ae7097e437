/** A process that hostile bytes have taken over can say nothing but a picture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PDF_LIMITS, PICTURE_LIMITS } from '@estafette/contracts/limits';
import { readAnswer } from './studio-answer.ts';

const view = { mediaType: 'image/jpeg', bytes: new Uint8Array(3), width: 320, height: 240 };
const pdf = { picture: view, pages: 1, text: 'INR' };
const answer = (developed: unknown) => ({ developed, resident: 1, isSpent: false });

test('an answer is taken, without what does not belong to it', () => {
  for (const developed of [{ kind: 'pdf', pdf }, { refused: 'damaged' }])
    assert.deepEqual(readAnswer(answer({ ...developed, more: 1 })), answer(developed));
});

test('what is no answer, or is larger than one can be, is none', () => {
  const wrong = [
    { ...pdf, text: 'a'.repeat(PDF_LIMITS.textMaxCharacters + 1) },
    { ...pdf, pages: 0.5 },
    { ...pdf, picture: { ...view, mediaType: 'image/svg+xml' } },
    { ...pdf, picture: { ...view, bytes: 'text' } },
    { ...pdf, picture: { ...view, width: PICTURE_LIMITS.convertedMaxSide + 1 } },
    { ...pdf, picture: { ...view, bytes: new Uint8Array(PICTURE_LIMITS.viewMaxBytes + 1) } },
  ];
  for (const one of wrong) assert.equal(readAnswer(answer({ kind: 'pdf', pdf: one })), null);
  for (const message of [null, 'ready', {}, answer(null), answer({ refused: 'costly' })])
    assert.equal(readAnswer(message), null);
});
