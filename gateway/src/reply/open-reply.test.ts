/** A reply from a device: taken from its author only, as it was sealed, and refused with a code otherwise. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importConversationKey, replySignatureInput, sealJson } from '@estafette/contracts/conversation-seal';
import { exportPublicKey, makeSigningKeys, signWithDevice } from '@estafette/contracts/device-keys';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import type { Device } from '../ports.ts';
import { checkReplyAuthor, openReply } from './open-reply.ts';

const keys = await makeSigningKeys();
const conversationKey = await importConversationKey(crypto.getRandomValues(new Uint8Array(32)));
const device: Device = {
  id: newId('device'),
  mailboxId: newId('mailbox'),
  person: 'Paul LEROY',
  wrappingKey: '',
  signingKey: await exportPublicKey(keys.publicKey),
  validUntil: null,
};
const conversationId = newId('conversation');

async function sealed(change: object = {}, author = device.id): Promise<SealedReply> {
  const replyId = newId('reply');
  const message = { type: 'reply', replyId, text: 'Bien reçu', typedAt: '2026-06-15T10:25:00Z', ...change };
  const binding = { kind: 'reply', conversationId, id: replyId, author } as const;
  const frame = { replyId, conversationId, ...(await sealJson(conversationKey, binding, message)) };
  return { ...frame, signature: await signWithDevice(keys.privateKey, replySignatureInput(device.id, frame)) };
}

const refusedAs = (code: FailureCode) => (error: unknown) => error instanceof Refusal && error.code === code;

test('a reply of its device opens as it was typed', async () => {
  const reply = await sealed();
  assert.equal(await checkReplyAuthor(device, device.mailboxId, reply), device);
  assert.equal((await openReply(conversationKey, device.id, reply)).text, 'Bien reçu');
});

test('an unknown device, one of another mailbox, and a wrong signature are no author', async () => {
  const reply = await sealed();
  const other = await makeSigningKeys();
  const signingKey = await exportPublicKey(other.publicKey);
  for (const [who, mailboxId, frame] of [
    [null, device.mailboxId, reply],
    [device, newId('mailbox'), reply],
    [{ ...device, signingKey }, device.mailboxId, reply],
    [{ ...device, signingKey: 'not a key' }, device.mailboxId, reply],
    [{ ...device, id: newId('device') }, device.mailboxId, reply],
    [device, device.mailboxId, { ...reply, signature: '' }],
    [device, device.mailboxId, { ...reply, signature: '*' }],
  ] as const) {
    await assert.rejects(checkReplyAuthor(who, mailboxId, frame), refusedAs('reply-author-unknown'));
  }
});

test('every field of the frame is covered by the signature', async () => {
  const [reply, other] = [await sealed(), await sealed()];
  for (const field of ['replyId', 'iv', 'ct'] as const)
    await assert.rejects(
      checkReplyAuthor(device, device.mailboxId, { ...reply, [field]: other[field] }),
      refusedAs('reply-author-unknown'),
    );
  const moved = { ...reply, conversationId: newId('conversation') };
  await assert.rejects(checkReplyAuthor(device, device.mailboxId, moved), refusedAs('reply-author-unknown'));
});

test('a reply sealed for another place, by another device or under another key does not open', async () => {
  const reply = await sealed();
  const otherKey = await importConversationKey(new Uint8Array(32));
  for (const opening of [
    () => openReply(otherKey, device.id, reply),
    () => openReply(conversationKey, newId('device'), reply),
    () => openReply(conversationKey, device.id, { ...reply, replyId: newId('reply') }),
    () => openReply(conversationKey, device.id, { ...reply, conversationId: newId('conversation') }),
    () => openReply(conversationKey, device.id, { ...reply, ct: reply.ct.slice(0, -4) }),
    () => openReply(conversationKey, device.id, { ...reply, iv: '' }),
    () => openReply(conversationKey, device.id, { ...reply, ct: '!' }),
  ]) {
    await assert.rejects(opening(), refusedAs('reply-malformed'));
  }
});

test('a reply that opens and is not one is malformed', async () => {
  for (const change of [
    { text: '' },
    { text: 'x'.repeat(CONVERSATION_LIMITS.replyMaxCharacters + 1) },
    { text: 7 },
    { type: 'letter' },
    { replyId: newId('reply') },
    { typedAt: undefined },
  ]) {
    await assert.rejects(openReply(conversationKey, device.id, await sealed(change)), refusedAs('reply-malformed'));
  }
});
