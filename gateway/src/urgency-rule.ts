/**
 * Rules by which a mailbox says what is critical for it (`INR > 5`, `K+ > 6 mmol/L`): an analyte, a comparison, a number
 * and a unit; never code. Read from what somebody typed, with an error that says how to write it. Part of ports.ts.
 *
 * A limit without a unit is taken only for an analyte that everybody reports in one unit: 200 of what is no limit.
 */
import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import { BLOOD, KNOWN_ANALYTES, type KnownAnalyte, OTHER_QUANTITIES, OTHER_SPECIMENS } from './known-analytes.ts';

export type { KnownAnalyte } from './known-analytes.ts';

export type Comparison = '>' | '>=' | '<' | '<=';

export interface UrgencyRule {
  /** A LOINC code, or words of a label, as they were typed. */
  readonly analyte: string;
  readonly comparison: Comparison;
  readonly limit: number;
  /** As typed; empty: the one unit of the analyte. */
  readonly unit: string;
}

/** This part of what lasts: settings of our own, in clear. */
export interface UrgencyStore {
  /** False when the mailbox has this rule already. */
  addUrgencyRule(mailboxId: string, rule: UrgencyRule): Promise<boolean>;
  /** False when it has no such rule. */
  removeUrgencyRule(mailboxId: string, rule: UrgencyRule): Promise<boolean>;
  /** In the order of their words. */
  urgencyRulesOf(mailboxId: string): Promise<UrgencyRule[]>;
  /** The number to call a correspondent at, as the operator wrote it; null takes it away. */
  setCorrespondentPhone(addressIndex: Buffer, phone: string | null): Promise<void>;
  correspondentPhone(addressIndex: Buffer): Promise<string | null>;
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '>': '>',
  '<': '<',
  '>=': '>=',
  '=>': '>=',
  '≥': '>=',
  '<=': '<=',
  '=<': '<=',
  '≤': '<=',
};
const RULE = /^([^<>=≤≥]+)(>=|<=|=>|=<|≥|≤|>|<)([^<>=≤≥]+)$/;
const SPACE = '[ \\u00a0\\u202f\\u2009]';
const NUMBER = new RegExp(
  `^([+\\u2212-]?(?:\\d{1,3}(?:${SPACE}\\d{3})+|\\d{1,12})(?:[.,]\\d{1,12})?)(?![\\d.,])${SPACE}*(.*)$`,
);
/** `5.000`, `5,000`: five, or five thousand. */
const TWO_READINGS = /^[+\u2212-]?[1-9]\d{0,2}[.,]\d{3}$/;
/** Begins with a letter or a sign, or as `10⁹/L` does. */
const UNIT = /^(?:10[*^⁰¹²³⁴⁵⁶⁷⁸⁹]|(?![eE][+-]?\d)[^\d\s.,+*·'²³-])[\p{L}\p{M}\p{N} %‰°/*^.[\]{}()²³⁰¹⁴⁵⁶⁷⁸⁹⁻·'_-]*$/u;
const LOINC = /^\d{1,7}-\d$/;

export const isLoinc = (code: string): boolean => LOINC.test(code);

const EXAMPLE = 'write it as INR > 5, or Créatinine > 200 µmol/L';

/** A rule from what was typed, or a sentence on what is wrong with it. */
export function parseUrgencyRule(typed: string): UrgencyRule | { readonly fault: string } {
  const text = typed.normalize('NFC').replace(/\s+/g, ' ').trim();
  if (text.length > URGENCY_LIMITS.ruleMaxCharacters)
    return { fault: `a rule has at most ${URGENCY_LIMITS.ruleMaxCharacters} characters` };
  const [, before = '', sign = '', after = ''] = RULE.exec(text) ?? [];
  const comparison = COMPARISONS[sign];
  if (comparison === undefined) return { fault: `a rule is an analyte, one of > >= < <= and a number: ${EXAMPLE}` };
  const [, number = '', unit = ''] = NUMBER.exec(after.trim()) ?? [];
  if (number === '') return { fault: `“${after.trim()}” does not begin with a number: ${EXAMPLE}` };
  if (TWO_READINGS.test(number))
    return {
      fault: `“${number}” may be read as thousands: write ${number.replace(/[.,]/, '')} or ${asDecimal(number)}`,
    };
  if (unit !== '' && (!UNIT.test(unit) || unit.length > URGENCY_LIMITS.unitMaxCharacters))
    return { fault: `“${unit}” is not a unit: ${EXAMPLE}` };
  const analyte = before.trim();
  const limit = Number(number.replaceAll(new RegExp(SPACE, 'g'), '').replace('\u2212', '-').replace(',', '.'));
  return withAnalyte({ analyte, comparison, limit, unit: unit.trim() });
}

function withAnalyte(rule: UrgencyRule): UrgencyRule | { readonly fault: string } {
  const { analyte, unit } = rule;
  const words = comparableWords(analyte);
  if (!isLoinc(analyte) && !/\p{L}/u.test(words))
    return { fault: `“${analyte}” names no analyte: give its words or its LOINC code` };
  if (unit === '' && (knownAnalyte(analyte)?.units ?? []).length === 0)
    return {
      fault: `say the unit, as the laboratory writes it (${analyte} ${rule.comparison} ${numberWords(rule.limit)} …)`,
    };
  return rule;
}

/** `5,500` as `5,5`, `5,125` as `5,1250`: what has no other reading. */
const asDecimal = (number: string): string => (number.endsWith('0') ? number.replace(/[.,]?0+$/, '') : `${number}0`);

const numberWords = (number: number): string => String(number).replace('.', ',');

/** The rule as people read it, one way whatever was typed: `INR > 4,5`. */
export const ruleWords = ({ analyte, comparison, limit, unit }: UrgencyRule): string =>
  [analyte, comparison, numberWords(limit), unit].filter((part) => part !== '').join(' ');

/** The same rule, however it was typed. */
export const isSameRule = (one: UrgencyRule, other: UrgencyRule): boolean =>
  comparableWords(one.analyte) === comparableWords(other.analyte) &&
  one.comparison === other.comparison &&
  one.limit === other.limit &&
  comparableUnit(one.unit) === comparableUnit(other.unit);

/** Lower case, without accents or signs, one space between words; `I.N.R.` is `inr`, `K⁺` is `k+`. */
export const comparableWords = (text: string): string =>
  PLAIN.test(text) ? text.toLowerCase().trim() : withoutSigns(text);

/** Most labels, which need no more. */
const PLAIN = /^[A-Za-z0-9]*(?: [A-Za-z0-9]+)*$/;

const withoutSigns = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/(?<![\p{L}\p{N}])(\p{L})\.(?=\p{L}(?![\p{L}\p{N}]))/gu, '$1')
    .replaceAll(/[^\p{L}\p{N}+]+/gu, ' ')
    .replaceAll(/(?<![\p{L}\p{N}])\++/gu, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();

/** The entry that a rule's analyte names, by a word or a code; null for an analyte that is not known here. */
export function knownAnalyte(analyte: string): KnownAnalyte | null {
  const words = comparableWords(analyte);
  const code = analyte.trim();
  const found = KNOWN_ANALYTES.find(
    (known) => known.loinc.includes(code) || known.words.includes(words) || known.whole.includes(words),
  );
  return found ?? null;
}

/** Words around a result, comparable. */
export interface ResultWords {
  readonly label: string;
  readonly headings: readonly string[];
}

/** Whether the words around a result speak of something else that only shares a word with the analyte. */
export function isOtherThing({ label, headings }: ResultWords, analyteWords: string): boolean {
  const said = new Set(analyteWords.split(' '));
  // The name of the INR itself is a ratio's.
  const words = label.replaceAll('rapport normalise', ' ').split(' ');
  if (words.some((word) => OTHER_QUANTITIES.has(word) && !said.has(word))) return true;
  const isOf = (specimens: ReadonlySet<string>, text: readonly string[]): boolean =>
    text.some((word) => specimens.has(word));
  if (isOf(OTHER_SPECIMENS, [...said])) return false;
  // The label first, then the innermost heading: whichever names a specimen.
  for (const text of [words, ...headings.toReversed().map((heading) => heading.split(' '))]) {
    if (isOf(BLOOD, text)) return false;
    if (isOf(OTHER_SPECIMENS, text)) return true;
  }
  return false;
}

/** Units that many laboratories print in capitals. */
const IN_CAPITALS = /^(?:[MU]MOL|MEQ|UEQ|[MUN]?G|G)\/(?:D|M)?L$/;
/** One thousand million per litre, in all its writings. */
const GIGA = /^(?:10\*9|10\^9|10⁹|x10\^9|Giga|giga|G)\/l$/;

/**
 * A unit in one writing: spaces, `μ` and `µ`, `L` and `l`, `10^9/L` and `G/L`. Writing only: units that need a factor
 * stay different, and `G/L` (10⁹) is never `g/L`.
 */
export function comparableUnit(unit: string): string {
  const plain = unit
    .normalize('NFC')
    .replaceAll(/\s/g, '')
    .replaceAll('\u03bc', 'µ')
    .replace(/^\{(.*)\}$/, '$1');
  const small = IN_CAPITALS.test(plain) && plain !== 'G/L' ? plain.toLowerCase() : plain;
  const written = small
    .replace(/\/([dmcµn]?)L$/, '/$1l')
    .replace(/^u(?=mol|g|eq|kat|l)/, 'µ')
    .replace(/^([mµ]?)Eq(?=\/)/, '$1eq')
    .replace(/m³$/, 'm3')
    .replace(/^(?:INR|Inr)$/, 'inr')
    .replace(/^(?:Ratio|RATIO)$/, 'ratio');
  return GIGA.test(written) ? 'G/l' : written;
}
