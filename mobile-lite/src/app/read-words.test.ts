import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { ReadMessage } from '@estafette/contracts/message';
import { letter } from '../test/demo-letters.ts';

// The language is chosen when the texts are first asked for.
Object.defineProperty(navigator, 'language', { value: 'fr-FR' });
const { loadMoreWords, loadWords } = await import('../words/words.ts');
const { readLine } = await import('./read-words.ts');
await loadWords();
await loadMoreWords();

const now = new Date(2026, 10, 22, 15, 0).getTime();
const at = (hours: number, minutes: number, day = 22): string => new Date(2026, 10, day, hours, minutes).toISOString();
const seen = letter();
const by = (person: string, when: string, more: Partial<ReadMessage> = {}): ReadMessage => ({
  ...{ type: 'read', letterId: seen.letterId, person, at: when },
  ...more,
});
const line = (readings: readonly ReadMessage[], about = seen, person = 'Inès'): string =>
  readLine(about, readings, { person, mailboxName: 'Pharmacie', now }).replaceAll('\u00a0', ' ');

test('the others stand by time, then I; the day is told when it is not today', () => {
  assert.equal(line([by('Camille', at(14, 3))]), 'Lu par Camille à 14:03');
  const all = [by('Inès', at(14, 1)), by('Noé', at(14, 10)), by('Camille', at(9, 3, 18))];
  assert.equal(line(all), 'Lu par Camille le 18 nov. à 09:03, Noé à 14:10, vous à 14:01');
});

test('that I have read it is no news by itself; it is beside a receipt', () => {
  assert.equal(line([by('Inès', at(14, 3))]), '');
  const told = by('Inès', at(14, 3), { toldSender: true });
  assert.equal(line([told]), 'Lu par vous à 14:03 · accusé de lecture envoyé');
  assert.equal(line([told, by('Noé', at(14, 10))]), 'Lu par Noé à 14:10, vous à 14:03 · accusé de lecture envoyé');
});

test('a letter that asks for a receipt says so until one has gone; what was said of another letter counts nothing', () => {
  const asking = { ...seen, asksReceipt: true };
  assert.equal(line([], asking), 'Accusé de lecture demandé');
  assert.equal(line([by('Inès', at(14, 3))], asking), 'Accusé de lecture demandé');
  assert.equal(line([by('Noé', at(14, 3))], asking), 'Lu par Noé à 14:03 · accusé de lecture demandé');
  const other = { letterId: newId('letter'), toldSender: true };
  assert.equal(line([by('Noé', at(14, 3), other)]), '');
});

test('devices without a person bear the name of the mailbox: none of them says that it was I', () => {
  const one = by('Pharmacie', at(14, 3));
  assert.equal(line([one], seen, 'Pharmacie'), '');
  const told = { ...one, toldSender: true };
  assert.equal(line([told], seen, 'Pharmacie'), 'Lu par Pharmacie à 14:03 · accusé de lecture envoyé');
});

test('who is told of twice, since the sender has been told, has read it once: at the first time, with the receipt', () => {
  const first = by('Camille', at(14, 3));
  const again = by('Camille', at(14, 9), { toldSender: true });
  const wanted = 'Lu par Camille à 14:03 · accusé de lecture envoyé';
  assert.deepEqual([line([first, again]), line([again, first])], [wanted, wanted]);
  assert.equal(line([first, again], seen, 'Camille'), 'Lu par vous à 14:03 · accusé de lecture envoyé');
});

test('the first three others are named, the rest is counted; I stand behind them', () => {
  const many = ['Ana', 'Bo', 'Chloé', 'Dan', 'Inès', 'Éva'].map((person, index) => by(person, at(14, 9 - index)));
  assert.equal(line(many), 'Lu par Éva à 14:04, Dan à 14:06, Chloé à 14:07 et 2 autres, vous à 14:05');
  assert.equal(line(many.slice(2)), 'Lu par Éva à 14:04, Dan à 14:06, Chloé à 14:07, vous à 14:05');
});
