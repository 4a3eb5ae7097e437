/** The desk of receipts alone: whom it believes, whom it tells, and in which order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiptSignatureInput } from '@estafette/contracts/conversation-seal';
import { exportPublicKey, makeSigningKeys, signWithDevice } from '@estafette/contracts/device-keys';
import { newId } from '@estafette/contracts/ids';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import { silentLog } from '@estafette/runtime/log';
import type { AnsweredLetter, LastingStore } from '../ports.ts';
import { createReceiptDesk, type ReceiptDeskOptions } from './receipt-desk.ts';

const NOW = Date.UTC(2026, 10, 22, 14, 3);
const ACCEPTED = NOW - 3_600_000;
const DOCTOR = 'claire.martin@cabinet.example';
const [mailboxId, letterId, conversationId, deviceId] = [
  newId('mailbox'),
  newId('letter'),
  newId('conversation'),
  newId('device'),
];
const keys = await makeSigningKeys();
const signingKey = await exportPublicKey(keys.publicKey);

/** A desk that writes down what it does; `given` takes the place of what it stands on. */
function deskWith(given: Partial<Pick<ReceiptDeskOptions, 'post'>> & { letter?: object; revoked?: boolean } = {}) {
  const done: string[] = [];
  const letter = { from: DOCTOR, receiptTo: DOCTOR, messageId: '<a@b.example>', ...given.letter } as AnsweredLetter;
  const store = {
    device: async () =>
      given.revoked === true ? null : { id: deviceId, mailboxId, person: 'Camille', signingKey, wrappingKey: '' },
    lettersOf: async () => [{ letterId, mailboxId, conversationId }],
    trace: async () => [{ subject: letterId, event: 'letter-accepted', at: ACCEPTED }],
    sendsReceipts: async () => true,
  } as unknown as LastingStore;
  const desk = createReceiptDesk({
    store,
    contextOf: async () => letter,
    post: async ({ to }) => {
      done.push(`mail ${to}`);
      return true;
    },
    tell: async (_conversation, { person, at, toldSender }) => void done.push(`${person} ${at} ${toldSender === true}`),
    trail: { letterRead: async () => void done.push('trail') },
    gateway: 'gateway.officine.example',
    clock: { now: () => new Date(NOW) },
    log: silentLog,
    ...given,
  });
  const read = async (readAt: number, signedAt = readAt): Promise<void> => {
    const receipt = { letterId, conversationId, readAt };
    const input = receiptSignatureInput(deviceId, { ...receipt, readAt: signedAt });
    const signature = await signWithDevice(keys.privateKey, input);
    await desk({ kind: 'read', mailboxId, deviceId, receipt: { ...receipt, signature } });
  };
  return { done, read };
}

test('the trail, the sender, then the mailbox: who as the gateway knows him, when as the device says', async () => {
  const { done, read } = deskWith();
  await read(NOW - 60_000);
  assert.deepEqual(done, ['trail', `mail ${DOCTOR}`, 'Camille 2026-11-22T14:02:00.000Z true']);
});

test('the mailbox is told also where the sender did not ask, asked for another, or could not be told', async () => {
  for (const given of [
    { letter: { receiptTo: undefined } },
    { letter: { receiptTo: 'pirate@ailleurs.example' } },
    { post: async () => false },
  ]) {
    const { done, read } = deskWith(given);
    await read(NOW);
    assert.deepEqual(done, ['trail', 'Camille 2026-11-22T14:03:00.000Z false']);
  }
});

test('nobody is told while the receipt to the sender meets trouble: the job runs again and says the whole', async () => {
  const trouble = async (): Promise<boolean> => {
    throw new Error('no space left on the device');
  };
  const { done, read } = deskWith({ post: trouble });
  await assert.rejects(read(NOW), /no space left/);
  assert.deepEqual(done, ['trail']);
});

test('the time told lies between the letter and now, however wrong the clock of the device', async () => {
  const ahead = NOW + RELAY_LIMITS.ticketClockSkewSeconds * 1_000;
  for (const [readAt, told] of [
    [0, ACCEPTED],
    [ahead, NOW],
    [Number.MAX_SAFE_INTEGER, NOW],
  ] as const) {
    const { done, read } = deskWith();
    await read(readAt);
    assert.equal(done.at(-1), `Camille ${new Date(told).toISOString()} true`);
  }
});

test('a revoked device and another signature tell nobody anything', async () => {
  const revoked = deskWith({ revoked: true });
  await revoked.read(NOW);
  const forged = deskWith();
  await forged.read(NOW, NOW - 1);
  assert.deepEqual([revoked.done, forged.done], [[], []]);
});
