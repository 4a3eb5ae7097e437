/**
 * One rule of a mailbox against one result: whether the result is of that analyte (by LOINC code, else by whole words of
 * its label), whether one of its values stands in the rule's unit, and on which side of the limit it lies.
 *
 * Never across units, never from prose, never guessed. A value of the analyte that cannot be compared is `undecided`, and
 * whoever reads is told: a rule that says nothing about such a value would be taken for a good result.
 */
import type { LabResult, Measure } from '@estafette/contracts/document';
import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import {
  comparableUnit,
  comparableWords,
  isLoinc,
  isOtherThing,
  type KnownAnalyte,
  knownAnalyte,
  type UrgencyRule,
} from '../ports.ts';
import { compareWith, type Finding, likelyReadings, readValue, type StatedValue } from './stated-value.ts';

/** A rule, with what comparing needs made once. */
export interface ReadyRule {
  readonly rule: UrgencyRule;
  readonly known: KnownAnalyte | null;
  readonly words: string;
  readonly unit: string;
}

export const readyRule = (rule: UrgencyRule): ReadyRule => ({
  rule,
  known: knownAnalyte(rule.analyte),
  words: comparableWords(rule.analyte),
  unit: comparableUnit(rule.unit),
});

/** A result as rules look at it. */
export interface ReadyResult {
  readonly code: string;
  readonly label: string;
  /**
   * Whether it only shares a word with this analyte; a heading may say the specimen (`Ionogramme urinaire`), though never
   * the analyte. Asked by many rules, found out once for each analyte.
   */
  readonly isOtherThan: (analyteWords: string) => boolean;
  /** Read when a rule is about it. */
  readonly measures: () => readonly ReadyMeasure[];
}

interface ReadyMeasure {
  /** Null: no value yet. */
  readonly stated: StatedValue | null;
  /** Null: two units are said of one value. */
  readonly unit: string | null;
}

const wordsOf = (words: string): string => comparableWords(words.slice(0, URGENCY_LIMITS.wordMaxCharacters));

/** `isDecimal`: of a format in which a point is never one of thousands. */
export function readyResult({ headings, label, code, first, second }: LabResult, isDecimal: boolean): ReadyResult {
  const words = wordsOf(label);
  let measures: readonly ReadyMeasure[] | null = null;
  const read = (): readonly ReadyMeasure[] =>
    [first, second].filter((measure) => measure !== null).map((measure) => readyMeasure(measure, isDecimal));
  return { code, label: words, isOtherThan: otherThings(words, headings), measures: () => (measures ??= read()) };
}

function otherThings(label: string, headings: readonly string[]): ReadyResult['isOtherThan'] {
  const known = new Map<string, boolean>();
  let above: readonly string[] | null = null;
  return (analyteWords) => {
    const before = known.get(analyteWords);
    if (before !== undefined) return before;
    above ??= headings.slice(0, HEADINGS_LOOKED_AT).map(wordsOf);
    const isOther = isOtherThing({ label, headings: above }, analyteWords);
    known.set(analyteWords, isOther);
    return isOther;
  };
}
const HEADINGS_LOOKED_AT = 8;

function readyMeasure({ value, unit, low, high }: Measure, isDecimal: boolean): ReadyMeasure {
  const stated = readValue(value, isDecimal);
  if (stated === null) return { stated, unit: null };
  const [beside, inside] = [comparableUnit(unit), comparableUnit(stated.unit)];
  const isTwice = beside !== '' && inside !== '' && beside !== inside;
  return { stated: likelyReadings(stated, [low, high]), unit: isTwice ? null : beside || inside };
}

/** Whether the result is one of the rule's analyte. */
export function isOfAnalyte({ code, label, isOtherThan }: ReadyResult, { rule, known, words }: ReadyRule): boolean {
  if (isLoinc(rule.analyte)) return code === rule.analyte;
  if (known?.loinc.includes(code)) return true;
  const isNamed = known === null ? holds(label, words) : isKnownAs(label, known);
  return isNamed && !isOtherThan(words);
}

const isKnownAs = (label: string, { words, whole }: KnownAnalyte): boolean =>
  whole.includes(label) || words.some((word) => holds(label, word));

/** As whole words: `inr` is not in `inria`. */
const holds = (label: string, words: string): boolean => ` ${label} `.includes(` ${words} `);

/** `nothing` where the result has no value yet. */
export function judgeRule(result: ReadyResult, ready: ReadyRule): Finding {
  const findings = result.measures().map(({ stated, unit }): { finding: Finding; isSameUnit: boolean } => {
    if (stated === null) return { finding: 'nothing', isSameUnit: false };
    if (unit === null || !isUnitOf(ready, unit)) return { finding: 'undecided', isSameUnit: false };
    return { finding: compareWith(stated, ready.rule.comparison, ready.rule.limit), isSameUnit: true };
  });
  const has = (wanted: Finding): boolean =>
    findings.some(({ finding, isSameUnit }) => finding === wanted && isSameUnit);
  for (const wanted of ['holds', 'undecided', 'fails'] as const) if (has(wanted)) return wanted;
  return findings.some(({ finding }) => finding !== 'nothing') ? 'undecided' : 'nothing';
}

/** The rule's unit; without one, the analyte's own, or none on either side. */
function isUnitOf({ unit: ruled, known }: ReadyRule, written: string): boolean {
  if (ruled !== '') return written === ruled;
  return written === '' || (known?.units.includes(written) ?? false);
}
