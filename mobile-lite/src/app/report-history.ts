/**
 * What a report means beside the others of its conversation: whether a later one takes its place, what a corrected
 * value was before, and how a value went. Pure.
 *
 * The danger is to hide or to compare what does not belong together. So a card is folded only for a report of the same
 * sender, patient and file number that says the same analytes again (or says that it replaces or deletes); two values are
 * compared only under the same code and unit, and a number only when it can be read one way. A letter that is not
 * verified changes nothing of a verified one.
 */
import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';
import type { ShownMessage } from '../device/conversation-view.ts';

export interface TrendPoint {
  readonly value: number;
  readonly measure: Measure;
  /** ISO date. */
  readonly date: string;
}

/** Earlier values and the present one, oldest first, at least two; the present range where it is plain numbers. */
export interface Trend {
  readonly points: readonly TrendPoint[];
  readonly low: number | null;
  readonly high: number | null;
}

export interface ReportHistory {
  /** The later report that takes its place whole. */
  readonly replacedBy: ClinicalReport | null;
  /** A later report of the same file that says other things, so that both count. */
  readonly completedBy: ClinicalReport | null;
  /** What this result was in the report before, where it was another value. */
  readonly before: (result: LabResult) => Measure | null;
  readonly trend: (result: LabResult) => Trend | null;
}

interface SentReport {
  readonly report: ClinicalReport;
  readonly address: string;
  readonly verified: boolean;
}

/** Reports looked at, the latest ones. */
const REPORTS_MAX = 60;
const POINTS_MAX = 8;

export function historyOf(report: ClinicalReport, messages: readonly ShownMessage[]): ReportHistory {
  const sent = reportsIn(messages).slice(-REPORTS_MAX);
  const place = sent.findIndex((one) => one.report === report);
  const own = sent[place];
  if (own === undefined) return { replacedBy: null, completedBy: null, before: () => null, trend: () => null };
  const following = sent.slice(place + 1).filter((later) => isSameFile(own, later));
  const replacing = following.findLast((later) => replaces(own, later));
  const previous = sent.slice(0, place).findLast((one) => isSameFile(one, own) && replaces(one, own));
  const comparable = sent.filter((one) => one === own || isComparable(one, own, sent));
  return {
    replacedBy: replacing?.report ?? null,
    completedBy: replacing === undefined ? (following.at(-1)?.report ?? null) : null,
    before: (result) => (previous === undefined ? null : changedFrom(previous.report, result)),
    trend: (result) => trendOf(result, own, comparable),
  };
}

function reportsIn(messages: readonly ShownMessage[]): SentReport[] {
  return messages.flatMap((shown) => {
    if (shown.type !== 'letter') return [];
    const { documents, from, verdict } = shown.letter;
    const sent = { address: from.address.toLowerCase(), verified: verdict.show === 'verified' };
    return documents.flatMap((one) => (one.kind === 'report' ? [{ report: one.report, ...sent }] : []));
  });
}

const plain = (text: string): string => text.trim().toLocaleLowerCase();

/** Same names and same birth; where the birth is not known, nobody is the same. */
function isSamePatient(a: ClinicalReport, b: ClinicalReport): boolean {
  const [one, other] = [a.patient, b.patient];
  if (one.birthDate === null || one.birthDate !== other.birthDate || one.familyName === '') return false;
  if (one.sex !== null && other.sex !== null && one.sex !== other.sex) return false;
  return plain(one.familyName) === plain(other.familyName) && plain(one.givenName) === plain(other.givenName);
}

function isSameFile(earlier: SentReport, later: SentReport): boolean {
  const [a, b] = [earlier.report, later.report];
  if (a.fileNumber.trim() === '' || a.fileNumber.trim() !== b.fileNumber.trim()) return false;
  if (earlier.address !== later.address || plain(a.sender) !== plain(b.sender)) return false;
  return (later.verified || !earlier.verified) && isSamePatient(a, b);
}

/** Whether nothing is lost when the earlier one is folded. */
function replaces({ report: earlier }: SentReport, { report: later }: SentReport): boolean {
  if (later.status === 'deleted' || later.status === 'replaced') return true;
  if (earlier.results.length === 0) return later.status === 'corrected' && later.results.length === 0;
  const said = new Set(later.results.map(analyteOf));
  return earlier.results.every((result) => said.has(analyteOf(result)));
}

/** What is measured: a LOINC code says it alone, a laboratory's own code together with its label. */
function analyteOf({ code, label, headings }: LabResult): string {
  if (/^\d{1,5}-\d$/.test(code)) return [code, ...headings].join('\n');
  return [code, plain(label), ...headings].join('\n');
}

/** The result of the same analyte; null when it stands there twice, since then nobody knows which. */
function findAnalyte({ results }: ClinicalReport, wanted: LabResult): LabResult | null {
  const found = results.filter((result) => analyteOf(result) === analyteOf(wanted));
  return found.length === 1 ? (found[0] ?? null) : null;
}

function changedFrom(previous: ClinicalReport, result: LabResult): Measure | null {
  const before = findAnalyte(previous, result)?.first ?? null;
  if (before === null || before.value === '') return null;
  return before.value === result.first.value && before.unit === result.first.unit ? null : before;
}

function isComparable(one: SentReport, own: SentReport, sent: readonly SentReport[]): boolean {
  const { report } = one;
  if (report.status === 'deleted' || !(one.verified || !own.verified)) return false;
  if (!isSamePatient(report, own.report) || isSameFile(one, own) || isSameFile(own, one)) return false;
  const after = sent.slice(sent.indexOf(one) + 1);
  return !after.some((later) => isSameFile(one, later) && replaces(one, later));
}

function trendOf(result: LabResult, own: SentReport, comparable: readonly SentReport[]): Trend | null {
  const { date: ownDate, source, status } = own.report;
  if (result.code === '' || ownDate === null || status === 'deleted') return null;
  const points: TrendPoint[] = [];
  for (const { report } of comparable) {
    const same = findAnalyte(report, result);
    if (same === null || report.date === null || report.date > ownDate) continue;
    if (report !== own.report && report.date === ownDate) continue;
    const value = readPlainNumber(same.first.value, report.source);
    if (value !== null && same.first.unit === result.first.unit)
      points.push({ value, measure: same.first, date: report.date });
  }
  points.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0));
  if (points.length < 2 || points.at(-1)?.measure !== result.first) return null;
  const { low, high } = result.first;
  return {
    points: points.slice(-POINTS_MAX),
    low: readPlainNumber(low, source),
    high: readPlainNumber(high, source),
  };
}

/** A number that can be read one way only: `2.920` of a French text file may be 2.92 or 2920; in CDA the dot is the mark. */
export function readPlainNumber(text: string, source: ClinicalReport['source']): number | null {
  if (!/^-?\d{1,7}(?:[.,]\d{1,4})?$/.test(text)) return null;
  if (source !== 'cda' && /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(text)) return null;
  return Number(text.replace(',', '.'));
}
