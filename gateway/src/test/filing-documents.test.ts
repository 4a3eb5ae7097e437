/**
 * What is filed, read back: the archive by our own reader, unzip and xmllint, the PDF byte for byte. The patient is
 * the one who was meant, and the INS stands there only when it is qualified.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { readCda } from '../content/cda/read-cda.ts';
import { readContent } from '../content/read-content.ts';
import { letterOf } from '../content/xdm/letter.fixture.ts';
import { EXCHANGE, LETTER } from '../filing/exchange.fixture.ts';
import type { Exchange } from '../filing/exchange.ts';
import { makeExchangeCda } from '../filing/exchange-cda.ts';
import { fileExchange } from '../filing/file-exchange.ts';
import { fileOriginal } from '../filing/file-original.ts';
import type { FiledMail } from '../filing/filed-mail.ts';
import { makeXdm } from '../filing/xdm-archive.ts';
import { PDF, partsOf } from './filing-parts.fixture.ts';

const NOW = new Date('2026-01-13T08:00:00Z');

let folder = '';
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'estafette-filing-'));
});
after(() => rmSync(folder, { recursive: true }));

function judged(command: string, words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
  if (error) throw error;
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}

/** As the record's software would receive it. */
function mailOf({ subject, documents, attachments }: FiledMail): Buffer {
  const parts = attachments.map(({ name, mediaType, bytes }) => ({
    name: name.replace(/[^ -~]/g, '?'),
    type: mediaType,
    bytes,
  }));
  const ins = documents?.hasQualifiedIdentity === true ? 'O' : 'N';
  return letterOf(parts, [`Subject: ${subject.replace(/[^ -~]/g, '?')}`, `X-MSS-INS: ${ins}`]);
}

const withPatient = (patient: Partial<Exchange['patient']>): Exchange => ({
  ...EXCHANGE,
  patient: { ...EXCHANGE.patient, ...patient },
});

test('our own reader reads what we file: title, patient, qualified INS, the same PDF, nothing beside', async () => {
  const mail = await fileExchange(EXCHANGE);
  const { documents } = await readContent(mailOf(mail), { approved: null, now: NOW });
  const [report, ...others] = documents;
  assert.ok(report?.kind === 'report');
  assert.equal(report.report.title, EXCHANGE.title);
  assert.equal(report.report.typeCode, '61357-0');
  assert.equal(report.report.date, '2026-01-12');
  assert.equal(report.report.sender, 'Claire MARTIN (RPPS 10101234567), Pharmacie des Quatre Vents');
  const { familyName, birthName, givenName, birthDate, sex, ins } = report.report.patient;
  assert.deepEqual(
    { familyName, birthName, givenName, birthDate, sex, quality: ins?.quality },
    {
      ...{ familyName: 'ESSAI', birthName: 'PATIENTE-TEST', givenName: 'DOMINIQUE', birthDate: '1979-03-28' },
      ...{ sex: 'F', quality: 'qualified' },
    },
  );
  assert.deepEqual(report.report.warnings, []);
  const pdf = mail.attachments.find(({ mediaType }) => mediaType === 'application/pdf');
  const read = others.filter((document) => document.kind === 'file' && document.mediaType === 'application/pdf');
  assert.ok(read.length > 0);
  for (const document of read)
    assert.ok(document.kind === 'file' && Buffer.from(document.bytes).equals(pdf?.bytes ?? PDF));
  assert.ok(others.every((document) => document.kind !== 'file' || document.note === null));
});

test('size, SHA-1 and identifiers of the metadata are those of the document', async () => {
  const { cda, files, metadata, listed } = await partsOf(EXCHANGE);
  assert.deepEqual(
    [...files.keys()],
    ['INDEX.HTM', 'README.TXT', 'IHE_XDM/SUBSET01/METADATA.XML', 'IHE_XDM/SUBSET01/DOC0001.XML'],
  );
  assert.ok(files.get('IHE_XDM/SUBSET01/DOC0001.XML')?.equals(cda));
  assert.equal(listed.hash, createHash('sha1').update(cda).digest('hex').toUpperCase());
  assert.equal(listed.size, String(cda.length));
  assert.equal(listed.uri, 'DOC0001.XML');
  assert.equal(listed.uniqueId, readCda(cda, NOW)?.id);
  assert.match(listed.uniqueId, /^2\.25\.[1-9]\d{20,38}$/);
  assert.deepEqual(listed.patient, { number: '279035121518989', authority: '1.2.250.1.213.1.4.10' });
  assert.deepEqual(metadata.patient, listed.patient);
  assert.deepEqual(listed.traits, {
    birthName: 'PATIENTE-TEST',
    givenNames: 'DOMINIQUE',
    birthDate: '1979-03-28',
    sex: 'F',
  });
  assert.equal(listed.author, 'MARTIN Claire, Pharmacie des Quatre Vents');
  assert.equal(metadata.submissionTime, '20260112103022');
});

test('prevents: a preparer who asks bearing the number of the pharmacist who answers', async () => {
  const author = { ...EXCHANGE.author, person: 'Paul MARTIN' };
  const mail = await fileExchange({ ...EXCHANGE, author });
  assert.match(mail.text, /Versé par : Paul MARTIN, .*\nAu nom de : MARTIN Claire\n/);
  const { cda, files, listed } = await partsOf({ ...EXCHANGE, author });
  const xml = cda.toString().replace(/\s*\n\s*/g, '');
  const part = (name: string): string => new RegExp(`<${name}[ >].*?</${name}>`).exec(xml)?.[0] ?? '';
  assert.match(part('author'), /<id nullFlavor="UNK"\/><addr.*<given>Paul<.*<name>Pharmacie des Quatre Vents</);
  assert.doesNotMatch(part('author'), /10101234567|G15_|Claire/);
  for (const name of ['legalAuthenticator', 'performer', 'responsibleParty'])
    assert.match(part(name), /extension="810101234567"\/><code code="G15_21".*<given>Claire</, name);
  const metadata = `${files.get('IHE_XDM/SUBSET01/METADATA.XML')}`.replace(/\s*\n\s*/g, '');
  assert.equal(listed.author, 'MARTIN Paul, Pharmacie des Quatre Vents');
  assert.deepEqual(metadata.match(/"authorPerson">.*?<\/rim:Value>/g)?.length, 2);
  assert.doesNotMatch(metadata, /10101234567\^MARTIN\^Paul|authorSpecialty/);
  assert.match(metadata, /"legalAuthenticator"><rim:ValueList><rim:Value>810101234567\^MARTIN\^Claire\^/);
  assert.equal(metadata.match(/10101234567/g)?.length, 1);
  const { documents } = await readContent(mailOf(mail), { approved: null, now: NOW });
  const [report] = documents;
  assert.equal(report?.kind === 'report' && report.report.sender, 'Paul MARTIN, Pharmacie des Quatre Vents');
});

test('unzip and xmllint find nothing wrong with an archive full of odd characters', async () => {
  const odd = '<&"\']]> é\u0000\u0007\ud83d 💊 \u202e\ufffe ^|~\\ \r\n fin';
  const author = { ...EXCHANGE.author, person: `Zoé ${odd}`, organisation: { name: odd, finess: 'x' } };
  const exchange = { ...withPatient({ familyName: odd, birthName: odd, givenName: odd }), title: odd, author };
  const file = path.join(folder, 'IHE_XDM.ZIP');
  const { cda, files, listed } = await partsOf(exchange);
  writeFileSync(file, await makeXdm(exchange, cda));
  assert.match(judged('unzip', ['-t', file]), /No errors detected/);
  for (const [name, bytes] of files) {
    if (name === 'README.TXT') assert.doesNotMatch(bytes.toString('latin1'), /[^\r\n -~]/);
    else {
      const xml = path.join(folder, 'part.xml');
      writeFileSync(xml, bytes);
      judged('xmllint', ['--noout', '--nonet', xml]);
    }
  }
  assert.match(readCda(cda, NOW)?.report.title ?? '', /^<&"']]> é\[U\+0000\]\[U\+0007\]/);
  assert.equal(listed.traits.birthDate, '1979-03-28');
});

test('an INS that is not qualified, or whose traits are not whole, identifies nobody', async () => {
  const ins = EXCHANGE.patient.ins;
  assert.ok(ins !== null);
  const number = ins.number;
  const doubtful: Partial<Exchange['patient']>[] = [
    { ins: { ...ins, quality: 'unqualified' } },
    { ins: { ...ins, quality: 'nir-only' } },
    { ins: { ...ins, oid: '1.2.3.4' } },
    { ins: { ...ins, number: '279035121518988' } },
    { ins: null },
    { birthName: ' ' },
    { givenName: '' },
    { birthDate: null },
    { birthDate: '1979' },
    { sex: null },
  ];
  const [unqualified = {}] = doubtful;
  assert.equal((await fileExchange(withPatient(unqualified))).documents?.hasQualifiedIdentity, false);
  for (const patient of doubtful) {
    const exchange = withPatient(patient);
    const { cda, files, metadata, listed } = await partsOf(exchange);
    const xml = `${cda}${files.get('IHE_XDM/SUBSET01/METADATA.XML')}`;
    assert.ok(!xml.includes(number.slice(0, 13)) && !/1\.2\.250\.1\.213\.1\.4\.\d/.test(xml), JSON.stringify(patient));
    assert.equal(listed.patient?.number, EXCHANGE.conversationId);
    assert.deepEqual(metadata.patient, listed.patient);
  }
});

test('a matricule without its key is stated with it', async () => {
  const { listed } = await partsOf(
    withPatient({ ins: { number: '2790351215189', oid: '1.2.250.1.213.1.4.8', quality: 'qualified' } }),
  );
  assert.deepEqual(listed.patient, { number: '279035121518989', authority: '1.2.250.1.213.1.4.8' });
});

test('the same filing makes the same archive, whatever the time zone of the machine', async () => {
  const zone = process.env.TZ;
  const archives: Buffer[] = [];
  try {
    for (const tz of ['UTC', 'America/Cayenne', 'Pacific/Noumea']) {
      process.env.TZ = tz;
      archives.push(await makeXdm(EXCHANGE, makeExchangeCda(EXCHANGE, PDF)));
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
  assert.ok(archives.every((archive) => archive.equals(archives[0] ?? PDF)));
  const other = { ...EXCHANGE, filingId: 'rep_other' };
  assert.notEqual((await partsOf(other)).listed.uniqueId, (await partsOf(EXCHANGE)).listed.uniqueId);
});

test('the mail names type and patient as the agency asks', async () => {
  const mail = await fileExchange(withPatient({ birthName: 'Élan-Ça', givenName: 'Zoé' }));
  assert.equal(mail.subject, 'XDM/1.0/DDM+Intervention pharmaceutique ELAN-CA Zoé 28/03/1979');
  assert.deepEqual(mail.documents, { codes: ['61357-0'], hasQualifiedIdentity: true });
  assert.deepEqual(
    mail.attachments.map(({ name, mediaType }) => [name, mediaType]),
    [
      ['IHE_XDM.ZIP', 'application/zip'],
      ['20260112_Intervention pharmaceutique_ELAN-CA_Zoé_cnv-7f3a9c5e21d84b06.pdf', 'application/pdf'],
    ],
  );
  const sha256 = createHash('sha256')
    .update(mail.attachments[1]?.bytes ?? PDF)
    .digest('hex');
  for (const words of ['ESSAI (née Élan-Ça) Zoé', '28/03/1979', sha256, 'Claire MARTIN'])
    assert.ok(mail.text.includes(words));
});

test('an original goes as it came, beside the document that says what it is', async () => {
  const bytes = Buffer.from('Subject: un courrier\r\n\r\nFrom la suite\r\n');
  const files = [
    { name: 'courrier.eml', mediaType: 'application/octet-stream', bytes },
    { name: 'ihe_xdm.zip', mediaType: 'application/zip', bytes },
  ];
  const mail = await fileOriginal({ ...EXCHANGE, entries: [LETTER] }, files);
  const names = mail.attachments.map(({ name }) => name);
  assert.deepEqual([names[0], ...names.slice(2)], ['IHE_XDM.ZIP', 'courrier.eml', 'original-ihe_xdm.zip']);
  assert.ok(mail.attachments[2]?.bytes.equals(bytes));
  assert.match(mail.text, /- courrier\.eml \(39 octets\)/);
});

test('an exchange that is too large for one document is refused with its reason', async () => {
  const endless = { ...LETTER, text: 'ligne\n'.repeat(FILING_LIMITS.pagesMax * 70) };
  await assert.rejects(
    fileExchange({ ...EXCHANGE, entries: [endless] }),
    (error) => error instanceof Refusal && error.code === 'filing-too-large',
  );
});

test('whatever people write, the archive is read back, and the patient is the one who was meant', async () => {
  const anything = fc.string({ unit: 'binary', maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (family, person, title) => {
      const responsible = { name: person, rpps: title, profession: { code: title, name: family } };
      const author = { ...EXCHANGE.author, person, responsible, organisation: { name: family, finess: '' } };
      const exchange = { ...withPatient({ familyName: family }), author, title, filingId: title };
      const { cda, listed } = await partsOf(exchange);
      const read = readCda(cda, NOW)?.report;
      assert.equal(read?.patient.birthName, 'PATIENTE-TEST');
      assert.equal(read?.patient.birthDate, '1979-03-28');
      assert.equal(listed.patient?.number, '279035121518989');
    }),
    { seed: 20260112, numRuns: 25 },
  );
});
