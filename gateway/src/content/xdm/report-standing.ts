/**
 * How a document of an XDM archive stands: current, a replacement, replaced, deleted (extraMetadataSlot C and D, RPLC
 * associations, version and set of the CDA); and what its metadata add to the report: warnings, and whether the INS
 * may be called qualified (ANS, ECO.2.4.2: the sender says so, number with its authority, and four complete traits).
 *
 * Danger: a wrong patient. Where metadata and document do not mean the same patient, the report says so and its INS is
 * never qualified.
 */

import type { ClinicalReport, Patient } from '@estafette/contracts/document';
import { nameWords } from '../../ports.ts';
import type { CdaDocument } from '../cda/read-cda.ts';
import { asReplacement, isReplacement } from '../cda-documents.ts';
import { NATIONAL_NUMBER } from '../national-number.ts';
import type { FileNote } from '../read-document.ts';
import type { Stated } from '../stated-patients.ts';
import { statedBy, stating } from '../stated-patients.ts';
import type { Replacement, XdmDocument } from './metadata.ts';
import type { ArchiveFile } from './read-archive.ts';

export type XdmOptions = {
  now: Date;
  /** The sender states that the INS is qualified. */
  insStated: boolean;
};

/** One document of the metadata, with what was found of it. */
export type FoundDocument = {
  listed: XdmDocument;
  file: ArchiveFile | null;
  problem: FileNote | null;
  cda: CdaDocument | null;
};

type Standing = 'current' | 'replacement' | 'replaced' | 'deleted';

/** INS-NIR, INS-NIA, and INS-NIR of tests and demonstrations. */
const INS_AUTHORITIES: readonly string[] = [
  '1.2.250.1.213.1.4.8',
  '1.2.250.1.213.1.4.9',
  '1.2.250.1.213.1.4.10',
  '1.2.250.1.213.1.4.11',
];

export function standingOf(
  document: FoundDocument,
  all: readonly FoundDocument[],
  replacements: readonly Replacement[],
): Standing {
  const { listed, cda } = document;
  if (listed.action === 'delete') return 'deleted';
  const ids = new Set(all.map((each) => each.listed.id));
  const named = replacements.some(({ by, replaced }) => replaced === listed.id && by !== listed.id && ids.has(by));
  const outdated = cda !== null && all.some((other) => other.cda !== null && isLaterOf(other.cda, cda));
  if (named || outdated) return 'replaced';
  const replaces = listed.action === 'replace' || replacements.some(({ by }) => by === listed.id && listed.id !== '');
  return replaces || (cda !== null && isReplacement(cda)) ? 'replacement' : 'current';
}

/** Of the same set with a higher version, or one that names the other as its parent. */
function isLaterOf(later: CdaDocument, earlier: CdaDocument): boolean {
  if (later === earlier || later.id === earlier.id) return false;
  const sameSet = later.setId !== '' && later.setId === earlier.setId && isAlike(later.report, earlier.report);
  const isHigher = (later.version ?? 0) > (earlier.version ?? 0) && earlier.version !== null;
  return (sameSet && isHigher) || (later.replaces !== null && later.replaces === earlier.id);
}

/** Of one kind and about one patient: software gives one set to all it writes. */
function isAlike(one: ClinicalReport, other: ClinicalReport): boolean {
  const [born, otherBorn] = [one.patient.birthDate, other.patient.birthDate];
  const [number, otherNumber] = [one, other].map((report) => statedBy(report)[0]?.ins?.number ?? '');
  const isOtherBirth = born !== null && otherBorn !== null && born !== otherBorn;
  const isOtherNumber = number !== '' && otherNumber !== '' && !isSameNumber(number ?? '', otherNumber ?? '');
  return one.typeCode === other.typeCode && !isOtherBirth && !isOtherNumber;
}

/** The report of a CDA as its metadata make it stand. */
export function reportOf(
  cda: CdaDocument,
  listed: XdmDocument,
  standing: Standing,
  options: XdmOptions,
): ClinicalReport {
  const { report } = cda;
  const differs = isOtherPatient(report, listed);
  const warnings = [
    ...report.warnings,
    ...(differs ? ['xdm-patient-differs'] : []),
    ...(/^[0-9a-f]{40}$/i.test(listed.hash) ? [] : ['xdm-hash-missing']),
  ];
  const mayQualify = !differs && options.insStated && isComplete(listed);
  const patient = withQuality(report.patient, mayQualify);
  const inMetadata = statedIn(listed);
  const stated = statedBy(report).map((each) => withStatedQuality(each, patient.ins?.quality));
  const isMore = inMetadata !== null && (differs || stated.length !== 1 || stated[0]?.ins === null);
  const shown: ClinicalReport = {
    ...stating(report, isMore ? [...stated, inMetadata] : stated),
    title: report.title || listed.typeName || listed.title,
    typeCode: report.typeCode || listed.typeCode,
    sender: report.sender || listed.author,
    patient,
    warnings,
  };
  if (standing === 'replacement') return asReplacement(shown);
  return standing === 'current' ? shown : { ...shown, status: standing };
}

/**
 * By number, date of birth and sex; by names only where not one is shared, since they are written in too many ways.
 */
function isOtherPatient(report: ClinicalReport, { patient: number, traits }: XdmDocument): boolean {
  const { birthDate, sex, familyName, birthName, givenName } = report.patient;
  const own = statedBy(report).map(({ ins }) => ins?.number ?? '');
  const isIns = number !== null && INS_AUTHORITIES.includes(number.authority);
  // Whole numbers: masked ones of two people may look alike.
  const otherNumber = isIns && own.some((each) => each !== '' && !isSameNumber(each, number.number));
  const otherBirth = birthDate !== null && traits.birthDate !== '' && birthDate !== traits.birthDate;
  const otherSex = sex !== null && /^[MF]$/i.test(traits.sex) && sex !== traits.sex.toUpperCase();
  const otherName = !isAnyShared([familyName, birthName, givenName], [traits.birthName, traits.givenNames]);
  return otherNumber || otherBirth || otherSex || otherName;
}

/** The key at the end is not always written. */
function isSameNumber(one: string, other: string): boolean {
  const [first, second] = [one, other].map((number) => number.replaceAll(/\s/g, '').toUpperCase());
  if (first === undefined || second === undefined) return false;
  return first.length === second.length ? first === second : first.slice(0, 13) === second.slice(0, 13);
}

/** What stands in many names and makes none of them the same. */
const PARTICLES: ReadonlySet<string> = new Set(
  'DE DU DES LE LA LES EL AL BEN VAN VON DER DA DI DOS ST SAINT SAINTE'.split(' '),
);
/** `JEAN` is no `JEANNE`. */
const STARTS_FROM = 5;

/** Whether a name of one side is one of the other, be it written as one word or several; true where a side has none. */
function isAnyShared(names: readonly string[], others: readonly string[]): boolean {
  const [own, other] = [namesIn(names), namesIn(others)];
  if (own.size === 0 || other.size === 0) return true;
  return [...own].some((name) => [...other].some((each) => isSameName(name, each)));
}

/** The same, or the first of several written in one word (`CAMILLE`, `CAMILLEANNE`). */
const isSameName = (one: string, other: string): boolean =>
  one === other || isStartOf(one, other) || isStartOf(other, one);
const isStartOf = (start: string, name: string): boolean => start.length >= STARTS_FROM && name.startsWith(start);

/** Each word, and up to three that follow one another as one (`JEAN PIERRE`, `LE GALL`). */
function namesIn(all: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const one of all) {
    const words = nameWords(one);
    for (const [index, word] of words.entries()) {
      const isAlone = words.length === 1;
      if (word.length > 1 && (isAlone || !PARTICLES.has(word))) found.add(word);
      for (const count of [2, 3]) {
        const run = words.slice(index, index + count);
        if (run.length === count && run.some((each) => !PARTICLES.has(each))) found.add(run.join(''));
      }
    }
  }
  return found;
}

function isComplete({ patient, traits }: XdmDocument): boolean {
  const { birthName, givenNames, birthDate, sex } = traits;
  const isIns =
    patient !== null && INS_AUTHORITIES.includes(patient.authority) && /^\d[\dAB]{12,14}$/.test(patient.number);
  return isIns && birthName !== '' && givenNames !== '' && birthDate !== '' && /^[MF]$/i.test(sex);
}

/** Never what the document alone says, and never a number without its authority. */
function withQuality(patient: Patient, mayQualify: boolean): Patient {
  const { ins, birthName, familyName, givenName, birthDate, sex } = patient;
  if (ins === null || ins.quality === 'nir-only') return patient;
  const isWhole = (birthName || familyName) !== '' && givenName !== '' && birthDate !== null && sex !== null;
  return { ...patient, ins: { ...ins, quality: mayQualify && isWhole ? 'qualified' : 'unqualified' } };
}

/** As the report of the same patient shows it: what is stated about others is nobody's word. */
const withStatedQuality = (stated: Stated, quality: NonNullable<Patient['ins']>['quality'] | undefined): Stated =>
  stated.ins === null || quality === undefined ? stated : { ...stated, ins: { ...stated.ins, quality } };

/** Whom the metadata say the document is about; null when they say nobody. Names as metadata have them: those of birth. */
export function statedIn({ patient, traits }: XdmDocument): Stated | null {
  const number = (patient?.number ?? '').replaceAll(/\s/g, '').toUpperCase();
  const isIns = patient !== null && INS_AUTHORITIES.includes(patient.authority) && NATIONAL_NUMBER.test(number);
  if (!isIns && traits.birthName === '') return null;
  const sex = traits.sex.toUpperCase();
  return {
    familyName: traits.birthName,
    birthName: traits.birthName,
    givenName: traits.givenNames,
    birthDate: traits.birthDate === '' ? null : traits.birthDate,
    sex: sex === 'M' || sex === 'F' ? sex : null,
    ins: isIns ? { number, oid: patient.authority, quality: 'unqualified' } : null,
  };
}
