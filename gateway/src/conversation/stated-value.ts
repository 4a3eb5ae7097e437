/**
 * A value of a result, as a laboratory writes it (`6,8*`, `> 10`, `5 à 7`, `supérieur à 10`), compared with a limit.
 *
 * Nothing is guessed: a value is what it can be in every reading (`2.920` is 2.92 or 2920), and only when all of that lies
 * on one side of the limit is the comparison decided. What is no result yet (`en cours`, `hémolysé`) is nothing to compare.
 */
import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import type { Comparison } from '../ports.ts';

export type Finding = 'holds' | 'fails' | 'undecided' | 'nothing';

/** All numbers between two, the ends included or not. */
interface Span {
  readonly low: number;
  readonly high: number;
  readonly isLowOut: boolean;
  readonly isHighOut: boolean;
}

export interface StatedValue {
  /** What it may be, each reading a span; none: words that are no number. */
  readonly readings: readonly Span[];
  /** A unit that stands behind the number, as written; empty when there is none. */
  readonly unit: string;
}

const SPACES = /[\s\u00a0\u202f\u2009]+/g;
const NO_RESULT =
  /^(?:[-–—./*?]*|n[acdfprt]|non? \S{0,20}(?: .{0,40})?|pas de .{0,40}|en (?:cours|attente).{0,40}|a (?:suivre|venir|controler|recontroler|refaire).{0,40}|voir .{0,60}|cf\.? .{0,60}|annule.{0,20}|fait|neant|absence.{0,40}|(?:prelevement|tube|echantillon|serum|plasma|sang)? ?(?:hemolyse|coagule|insuffisant|lactescent|icterique|non conforme).{0,40})$/;
const OVER = /^(?:>=?|=>|≥|sup(?:erieure?|\.)?(?: ou egale?)? a|plus de|au[- ]dessus de)\s*/;
const UNDER = /^(?:<=?|=<|≤|inf(?:erieure?|\.)?(?: ou egale?)? a|moins de|au[- ]dessous de|en dessous de)\s*/;
const INCLUDED = /[=≥≤]|ou egal/;
const NUMBER_TEXT = String.raw`[+-]?(?:\d{1,3}(?:[ '’]\d{3})+|\d{1,15}(?:[.,]\d{3})+|\d{1,15})(?:[.,]\d{1,15})?(?:e[+-]?\d{1,2})?`;
const FIRST_NUMBER = new RegExp(`^(${NUMBER_TEXT})(?![\\d.,])`);
const BETWEEN = /^ ?(?:-|–|—|a|et) ?(?=[+-]?\d)/;
/** Marks that a laboratory puts behind a value. */
const MARKS = /^[\s*↑↓↗↘!]*(?:\(?(?:hh?|ll)\)?)?[\s*↑↓↗↘!]*$/;

/** `isDecimal`: the file's format says that a point is a decimal point, never one of thousands (CDA). */
export function readValue(written: string, isDecimal: boolean): StatedValue | null {
  const text = plain(written);
  if (text.length > URGENCY_LIMITS.valueMaxCharacters) return { readings: [], unit: '' };
  if (NO_RESULT.test(text)) return null;
  const isOver = OVER.exec(text)?.[0];
  const isUnder = isOver === undefined ? UNDER.exec(text)?.[0] : undefined;
  const sign = isOver ?? isUnder ?? '';
  const first = FIRST_NUMBER.exec(text.slice(sign.length));
  if (first === null) return { readings: [], unit: '' };
  const rest = text.slice(sign.length + first[0].length);
  const numbers = readingsOf(first[0], isDecimal);
  const between = sign === '' ? BETWEEN.exec(rest) : null;
  const second = between === null ? null : FIRST_NUMBER.exec(rest.slice(between[0].length));
  const end = between !== null && second !== null ? rest.slice(between[0].length + second[0].length) : rest;
  const unit = unitBehind(written, end);
  if (unit === null) return { readings: [], unit: '' };
  if (second !== null) return { readings: spansBetween(numbers, readingsOf(second[0], isDecimal)), unit };
  const isOut = !INCLUDED.test(sign);
  if (isOver !== undefined) return { readings: numbers.map((low) => span(low, Infinity, isOut, true)), unit };
  if (isUnder !== undefined) return { readings: numbers.map((high) => span(-Infinity, high, true, isOut)), unit };
  return { readings: numbers.map((number) => span(number, number)), unit };
}

const span = (low: number, high: number, isLowOut = false, isHighOut = false): Span => ({
  low,
  high,
  isLowOut,
  isHighOut,
});

/** Lower case, without accents, marks at both ends gone, one space, one kind of minus. */
const plain = (written: string): string =>
  written
    .slice(0, URGENCY_LIMITS.valueMaxCharacters * 4)
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(SPACES, ' ')
    .replaceAll('\u2212', '-')
    .replace(/^[ *↑↓↗↘!=]+/, '')
    .replace(/[ *↑↓↗↘!]+$/, '');

/** Of a range, both ends in one notation each; an upside-down one is no range. */
const spansBetween = (lows: readonly number[], highs: readonly number[]): Span[] => {
  const spans = lows.flatMap((low) => highs.map((high) => span(low, high)));
  return spans.every(({ low, high }) => low <= high) || lows.length > 1 || highs.length > 1
    ? spans.filter(({ low, high }) => low <= high)
    : [];
};

/** What stands behind the number, in the characters of the file; null when it is not a unit (`6,8 le 12/01`). */
function unitBehind(written: string, rest: string): string | null {
  if (MARKS.test(rest)) return '';
  const unit = rest.replace(/^[ *↑↓↗↘!]+/, '');
  if (!/^(?:[\p{L}%‰°µ/]|10[*^])[^<>=,;:]{0,29}$/u.test(unit) || /\d{2}\/\d{2}|^\S+ \S+ /.test(unit)) return null;
  const trimmed = written
    .replaceAll(SPACES, ' ')
    .trim()
    .replace(/[ *↑↓↗↘!]+$/, '');
  return trimmed.slice(-unit.length);
}

/** `2.920` is 2.92 or 2920, `2 920` is 2920, `1.234,5` is 1234.5. */
function readingsOf(text: string, isDecimal: boolean): number[] {
  const number = text.replaceAll(/[ '’]/g, '');
  const marks = number.match(/[.,]/g) ?? [];
  if (marks.length === 0) return [Number(number)];
  if (marks.length === 1) {
    const decimal = Number(number.replace(',', '.'));
    const isGrouped = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(number) && !(isDecimal && marks[0] === '.');
    return isGrouped ? [decimal, Number(number.replace(/[.,]/, ''))] : [decimal];
  }
  const last = marks.at(-1) ?? '';
  const isMixed = marks.slice(0, -1).every((mark) => mark !== last);
  const whole = isMixed ? number.slice(0, number.lastIndexOf(last)) : number;
  if (!/^[+-]?\d{1,3}(?:[.,]\d{3})+$/.test(whole)) return [];
  const fraction = isMixed ? `.${number.slice(number.lastIndexOf(last) + 1)}` : '';
  return [Number(`${whole.replaceAll(/[.,]/g, '')}${fraction}`)];
}

/**
 * Of a number with two readings, the one of the order of the norms, where the norms have one reading: a thousand lies
 * between the two.
 */
export function likelyReadings({ readings, unit }: StatedValue, norms: readonly string[]): StatedValue {
  if (readings.length < 2) return { readings, unit };
  const bounds = norms.map((norm) => readValue(norm, false)?.readings ?? []).filter((spans) => spans.length > 0);
  const ends = bounds
    .flatMap((spans) => (spans.length === 1 ? spans : []))
    .map(({ low, high }) => (low === -Infinity ? high : low));
  const isClear = bounds.length > 0 && ends.length === bounds.length && ends.every((end) => end > 0);
  if (!isClear) return { readings, unit };
  const [least, most] = [Math.min(...ends) / ORDER, Math.max(...ends) * ORDER];
  const likely = readings.filter(({ low, high }) => high >= least && low <= most);
  return { readings: likely.length === 0 ? readings : likely, unit };
}
const ORDER = 30;

/** Whether a value lies where a rule says, in every reading. */
export function compareWith({ readings }: StatedValue, comparison: Comparison, limit: number): Finding {
  const findings = new Set(readings.map((reading) => compareSpan(reading, comparison, limit)));
  const [only] = findings;
  return findings.size === 1 && only !== undefined ? only : 'undecided';
}

function compareSpan({ low, high, isLowOut, isHighOut }: Span, comparison: Comparison, limit: number): Finding {
  const isAbove = low > limit || (low === limit && isLowOut);
  const isBelow = high < limit || (high === limit && isHighOut);
  const isAtLeast = low >= limit;
  const isAtMost = high <= limit;
  if (comparison === '>') return isAbove ? 'holds' : isAtMost ? 'fails' : 'undecided';
  if (comparison === '>=') return isAtLeast ? 'holds' : isBelow ? 'fails' : 'undecided';
  if (comparison === '<') return isBelow ? 'holds' : isAtLeast ? 'fails' : 'undecided';
  return isAtMost ? 'holds' : isAbove ? 'fails' : 'undecided';
}
