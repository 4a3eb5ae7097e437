/**
 * A report under the rules of the mailbox: a result that broke one is critical, whatever the laboratory said of it. The
 * gateway judged that (the letter's urgency); here it is only found again by label and value, both as written. Pure.
 */
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import { writeMeasure } from './report-words.ts';

/** The rules that a result broke, in words. */
export type BrokenRules = ReadonlyMap<LabResult, readonly string[]>;

export function underRules(
  report: ClinicalReport,
  { urgency }: Pick<LetterMessage, 'urgency'>,
): { report: ClinicalReport; broken: BrokenRules } {
  const broken = new Map<LabResult, string[]>();
  const reasons = (urgency?.reasons ?? []).flatMap((one) => (one.because === 'rule' && !one.undecided ? [one] : []));
  if (reasons.length === 0) return { report, broken };
  const results = report.results.map((result): LabResult => {
    const label = oneLine(result.label);
    const written = oneLine(writeMeasure(result.first));
    const own = reasons.filter((reason) => label.startsWith(reason.label) && saysValue(reason.value, written));
    if (own.length === 0 || written === '') return result;
    const ruled: LabResult = { ...result, severity: 'critical' };
    broken.set(
      ruled,
      own.map(({ rule }) => rule),
    );
    return ruled;
  });
  return { report: { ...report, results }, broken };
}

/** The gateway writes both measures: `33.0 % (964 /mm3)`. */
function saysValue(told: string, written: string): boolean {
  return told === written || told.startsWith(`${written} (`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
