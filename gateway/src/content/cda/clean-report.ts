/** Every word of a report that comes from attributes and names, safe to put before a reader (clean-text.ts). */

import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';
import { cleanText } from '../text/clean-text.ts';

/** On one line. */
const clean = (words: string): string => cleanText(words).replace(/\s+/g, ' ').trim();

export function cleanReport(report: ClinicalReport): ClinicalReport {
  const { patient } = report;
  return {
    ...report,
    title: clean(report.title),
    typeCode: clean(report.typeCode),
    patient: {
      ...patient,
      familyName: clean(patient.familyName),
      birthName: clean(patient.birthName),
      givenName: clean(patient.givenName),
    },
    fileNumber: clean(report.fileNumber),
    sender: clean(report.sender),
    ...(report.sampledBy === undefined ? {} : { sampledBy: clean(report.sampledBy) }),
    prescriber: clean(report.prescriber),
    recipient: clean(report.recipient),
    results: report.results.map(cleanResult),
    text: cleanText(report.text),
  };
}

function cleanResult(result: LabResult): LabResult {
  return {
    ...result,
    headings: result.headings.map(clean),
    label: clean(result.label),
    code: clean(result.code),
    first: cleanMeasure(result.first),
    second: result.second && cleanMeasure(result.second),
    interpretation: clean(result.interpretation),
    comments: result.comments.map((comment) => cleanText(comment).trim()),
  };
}

const cleanMeasure = ({ value, unit, low, high }: Measure): Measure => ({
  value: clean(value),
  unit: clean(unit),
  low: clean(low),
  high: clean(high),
});
