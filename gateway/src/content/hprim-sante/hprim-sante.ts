/**
 * Reads HPRIM Santé segment files (HPRIM NET 2.x, clinical-formats A.1.5), as laboratories and hospitals mail them: one
 * report per patient (P), with the results (OBX) of its examinations (OBR) and the comments (C) beside what they follow.
 *
 *     file = H { P {C} { OBR {C} { OBX {C} } } } L
 *
 * Only a file of results (context ORU) gives results; another is shown as text. The danger is a result under a wrong
 * patient: what stands before the first P, after L or in a line that was cut belongs to nobody, or is text. What has
 * no place on a card is text too: nothing is dropped. Linear, and never throws.
 */

import type { ClinicalReport } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { findDate } from '../hprim/hprim-date.ts';
import {
  type Draft,
  finishReport,
  NO_CONTEXT,
  readContext,
  type SanteContext,
  startReport,
} from './hprim-sante-draft.ts';
import { readObservation } from './hprim-sante-observation.ts';
import { componentOf, proseOf, rawField, readSegments, type Segment, wordsOf } from './hprim-sante-segments.ts';
import {
  isOnePerson,
  isTooLongForName,
  labelsOf,
  leftOver,
  momentOf,
  nameOrNothing,
  personOf,
} from './hprim-sante-words.ts';

/** Segments that make a header line an HPRIM Santé file, rather than a line that happens to look like one. */
const BODY = new Set(['P', 'OBR', 'OBX']);

type Reading = {
  drafts: Draft[];
  context: SanteContext;
  /** The report that results belong to; null before the first patient and after the end. */
  current: Draft | null;
  ended: boolean;
  /** What stands where no report is open: the next one takes it, else the last. */
  waiting: string[];
  warnings: string[];
  today: string;
};

/** The reports in `text`; none when it is not HPRIM Santé. `now` bounds births. */
export function readHprimSante(text: string, now: Date = new Date()): ClinicalReport[] {
  const file = readSegments(text);
  if (!file?.segments.some(({ name }) => BODY.has(name))) return [];
  const today = now.toISOString().slice(0, 10);
  const before = file.leading.join('\n').trim();
  const reading: Reading = {
    ...{ drafts: [], context: NO_CONTEXT, current: null, ended: false, today },
    waiting: before === '' ? [] : [before, ''],
    warnings: before === '' ? [] : ['text-before-header'],
  };
  for (const segment of file.segments) take(segment, reading);
  const last = reading.drafts.at(-1) ?? openReport(null, reading);
  if (!file.segments.some(({ name }) => name === 'L')) last.warnings.add('end-missing');
  giveWaiting(last, reading, 'after');
  return reading.drafts.map(finishReport);
}

function take(segment: Segment, reading: Reading): void {
  const { name, raw } = segment;
  if ((name === 'H' || name === 'P') && reading.drafts.length >= CONTENT_LIMITS.documentsMax) {
    reading.current = null;
    reading.ended = true;
    note(reading, raw, 'too-many-reports');
  } else if (name === 'H') {
    reading.context = readContext(segment);
    reading.current = null;
    reading.ended = false;
    if (segment.broken) note(reading, raw, 'line-broken');
  } else if (name === 'L') {
    reading.current = null;
    reading.ended = true;
    if (segment.broken) reading.warnings.push('text-after-end');
    // Numbers are its rank and counts; words are somebody's.
    if (/\p{L}{2}/u.test(raw.slice(1))) note(reading, raw, 'text-after-end');
  } else if (reading.ended) note(reading, raw, 'text-after-end');
  else if (name === 'P') openReport(segment, reading);
  else if (triesToBePatient(raw)) {
    note(reading, raw, 'patient-not-understood');
    reading.current = null;
  } else if (name === '') note(reading, raw, 'line-not-understood');
  else takeResult(segment, reading);
}

/** A damaged or foreign segment of a patient (`PID|`, `p|`, `P;`): what follows it may be somebody else's. */
const triesToBePatient = (raw: string): boolean =>
  /^[^\p{L}\p{N}]{0,3}P[A-Z]{0,2}\s{0,3}([|;!,\t])(?:[^\n]*?\1){3}/iu.test(raw.slice(0, 400));

function takeResult(segment: Segment, reading: Reading): void {
  const { name, raw } = segment;
  const isResult = name === 'OBR' || name === 'OBX';
  if (reading.current === null && isResult) openReport(null, reading);
  const draft = reading.current;
  if (draft !== null && !draft.context.hasResults) draft.text.push(raw);
  else if (draft !== null && name === 'OBR') takeExamination(segment, draft, reading.today);
  else if (draft !== null && name === 'OBX') takeObservation(segment, draft);
  else if (draft !== null && name === 'C') takeComment(segment, draft);
  else note(reading, raw, 'segment-not-understood');
}

/** A line for the text, and why it is there. */
function note(reading: Reading, line: string, warning: string): void {
  (reading.current?.text ?? reading.waiting).push(line);
  if (reading.current) reading.current.warnings.add(warning);
  else reading.warnings.push(warning);
}

function giveWaiting(draft: Draft, reading: Reading, where: 'before' | 'after'): void {
  draft.text = where === 'before' ? [...reading.waiting, ...draft.text] : [...draft.text, ...reading.waiting];
  for (const warning of reading.warnings) draft.warnings.add(warning);
  reading.waiting = [];
  reading.warnings = [];
}

/** Begins the report of a patient, or of nobody when the file gives results without one. */
function openReport(segment: Segment | null, reading: Reading): Draft {
  const { context } = reading;
  const draft = startReport(segment, context, reading.today);
  // What the header tells besides stands once, in its first report.
  if (reading.drafts.at(-1)?.context !== context) draft.text = [...context.text, ...draft.text];
  giveWaiting(draft, reading, 'before');
  reading.drafts.push(draft);
  reading.current = draft;
  return draft;
}

function takeExamination(segment: Segment, draft: Draft, today: string): void {
  const exams = labelsOf(segment, 5);
  draft.heading = exams.length === 1 ? nameOrNothing(exams[0] ?? '') : '';
  if (draft.heading === '' && exams.length > 0) draft.text.push(`Examens : ${exams.join(', ')}`);
  else if (draft.heading !== '') draft.text.push(draft.heading);
  const sampled = componentOf(segment, 8, 1);
  const moment = momentOf(sampled);
  if (sampled !== '') draft.text.push(`Prélèvement : ${moment?.words ?? sampled}`);
  draft.day = moment?.iso ?? findDate(sampled, today);
  if (sampled !== '' && draft.day === null) draft.warnings.add('date-unreadable');
  draft.statuses.push(rawField(segment, 26).toUpperCase());
  const fileNumber = nameOrNothing(wordsOf(segment, 4) || wordsOf(segment, 3));
  draft.fileNumber ||= fileNumber;
  if (fileNumber !== draft.fileNumber && fileNumber !== '') draft.text.push(`Dossier : ${fileNumber}`);
  if (wordsOf(segment, 8) !== sampled) draft.text.push(`Prélèvement : ${wordsOf(segment, 8)}`);
  const prescriber = nameOrNothing(personOf(segment, 17));
  draft.prescriber ||= prescriber;
  const isTold = prescriber === draft.prescriber && isOnePerson(segment, 17);
  draft.text.push(...leftOver(segment, isTold ? [17] : []));
  if (segment.broken || [3, 4].some((number) => isTooLongForName(segment, number))) draft.text.push(segment.raw);
  if (segment.broken) draft.warnings.add('line-broken');
  draft.lastResult = null;
  draft.lastProse = '';
}

function takeObservation(segment: Segment, draft: Draft): void {
  const read = readObservation(segment, draft.heading === '' ? [] : [draft.heading]);
  draft.lastResult = null;
  if (read === null) {
    draft.text.push(segment.raw);
    draft.warnings.add('line-broken');
    return;
  }
  for (const warning of read.warnings) draft.warnings.add(warning);
  if (read.kind === 'text') {
    if (read.label !== draft.lastProse && read.label !== '') draft.text.push(`${read.label} :`);
    const amounts = [wordsOf(segment, 7), wordsOf(segment, 8)].filter((words) => words !== '').join(', ');
    draft.text.push(read.text, ...(amounts === '' ? [] : [amounts]), ...leftOver(segment));
    draft.lastProse = read.label;
    return;
  }
  const { result } = read;
  if (result.label === '' && result.first.value === '') draft.text.push(segment.raw);
  else {
    draft.results.push({ result, raw: segment.raw, day: draft.day });
    draft.lastResult = result;
    draft.text.push(...leftOver(segment));
    const unit = wordsOf(segment, 7);
    if (unit !== result.first.unit && unit !== '') draft.text.push(`Unité : ${unit}`);
  }
}

/** Beside the result that it follows, else in the text. Half of a remark is worth showing: it is no figure. */
function takeComment(segment: Segment, draft: Draft): void {
  const whole = segment.broken ? { ...segment, fields: segment.raw.split(segment.separators.field) } : segment;
  if (segment.broken) draft.warnings.add('line-broken');
  const comment = proseOf(whole, 4);
  if (comment !== '') (draft.lastResult?.comments ?? draft.text).push(comment);
  draft.text.push(...leftOver(whole));
}
