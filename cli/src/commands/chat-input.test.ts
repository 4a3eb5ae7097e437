import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { readInput } from './chat-input.ts';

const [CONVERSATION, LETTER] = [newId('conversation'), newId('letter')];
const typed = (line: string, last: string | null = CONVERSATION) => readInput(line, { json: false, last });
const told = (value: unknown) => readInput(JSON.stringify(value), { json: true, last: null });
const answer = { kind: 'answer', conversationId: CONVERSATION, text: 'Bien reçu.', files: [] };

test('text answers the last letter, or the conversation it names', () => {
  assert.deepEqual(typed('Bien reçu.'), answer);
  assert.deepEqual(typed(`${CONVERSATION} Bien reçu.`, null), answer);
  assert.equal(typed('Bien reçu.', null), null);
});

test('options before the text say to whom, how soon, and what goes along; a slash in the text is text', () => {
  const wishes = { to: 'all', urgent: true, sendNow: true, files: ['a.jpg', 'b.pdf'] };
  assert.deepEqual(typed('/all /urgent /now /file a.jpg /file b.pdf Bien reçu.'), { ...answer, ...wishes });
  assert.deepEqual(typed(`${CONVERSATION} /close Bien reçu.`, null), { ...answer, closes: true });
  assert.deepEqual(typed('/file a.jpg'), { ...answer, text: '', files: ['a.jpg'] });
  assert.deepEqual(typed('1/2 /all'), { ...answer, text: '1/2 /all' });
});

test('a program says the same in JSON; what is no answer is none', () => {
  const { kind: _kind, ...plain } = answer;
  assert.deepEqual(told(plain), answer);
  assert.deepEqual(told({ ...plain, to: 'all', urgent: true, sendNow: true }), {
    ...answer,
    to: 'all',
    urgent: true,
    sendNow: true,
  });
  assert.deepEqual(told({ ...plain, answers: LETTER }), { ...answer, answers: LETTER });
  assert.deepEqual(told({ ...plain, to: 'everybody', urgent: 'yes', files: [1] }), answer);
  for (const wrong of [null, 3, {}, { conversationId: CONVERSATION }]) assert.equal(told(wrong), null);
});

test('reading is told of one letter, or of the conversation', () => {
  const of = (letterId: string | null, conversationId: string | null) => ({ kind: 'read', letterId, conversationId });
  assert.deepEqual(typed('/read'), of(null, CONVERSATION));
  assert.deepEqual(typed(`/read ${LETTER}`), of(LETTER, null));
  assert.deepEqual(told({ read: LETTER }), of(LETTER, null));
});
