import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { StatusMessage } from '@estafette/contracts/message';
import { createReadingNews, createStatusOrder, lineOf, summaryOf } from './chat-lines.ts';

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

test('who has read a letter is one line, at the time it was read, and says whether its sender was told', () => {
  const [letterId, conversationId] = [newId('letter'), newId('conversation')];
  const at = '2026-11-22T14:03:00.000Z';
  const message = { type: 'read', letterId, person: 'Camille', at } as const;
  assert.equal(summaryOf(message), `[lu] ${letterId} par Camille`);
  const told = { ...message, toldSender: true };
  assert.equal(summaryOf(told), `[lu] ${letterId} par Camille (accusé de lecture envoyé)`);
  const stored = { seq: 7, conversationId, author: 'gateway', at: Date.parse(at) + 1_000, expiresAt: Date.parse(at) };
  assert.deepEqual(lineOf({ ...stored, message: told }), { ...told, conversationId, seq: 7, expiresAt: at });
});

test('a reading said again is news only where the sender was told since', () => {
  const [letterId, other] = [newId('letter'), newId('letter')];
  const by = (person: string, toldSender?: true, about = letterId) =>
    ({ type: 'read', letterId: about, person, at: '', ...(toldSender && { toldSender }) }) as const;
  const isNews = createReadingNews();
  const said = [
    by('Camille'),
    by('Noé', true),
    by('Noé'),
    by('Camille', true),
    by('Camille', true),
    by('Noé', true, other),
  ];
  assert.deepEqual(said.map(isNews), [true, true, false, true, false, true]);
});
