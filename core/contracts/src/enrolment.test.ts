/** Joining by a link: the relay carries request and answer, and can change neither. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { exportPublicKey, makeSigningKeys, makeWrappingKeys } from './device-keys.ts';
import {
  checkEnrolmentProof,
  type EnrolmentRequest,
  EnrolmentRequestSchema,
  enrolmentLink,
  openMembership,
  proveEnrolment,
  readEnrolmentLink,
  sealMembership,
} from './enrolment.ts';
import { newId } from './ids.ts';

const secret = crypto.getRandomValues(new Uint8Array(32));
const publicKey = async () => exportPublicKey((await makeWrappingKeys(false)).publicKey);
const unproved = {
  enrolmentId: newId('enrolment'),
  deviceId: newId('device'),
  wrappingKey: await publicKey(),
  signingKey: await exportPublicKey((await makeSigningKeys()).publicKey),
};
const request: EnrolmentRequest = { ...unproved, proof: await proveEnrolment(secret, unproved) };
const membership = {
  mailboxId: newId('mailbox'),
  address: 'pharmacie@officine.example',
  mailboxName: 'Pharmacie',
  person: 'Paul LEROY',
  gatewayKey: await publicKey(),
};

test('a link holds the secret in its fragment, and is read back from anywhere it was pasted', () => {
  const link = enrolmentLink('https://app.officine.example///', unproved.enrolmentId, secret);
  assert.equal(new URL(link).pathname, '/');
  for (const text of [link, ` ${link}\n`, new URL(link).hash])
    assert.deepEqual(readEnrolmentLink(text), { enrolmentId: unproved.enrolmentId, secret });
  for (const text of ['', 'https://app.officine.example/', link.slice(0, -1), `${link}x`, link.replace('enr_', 'dev_')])
    assert.equal(readEnrolmentLink(text), null, text);
});

test('the proof stands for every field of the request and for the secret', async () => {
  assert.equal(await checkEnrolmentProof(secret, request), true);
  assert.ok(v.is(EnrolmentRequestSchema, request));
  const other = { enrolmentId: newId('enrolment'), deviceId: newId('device'), wrappingKey: await publicKey() };
  for (const change of [
    { enrolmentId: other.enrolmentId },
    { deviceId: other.deviceId },
    { wrappingKey: other.wrappingKey },
    { signingKey: other.wrappingKey },
    { wrappingKey: request.signingKey, signingKey: request.wrappingKey },
    { proof: await proveEnrolment(new Uint8Array(32), unproved) },
  ]) {
    assert.equal(await checkEnrolmentProof(secret, { ...request, ...change }), false);
  }
});

test('the answer opens with the secret, for its device and its link only', async () => {
  const answer = await sealMembership(secret, request, membership);
  assert.ok(answer.outcome === 'joined' && !JSON.stringify(answer).includes('LEROY'));
  assert.deepEqual(await openMembership(secret, request, answer), membership);
  for (const opening of [
    () => openMembership(new Uint8Array(32), request, answer),
    () => openMembership(secret, { ...request, deviceId: newId('device') }, answer),
    () => openMembership(secret, { ...request, enrolmentId: newId('enrolment') }, answer),
    () => openMembership(secret, request, { ...answer, ct: answer.ct.slice(0, -3) }),
  ]) {
    await assert.rejects(opening());
  }
});

test('an answer that opens and is no membership is refused', async () => {
  const answer = await sealMembership(secret, request, { ...membership, gatewayKey: 'short' });
  assert.ok(answer.outcome === 'joined');
  await assert.rejects(openMembership(secret, request, answer));
});
