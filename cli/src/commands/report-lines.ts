/**
 * A clinical report as a terminal shows it: for `estafette inspect` every field a careful reader of the file would
 * name, one to a line; for `estafette chat` the same in one French line. Values stand as they were written; control
 * and direction characters of a file never reach the terminal.
 */
import type { ClinicalReport, LabResult, Measure, Patient, TextRange } from '@estafette/contracts/document';

const TEXT_LINES = 12;
const TEXT_COLUMNS = 160;
/** Of a plain text, as much as a person needs to know it again. */
const TEXT_CHARACTERS = 300;

/** On one line, without what could move the cursor or turn the reading direction. */
export function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .trim();
}

/** Parts that say something, joined. */
const told = (parts: readonly (string | null)[], between = '; '): string =>
  parts.filter((part) => part !== null && part !== '').join(between);

const labelled = (label: string, value: string | null): string =>
  value === null || value === '' ? '' : `${label} ${oneLine(value)}`;

/** The beginning of a text; of one that quotes another mail, of what is new in it, and how much is only one tap away. */
export function textWords({ text, fresh }: { text: string; fresh?: TextRange[] | undefined }): string[] {
  const parts = (fresh ?? [{ from: 0, to: text.length }]).map(({ from, to }) => oneLine(text.slice(from, to)));
  const hidden = text.length - (fresh ?? []).reduce((sum, { from, to }) => sum + to - from, 0);
  const quoted = fresh === undefined ? [] : [`  quoted: ${hidden} of ${text.length} characters, shown on request`];
  return [`text: ${parts.join(' […] ').slice(0, TEXT_CHARACTERS)}`, ...quoted];
}

/** Lines without indentation, the first one naming the report. */
export function reportLines(report: ClinicalReport): string[] {
  const { source, title, typeCode, status, date, fileNumber, sender, prescriber, recipient, warnings } = report;
  const { authorId = null, sampledBy = null, phones = [] } = report;
  return [
    `report (${source}): ${told([oneLine(title), oneLine(typeCode), `status ${status}`])}`,
    `  patient: ${patientWords(report.patient)}`,
    indented(told([labelled('date', date), labelled('file number', fileNumber)])),
    indented(told([labelled('sender', sender), labelled('prescriber', prescriber), labelled('recipient', recipient)])),
    indented(
      told([labelled('author', authorId), labelled('sampled by', sampledBy), labelled('phones', phones.join(', '))]),
    ),
    ...resultLines(report.results),
    ...textLines(report.text),
    warnings.length === 0 ? '' : `  warnings: ${warnings.map(oneLine).join(', ')}`,
  ].filter((line) => line !== '');
}

const indented = (line: string): string => (line === '' ? '' : `  ${line}`);

function patientWords({ familyName, birthName, givenName, birthDate, sex, ins }: Patient): string {
  return told([
    oneLine(`${familyName} ${givenName}`) || 'not named',
    labelled('birth name', birthName),
    labelled('born', birthDate),
    labelled('sex', sex),
    ins === null ? null : `INS ${oneLine(ins.masked)} (${ins.quality})`,
  ]);
}

/** In their order; a heading stands once before what is under it. */
function resultLines(results: readonly LabResult[]): string[] {
  let heading = '';
  return results.flatMap((result) => {
    const own = result.headings.map(oneLine).join(' > ');
    const lines = own === heading || own === '' ? [] : [`  ${own}`];
    heading = own;
    return [...lines, `    ${resultWords(result)}`, ...result.comments.map((one) => `      ${oneLine(one)}`)];
  });
}

function resultWords({ label, code, first, second, flag, flagComputed, interpretation, severity, status }: LabResult) {
  return told([
    `${oneLine(label)}: ${measureWords(first)}`,
    labelled('also', second === null ? null : measureWords(second)),
    flag === null ? null : `flag ${flag}${flagComputed ? ' (computed)' : ''}`,
    oneLine(interpretation),
    severity,
    labelled('status', status),
    labelled('code', code),
  ]);
}

function measureWords({ value, unit, low, high }: Measure): string {
  const range = low === '' && high === '' ? '' : `[${low} – ${high}]`;
  return oneLine(told([value || 'no value', unit, range], ' '));
}

function textLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return [];
  const shown = lines.slice(0, TEXT_LINES).map((line) => `    | ${oneLine(line).slice(0, TEXT_COLUMNS)}`);
  const left = lines.length - shown.length;
  return ['  text:', ...shown, ...(left > 0 ? [`    | … ${left} more line${left > 1 ? 's' : ''}`] : [])];
}

const STATUSES = {
  final: '',
  provisional: 'provisoire',
  corrected: 'corrigé',
  replaced: 'annule et remplace',
  deleted: 'supprimé',
} as const;
const QUALITIES = { qualified: 'INS qualifiée', unqualified: 'INS non qualifiée', 'nir-only': 'NIR seul' } as const;

/** The report in one French line. */
export function reportSummary(report: ClinicalReport): string {
  const { patient, status, title, date, sender, prescriber, results, text, warnings } = report;
  const ins = patient.ins === null ? '' : `${QUALITIES[patient.ins.quality]} ${patient.ins.masked}`;
  const who = told(
    [
      `${patient.familyName} ${patient.givenName}`.trim() || 'patient non identifié',
      patient.birthName === '' || patient.birthName === patient.familyName
        ? ''
        : `nom de naissance ${patient.birthName}`,
      patient.birthDate === null ? '' : `né(e) le ${patient.birthDate}`,
      patient.sex,
      ins,
    ],
    ', ',
  );
  const about = told([title, date, sender, prescriber === '' ? '' : `prescripteur ${prescriber}`], ', ');
  const said = results.length > 0 ? results.map(shortResult).join('; ') : text.slice(0, 200);
  return oneLine(
    [
      STATUSES[status] === '' ? '' : `[${STATUSES[status]}]`,
      `${who}: ${said}`,
      about === '' ? '' : `(${about})`,
      warnings.length === 0 ? '' : `(à vérifier: ${warnings.join(', ')})`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  );
}

function shortResult({ label, headings, first, flag, interpretation, status }: LabResult): string {
  const range = first.low === '' && first.high === '' ? '' : `(${first.low} – ${first.high})`;
  const under = headings.at(-1) ?? '';
  const mark = status === null || status === 'F' ? '' : status;
  return told(
    [under === '' ? '' : `${under} >`, label, first.value, first.unit, flag, interpretation, range, mark],
    ' ',
  );
}
