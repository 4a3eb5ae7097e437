/**
 * Reads the coded lines of an HPRIM message: `RES|label|code|type|value|unit|low|high|flag|status|…` and `TEX|text`
 * (clinical-formats A.1.3).
 *
 * Every value is the file's own characters, trimmed: no number is rounded, converted, or read from prose. What is not
 * understood goes back as text with a warning; nothing is dropped.
 */

import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';
import { HPRIM_STATUSES, RESULT_FLAGS } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { decodeEntities } from '../text/html-entities.ts';
import { bySeverity, computeFlagOfBoth, severityOf, splitRange } from './hprim-flag.ts';
import { sectionOf } from './hprim-heading.ts';

export type CodedLines = Pick<ClinicalReport, 'results' | 'warnings'> & {
  /** Lines that are neither a result nor a comment of one, in file order. */
  text: string[];
};

/** A result, the raw line it came from, and the TEX lines after it. */
type Draft = { result: LabResult; raw: string; following: string[] };

const FIELDS = 14;
const STATUS_FIELDS = 10;
/** Mail software wraps from about here on. */
const MAIL_LINE = 70;
/** Into as many lines a value may have been cut. */
const CUT_LINES = 5;
/** In small letters only with the fields of a result: people write `Res|` too. */
const RES = /^\s{0,20}(?:RES\s{0,3}\||[Rr][Ee][Ss]\s{0,3}\|(?:[^|]*\|){3})/;
const TEX = /^\s{0,20}TEX\s{0,3}(?:\||$)/i;

export const isResultLine = (line: string): boolean => RES.test(line);
export const isCodedLine = (line: string): boolean => RES.test(line) || TEX.test(line) || line.trim() === '';

/** A line that only laboratory software writes: `RES` with its label, code, type and value. */
export const isFullResultLine = (line: string): boolean => RES.test(line) && line.split('|', 5).length === 5;

/** A result line whose fields go as far as the status, or behind it. */
export const isStatusReached = (line: string): boolean => line.split('|', STATUS_FIELDS).length === STATUS_FIELDS;

/** A result line that stops within its second value or norms. */
export function endsInSecond(line: string): boolean {
  const fields = line.trimEnd().split('|', FIELDS);
  return fields.length > STATUS_FIELDS && fields.length < FIELDS && fields.at(-1) !== '';
}

export function readCodedLines(lines: readonly string[]): CodedLines {
  const drafts: Draft[] = [];
  const text: string[] = [];
  const warnings = new Set<string>();
  let heading: string | null = null;
  let justRead: Draft | null = null;
  let between = 0;
  for (const line of lines) {
    const before: Draft | null = justRead;
    if (RES.test(line) || TEX.test(line)) [justRead, between] = [null, 0];
    if (RES.test(line)) {
      const result = readResultLine(line, text, warnings);
      if (result)
        drafts.push({ result: { ...result, headings: heading === null ? [] : [heading] }, raw: line, following: [] });
      if (result) justRead = drafts.at(-1) ?? null;
    } else if (TEX.test(line)) {
      const written = textOf(line);
      heading = sectionOf(written) ?? heading;
      (drafts.at(-1)?.following ?? text).push(written);
    } else if (line.trim() !== '') {
      if (before && between < CUT_LINES && isCutShort(before.raw, line)) {
        drafts.pop();
        justRead = null;
        // Before what was between the halves.
        text.splice(text.length - between, 0, decodeEntities(before.raw.trimEnd()));
        warnings.add('line-broken');
      }
      between = justRead === null ? 0 : between + 1;
      text.push(decodeEntities(line.trimEnd()));
      warnings.add('line-not-understood');
    }
  }
  shareComments(drafts, text);
  const sorted = bySeverity(drafts);
  if (sorted.length > CONTENT_LIMITS.resultsMax) warnings.add('too-many-results');
  const beyond = sorted.splice(CONTENT_LIMITS.resultsMax);
  for (const draft of beyond) text.push(decodeEntities(draft.raw.trim()), draft.result.comments.join('\n'));
  return { results: sorted.map((draft) => draft.result), text, warnings: [...warnings] };
}

/**
 * Whether mail software broke a result line in two: behind it stands something with bars, or figures, or it lacks fields
 * and is as long as mail lines are. Half of a number would be a wrong number, so both halves are text.
 */
function isCutShort(raw: string, next: string): boolean {
  if (/^\s{0,20}[A-Z]{3}\|/.test(next)) return false;
  const lacksFields = !isStatusReached(raw);
  const goesOnInFigures = /^[\d.,]/.test(next.trim()) && /[\d.,]\s*$/.test(raw);
  if (next.includes('|') && (lacksFields || endsInSecond(raw))) return true;
  if (goesOnInFigures && (lacksFields || /^[\d.,]{1,20}$/.test(next.trim()))) return true;
  return raw.length >= MAIL_LINE && (lacksFields || goesOnInFigures);
}

function textOf(line: string): string {
  const bar = line.indexOf('|');
  const written = bar === -1 ? '' : line.slice(bar + 1);
  return decodeEntities(written.replace(/<br ?\/?>/gi, '\n')).trimEnd();
}

function readResultLine(line: string, text: string[], warnings: Set<string>): LabResult | null {
  const fields = line.split('|', 200).map((field) => decodeEntities(field.replace(/<br ?\/?>/gi, ' ')).trim());
  const extra = fields.slice(FIELDS).filter((field) => field !== '');
  while (fields.length < FIELDS) fields.push('');
  const at = (index: number): string => fields[index] ?? '';
  if (extra.length > 0 || line.split('|', 201).length > 200) {
    warnings.add('fields-not-understood');
    text.push(decodeEntities(line.trim()));
  }
  if (isOutOfPlace(at)) {
    warnings.add('fields-not-understood');
    text.push(decodeEntities(line.trim()));
    return null;
  }
  if (at(1) === '' && at(4) === '' && at(10) === '') {
    if (fields.slice(5).some((field) => field !== '')) text.push(decodeEntities(line.trim()));
    return null; // announces an analysis without a value, `RES||IGET 005|A`
  }
  const first = measureFrom(at(4), at(5), at(6), at(7));
  const second = measureFrom(at(10), at(11), at(12), at(13));
  const hasSecond = fields.slice(10, FIELDS).some((field) => field !== '');
  const given = at(8).toUpperCase();
  const flag = RESULT_FLAGS.find((known) => known === given) ?? null;
  if (given !== '' && flag === null) warnings.add('flag-unknown');
  const status = HPRIM_STATUSES.find((known) => known === at(9).toUpperCase()) ?? null;
  const isStatusKnown = at(9) === '' || status !== null;
  if (!isStatusKnown) warnings.add('status-unknown');
  if (!isStatusKnown && extra.length === 0) text.push(decodeEntities(line.trim()));
  const computed = given === '' ? computeFlagOfBoth(first, hasSecond ? second : null) : null;
  return {
    headings: [],
    label: at(1) || at(2),
    code: at(2),
    first,
    second: hasSecond ? second : null,
    flag: flag ?? computed,
    flagComputed: computed !== null,
    interpretation: flag === null ? at(8) : '',
    severity: severityOf(flag ?? computed),
    status,
    comments: [],
  };
}

const LETTER = /^[NAC]$/i;
const TYPE = /^[NACTX]$/i;
const NUMBER_ONLY = /^[<>≤≥]?\s{0,3}[+-]?\d[\d.,]{0,20}$/;
const isWord = (field: string): boolean => field !== '' && !/\d/.test(field);
const knows = (known: readonly string[], field: string): boolean => known.includes(field.toUpperCase());

/**
 * Whether a bar too many or too few moved the fields: the type stands where the value should, a norm where the flag
 * should, or the flag among the norms. Any number read from such a line could be another one.
 */
function isOutOfPlace(at: (index: number) => string): boolean {
  if (at(3) !== '' && !TYPE.test(at(3)) && LETTER.test(at(4))) return true;
  if (NUMBER_ONLY.test(at(3)) && !NUMBER_ONLY.test(at(4)) && (at(3).length > 1 || /[/%]/.test(at(4)))) return true;
  if (at(9) === '' && /^[FCP]$/i.test(at(8)) && NUMBER_ONLY.test(at(5))) return true;
  if (NUMBER_ONLY.test(at(8))) {
    const isFlagNext = (at(9) === '' || knows(RESULT_FLAGS, at(9))) && knows(HPRIM_STATUSES, at(10));
    const isUnitBefore = (NUMBER_ONLY.test(at(7)) && isWord(at(6))) || (NUMBER_ONLY.test(at(9)) && isWord(at(7)));
    if (isFlagNext || isUnitBefore) return true;
  }
  return at(9) === '' && knows(RESULT_FLAGS, at(7)) && knows(HPRIM_STATUSES, at(8));
}

function measureFrom(value: string, unit: string, low: string, high: string): Measure {
  const range = high === '' ? splitRange(low) : low === '' ? splitRange(high) : null;
  return { value, unit, low: range?.low ?? low, high: range?.high ?? high };
}

/**
 * TEX lines after a result are its comments, up to the next result; but the last of them may already be the printed
 * line of that next one (`TEX|INR   6,8 *   2,0 à 3,0`, a heading before it): these are text, not comments.
 */
function shareComments(drafts: readonly Draft[], text: string[]): void {
  drafts.forEach((draft, index) => {
    const next = drafts[index + 1];
    const cut = next ? printedLineOf(draft.following, next.result) : draft.following.length;
    draft.result.comments = draft.following
      .slice(0, cut)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    for (const line of draft.following.slice(cut)) text.push(line);
  });
}

/** Where, in the lines between two results, the printed line of the next one starts (their number when there is none). */
function printedLineOf(lines: readonly string[], next: LabResult): number {
  const label = plain(next.label);
  let cut = label === '' ? -1 : lines.findIndex((line) => startsWithWord(plain(line), label));
  if (cut === -1) cut = lines.findLastIndex((line) => printsValueOf(line, next));
  if (cut === -1) cut = lines.length;
  while (cut > 0 && (sectionOf(lines[cut - 1] ?? '') !== null || (lines[cut - 1] ?? '').trim() === '')) cut -= 1;
  return cut;
}

const DATE = /\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}/;

/** A line in columns with the very number of a result, under another name than its label; not one that tells earlier values. */
function printsValueOf(line: string, { first }: LabResult): boolean {
  const value = first.value.replaceAll(/[*\s]/g, '').replace(',', '.');
  const written = line.slice(0, 200);
  if (!/^\d[\d.]*$/.test(value) || !/^\s{0,20}\p{L}.*(?: {3}|\.{3})/u.test(written)) return false;
  if (DATE.test(written) || /ant[eé]rio|pr[eé]c[eé]dent/i.test(written)) return false;
  return (written.match(/\d[\d.,]*/g) ?? []).some((number) => number.replace(',', '.') === value);
}

const plain = (text: string): string =>
  text.slice(0, 200).normalize('NFD').replace(/\p{M}/gu, '').replace(/\s+/g, ' ').trim().toUpperCase();

const startsWithWord = (line: string, word: string): boolean =>
  line.startsWith(word) && !/[A-Z0-9]/.test(line.charAt(word.length));
