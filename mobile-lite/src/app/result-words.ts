/** What is said about results in one line: the patient, the counts. */
import type { HprimReport, Patient } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import { judge, type ResultCount } from '../device/conversation-view.ts';
import { words } from '../words/words.ts';

/** Results told by name in one line; the others are in the card. */
const HEADLINE_RESULTS = 3;

export function patientName(patient: Patient): string {
  return `${patient.familyName.toLocaleUpperCase()} ${patient.givenName}`.trim();
}

/** "2 résultats anormaux, dont 1 critique"; never says "normal" of what nobody judged. */
export function summaryLine(count: ResultCount, letter?: LetterMessage): string {
  if (count.abnormal > 0) return words.resultCount(count.abnormal, count.critical);
  if (count.total === 0) return letter?.subject || words.resultNone;
  return count.unknown === 0 ? words.resultAllNormal(count.total) : words.resultSomeUnknown(count.total, count.unknown);
}

/** The worst results by name, as the laboratory wrote them: `TP 9 %, INR 6.8`; where none is abnormal, the counts. */
export function headline(reports: readonly HprimReport[], letter: LetterMessage): string {
  const { severity, count } = judge(reports);
  if (count.abnormal === 0) return summaryLine(count, letter);
  const worst = reports.flatMap((report) => report.results.filter((result) => result.severity === severity));
  const told = worst
    .slice(0, HEADLINE_RESULTS)
    .map(({ label, first }) => `${label} ${first.value} ${first.unit}`.trim());
  return worst.length > told.length ? `${told.join(', ')}…` : told.join(', ');
}
