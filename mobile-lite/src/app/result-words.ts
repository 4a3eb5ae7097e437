/** What is said about results in one line: the patient, the counts. */
import type { ClinicalReport, Patient } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import { judge, type ResultCount } from '../device/conversation-view.ts';
import { words } from '../words/words.ts';

/** Results told by name in one line; the others are in the card. */
const HEADLINE_RESULTS = 3;

export function patientName(patient: Patient): string {
  return `${patient.familyName.toLocaleUpperCase()} ${patient.givenName}`.trim();
}

/** LOINC's long names: `Thyréostimuline [Arbitraire/Volume] Sérum/Plasma ; Numérique`; the name, and where it was found. */
const LOINC_NAME = /^([^[\];]{2,80}) \[[^[\]]{1,60}\] ([^[\];]{2,60}?)(?: ;.*)?$/;

/** What people call it, and in what it was found where the name says so. */
export function analyteName(label: string): { name: string; foundIn: string } {
  const [, name, foundIn] = LOINC_NAME.exec(label) ?? [];
  return name === undefined || foundIn === undefined ? { name: label, foundIn: '' } : { name, foundIn };
}

/** "2 résultats anormaux, dont 1 critique"; never says "normal" of what nobody judged. */
export function summaryLine(count: ResultCount): string {
  if (count.abnormal > 0) return words.resultCount(count.abnormal, count.critical);
  if (count.total === 0) return words.resultNone;
  return count.unknown === 0 ? words.resultAllNormal(count.total) : words.resultSomeUnknown(count.total, count.unknown);
}

/**
 * The worst results by name, as the laboratory wrote them: `TP 9 %, INR 6.8`; where none is abnormal, the counts; where
 * there are none, what kind of document it is. What is corrected, or taken back, says so first.
 */
export function headline(reports: readonly ClinicalReport[], letter: LetterMessage): string {
  const [status, other] = new Set(reports.map((report) => report.status));
  const told = contentOf(reports, letter);
  const isSaid = status !== undefined && status !== 'final' && other === undefined;
  return isSaid ? `${words.reportStatuses[status]}\u00a0: ${told}` : told;
}

function contentOf(reports: readonly ClinicalReport[], letter: LetterMessage): string {
  const { severity, count } = judge(reports);
  const pressing = count.critical === 0 && letter.urgency?.level === 'critical' ? letter.urgency.reasons : [];
  const ruled = pressing.flatMap((one) =>
    one.because === 'rule' && !one.undecided ? `${one.label} ${one.value}` : [],
  );
  if (ruled.length > 0) return [...new Set(ruled)].slice(0, HEADLINE_RESULTS).join(', ');
  if (count.total === 0) return reports.at(-1)?.title || letter.subject || words.resultNone;
  if (count.abnormal === 0) return summaryLine(count);
  const worst = reports.flatMap((report) => report.results.filter((result) => result.severity === severity));
  const told = worst
    .slice(0, HEADLINE_RESULTS)
    .map(({ label, first }) => `${analyteName(label).name} ${first.value} ${first.unit}`.trim());
  return worst.length > told.length ? `${told.join(', ')}…` : told.join(', ');
}
