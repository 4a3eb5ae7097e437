/**
 * A reply becomes a sealed mail by what is known of its correspondent: his certificate, what he stated, how the operator
 * wants it. Real sealing, real certificates; the correspondent opens it. What must not be sealed is refused with a code.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { importConversationKey, sealJson } from '@estafette/contracts/conversation-seal';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { readCertificate } from '../envelope/certificate.ts';
import { openEnvelope } from '../envelope/open-envelope.ts';
import { sealMail } from '../envelope/seal-mail.ts';
import {
  addressName,
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  keyUsage,
  mailExtensions,
  notAuthority,
  type Party,
  PHARMACY_ADDRESS,
  pem,
  pharmacy,
  policyOver,
  ROOT,
  root,
  rootList,
  rsaKey,
  storeOf,
} from '../envelope/test-authority.fixture.ts';
import { newConversation, newLearnt, newLetter, newReply } from '../lasting/rows.conformance.ts';
import type { AnsweredLetter, LearntCertificate, MailboxKey, SealingWishes } from '../ports.ts';
import { createReplySealer } from '../reply/seal-reply.ts';
import { openWorld, START, type World } from './world.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-sealing-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const trust = { anchors: join(folder, 'anchors.pem'), lists: join(folder, 'lists.pem') };
writeFileSync(trust.anchors, pem('CERTIFICATE', root.certificate));
writeFileSync(trust.lists, pem('X509 CRL', rootList));

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const LETTER: AnsweredLetter = {
  from: DOCTOR_ADDRESS,
  fromName: 'Dr Claire MARTIN',
  subject: 'INR de Mme DESSAINT',
  messageId: '<letter-1@cabinet.example>',
  references: [],
  receivedAt: '2026-06-15T10:00:00.000Z',
  quote: [],
};
const MESSAGE_ID = '<est.answer@gateway.officine.example>';
const learntOf = (party: Party): Partial<LearntCertificate> => ({
  certificate: party.certificate,
  fingerprint: readCertificate(party.certificate).fingerprint,
});
const ownKey = ({ certificate, privateKey }: Party): MailboxKey => ({
  id: 'key',
  mailboxId: world.mailboxId,
  certificate,
  chain: [],
  privateKey,
  notBefore: 0,
  notAfter: Number.MAX_SAFE_INTEGER,
});

interface Wish {
  readonly learnt?: Partial<LearntCertificate> | null;
  readonly wishes?: Partial<SealingWishes>;
  readonly letter?: Partial<AnsweredLetter>;
  readonly signing?: readonly MailboxKey[];
  readonly encryption?: MailboxKey | null;
}

/** Seals the reply « Bien reçu » by these facts. */
async function sealed({ learnt = learntOf(doctor), wishes = {}, letter = {}, ...keys }: Wish = {}): Promise<Buffer> {
  const correspondentIndex = world.vault.index('address-index', DOCTOR_ADDRESS);
  const conversation = newConversation(world.mailboxId, { correspondentIndex });
  await world.store.addConversation(conversation, START);
  const row = newLetter(world.mailboxId, conversation.id);
  await world.store.addLetter(row, START);
  await world.store.saveLetterContext(row.letterId, world.mailboxId, Buffer.from('context'));
  if (learnt !== null) {
    await world.store.saveCorrespondent(newLearnt(correspondentIndex, learnt), START);
    const none: SealingWishes = { form: null, content: null, keyTransport: null };
    await world.store.wishForCorrespondent(correspondentIndex, { ...none, ...wishes });
  }
  const key = await importConversationKey(crypto.getRandomValues(new Uint8Array(32)));
  const reply = newReply(world.mailboxId, conversation.id);
  const binding = { kind: 'reply', conversationId: conversation.id, id: reply.id, author: reply.deviceId } as const;
  const typed = { type: 'reply', replyId: reply.id, text: 'Bien reçu', typedAt: '2026-06-15T10:25:00Z' };
  const own = ownKey(pharmacy);
  const seal = createReplySealer({
    store: world.store,
    ownKeys: { forSealing: async () => ({ signing: [own], encryption: own, ...keys }) },
    seal: async (task) => sealMail({ kind: 'seal', space: 'demo', ...task }),
    trust,
    clock: world.clock,
    messageIdFor: () => MESSAGE_ID,
  });
  const opened = { conversation, key, context: async () => ({ ...LETTER, ...letter }) };
  const mail = await seal({ ...reply, sealed: await sealJson(key, binding, typed) }, opened);
  assert.deepEqual([mail.to, mail.messageId], [DOCTOR_ADDRESS, MESSAGE_ID]);
  return Buffer.from(mail.sealed);
}

const store = storeOf([root.certificate], [rootList]);
function openedBy(party: Party, mail: Buffer): ReturnType<typeof openEnvelope> {
  const keys = [{ certificate: readCertificate(party.certificate), privateKey: party.privateKey }];
  return openEnvelope(mail, policyOver(store, { keys, at: new Date(START) }));
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
