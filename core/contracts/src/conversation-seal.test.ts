/** Sealing under a conversation key: what was sealed opens in its place and nowhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base64url, fromBase64url, fromUtf8, hex, utf8 } from './bytes.ts';
import {
  importConversationKey,
  openBlob,
  openBytes,
  openJson,
  replySignatureInput,
  type SealBinding,
  sealBlob,
  sealBytes,
  sealJson,
} from './conversation-seal.ts';
import { newId } from './ids.ts';

const newKey = () => importConversationKey(crypto.getRandomValues(new Uint8Array(32)));
const key = await newKey();
const BINDING: SealBinding = {
  kind: 'message',
  conversationId: newId('conversation'),
  id: newId('message'),
  author: 'gateway',
};
const OTHER: SealBinding = {
  kind: 'status',
  conversationId: newId('conversation'),
  id: newId('message'),
  author: newId('device'),
};

test('any JSON value comes back as it was sealed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const sealed = await sealJson(key, BINDING, value);
      assert.deepEqual(await openJson(key, BINDING, sealed), JSON.parse(JSON.stringify(value)));
    }),
    { seed: 20260112, numRuns: 50 },
  );
});

test('the same value sealed twice looks different', async () => {
  const [one, other] = [await sealJson(key, BINDING, 'INR'), await sealJson(key, BINDING, 'INR')];
  assert.notEqual(one.iv, other.iv);
  assert.notEqual(one.ct, other.ct);
});

test('each fact the ciphertext is bound to, once changed, keeps it closed', async () => {
  const sealed = await sealJson(key, BINDING, 'INR');
  for (const field of ['kind', 'conversationId', 'id', 'author'] as const)
    await assert.rejects(openJson(key, { ...BINDING, [field]: OTHER[field] }, sealed), field);
});

test('neighbouring facts cannot be shifted into one another', async () => {
  const { iv, ct } = await sealBytes(key, { ...BINDING, id: 'a', author: 'bc' }, utf8('x'));
  await assert.rejects(openBytes(key, { ...BINDING, id: 'ab', author: 'c' }, iv, ct));
  await assert.rejects(openBytes(key, { ...BINDING, id: 'a","b', author: 'c' }, iv, ct));
});

test('another key, another IV, or one altered bit does not open', async () => {
  const { iv, ct } = await sealBytes(key, BINDING, utf8('INR'));
  await assert.rejects(openBytes(await newKey(), BINDING, iv, ct));
  await assert.rejects(openBytes(key, BINDING, new Uint8Array(12), ct));
  await assert.rejects(openBytes(key, BINDING, iv, ct.slice(0, -1)));
  for (let at = 0; at < ct.length; at += 1) {
    const altered = ct.slice();
    altered[at] = (altered[at] as number) ^ 1;
    await assert.rejects(openBytes(key, BINDING, iv, altered));
  }
});

test('a blob opens under its own id in its own conversation, and is no message', async () => {
  const clear = utf8('bytes of a photo');
  const stored = await sealBlob(key, BINDING.conversationId, 'blb_1', clear);
  assert.deepEqual(await openBlob(key, BINDING.conversationId, 'blb_1', stored), clear);
  await assert.rejects(openBlob(key, BINDING.conversationId, 'blb_2', stored));
  await assert.rejects(openBlob(key, OTHER.conversationId, 'blb_1', stored));
  await assert.rejects(openBytes(key, { ...BINDING, id: 'blb_1' }, stored.slice(0, 12), stored.slice(12)));
  await assert.rejects(openBlob(key, BINDING.conversationId, 'blb_1', stored.slice(0, 8)));
});

test('a conversation key does not leave the key store', async () => {
  await assert.rejects(crypto.subtle.exportKey('raw', key));
});

test('what a device signs differs in every field', () => {
  const reply = { replyId: 'r', conversationId: 'c', iv: 'i', ct: 't' };
  const input = hex(replySignatureInput('d', reply));
  for (const field of ['replyId', 'conversationId', 'iv', 'ct'] as const)
    assert.notEqual(hex(replySignatureInput('d', { ...reply, [field]: 'x' })), input);
  assert.notEqual(hex(replySignatureInput('x', reply)), input);
  assert.notEqual(hex(replySignatureInput('dr', { ...reply, replyId: '' })), hex(replySignatureInput('d', reply)));
});

test('bytes travel as base64url and back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = base64url(bytes);
      assert.match(text, /^[A-Za-z0-9_-]*$/);
      assert.deepEqual([...fromBase64url(text)], [...bytes]);
      assert.equal(text, Buffer.from(bytes).toString('base64url'));
      assert.equal(hex(bytes), Buffer.from(bytes).toString('hex'));
    }),
    { seed: 20260112 },
  );
  const large = new Uint8Array(200_000).fill(7);
  assert.deepEqual(fromBase64url(base64url(large)), large);
});

test('prevents: base64 with padding, white space or another alphabet being taken for base64url', () => {
  for (const text of ['a', '+/+/', 'YQ==', 'Y Q', 'YQ\n', 'é', '*']) assert.throws(() => fromBase64url(text), text);
});

test('bytes that are not UTF-8 are refused', () => {
  assert.equal(fromUtf8(utf8('é € 😀')), 'é € 😀');
  for (const bytes of [[0xff], [0xc0, 0x80], [0xe2, 0x82]])
    assert.throws(() => fromUtf8(Uint8Array.from(bytes)), TypeError);
});
