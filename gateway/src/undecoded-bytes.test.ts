import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailboxIn } from './envelope/mail-address.ts';
import { keepUndecoded, undecodedBytes } from './undecoded-bytes.ts';

const FIELD = 'martin@cabinet\xff.example';

test('bytes that are no UTF-8 come back as they were', () => {
  assert.deepEqual(undecodedBytes(keepUndecoded(FIELD)), Buffer.from(FIELD, 'latin1'));
  for (const text of ['martin', 'é', '\u{1f48a}', '']) assert.equal(undecodedBytes(text), null, text);
});

test('a domain that holds them is none, though their letters in another charset would make one', () => {
  assert.notEqual(mailboxIn(FIELD), null);
  assert.equal(mailboxIn(keepUndecoded(FIELD)), null);
});
