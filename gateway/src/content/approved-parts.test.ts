/**
 * What was decided before the letter is read: which parts there are, and whether they may be more than bare words
 * (EFAIL). Nothing in the letter overrules either.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ascii, attached, entity, kinds, multipart, noteOf, plain } from './entities.fixture.ts';
import { inrReport } from './hprim/hprim.fixture.ts';
import { jpeg } from './pictures/photo.fixture.ts';
import { readContent } from './read-content.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

test('a message inside is an attached letter: who unwraps it decided before', async () => {
  const wrapped = entity(
    ['Content-Type: message/rfc822; forwarded=no'],
    Buffer.concat([ascii('From: a@b.example\r\nSubject: x\r\n'), plain('Bonjour')]),
  );
  const { documents } = await readContent(wrapped, { approved: null, now: NOW });
  assert.deepEqual(documents.map(noteOf), ['attached-letter']);
});

test('where the parts are not the approved ones, the whole letter is one file', async () => {
  const letter = multipart('mixed', plain('un'), plain('deux'));
  const leaf = (path: string, type: string) => ({ path, type, start: 0, end: 8 });
  const approvals = [
    [leaf('1', 'text/plain')],
    [leaf('1', 'text/plain'), leaf('2', 'text/html')],
    [leaf('1', 'text/plain'), leaf('2', 'text/plain'), leaf('3', 'text/plain')],
  ];
  for (const approved of approvals) {
    const [file, ...more] = (await readContent(letter, { approved, now: NOW })).documents;
    assert.ok(file?.kind === 'file' && file.note === 'unreadable' && file.bytes.equals(letter) && more.length === 0);
  }
  const right = [leaf('1', 'text/plain'), leaf('2', 'text/plain'), { ...leaf('3', 'text/plain'), end: 0 }];
  assert.deepEqual(kinds((await readContent(letter, { approved: right, now: NOW })).documents), ['text', 'text']);
});

test('inert content is bare text and plain files: no HTML read, no picture, no HPRIM card', async () => {
  const html = entity(['Content-Type: text/html; charset=utf-8'], '<img src="http://x.example/?');
  const letter = multipart(
    'mixed',
    html,
    multipart('alternative', plain('mot'), html),
    attached('image/jpeg', 'plaie.jpg', jpeg()),
    attached('application/octet-stream', 'resultat.hpr', inrReport('utf-8')),
    entity(['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], inrReport('utf-8')),
  );
  const { documents } = await readContent(letter, { approved: null, inert: true, now: NOW });
  assert.deepEqual(kinds(documents), ['text', 'text', 'text', 'file', 'file', 'text']);
  assert.ok(documents[0]?.kind === 'text' && documents[0].text.includes('<img src='));
  assert.deepEqual([noteOf(documents[3]), noteOf(documents[4])], ['not-authenticated', 'not-authenticated']);
});
