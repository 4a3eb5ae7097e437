/** The From that a door asks about: one address, read as the letter will be read later, or none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outerFromOf } from './outer-from.ts';

const from = (...lines: readonly string[]): string | null => outerFromOf(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`));

test('one address in one From field is found, however it is written', () => {
  for (const line of [
    'From: dr.martin@cabinet.example',
    'From: "Martin, Claire" <dr.martin@cabinet.example>',
    'FROM: Claire MARTIN\r\n <dr.martin@cabinet.example>',
    'From: (a comment) dr.martin@cabinet.example',
  ])
    assert.equal(from('Subject: INR', line), 'dr.martin@cabinet.example', line);
});

test('what could be read as somebody else by another reader is nobody', () => {
  for (const lines of [
    ['Subject: INR'],
    ['From: a@b.example', 'From: c@d.example'],
    ['From: a@b.example, c@d.example'],
    ['From: <a@b.example> <c@d.example>'],
    ['From: nobody'],
    ['From: group: a@b.example;'],
    ['From:'],
  ])
    assert.equal(from(...lines), null, lines.join());
});

test('a header that is none is nobody, and no error', () => {
  for (const block of ['', '\r\n\r\n', 'no header at all\r\n\r\n', '\0\0\0', 'From: a@b.example\r\n \r\n\r\n'])
    assert.equal(outerFromOf(Buffer.from(block)), null, JSON.stringify(block));
});
