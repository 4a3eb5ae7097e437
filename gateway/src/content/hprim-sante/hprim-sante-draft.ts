/**
 * The report of one patient of an HPRIM Santé file, while its segments are read, and once they all are: who it is about
 * (P), from and to whom (H), and what it is as a whole. No national identity is claimed: identifiers in these files do
 * not say what they are.
 */

import type { ClinicalReport, LabResult, Patient } from '@estafette/contracts/document';
import { CONTENT_LIMITS, URGENCY_LIMITS } from '@estafette/contracts/limits';
import { phoneNumber } from '../../ports.ts';
import { readBirthDate } from '../hprim/hprim-date.ts';
import { bySeverity } from '../hprim/hprim-flag.ts';
import { reportStatus } from '../report-status.ts';
import { stating } from '../stated-patients.ts';
import { componentOf, rawField, repetitionsOf, type Segment, wordsOf } from './hprim-sante-segments.ts';
import { isTooLongForName, leftOver, momentOf, nameOrNothing, partyOf } from './hprim-sante-words.ts';

/** What H says of all the reports behind it. */
export type SanteContext = {
  sender: string;
  recipient: string;
  /** H.8. */
  phones: string[];
  /** Whether it is a file of results (ORU); else what it holds is text. */
  hasResults: boolean;
  text: string[];
  warnings: string[];
};

type ReadResult = { result: LabResult; raw: string; day: string | null };

export type Draft = {
  context: SanteContext;
  patient: Patient;
  text: string[];
  warnings: Set<string>;
  results: ReadResult[];
  fileNumber: string;
  prescriber: string;
  /** Of the examination being read: its label, the day of its sampling. */
  heading: string;
  day: string | null;
  /** Statuses of the examinations (OBR.26). */
  statuses: string[];
  /** What a comment is about; null when it is about the report. */
  lastResult: LabResult | null;
  /** Label of the prose being read, line by line. */
  lastProse: string;
};

const NOBODY: Patient = { familyName: '', birthName: '', givenName: '', birthDate: null, sex: null, ins: null };
/** Examinations in one of these are not finished: anything but validated, corrected, deleted, cancelled. */
const SETTLED = new Set(['', 'F', 'C', 'D', 'X']);

export const NO_CONTEXT: SanteContext = {
  sender: '',
  recipient: '',
  phones: [],
  hasResults: true,
  text: [],
  warnings: [],
};

export function readContext(segment: Segment): SanteContext {
  const kind = componentOf(segment, 7, 1).toUpperCase();
  const warnings: string[] = [];
  if (kind === '') warnings.push('context-missing');
  else if (kind !== 'ORU') warnings.push('not-a-result-file');
  if (/^[TD]$/i.test(rawField(segment, 12))) warnings.push('test-file');
  const isLong = isTooLongForName(segment, 5) || isTooLongForName(segment, 10);
  const text = [...(isLong ? [segment.raw] : []), ...leftOver(segment)];
  const hasResults = kind === '' || kind === 'ORU';
  const phones = repetitionsOf(segment, 8).flatMap(([stated = '']) => phoneNumber(stated) ?? []);
  return { sender: partyOf(segment, 5), recipient: partyOf(segment, 10), phones, hasResults, text, warnings };
}

/** The report of the patient of a P segment, or of nobody. `today` is an ISO date: a birth is never later. */
export function startReport(segment: Segment | null, context: SanteContext, today: string): Draft {
  const draft: Draft = {
    ...{ context, patient: NOBODY, text: [], warnings: new Set(context.warnings), results: [] },
    ...{ fileNumber: '', prescriber: '', heading: '', day: null, statuses: [], lastResult: null, lastProse: '' },
  };
  if (segment === null) draft.warnings.add('header-missing');
  else readPatient(segment, draft, today);
  return draft;
}

function readPatient(segment: Segment, draft: Draft, today: string): void {
  const [name, given, birthName] = [componentOf(segment, 6, 1), componentOf(segment, 6, 2), componentOf(segment, 7, 1)];
  const [written, whole] = [componentOf(segment, 8, 1), wordsOf(segment, 8)];
  const birthDate = readBirthDate(momentOf(written)?.iso ?? written, today)?.iso ?? null;
  const sex = rawField(segment, 9).toUpperCase();
  draft.patient = {
    familyName: nameOrNothing(name || birthName),
    birthName: nameOrNothing(birthName),
    givenName: nameOrNothing(given),
    birthDate,
    sex: sex === 'M' || sex === 'F' ? sex : null,
    ins: null,
  };
  if (birthDate === null && whole !== '') draft.warnings.add('birth-date-unreadable');
  if ((birthDate === null && whole !== '') || whole !== written) draft.text.push(`Naissance : ${rawField(segment, 8)}`);
  if (!/^[MFU]?$/.test(sex)) draft.text.push(`Sexe : ${wordsOf(segment, 9)}`);
  if (segment.broken) draft.warnings.add('line-broken');
  if (draft.patient.familyName === '') draft.warnings.add('header-missing');
  if (isMoreThan(2, segment, 6)) draft.text.push(`Patient : ${wordsOf(segment, 6)}`);
  if (isMoreThan(1, segment, 7)) draft.text.push(`Nom de naissance : ${wordsOf(segment, 7)}`);
  const isWhole = !segment.broken && !isTooLongForName(segment, 6) && !isTooLongForName(segment, 7);
  draft.text.push(...(isWhole ? leftOver(segment) : [segment.raw]));
}

/** Whether a field of names says more than its first components, or than one person. */
const isMoreThan = (components: number, segment: Segment, number: number): boolean =>
  repetitionsOf(segment, number).some((parts, at) =>
    parts.slice(at === 0 ? components : 0).some((part) => part !== ''),
  );

export function finishReport(draft: Draft): ClinicalReport {
  const { context, patient, warnings, fileNumber, prescriber } = draft;
  const days = new Set(draft.results.flatMap(({ day }) => day ?? []));
  if (days.size > 1) warnings.add('several-dates');
  for (const { result, day } of days.size > 1 ? draft.results : []) {
    const [year, month, dayOfMonth] = (day ?? '').split('-');
    if (day !== null) result.headings.unshift(`Prélèvement du ${dayOfMonth}/${month}/${year}`);
  }
  const sorted = bySeverity(draft.results);
  if (sorted.length > CONTENT_LIMITS.resultsMax) warnings.add('too-many-results');
  for (const { raw, result } of sorted.splice(CONTENT_LIMITS.resultsMax))
    draft.text.push(raw, result.comments.join('\n'));
  const report: ClinicalReport = {
    source: 'hprim-sante',
    title: '',
    typeCode: '',
    patient,
    date: [...days][0] ?? draft.day,
    status: statusOf(draft),
    fileNumber,
    sender: context.sender,
    ...(context.phones.length === 0 ? {} : { phones: context.phones.slice(0, URGENCY_LIMITS.phonesMax) }),
    prescriber,
    recipient: context.recipient,
    results: sorted.map(({ result }) => result),
    text: draft.text.join('\n').replace(/^\n+/, '').trimEnd(),
    warnings: [...warnings],
  };
  return patient === NOBODY ? report : stating(report, [{ ...patient, ins: null }]);
}

function statusOf({ statuses, results, warnings }: Draft): ClinicalReport['status'] {
  if (statuses.length > 0 && statuses.every((one) => one === 'D')) return 'deleted';
  if (statuses.some((one) => one === 'C' || one === 'D') || warnings.has('result-deleted')) return 'corrected';
  const status = reportStatus(results.map(({ result }) => result));
  return status === 'final' && statuses.some((one) => !SETTLED.has(one)) ? 'provisional' : status;
}
