/** Mails that the gateway writes by itself: to whom, how often, and what they say; openssl and mailparser read them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import { simpleParser } from 'mailparser';
import { mail, multipartSigned, OUTER, signedData, TEXT_ENTITY } from '../envelope/letters.fixture.ts';
import {
  DOCTOR_ADDRESS,
  doctor,
  NOW,
  PHARMACY_ADDRESS,
  pem,
  pharmacy,
  root,
} from '../envelope/test-authority.fixture.ts';
import type { DeliveryWishes } from '../ports.ts';
import { plainMail } from '../reports/mails.fixture.ts';
import { readerOf } from './reading.fixture.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openStation, type Station } from './station.fixture.ts';
import { HOUR_MS, START } from './world.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-automatic-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const anchors = join(folder, 'anchors.pem');
writeFileSync(anchors, pem('CERTIFICATE', root.certificate));

let station: Station;
afterEach(() => station.close());

const open = async (preset: 'mssante' | 'demo' = 'mssante', knows = {}): Promise<Station> => {
  station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf(preset), knows });
  return station;
};

let letters = 0;

/** A letter signed by the doctor, with further fields. */
function signedLetter(...fields: string[]): Buffer {
  letters += 1;
  const outer = OUTER.map((line) =>
    line.startsWith('Message-ID') ? `Message-ID: <l${letters}@cabinet.example>` : line,
  );
  return mail(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)), [...outer, ...fields]);
}

const absent = (text = '') =>
  station.world.store.setAbsence({ mailboxId: station.mailboxId, from: START, until: START + 100 * HOUR_MS, text });

const wishes = (mailboxId: string, notify: DeliveryWishes['recipients'][number]['notify']): DeliveryWishes => ({
  envelopeId: 'QQ314159',
  returns: null,
  recipients: [{ mailboxId, address: PHARMACY_ADDRESS, original: `rfc822;${PHARMACY_ADDRESS}`, notify }],
});

writeFileSync(join(folder, 'doctor.key'), doctor.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

const cms = (...options: string[]): Buffer =>
  execFileSync('openssl', ['cms', ...options], { stdio: ['ignore', 'pipe', 'ignore'] });

/** What openssl says was signed, opened with the doctor's key where it was encrypted. */
function verified(bytes: Uint8Array): Buffer {
  const file = join(folder, 'mail.eml');
  writeFileSync(file, bytes);
  if (Buffer.from(bytes).includes('enveloped-data'))
    writeFileSync(file, cms('-decrypt', '-in', file, '-inkey', join(folder, 'doctor.key')));
  const at = String(Math.floor(NOW.getTime() / 1_000) + 3_600);
  return cms('-verify', '-in', file, '-CAfile', anchors, '-attime', at, '-purpose', 'any');
}

test('an absence is told once for each correspondent and day, signed, marked, from nobody', async () => {
  await open();
  await absent();
  for (let times = 0; times < 3; times += 1) await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  const [sent, ...others] = station.posted;
  assert.ok(sent !== undefined);
  assert.deepEqual(others, []);
  assert.deepEqual([sent.kind, sent.from, sent.to], ['absence', '', DOCTOR_ADDRESS]);
  const read = await simpleParser(Buffer.from(sent.bytes));
  assert.equal(read.subject, 'Réponse automatique : absence');
  assert.equal(read.headers.get('auto-submitted'), 'auto-replied');
  assert.equal(read.headers.get('x-auto-response-suppress'), 'All');
  assert.equal(read.inReplyTo, `<l${letters - 2}@cabinet.example>`);
  const { text } = await simpleParser(verified(sent.bytes));
  assert.match(text ?? '', /^Bonjour,\n\nPharmacie : absence jusqu'au 19 juin 2026 inclus\./);
  station.world.clock.ms += 24 * HOUR_MS;
  await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  assert.equal(station.posted.length, 2);
});

test('an absence is told in the words that were set, only while it lasts', async () => {
  await open();
  await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  assert.equal(station.posted.length, 0);
  await absent('Fermé pour travaux.\nÉcrivez à Mme PETIT.');
  await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  const { text } = await simpleParser(verified(station.posted[0]?.bytes ?? Buffer.alloc(0)));
  assert.equal(text?.trim(), 'Fermé pour travaux.\nÉcrivez à Mme PETIT.');
  station.world.clock.ms = START + 100 * HOUR_MS;
  await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  assert.equal(station.posted.length, 1);
  assert.equal(await station.world.store.clearAbsence(station.mailboxId), true);
  assert.equal(await station.world.store.clearAbsence(station.mailboxId), false);
});

test('no machine, list, stranger or nobody hears of an absence', async () => {
  await open();
  await absent();
  const carrier = { kind: 'operator', domain: 'cabinet.example', name: 'CN=Operator' } as const;
  for (const field of [
    'Auto-Submitted: auto-generated',
    'Auto-Submitted: auto-replied',
    'Precedence: bulk',
    'List-Id: <x.example>',
    'X-Auto-Response-Suppress: OOF',
  ])
    await station.receive({ bytes: signedLetter(field), mailFrom: DOCTOR_ADDRESS, carrier });
  await station.receive({ bytes: signedLetter(), mailFrom: '' });
  await station.receive({ bytes: plainMail('Bonjour'), mailFrom: DOCTOR_ADDRESS });
  await station.receive({
    bytes: plainMail('Bonjour', { from: 'noreply@cabinet.example' }),
    mailFrom: 'noreply@cabinet.example',
    carrier,
  });
  const toOthers = signedLetter()
    .toString('latin1')
    .replace('To: pharmacie@officine.example', 'To: tous@officine.example');
  await station.receive({ bytes: Buffer.from(toOthers, 'latin1'), mailFrom: DOCTOR_ADDRESS });
  assert.deepEqual(station.posted, []);
  await station.receive({ bytes: plainMail('Bonsoir'), mailFrom: DOCTOR_ADDRESS, carrier });
  assert.equal(station.posted.length, 1);
});

test('where answers are always encrypted, an absence is encrypted or withheld', async () => {
  await open('demo');
  await absent();
  await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  assert.match(Buffer.from(station.posted[0]?.bytes ?? []).toString('latin1'), /smime-type=enveloped-data/);
  await station.close();
  await open('demo');
  await absent();
  // A verified letter teaches the certificate of its sender: one that brings none that encrypts teaches nothing.
  station.world.store.correspondent = async () => null;
  const letterId = await station.receive({ bytes: signedLetter(), mailFrom: DOCTOR_ADDRESS });
  assert.deepEqual(station.posted, []);
  assert.ok((await station.events(letterId)).includes('automatic-withheld absence, certificate-missing'));
});

test('a delivery is reported when that was asked for, once, and never to nobody', async () => {
  await open();
  const asked = wishes(station.mailboxId, ['success', 'failure']);
  const letterId = await station.receive({ bytes: signedLetter(), mailFrom: 'bounces@cabinet.example', wishes: asked });
  await station.receive({
    bytes: signedLetter(),
    mailFrom: DOCTOR_ADDRESS,
    wishes: wishes(station.mailboxId, ['failure']),
  });
  await station.receive({
    bytes: signedLetter(),
    mailFrom: DOCTOR_ADDRESS,
    wishes: wishes(station.mailboxId, ['never']),
  });
  await station.receive({ bytes: signedLetter(), mailFrom: '', wishes: asked });
  const [sent, ...others] = station.posted;
  assert.ok(sent !== undefined);
  assert.deepEqual(others, []);
  assert.deepEqual([sent.kind, sent.from, sent.to], ['delivery-report', '', 'bounces@cabinet.example']);
  const said = verified(sent.bytes).toString();
  assert.match(said, /report-type=delivery-status/);
  assert.match(said, /Original-Envelope-Id: QQ314159\r\n/);
  assert.match(
    said,
    /Original-Recipient: rfc822;pharmacie@officine\.example\r\nFinal-Recipient: rfc822;pharmacie@officine\.example\r\nAction: delivered\r\nStatus: 2\.0\.0\r\n/,
  );
  assert.doesNotMatch(said, /INR|DESSAINT/);
  assert.ok((await station.events(letterId)).includes('letter-delivered'));
});

const ASKS = `Disposition-Notification-To: <${DOCTOR_ADDRESS}>`;

test('a receipt leaves when a person has read a letter that asked for it, once', async () => {
  await open();
  const read = await readerOf(station);
  const letterId = await station.receive({ bytes: signedLetter(ASKS), mailFrom: DOCTOR_ADDRESS });
  assert.equal(station.posted.length, 0);
  await read(letterId);
  await read(letterId);
  const [sent, ...others] = station.posted;
  assert.ok(sent !== undefined);
  assert.deepEqual(others, []);
  assert.deepEqual([sent.kind, sent.from, sent.to], ['disposition', '', DOCTOR_ADDRESS]);
  const said = verified(sent.bytes).toString();
  assert.match(said, /report-type=disposition-notification/);
  assert.match(said, /Final-Recipient: rfc822;pharmacie@officine\.example\r\n/);
  assert.ok(said.includes(`Original-Message-ID: <l${letters}@cabinet.example>\r\n`));
  assert.match(said, /Disposition: manual-action\/MDN-sent-manually; displayed\r\n/);
  assert.doesNotMatch(said, /INR|DESSAINT/);
  assert.equal((await station.events(letterId)).filter((event) => event === 'letter-read').length, 1);
});

test('no receipt leaves that was not asked for by the one who wrote, or that no device signed', async () => {
  await open();
  const read = await readerOf(station);
  const other = 'Disposition-Notification-To: pirate@ailleurs.example';
  for (const [bytes, mailFrom] of [
    [signedLetter(), DOCTOR_ADDRESS],
    [signedLetter(other), DOCTOR_ADDRESS],
    [signedLetter(ASKS), 'bounces@ailleurs.example'],
    [signedLetter(ASKS, 'Auto-Submitted: auto-generated'), DOCTOR_ADDRESS],
  ] as const)
    await read(await station.receive({ bytes, mailFrom }));
  const [asked, another] = [signedLetter(ASKS), signedLetter(ASKS)];
  const letterId = await station.receive({ bytes: asked, mailFrom: DOCTOR_ADDRESS });
  const otherId = await station.receive({ bytes: another, mailFrom: DOCTOR_ADDRESS });
  await read(letterId, { signedFor: otherId });
  await read(letterId, { conversationId: newId('conversation') });
  await read(letterId, { mailboxId: newId('mailbox') });
  assert.deepEqual(station.posted, []);
  await station.world.store.setReceipts(station.mailboxId, false);
  await read(letterId);
  assert.deepEqual(station.posted, []);
  await station.world.store.setReceipts(station.mailboxId, true);
  await read(letterId);
  assert.equal(station.posted.length, 1);
});

test('a receipt that trouble held up leaves when it is tried again; an absence holds no letter up', async () => {
  await open();
  await absent();
  const { store } = station.world;
  const read = await readerOf(station);
  const { claimAutomaticMail } = store;
  store.claimAutomaticMail = async () => {
    throw new Error('no space left on the device');
  };
  const letterId = await station.receive({ bytes: signedLetter(ASKS), mailFrom: DOCTOR_ADDRESS });
  assert.ok((await station.events(letterId)).includes('letter-delivered'));
  await assert.rejects(read(letterId), /no space left/);
  store.claimAutomaticMail = claimAutomaticMail;
  await read(letterId);
  assert.deepEqual(
    station.posted.map(({ kind }) => kind),
    ['disposition'],
  );
});

test('above its limit nothing automatic leaves any more, and letters still arrive', async () => {
  await open();
  const read = await readerOf(station);
  const total = REPORT_LIMITS.mailsPerPairAndHourMax + 3;
  let last = '';
  for (let number = 0; number < total; number += 1) {
    last = await station.receive({ bytes: signedLetter(ASKS), mailFrom: DOCTOR_ADDRESS });
    await read(last);
  }
  assert.equal(station.posted.length, REPORT_LIMITS.mailsPerPairAndHourMax);
  const inbox = await station.inbox();
  assert.equal(inbox.filter(({ type }) => type === 'letter').length, total);
  const told = inbox.flatMap((message) => (message.type === 'read' ? [message.toldSender === true] : []));
  assert.equal(told.length, total);
  assert.equal(
    told.filter(Boolean).length,
    REPORT_LIMITS.mailsPerPairAndHourMax,
    'what was withheld is not called sent',
  );
  assert.ok((await station.events(last)).includes('automatic-withheld disposition, limit'));
});
