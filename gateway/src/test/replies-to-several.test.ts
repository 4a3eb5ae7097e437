/**
 * One answer to several people: one mail for each, the same words under the same Message-ID. Who cannot be reached as the
 * policy asks fails alone; where the policy allows it, he gets it signed only, and then nothing of a letter that came
 * encrypted is in any copy. openssl verifies what is signed only.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import { MEBIBYTE } from '@estafette/contracts/limits';
import { sealMail } from '../envelope/seal-mail.ts';
import {
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  mailExtensions,
  type Party,
  PHARMACY_ADDRESS,
  pem,
  ROOT,
  root,
} from '../envelope/test-authority.fixture.ts';
import type { NewMail } from '../ports.ts';
import { learntOf, MESSAGE_ID, openedBy, type SealingWish, sealReplies } from './sealing.fixture.ts';
import { openWorld, START, type World } from './world.fixture.ts';

const LABO_ADDRESS = 'bio@labo.example';
const NURSE_ADDRESS = 'infirmier@soins.example';
const partyOf = (subject: string, address: string): Party =>
  certify({ subject, issuer: ROOT, extensions: mailExtensions(address) });
const labo = partyOf('Laboratoire', LABO_ADDRESS);
const nurse = partyOf('Infirmier', NURSE_ADDRESS);
const EVERYONE = {
  [DOCTOR_ADDRESS]: learntOf(doctor),
  [LABO_ADDRESS]: learntOf(labo),
  [NURSE_ADDRESS]: learntOf(nurse),
};
const people = [
  { name: 'Dr Claire MARTIN', address: DOCTOR_ADDRESS, role: 'from' },
  { name: 'Pharmacie', address: PHARMACY_ADDRESS, role: 'to' },
  { name: 'Laboratoire', address: LABO_ADDRESS, role: 'to' },
  { name: 'Infirmier', address: NURSE_ADDRESS, role: 'cc' },
] as const;
const SECRET = { quote: ['INR à 6,8'], wasEncrypted: true } as const;

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());
/** What was learnt of anybody is forgotten. */
async function forget(): Promise<void> {
  await world.close();
  world = await openWorld();
}

const toAll = (wish: SealingWish = {}) =>
  sealReplies(world, { known: EVERYONE, to: 'all', ...wish, letter: { people, ...SECRET, ...wish.letter } });
const inMssante = (known: NonNullable<SealingWish['known']>, letter: SealingWish['letter'] = {}) =>
  toAll({ known, letter: { space: 'mssante', ...letter } });
const withoutNurse = { [DOCTOR_ADDRESS]: learntOf(doctor), [LABO_ADDRESS]: learntOf(labo) };
const textOf = ({ bytes }: NewMail): string => Buffer.from(bytes).toString('latin1');
const fieldsOf = (mail: NewMail): string =>
  textOf(mail)
    .slice(0, textOf(mail).indexOf('MIME-Version'))
    .replace(/^Date:.*$/m, '');
const refusedAs = (code: FailureCode) => (error: unknown) => error instanceof Refusal && error.code === code;

test('everyone on the letter gets a mail of his own, the same in its header and its words, encrypted to him alone', async () => {
  const { mails, refused, inClear } = await toAll();
  assert.deepEqual(
    mails.map(({ to, messageId, replyIds }) => [to, messageId, replyIds.length]),
    [DOCTOR_ADDRESS, LABO_ADDRESS, NURSE_ADDRESS].map((to) => [to, MESSAGE_ID, 1]),
  );
  assert.deepEqual([refused, inClear, new Set(mails.map(({ id }) => id)).size], [[], 0, 3]);
  assert.equal(new Set(mails.map(fieldsOf)).size, 1);
  const [first] = mails;
  assert.ok(first !== undefined);
  assert.match(fieldsOf(first), /^To: .*<claire\.martin@cabinet\.example>$/m);
  assert.match(fieldsOf(first), /^Cc: .*<bio@labo\.example>,\s.*<infirmier@soins\.example>$/m);
  assert.match(fieldsOf(first), /^Disposition-Notification-To: <pharmacie@officine\.example>$/m);
  assert.ok(!fieldsOf(first).includes(`<${PHARMACY_ADDRESS}>,`) && !textOf(first).includes('6,8'));
  for (const [at, party] of [doctor, labo, nurse].entries()) {
    const { verdict, content } = openedBy(party, mails[at]?.bytes ?? Buffer.alloc(0));
    assert.equal(verdict.show, 'verified');
    assert.ok(content?.includes('6,8'));
    assert.equal(openedBy(party, mails[(at + 1) % 3]?.bytes ?? Buffer.alloc(0)).verdict.show, 'quarantine');
  }
});

test('to the sender alone it goes to him alone, whoever else is on the letter', async () => {
  const { mails } = await toAll({ to: 'sender' });
  assert.deepEqual(
    mails.map(({ to }) => to),
    [DOCTOR_ADDRESS],
  );
});

test('where everything is encrypted, one without a certificate fails alone, and nothing is asked of the worker for him', async () => {
  const { mails, refused, inClear, tasks } = await toAll({ known: withoutNurse });
  assert.deepEqual(
    [mails.map(({ to }) => to), refused.map(({ mail, failure }) => [mail.to, failure]), inClear],
    [[DOCTOR_ADDRESS, LABO_ADDRESS], [[NURSE_ADDRESS, 'certificate-missing']], 0],
  );
  assert.ok(tasks.length > 0 && tasks.every(({ recipient }) => recipient !== null));
  await forget();
  await assert.rejects(toAll({ known: {} }), refusedAs('certificate-missing'));
});

test('the stricter space decides: a letter of one that always encrypts is not answered in clear into another', async () => {
  const { mails, refused, tasks } = await toAll({ known: withoutNurse, letter: { space: 'demo' } });
  assert.deepEqual(
    [mails.map(({ space }) => space), refused.map(({ mail, failure }) => [mail.space, failure])],
    [['demo', 'mssante'], [['mssante', 'certificate-missing']]],
  );
  assert.ok(tasks.every(({ recipient, answers }) => recipient !== null && answers.encrypts === 'always'));
});

test('where the space allows it, one without a certificate gets it signed only, and no copy quotes the letter', async () => {
  const { mails, refused, inClear } = await inMssante(withoutNurse);
  assert.deepEqual([mails.length, refused.length, inClear], [3, 0, 1]);
  const [toDoctor, , toNurse] = mails;
  assert.ok(toDoctor !== undefined && toNurse !== undefined);
  assert.match(textOf(toNurse), /^Content-Type: multipart\/signed/m);
  assert.match(textOf(toNurse), /hp="clear"/);
  assert.ok(textOf(toNurse).includes('Bien re=C3=A7u'));
  for (const mail of [textOf(toNurse), openedBy(doctor, toDoctor.bytes).content?.toString() ?? ''])
    assert.ok(mail.includes('Bien re') && !mail.includes('6,8') && !mail.includes('crit :'));
  const found = openedBy(nurse, toNurse.bytes);
  assert.deepEqual(
    [found.verdict.signature, found.verdict.identity, found.verdict.encryption],
    ['valid', 'match', 'none'],
  );
  assert.deepEqual(new Set(mails.map(fieldsOf)).size, 1, 'the same outside');
});

test('one whose address cannot be written without SMTPUTF8 fails alone, and stands in no header', async () => {
  const zoe = { name: 'Zoé', address: 'zoé@cabinet.example', role: 'cc' } as const;
  for (const space of ['demo', 'mssante']) {
    const { mails, refused, inClear } = await toAll({ letter: { space, people: [...people, zoe] } });
    assert.deepEqual(
      [mails.length, inClear, refused.map(({ mail, failure }) => [mail.to, failure])],
      [3, 0, [[zoe.address, 'address-not-ascii']]],
    );
    for (const mail of mails) assert.ok(!/zo.{0,9}@cabinet/.test(textOf(mail)));
    const letter = { space, from: zoe.address, people: [{ ...zoe, role: 'from' as const }] };
    await assert.rejects(toAll({ letter }), refusedAs('address-not-ascii'));
  }
});

test('where all can be encrypted to, or the letter came in clear, the quote stays', async () => {
  const all = await inMssante(EVERYONE);
  assert.equal(all.inClear, 0);
  assert.ok(openedBy(doctor, all.mails[0]?.bytes ?? Buffer.alloc(0)).content?.includes('6,8'));
  await forget();
  const clear = await inMssante(withoutNurse, { wasEncrypted: false });
  assert.ok(clear.mails[2] !== undefined && textOf(clear.mails[2]).includes('6,8'));
});

test('a subject that the letter hid is in no copy when one leaves in clear', async () => {
  const { mails } = await inMssante(withoutNurse, { subjectHidden: true });
  for (const mail of mails)
    assert.ok(!textOf(mail).includes('DESSAINT') && textOf(mail).includes('Re: votre courrier'));
  const inside = openedBy(doctor, mails[0]?.bytes ?? Buffer.alloc(0));
  assert.equal(inside.headers.subject, 'Re: votre courrier');
});

const ended = certify({
  subject: 'Infirmier',
  issuer: ROOT,
  extensions: mailExtensions(NURSE_ADDRESS),
  notAfter: daysFromNow(-1),
});

test('a certificate that is not good any more counts as none where the space allows it, and fails where it does not', async () => {
  const known = { ...EVERYONE, [NURSE_ADDRESS]: learntOf(ended) };
  const { mails, inClear } = await inMssante(known);
  assert.deepEqual([mails.length, inClear], [3, 1]);
  const toDoctor = openedBy(doctor, mails[0]?.bytes ?? Buffer.alloc(0));
  assert.ok(toDoctor.content !== null && !toDoctor.content.includes('6,8'), 'composed anew for all of them');
  const { refused } = await toAll({ known });
  assert.deepEqual(
    refused.map(({ failure }) => failure),
    ['certificate-unusable'],
  );
});

test('what was posted before is not sealed again', async () => {
  const first = await toAll();
  // The ids come from the group and the address: a second run is given the same.
  assert.deepEqual(first.mails.map(({ id }) => id).sort(), [...new Set(first.mails.map(({ id }) => id))].sort());
  const posted = new Set(first.mails.slice(0, 2).map(({ id }) => id));
  const again = await toAll({ posted });
  assert.deepEqual(
    again.mails.map(({ to }) => to),
    [NURSE_ADDRESS],
  );
  assert.equal(again.tasks.length, 1);
  const none = await toAll({ posted: new Set(first.mails.map(({ id }) => id)) });
  assert.deepEqual([none.mails, none.refused, none.tasks], [[], [], []]);
});

test('messages of one group are one mail, urgent when one of them is', async () => {
  const { mails } = await toAll({ to: 'sender', messages: [{ text: 'Un.' }, { text: 'Deux.', urgent: true }] });
  const [mail] = mails;
  assert.ok(mail?.urgent && mail.asksReports && mail.replyIds.length === 2);
  assert.match(fieldsOf(mail), /^X-Priority: 1$/m);
  assert.match(openedBy(doctor, mail.bytes).content?.toString() ?? '', /Un\.\r\n\r\nDeux\./);
});

test('a mail above the size that is taken everywhere is refused, whatever it is made of', async () => {
  const file = { name: 'a.bin', mediaType: 'application/octet-stream', bytes: Buffer.alloc(14 * MEBIBYTE) };
  const attachments = { open: async () => [file] };
  await assert.rejects(toAll({ to: 'sender', attachments }), refusedAs('reply-too-large'));
});

test('openssl verifies a mail that is signed only, and refuses it changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-signed-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const [mailFile, anchor] = [join(folder, 'mail.eml'), join(folder, 'root.pem')];
  writeFileSync(anchor, pem('CERTIFICATE', root.certificate));
  const verify = (mail: Uint8Array) => {
    writeFileSync(mailFile, mail);
    const at = ['-attime', String(Math.floor(START / 1_000)), '-purpose', 'any'];
    return spawnSync('openssl', ['cms', '-verify', '-in', mailFile, '-CAfile', anchor, ...at], { encoding: 'latin1' });
  };
  for (const form of ['detached', 'opaque'] as const) {
    const known = { [NURSE_ADDRESS]: learntOf(ended) };
    const { mails } = await toAll({ known, wishes: { form }, letter: { space: 'mssante' } });
    const mail = mails.find(({ to }) => to === NURSE_ADDRESS);
    assert.ok(mail !== undefined);
    assert.match(textOf(mail), form === 'opaque' ? /smime-type=signed-data/ : /multipart\/signed/);
    const right = verify(mail.bytes);
    assert.equal(right.status, 0, `${form}: ${right.stderr}`);
    assert.match(right.stdout, /Bien re=C3=A7u/);
    const changed = Buffer.from(mail.bytes);
    const at = changed.indexOf(form === 'opaque' ? '\r\n\r\n' : 'Bien re=') + 400 * Number(form === 'opaque');
    changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
    assert.notEqual(verify(changed).status, 0);
  }
});

test('under a policy that encrypts always, no task makes a mail in clear; one file alone can sign only', async () => {
  const { tasks } = await inMssante({});
  assert.ok(tasks.length > 0 && tasks.every(({ recipient }) => recipient === null));
  for (const task of tasks) {
    const answers = { ...task.answers, encrypts: 'always' } as const;
    assert.deepEqual(sealMail({ ...task, answers }), { refused: 'certificate-missing', wants: [] });
  }
  const source = new URL('..', import.meta.url).pathname;
  const found = spawnSync('grep', ['-rlE', '--include=*.ts', '\\bsignEnvelope\\b', source], { encoding: 'utf8' });
  const users = found.stdout.split('\n').filter((file) => file !== '' && !file.endsWith('.test.ts'));
  assert.deepEqual(users.map((file) => file.split('/').at(-1)).sort(), ['seal-envelope.ts', 'seal-mail.ts']);
  assert.match(readFileSync(join(source, 'envelope/seal-mail.ts'), 'utf8'), /encrypts !== 'when-possible'/);
});
