/**
 * A clinical report as lines of text, for the exchange that is filed: who, what, when, each value with its unit, range and
 * flag, comments, then the words of the report as they stand. Values are written as the file writes them; a flag that was
 * computed says so.
 */
import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';

const STATUS_WORDS: Readonly<Record<ClinicalReport['status'], string>> = {
  final: 'validé',
  provisional: 'provisoire',
  corrected: 'corrigé',
  replaced: 'remplacé',
  deleted: 'supprimé',
};

const said = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');

function rangeWords({ low, high }: Measure): string {
  if (low === '' && high === '') return '';
  if (low === '') return `(≤ ${high})`;
  return high === '' ? `(≥ ${low})` : `(${low} à ${high})`;
}

const measureWords = (measure: Measure): string => said(measure.value, measure.unit, rangeWords(measure));

function resultLines({
  headings,
  label,
  first,
  second,
  flag,
  flagComputed,
  interpretation,
  comments,
}: LabResult): string[] {
  const mark = flag === null || flag === 'N' ? '' : `[${flag}${flagComputed ? ', calculé' : ''}]`;
  const other = second === null ? '' : `; ${measureWords(second)}`;
  const name = [...headings, label].filter((part) => part !== '').join(' / ');
  return [
    `${name} : ${said(`${measureWords(first)}${other}`, mark, interpretation)}`,
    ...comments.map((one) => `  ${one}`),
  ];
}

function patientWords({ familyName, birthName, givenName, birthDate, sex, ins }: ClinicalReport['patient']): string {
  const born = birthName === '' || birthName === familyName ? '' : `(né(e) ${birthName})`;
  return said(
    ...[familyName, born, givenName, birthDate === null ? '' : `né(e) le ${birthDate}`, sex ?? ''],
    ins === null ? '' : `INS ${ins.masked}`,
  );
}

/** What could not be read, or not for certain, says so, as it does on a screen. */
const DOUBTED = 'Lecture automatique à vérifier dans le courrier tel que reçu';

/** The lines of a report. */
export function reportWords(report: ClinicalReport): string[] {
  const { title, date, status, sender, prescriber, patient, results, text, warnings } = report;
  return [
    said(title === '' ? 'Compte rendu' : title, `(${STATUS_WORDS[status]})`),
    ...(date === null ? [] : [`Date : ${date}`]),
    ...(sender === '' ? [] : [`De : ${sender}`]),
    ...(prescriber === '' ? [] : [`Prescripteur : ${prescriber}`]),
    `Patient : ${patientWords(patient)}`,
    ...results.flatMap(resultLines),
    ...(warnings.length === 0 ? [] : [`${DOUBTED} (${warnings.join(', ')}).`]),
    ...(text.trim() === '' ? [] : [...(results.length === 0 ? [] : ['Texte du compte rendu :']), text]),
  ];
}
