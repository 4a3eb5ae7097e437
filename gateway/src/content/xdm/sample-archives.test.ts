/** The example archives of the French agency, where they are at hand: each is read, and says what it says. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readLetter } from './letter.fixture.ts';
import { readArchive } from './read-archive.ts';
import { readSubmissions } from './submissions.ts';

const FOLDER = fileURLToPath(new URL('../../../../../shared/samples/xdm', import.meta.url));
const skip = existsSync(FOLDER) ? false : 'the shared samples are not here';

type Expected = {
  file: string;
  title: string;
  code: string;
  status: string;
  results: number;
  date: string;
  beside: string[];
  uniqueId: string;
};
const PDF_COPY = 'Copie du document.pdf';
const SAMPLES: readonly Expected[] = [
  {
    file: 'BIO-CR-BIO_2021.01_Auto-Presentable',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'final',
    results: 11,
    date: '2021-01-04',
    beside: [],
    uniqueId: '1.2.250.1.213.1.1.1.55.2021.1.1',
  },
  {
    file: 'BIO-CR-BIO_2021.01_CDA-R2-Niveau-1',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'final',
    results: 0,
    date: '2021-01-04',
    beside: ["Compte rendu d'examens biologiques.pdf"],
    uniqueId: '1.2.250.1.213.1.1.1.55.2021.3.1',
  },
  {
    file: 'BIO-CR-BIO_2024.01_Microbiologie_V1',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'final',
    results: 14,
    date: '2024-01-04',
    beside: [PDF_COPY],
    uniqueId: '1.2.250.1.213.1.1.1.55.2024.8.1',
  },
  {
    file: 'BIO-CR-BIO_2024.01_Microbiologie_V2',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'corrected',
    results: 14,
    date: '2024-01-04',
    beside: [PDF_COPY],
    uniqueId: '1.2.250.1.213.1.1.1.55.2024.8.2',
  },
  {
    file: 'BIO-CR-BIO_2024.01_Microbiologie_V2_Delete',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'deleted',
    results: 14,
    date: '2024-01-04',
    beside: [PDF_COPY],
    uniqueId: '1.2.250.1.213.1.1.1.55.2024.8.2',
  },
  {
    file: 'BIO-CR-BIO_2024.01_TSH_1',
    title: "Compte rendu d'examens biologiques",
    code: '11502-2',
    status: 'final',
    results: 2,
    date: '2021-01-04',
    beside: [PDF_COPY],
    uniqueId: '1.2.250.1.213.1.1.1.55.2024.9.1',
  },
  {
    file: 'BIO-TROD_2024.01_Cystite',
    title: "Test rapide d'orientation diagnostique : TROD Cystite",
    code: '96173-0',
    status: 'final',
    results: 3,
    date: '2024-01-06',
    beside: [],
    uniqueId: '1.2.250.1.213.1.1.1.59.2024.4.1',
  },
  {
    file: 'LDL-SES_2022.01',
    title: "Lettre de liaison à la sortie de l'établissement de santé",
    code: '11490-0',
    status: 'provisional',
    results: 0,
    date: '2019-10-29',
    beside: [],
    uniqueId: '1.2.250.1.213.1.1.1.29.2022.1.1',
  },
  {
    file: 'eP-MED-DM_2024.01_PosoStruct',
    title: 'Prescription de médicaments et/ou de dispositifs médicaux',
    code: '57833-6',
    status: 'final',
    results: 0,
    date: '2023-12-01',
    beside: ['Code 2D de la prescription.png', PDF_COPY],
    uniqueId: '1.2.250.1.213.1.1.1.39.2024.2.1',
  },
];

for (const expected of SAMPLES)
  test(`the example ${expected.file} is read`, { skip }, async () => {
    const bytes = readFileSync(`${FOLDER}/${expected.file}.IHE_XDM.ZIP`);
    const [first, ...rest] = await readLetter([{ name: 'IHE_XDM.ZIP', bytes }], ['X-MSS-INS: O']);
    assert.ok(first?.kind === 'report');
    const { patient, title, typeCode, status, results, date } = first.report;
    const { file: _file, beside: _beside, uniqueId, ...told } = expected;
    assert.deepEqual({ title, code: typeCode, status, results: results.length, date }, told);
    assert.deepEqual(patient, {
      familyName: 'PAT-TROIS',
      birthName: 'PAT-TROIS',
      givenName: 'DOMINIQUE',
      birthDate: '1979-03-28',
      sex: 'F',
      ins: { masked: '2 79 03 … 89', quality: 'qualified' },
    });
    assert.deepEqual(first.report.warnings, status === 'corrected' ? ['replaces-earlier'] : []);
    const notes = rest.map((document) => (document.kind === 'file' ? document.note : null));
    assert.deepEqual(
      rest.map((document) => ('name' in document ? document.name : document.kind)),
      expected.beside,
    );
    assert.ok(notes.every((note) => note === (status === 'deleted' ? 'xdm-deleted' : null)));
    const archive = await readArchive(bytes);
    const listed = 'refused' in archive ? undefined : readSubmissions(archive)?.documents[0]?.listed;
    assert.deepEqual([listed?.uniqueId, listed?.typeCode, listed?.mediaType], [uniqueId, expected.code, 'text/xml']);
    assert.deepEqual(listed?.patient, { number: '279035121518989', authority: '1.2.250.1.213.1.4.10' });
    assert.deepEqual(listed?.traits, {
      birthName: 'PAT-TROIS',
      givenNames: 'DOMINIQUE MARIE-LOUISE',
      birthDate: '1979-03-28',
      sex: 'F',
    });
  });
