/**
 * Two gateways facing each other: whatever each of them does by itself, traffic comes to an end (design, promise 10).
 * The stages are the real ones; the way between them is this test's, and may take every mark off a mail.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mail, multipartSigned, OUTER, signedData, TEXT_ENTITY } from '../envelope/letters.fixture.ts';
import { DOCTOR_ADDRESS, doctor, PHARMACY_ADDRESS, pharmacy } from '../envelope/test-authority.fixture.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openStation, type Station } from './station.fixture.ts';
import { HOUR_MS, START } from './world.fixture.ts';

interface Configuration {
  readonly preset: 'demo' | 'mssante';
  readonly doctorAbsent: boolean;
  readonly pharmacyAbsent: boolean;
  /** Delivery reports are asked for, by every mail on the way. */
  readonly asksReports: boolean;
  readonly asksReceipts: boolean;
  readonly letters: number;
  /** A server on the way takes every mark off and puts a return path on. */
  readonly stripsMarks: boolean;
}

const QUIET: Configuration = {
  preset: 'mssante',
  doctorAbsent: false,
  pharmacyAbsent: false,
  asksReports: false,
  asksReceipts: false,
  letters: 1,
  stripsMarks: false,
};

const ENOUGH = 60;

/** Mails after the letters, in their order: who wrote what. */
async function exchange(configuration: Configuration): Promise<{ mails: string[]; stations: [Station, Station] }> {
  const space = spaceOf(configuration.preset);
  const doctors = await openStation({
    address: DOCTOR_ADDRESS,
    party: doctor,
    space,
    knows: { [PHARMACY_ADDRESS]: pharmacy },
  });
  const pharmacies = await openStation({
    address: PHARMACY_ADDRESS,
    party: pharmacy,
    space,
    knows: { [DOCTOR_ADDRESS]: doctor },
  });
  const absence = { from: START, until: START + 100 * HOUR_MS, text: '' };
  if (configuration.doctorAbsent) await doctors.world.store.setAbsence({ mailboxId: doctors.mailboxId, ...absence });
  if (configuration.pharmacyAbsent)
    await pharmacies.world.store.setAbsence({ mailboxId: pharmacies.mailboxId, ...absence });
  for (let number = 0; number < configuration.letters; number += 1) {
    const messageId = `<letter-${number}@cabinet.example>`;
    const asks = configuration.asksReceipts ? [`Disposition-Notification-To: ${DOCTOR_ADDRESS}`] : [];
    const outer = [...OUTER.filter((line) => !line.startsWith('Message-ID')), `Message-ID: ${messageId}`, ...asks];
    await doctors.outbox.post({
      ...{ id: `mai_${number}`, kind: 'reply', mailboxId: doctors.mailboxId, conversationId: null, subject: 'x' },
      ...{ space: space.name, urgent: false, asksReports: true, replyIds: [], from: DOCTOR_ADDRESS, messageId },
      ...{ to: PHARMACY_ADDRESS, recipientIndex: doctors.world.vault.index('address-index', PHARMACY_ADDRESS) },
      bytes: mail(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)), outer),
    });
  }
  const mails: string[] = [];
  while (mails.length <= ENOUGH) {
    const from = doctors.posted.length > 0 ? doctors : pharmacies;
    const to = from === doctors ? pharmacies : doctors;
    const sent = from.posted.shift();
    if (sent === undefined) break;
    mails.push(`${from.address.split('@')[0]}: ${sent.kind}`);
    const marks = /^(?:auto-submitted|x-auto-response-suppress):.*\r\n/gim;
    const bytes = Buffer.from(sent.bytes);
    const notify = configuration.asksReports ? (['success'] as const) : [];
    const domain = from.address.slice(from.address.indexOf('@') + 1);
    await to.receive({
      bytes: configuration.stripsMarks ? Buffer.from(bytes.toString('latin1').replace(marks, ''), 'latin1') : bytes,
      mailFrom: configuration.stripsMarks ? from.address : sent.from,
      carrier: { kind: 'operator', domain, name: 'CN=Operator' },
      wishes: {
        envelopeId: null,
        returns: null,
        recipients: [{ mailboxId: to.mailboxId, address: to.address, original: null, notify }],
      },
    });
  }
  return { mails, stations: [doctors, pharmacies] };
}

async function mailsOf(change: Partial<Configuration>): Promise<string[]> {
  const { mails, stations } = await exchange({ ...QUIET, ...change });
  for (const station of stations) await station.close();
  return mails;
}

test('a letter between two absent mailboxes is answered by one absence, and that by nothing', async (t) => {
  for (const preset of ['mssante', 'demo'] as const) {
    const mails = await mailsOf({ preset, doctorAbsent: true, pharmacyAbsent: true });
    t.diagnostic(`${preset}: ${mails.join(', ')}`);
    assert.deepEqual(mails, ['claire.martin: reply', 'pharmacie: absence']);
  }
});

test('ten letters of a day are answered by one absence', async () => {
  const mails = await mailsOf({ doctorAbsent: true, pharmacyAbsent: true, letters: 10 });
  assert.equal(mails.filter((one) => one.endsWith('absence')).length, 1);
});

test('with every report asked for, one letter makes two more mails', async () => {
  const mails = await mailsOf({ doctorAbsent: true, pharmacyAbsent: true, asksReports: true, asksReceipts: true });
  assert.deepEqual(mails, ['claire.martin: reply', 'pharmacie: delivery-report', 'pharmacie: absence']);
});

test('a server on the way that takes the marks off changes nothing: they stand under the signature too', async () => {
  const mails = await mailsOf({ doctorAbsent: true, pharmacyAbsent: true, stripsMarks: true });
  assert.deepEqual(mails, ['claire.martin: reply', 'pharmacie: absence']);
});

test('a machine that answers everything, marks nothing and quotes nothing is told once a day', async (t) => {
  const station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf('mssante') });
  const absence = { mailboxId: station.mailboxId, from: START, until: START + 100 * HOUR_MS, text: '' };
  await station.world.store.setAbsence(absence);
  const carrier = { kind: 'operator', domain: 'cabinet.example', name: 'CN=Operator' } as const;
  let sent = 0;
  let answers = 0;
  for (let due = 1; due > 0 && sent < ENOUGH; due -= 1) {
    sent += 1;
    const lines = [
      ...OUTER.filter((line) => !line.startsWith('Message-ID')),
      `Message-ID: <${sent}@cabinet.example>`,
      '',
      'Bonjour',
    ];
    await station.receive({ bytes: Buffer.from(lines.join('\r\n')), mailFrom: DOCTOR_ADDRESS, carrier });
    const posted = station.posted.splice(0).length;
    answers += posted;
    due += posted;
  }
  t.diagnostic(`${sent} letters, ${answers} answers`);
  assert.deepEqual([sent, answers], [2, 1]);
  await station.close();
});

test('an absence that answers a letter nobody remembers is a letter between two absent mailboxes, and not answered', async () => {
  const space = spaceOf('mssante');
  const doctors = await openStation({ address: DOCTOR_ADDRESS, party: doctor, space });
  const pharmacies = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space });
  for (const { world, mailboxId } of [doctors, pharmacies])
    await world.store.setAbsence({ mailboxId, from: START, until: START + 100 * HOUR_MS, text: '' });
  const carrier = { kind: 'operator', domain: 'cabinet.example', name: 'CN=Operator' } as const;
  const bytes = mail(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)), OUTER);
  await pharmacies.receive({ bytes, mailFrom: DOCTOR_ADDRESS, carrier });
  const [absence, ...others] = pharmacies.posted;
  assert.ok(absence !== undefined && others.length === 0);
  for (const mailFrom of ['', PHARMACY_ADDRESS])
    await doctors.receive({
      bytes: Buffer.from(absence.bytes),
      mailFrom,
      carrier: { ...carrier, domain: 'officine.example' },
    });
  assert.deepEqual([(await doctors.inbox()).map(({ type }) => type), doctors.posted], [['letter'], []]);
  for (const station of [doctors, pharmacies]) await station.close();
});

test('any two configurations come to rest', async (t) => {
  const configurations = fc.record<Configuration>({
    preset: fc.constantFrom('demo', 'mssante'),
    doctorAbsent: fc.boolean(),
    pharmacyAbsent: fc.boolean(),
    asksReports: fc.boolean(),
    asksReceipts: fc.boolean(),
    letters: fc.integer({ min: 1, max: 3 }),
    stripsMarks: fc.boolean(),
  });
  let most = 0;
  await fc.assert(
    fc.asyncProperty(configurations, async (configuration) => {
      const mails = await mailsOf(configuration);
      // A report of its delivery for each letter, one absence for each side and day, and what they bring once more.
      const beyond = mails.length - configuration.letters;
      most = Math.max(most, beyond);
      assert.ok(beyond <= 2 * configuration.letters + 6, mails.join(', '));
    }),
    { seed: 20260112, numRuns: 24 },
  );
  t.diagnostic(`at most ${most} automatic mails`);
});
