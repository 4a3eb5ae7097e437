import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import { ACT, cdaOf, chapter, observation, PATIENT, quantity, related, sectionsOf } from './cda.fixture.ts';
import type { CdaDocument } from './read-cda.ts';
import { readCda } from './read-cda.ts';

const NOW = new Date('2026-01-12T12:00:00Z');

function read(xml: string | Buffer): CdaDocument {
  const found = readCda(Buffer.isBuffer(xml) ? xml : Buffer.from(xml), NOW);
  assert.ok(found, 'is a CDA');
  return found;
}

const reportOf = (xml: string): ClinicalReport => read(xml).report;

describe('header of a CDA', () => {
  it('reads identifiers, patient, author and dates', () => {
    const { id, setId, version, replaces, report } = read(cdaOf());
    assert.deepEqual([id, setId, version, replaces], ['1.2.3.4^DOC-2', '1.2.3.4^SET', 1, null]);
    assert.deepEqual(report.patient, {
      familyName: 'DESSAINT',
      birthName: 'DELVAUX',
      givenName: 'Marguerite',
      birthDate: '1941-03-14',
      sex: 'F',
      ins: { masked: '2 41 03 … 06', quality: 'unqualified' },
    });
    assert.equal(report.sender, 'Dr Iris TILLEUL (RPPS 99999999991), Laboratoire des Tilleuls');
    assert.deepEqual([report.title, report.typeCode], ["Compte rendu d'examens", '11502-2']);
    assert.deepEqual([report.date, report.fileNumber, report.status], ['2026-01-12', 'B26-104512', 'final']);
  });

  it('takes a device for the author where no person wrote', () => {
    const author = `<author><assignedAuthor><assignedAuthoringDevice><manufacturerModelName>Automate 3</manufacturerModelName>
      <softwareName>LogiLab</softwareName></assignedAuthoringDevice>
      <representedOrganization><name>Laboratoire des Tilleuls</name></representedOrganization></assignedAuthor></author>`;
    assert.equal(reportOf(cdaOf({ author })).sender, 'Automate 3 LogiLab, Laboratoire des Tilleuls');
  });

  it('names the prescriber and every recipient', () => {
    const person = (kind: string): string =>
      `<${kind}><name><given>Claire</given><family>MARTIN</family><prefix>DR</prefix></name></${kind}>`;
    const context = `<informationRecipient><intendedRecipient>${person('informationRecipient')}</intendedRecipient></informationRecipient>
      <informationRecipient><intendedRecipient><receivedOrganization><name>EHPAD du Canal</name></receivedOrganization></intendedRecipient></informationRecipient>
      <participant typeCode="REF"><associatedEntity>${person('associatedPerson')}</associatedEntity></participant>${ACT}`;
    const report = reportOf(cdaOf({ context }));
    assert.deepEqual([report.prescriber, report.recipient], ['Dr Claire MARTIN', 'Dr Claire MARTIN ; EHPAD du Canal']);
  });

  it('leaves what is missing empty, and says that the patient has no name', () => {
    const report = reportOf(cdaOf({ patient: '<recordTarget><patientRole/></recordTarget>', author: '', context: '' }));
    assert.deepEqual(report.patient, {
      familyName: '',
      birthName: '',
      givenName: '',
      birthDate: null,
      sex: null,
      ins: null,
    });
    assert.equal(report.sender, '');
    assert.ok(report.warnings.includes('patient-name-missing'));
  });

  it('never takes a number of another authority for an INS, nor one of two that differ', () => {
    const local = PATIENT.replace('1.2.250.1.213.1.4.10', '1.2.250.1.213.1.4.99');
    assert.equal(reportOf(cdaOf({ patient: local })).patient.ins, null);
    const two = PATIENT.replace('<id ', '<id extension="141035999999906" root="1.2.250.1.213.1.4.10"/><id ');
    assert.equal(reportOf(cdaOf({ patient: two })).patient.ins, null);
  });

  it('gives a document about two patients to neither', () => {
    const report = reportOf(cdaOf({ patient: PATIENT + PATIENT.replaceAll('DESSAINT', 'AUTRE') }));
    assert.equal(report.patient.familyName, '');
    assert.ok(report.warnings.includes('several-patients'));
  });

  it('invents no day for a month, of birth or of the act', () => {
    const report = reportOf(
      cdaOf({
        patient: PATIENT.replace('19410314', '194103'),
        context: ACT.replace('20260112074200+0100', '202601'),
      }),
    );
    assert.deepEqual([report.patient.birthDate, report.date], [null, null]);
  });

  it('prefers the day of the sampling, and keeps to the day where the writer lives', () => {
    const sampler = `<participant typeCode="PRF"><functionCode code="PRELV"/><time><high value="202601102350+0100"/></time></participant>`;
    assert.equal(reportOf(cdaOf({ context: sampler + ACT })).date, '2026-01-10');
  });
});

describe('standing of a CDA', () => {
  const replaced =
    '<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.3.4" extension="DOC-1"/></parentDocument></relatedDocument>';

  it('is corrected when it replaces another or has a later version', () => {
    const found = read(cdaOf({ related: replaced }));
    assert.deepEqual([found.replaces, found.report.status], ['1.2.3.4^DOC-1', 'corrected']);
    assert.equal(reportOf(cdaOf({ version: '2' })).status, 'corrected');
  });

  it('is provisional while the act goes on, even as a new version', () => {
    const context = ACT.replace('code="completed"', 'code="active"');
    assert.equal(reportOf(cdaOf({ context, version: '2' })).status, 'provisional');
  });

  it('is provisional when its section of status says so', () => {
    const status = `<section><code code="33557-0"/><title>Statut</title><text>En cours</text><entry><observation moodCode="EVN">
      <code code="GEN-065"/><value xsi:type="CD" code="385651009" displayName="en cours d'exécution"/></observation></entry></section>`;
    const report = reportOf(cdaOf({ body: sectionsOf(status) }));
    assert.equal(report.status, 'provisional');
    assert.deepEqual(report.results, []);
  });
});

describe('narrative and files of a CDA', () => {
  const letter = (text: string): string =>
    reportOf(cdaOf({ body: sectionsOf(`<section><title>Suites</title><text>${text}</text></section>`) })).text;

  it('writes tables row by row with every column in its place', () => {
    const text = `<table><thead><tr><th colspan="2">Isolat</th><th>Résultat</th></tr></thead><tbody>
      <tr><td rowspan="2">Antibiogramme</td></tr><tr><td>Ampicilline</td><td>&lt;0,128</td></tr><tr><td>Autre</td><td/><td>R</td></tr></tbody></table>`;
    assert.equal(letter(text), 'Suites\nIsolat | | Résultat\nAntibiogramme\n| Ampicilline | <0,128\nAutre | | R');
  });

  it('loses no cell that stands outside a row', () => {
    const text =
      '<table><thead><th>Examen</th><th>Résultat</th></thead><tbody><tr><td>K</td><td>4</td></tr><td>Na</td></tbody></table>';
    assert.equal(letter(text), 'Suites\nExamen | Résultat\nK | 4\nNa');
  });

  it('keeps raised and lowered figures apart from the others', () => {
    assert.equal(
      letter('<content>4,2 × 10<sup>9</sup>/L, CO<sub>2</sub>, le 1<sup>er</sup></content>'),
      'Suites\n4,2 × 10⁹/L, CO₂, le 1er',
    );
  });

  it('writes lists and lines, and marks what was struck out', () => {
    const text =
      '<paragraph>Bonjour<br/>Docteur</paragraph><list><item>fer</item><item>B9</item></list><content revised="delete">50 mg</content><script>x</script>';
    assert.equal(letter(text), 'Suites\nBonjour\nDocteur\n- fer\n- B9\n[supprimé : 50 mg]');
  });

  it('shows the words beside the codes where a section has no narrative', () => {
    const body = sectionsOf(
      `<section><title>Traitements</title><entry><substanceAdministration><doseQuantity value="2" unit="mg"/><consumable><name>FERRAL</name></consumable></substanceAdministration></entry></section>`,
    );
    const report = reportOf(cdaOf({ body, code: '<code code="11490-0"/>' }));
    assert.equal(report.text, 'Traitements\n2 mg\nFERRAL');
    assert.ok(report.warnings.includes('section-without-text'));
  });

  const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n%%EOF\n');
  const packed = PDF.toString('base64').replace(/(.{8})/g, '$1\n      ');

  it('hands on the PDF that is the whole body (N1)', () => {
    const body = `<component><nonXMLBody><text mediaType="application/pdf" representation="B64">${packed}</text></nonXMLBody></component>`;
    const { files, report } = read(cdaOf({ body }));
    assert.deepEqual(files, [{ name: "Compte rendu d'examens.pdf", mediaType: 'application/pdf', bytes: PDF }]);
    assert.deepEqual([report.text, report.warnings], ['', []]);
  });

  it('reads a body that is plain text as text', () => {
    const body =
      '<component><nonXMLBody><text mediaType="text/plain">Cher confrère,\nmerci.</text></nonXMLBody></component>';
    const { files, report } = read(cdaOf({ body }));
    assert.deepEqual([files, report.text], [[], 'Cher confrère,\nmerci.']);
  });

  it('hands on the copy in section 55108-5, and takes nothing in it for a result', () => {
    const copy = `<section><code code="55108-5"/><title>Copie</title><text>Copie PDF</text><entry><organizer classCode="CLUSTER" moodCode="EVN">
      <code code="55107-7"/><component><observation moodCode="EVN"><code code="69764-9" displayName="Type de document"/><value xsi:type="CD" displayName="Copie"/></observation></component>
      <component><observationMedia><value mediaType="application/pdf" representation="B64">${packed}</value></observationMedia></component></organizer></entry></section>`;
    const { files, report } = read(cdaOf({ body: sectionsOf(chapter(related(observation(quantity('4.1')))), copy) }));
    assert.deepEqual(
      files.map(({ name, bytes }) => [name, bytes.equals(PDF)]),
      [['Copie.pdf', true]],
    );
    assert.equal(report.results.length, 1);
  });

  it('says when a file is damaged, or is not what it says', () => {
    const body =
      '<component><nonXMLBody><text mediaType="application/pdf" representation="B64">Zm9v*YmFy!</text></nonXMLBody></component>';
    const { files, report } = read(cdaOf({ body }));
    assert.equal(files[0]?.mediaType, 'application/octet-stream');
    assert.ok(report.warnings.includes('file-damaged'));
  });
});
