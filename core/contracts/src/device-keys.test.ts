/** How a conversation key reaches a device: from our gateway, for this device and this conversation, or not at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, utf8 } from './bytes.ts';
import {
  exportPublicKey,
  importWrappingPublicKey,
  makeSigningKeys,
  makeWrappingKeys,
  signWithDevice,
  ticketSignatureInput,
  unwrapConversationKey,
  verifyDeviceSignature,
  wrapConversationKey,
} from './device-keys.ts';
import { newId } from './ids.ts';

const [gatewayKeys, deviceKeys, strangerKeys] = [
  await makeWrappingKeys(true),
  await makeWrappingKeys(false),
  await makeWrappingKeys(true),
];
const [conversationId, deviceId] = [newId('conversation'), newId('device')];
const conversationKey = crypto.getRandomValues(new Uint8Array(32));
const wrapped = await wrapConversationKey({
  gatewayKeys,
  devicePublicKey: deviceKeys.publicKey,
  conversationId,
  deviceId,
  conversationKey,
});
const right = { deviceKeys, gatewayPublicKey: gatewayKeys.publicKey, conversationId, deviceId, ...wrapped };

test('the device unwraps the key, from public keys that travelled as text', async () => {
  const gatewayPublicKey = await importWrappingPublicKey(await exportPublicKey(gatewayKeys.publicKey));
  assert.deepEqual(await unwrapConversationKey({ ...right, gatewayPublicKey }), conversationKey);
});

test('a key from another gateway, for another device or conversation, or altered, does not unwrap', async () => {
  const byStranger = await wrapConversationKey({
    gatewayKeys: strangerKeys,
    devicePublicKey: deviceKeys.publicKey,
    conversationId,
    deviceId,
    conversationKey,
  });
  for (const change of [
    byStranger,
    { gatewayPublicKey: strangerKeys.publicKey },
    { deviceKeys: strangerKeys },
    { conversationId: newId('conversation') },
    { deviceId: newId('device') },
    { ct: wrapped.ct.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) },
    { enc: byStranger.enc },
    { enc: '' },
    { ct: '' },
  ]) {
    await assert.rejects(unwrapConversationKey({ ...right, ...change }), JSON.stringify(Object.keys(change)));
  }
});

test('the private half of a device key does not leave the device', async () => {
  await assert.rejects(crypto.subtle.exportKey('jwk', deviceKeys.privateKey));
  await assert.rejects(crypto.subtle.exportKey('jwk', (await makeSigningKeys()).privateKey));
});

test('a public key that is no point of the curve is refused', async () => {
  const point = new Uint8Array(65).fill(1);
  point[0] = 4;
  for (const text of ['', 'AAAA', base64url(point)]) await assert.rejects(importWrappingPublicKey(text));
});

test('a signature is of its device and its text; anything else is false, never an exception', async () => {
  const [keys, other] = [await makeSigningKeys(), await makeSigningKeys()];
  const publicKey = await exportPublicKey(keys.publicKey);
  const input = ticketSignatureInput({ deviceId, at: 1, nonce: 'n' });
  const signature = await signWithDevice(keys.privateKey, input);
  assert.equal(await verifyDeviceSignature(publicKey, signature, input), true);
  assert.equal(await verifyDeviceSignature(await exportPublicKey(other.publicKey), signature, input), false);
  for (const changed of [{ deviceId: 'x' }, { at: 2 }, { nonce: 'm' }]) {
    const wrong = ticketSignatureInput({ deviceId, at: 1, nonce: 'n', ...changed });
    assert.equal(await verifyDeviceSignature(publicKey, signature, wrong), false);
  }
  for (const [wrongKey, wrongSignature] of [
    ['', signature],
    ['*', signature],
    [publicKey, ''],
    [publicKey, '*'],
  ] as const)
    assert.equal(await verifyDeviceSignature(wrongKey, wrongSignature, utf8('')), false);
});
