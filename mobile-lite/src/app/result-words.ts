/** What is said about results in one line: the patient, the counts. */
import type { Patient } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import type { ResultCount } from '../device/conversation-view.ts';
import { words } from '../words/words.ts';

export function patientName(patient: Patient): string {
  return `${patient.familyName.toLocaleUpperCase()} ${patient.givenName}`.trim();
}

/** "2 résultats anormaux, dont 1 critique"; never says "normal" of what nobody judged. */
export function summaryLine(count: ResultCount, letter?: LetterMessage): string {
  if (count.abnormal > 0) return words.resultCount(count.abnormal, count.critical);
  if (count.total === 0) return letter?.subject || words.resultNone;
  return count.unknown === 0 ? words.resultAllNormal(count.total) : words.resultSomeUnknown(count.total, count.unknown);
}
