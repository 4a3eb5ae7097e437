/**
 * A reply becomes a sealed mail by what is known of its correspondent: his certificate, what he stated, how the operator
 * wants it. Real sealing, real certificates; the correspondent opens it. What must not be sealed is refused with a code.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { simpleParser } from 'mailparser';
import {
  addressName,
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  keyUsage,
  mailExtensions,
  notAuthority,
  PHARMACY_ADDRESS,
  pharmacy,
  ROOT,
  rsaKey,
} from '../envelope/test-authority.fixture.ts';
import type { LearntCertificate } from '../ports.ts';
import { LETTER, learntOf, MESSAGE_ID, openedBy, ownKey, type SealingWish, sealReplies } from './sealing.fixture.ts';
import { openWorld, type World } from './world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

interface Wish extends Omit<SealingWish, 'known'> {
  readonly learnt?: Partial<LearntCertificate> | null;
}

/** Seals the reply « Bien reçu » by these facts. */
async function sealed({ learnt = learntOf(doctor), ...wish }: Wish = {}): Promise<Buffer> {
  const known = learnt === null ? {} : { [DOCTOR_ADDRESS]: learnt };
  const { mails, messageId, refused, inClear } = await sealReplies(world, { ...wish, known });
  const [mail] = mails;
  assert.ok(mail !== undefined && mails.length === 1 && refused.length === 0 && inClear === 0);
  assert.deepEqual(
    [mail.to, mail.from, messageId, mail.messageId],
    [DOCTOR_ADDRESS, PHARMACY_ADDRESS, MESSAGE_ID, MESSAGE_ID],
  );
  return Buffer.from(mail.bytes);
}

const shape = (mail: Buffer): string =>
  `${/smime-type=([a-zA-Z-]+)/.exec(mail.toString('latin1'))?.[1]} ${openedBy(doctor, mail)
    .layers.map((layer) => ('form' in layer ? layer.form : layer.kind))
    .join(' ')}`;

const refusedAs = (code: FailureCode) => (error: unknown) => error instanceof Refusal && error.code === code;

test('an answer is verified at the correspondent, threads, and teaches him our certificate and what we open', async () => {
  const opened = openedBy(doctor, await sealed());
  assert.deepEqual([opened.verdict.show, opened.verdict.reasons], ['verified', []]);
  const { from, subject, subjectProtected, messageId, inReplyTo } = opened.headers;
  assert.deepEqual([from, subject, subjectProtected], [PHARMACY_ADDRESS, 'Re: INR de Mme DESSAINT', true]);
  assert.deepEqual([messageId, inReplyTo], [MESSAGE_ID, LETTER.messageId]);
  assert.deepEqual(opened.senderCertificate, pharmacy.certificate);
  assert.ok(opened.senderStatement?.capabilities?.includes('aes-256-gcm'));
});

test('an answer with a photo opens whole at the correspondent', async () => {
  const photo = { name: 'Ordonnance.jpg', mediaType: 'image/jpeg', bytes: Buffer.alloc(300_000, 7) };
  const { verdict, content } = openedBy(doctor, await sealed({ attachments: { open: async () => [photo] } }));
  assert.deepEqual([verdict.show, verdict.reasons], ['verified', []]);
  const { attachments, text } = await simpleParser(content ?? Buffer.alloc(0));
  assert.match(text ?? '', /^Bien reçu/);
  assert.deepEqual(
    attachments.map((one) => [one.filename, one.contentType, one.content.equals(photo.bytes)]),
    [[photo.name, photo.mediaType, true]],
  );
});

test('what he stated decides, and the word of the operator goes before it', async () => {
  assert.equal(shape(await sealed()), 'enveloped-data encrypted detached');
  const stated = { ...learntOf(doctor), capabilities: ['aes-256-gcm', 'rsa-oaep-sha256'] as const };
  assert.equal(shape(await sealed({ learnt: stated })), 'authEnveloped-data encrypted detached');
  const wishes = { form: 'opaque', content: 'aes-256-cbc' } as const;
  assert.equal(shape(await sealed({ learnt: stated, wishes })), 'enveloped-data encrypted opaque');
});

test('a subject that his letter hid is not shown outside, and he reads it inside', async () => {
  const mail = await sealed({ letter: { subjectHidden: true } });
  assert.ok(mail.includes('Subject: [...]') && !mail.includes('DESSAINT'));
  const { headers } = openedBy(doctor, mail);
  assert.deepEqual([headers.subject, headers.subjectHidden], ['Re: INR de Mme DESSAINT', true]);
  assert.ok((await sealed()).includes('Subject: Re: INR de Mme DESSAINT'));
});

test('another certificate of ours for encryption is named, and he learns that one', async () => {
  const usage = (bits: number) => [notAuthority(), keyUsage(bits), addressName(PHARMACY_ADDRESS)];
  const signing = certify({ subject: 'Pharmacie', issuer: ROOT, key: rsaKey(), extensions: usage(0x80) });
  const encryption = certify({ subject: 'Pharmacie', issuer: ROOT, key: rsaKey(), extensions: usage(0x20) });
  const keys = { signing: [ownKey(signing)], encryption: ownKey(encryption) };
  assert.deepEqual(openedBy(doctor, await sealed(keys)).senderCertificate, encryption.certificate);
  const none = openedBy(doctor, await sealed({ ...keys, encryption: null }));
  assert.deepEqual([none.verdict.show, none.senderCertificate], ['verified', null]);
});

test('without a certificate, or with one that is not good now or not made for it, nothing is sealed', async () => {
  await assert.rejects(sealed({ learnt: null }), refusedAs('certificate-missing'));
  const ended = { issuer: ROOT, extensions: mailExtensions(DOCTOR_ADDRESS), notAfter: daysFromNow(-1) };
  const signsOnly = [notAuthority(), keyUsage(0x80), addressName(DOCTOR_ADDRESS)];
  for (const party of [
    certify({ subject: 'Dr Claire MARTIN', ...ended }),
    certify({ subject: 'Dr Claire MARTIN', extensions: mailExtensions(DOCTOR_ADDRESS) }),
    certify({ subject: 'Dr Claire MARTIN', issuer: ROOT, extensions: signsOnly }),
  ])
    await assert.rejects(sealed({ learnt: learntOf(party) }), refusedAs('certificate-unusable'));
});

test('without a good key of its own a mailbox seals nothing; an older good one takes over', async () => {
  await assert.rejects(sealed({ signing: [] }), refusedAs('own-certificate-unusable'));
  const ended = { issuer: ROOT, extensions: mailExtensions(PHARMACY_ADDRESS), notAfter: daysFromNow(-1) };
  const past = ownKey(certify({ subject: 'Pharmacie', ...ended }));
  await assert.rejects(sealed({ signing: [past] }), refusedAs('own-certificate-unusable'));
  const mail = await sealed({ signing: [past, ownKey(pharmacy)] });
  assert.equal(openedBy(doctor, mail).verdict.show, 'verified');
});

test('an answer never goes to more than one address, whatever the letter called itself', async () => {
  const from = `${DOCTOR_ADDRESS}>\r\nBcc: spy@elsewhere.example`;
  await assert.rejects(sealed({ letter: { from } }), refusedAs('conversation-unanswerable'));
});
