/**
 * Whether a result is outside its range, when the laboratory did not say (clinical-formats A.1.3, flag rule).
 *
 * Only `N`, `L` or `H` is ever computed: "critical" is the laboratory's word alone. Where the text leaves a doubt
 * (French files use comma and dot both as decimal mark and between thousands) nothing is computed: no flag is better
 * than a wrong one. Values are compared here and never rewritten.
 */

import type { LabResult, Measure, Severity } from '@estafette/contracts/document';

type Bound = { sign: '<' | '>' | ''; readings: number[] };
type Verdict = 'N' | 'L' | 'H';

const NUMBER = String.raw`[+-]?\d{1,12}(?:[.,]\d{1,9})?`;
const BOUND = new RegExp(
  `^(<|>|≤|≥|(?:inf|sup)(?=[. \\d]|[eé]rieure?(?!\\p{L})))?(?:\\.|[eé]rieure?)?\\s{0,3}(?:à|a)?\\s{0,3}=?\\s{0,3}(${NUMBER})$`,
  'iu',
);
const RANGE = new RegExp(`^[[(]?\\s{0,5}(${NUMBER})\\s{0,5}(?:-|–|à|a)\\s{0,5}(${NUMBER})\\s{0,5}[\\])]?$`);
/** What may stand behind a number as its unit: `mg/l`, `%`, `10^9/L` is not among them. */
const UNIT_BEHIND = /^([<>≤≥]?\s{0,3}[+-]?\d[\d.,]{0,20})\s{0,5}(%|[µa-z]{1,6}\/[a-zµ³0-9]{1,8}|pg|fl|sec|s|ui|g|mg)$/i;

/** `2.20-2.60` in one field is two norms; a lone `-2` is a number. Gives null when the field is not a range. */
export function splitRange(field: string): { low: string; high: string } | null {
  if (field.length > 40) return null;
  const match = RANGE.exec(field);
  const low = match?.[1];
  const high = match?.[2];
  if (low === undefined || high === undefined || decimal(low) > decimal(high)) return null;
  return { low, high };
}

/** LL, HH and AA are the critical ones, and only the laboratory gives them. */
export function severityOf(flag: LabResult['flag']): Severity {
  if (flag === 'LL' || flag === 'HH' || flag === 'AA') return 'critical';
  if (flag === 'L' || flag === 'H' || flag === 'A') return 'abnormal';
  return flag === 'N' ? 'normal' : 'unknown';
}

/** The flag of one analysis told in two units: one of them outside its range is enough, a contradiction is no flag. */
export function computeFlagOfBoth(first: Measure, second: Measure | null): Verdict | null {
  const verdicts = [computeFlag(first), second === null ? null : computeFlag(second)];
  if (verdicts.includes('L') && verdicts.includes('H')) return null;
  return verdicts.find((verdict) => verdict === 'L' || verdict === 'H') ?? verdicts.find((one) => one !== null) ?? null;
}

/** The flag that follows from value and norms, or null when it cannot be told for certain. */
export function computeFlag(measure: Measure): Verdict | null {
  const value = bound(numberOf(measure));
  if (!value) return null;
  const limits = limitsOf(measure);
  if (!limits) return null;
  const verdicts = new Set<Verdict | null>();
  for (const reading of value.readings) {
    for (const low of limits.low ?? [null]) {
      for (const high of limits.high ?? [null]) verdicts.add(judge(value.sign, reading, low, high));
    }
  }
  const [only = null] = verdicts;
  // A star is how laboratories print that a value is outside: they do not say why.
  if (verdicts.size > 1 || (only === 'N' && measure.value.includes('*'))) return null;
  return only;
}

/** The value without the stars around it, nor its unit when that stands in the value (`< 0.12  mg/l`). */
function numberOf({ value, unit }: Measure): string {
  const plain = value.replaceAll('*', '').trim();
  const [, number, behind] = plain.length > 40 ? [] : (UNIT_BEHIND.exec(plain) ?? []);
  if (number === undefined || behind === undefined) return plain;
  return unit === '' || unit.toLowerCase() === behind.toLowerCase() ? number.trim() : plain;
}

/** Norms as bounds: `sup. à 60` in either field is a lower bound, `< 5` an upper one. */
function limitsOf(measure: Measure): { low: number[] | null; high: number[] | null } | null {
  let low: number[] | null = null;
  let high: number[] | null = null;
  for (const [field, own] of [
    [measure.low, '>'],
    [measure.high, '<'],
  ] as const) {
    if (field === '') continue;
    const limit = bound(field);
    if (!limit) return null;
    if ((limit.sign || own) === '>') {
      if (low) return null;
      low = limit.readings;
    } else {
      if (high) return null;
      high = limit.readings;
    }
  }
  return saysNothing(low, high) ? null : { low, high };
}

/** Software that has no norms writes `0` for them: 0 alone, or from 0 to 0, is no range to compare with. */
const saysNothing = (low: number[] | null, high: number[] | null): boolean =>
  [low, high].every((limit) => limit === null || limit.every((reading) => reading === 0));

function judge(sign: '<' | '>' | '', value: number, low: number | null, high: number | null): Verdict | null {
  if (low !== null && high !== null && low > high) return null;
  if (sign === '<')
    return low === null && high !== null && value <= high ? 'N' : low !== null && value <= low ? 'L' : null;
  if (sign === '>')
    return high === null && low !== null && value >= low ? 'N' : high !== null && value >= high ? 'H' : null;
  if (low !== null && value < low) return 'L';
  return high !== null && value > high ? 'H' : 'N';
}

function bound(text: string): Bound | null {
  const match = text.length > 40 ? null : BOUND.exec(text);
  const number = match?.[2];
  if (!match || number === undefined) return null;
  const word = (match[1] ?? '').toLowerCase();
  const prefix = text.slice(0, text.length - number.length).trim();
  if (word === '' && prefix !== '') return null;
  const sign = word === '' ? '' : word === '<' || word === '≤' || word === 'inf' ? '<' : '>';
  return { sign, readings: readingsOf(number) };
}

const decimal = (number: string): number => Number(number.replace(',', '.'));

/** `2.920` is 2.92 or 2920; every other number has one reading. */
function readingsOf(number: string): number[] {
  const grouped = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(number);
  return grouped ? [decimal(number), Number(number.replace(/[.,]/, ''))] : [decimal(number)];
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, abnormal: 1, normal: 2, unknown: 2 };

/** Critical first, then abnormal, then the rest; file order within each. */
export const bySeverity = <T extends { result: LabResult }>(drafts: readonly T[]): T[] =>
  drafts.toSorted((a, b) => RANK[a.result.severity] - RANK[b.result.severity]);
