/** What a report is as a whole, by the status of its results: one corrected result makes it corrected. */
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';

/** R (not validated) and P (partial) make a report provisional (clinical-formats A.1.3); C, corrected, weighs more. */
export function reportStatus(results: readonly Pick<LabResult, 'status'>[]): ClinicalReport['status'] {
  const has = (...wanted: readonly LabResult['status'][]): boolean =>
    results.some(({ status }) => wanted.includes(status));
  if (has('C')) return 'corrected';
  return has('R', 'P') ? 'provisional' : 'final';
}
