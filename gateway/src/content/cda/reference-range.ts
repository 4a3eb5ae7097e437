/**
 * The reference ranges of an observation (clinical-formats A.2.4): the one that counts for the patient as two bounds,
 * every other one in words, so that nothing the laboratory wrote is lost.
 *
 * Counts: the one range without a precondition that is about the normal (its own interpretationCode is N or absent, and
 * no code calls it otherwise); of several, the one in the unit of the value, or none. A range for women or children, or
 * a limit of alert, is never taken for the patient's range: laboratories write "Homme" and "Femme" in words beside, too.
 */

import type { Measure } from '@estafette/contracts/document';
import { attributeOf, childAt, childrenNamed, textOf } from '../xml/safe-xml.ts';
import type { Bound, Quantity } from './observed-value.ts';
import { boundOf, othersOf, valueAt } from './observed-value.ts';
import type { References } from './references.ts';

export type Limits = Pick<Measure, 'low' | 'high'>;
export type Ranges = {
  /** Of the value, then of its translation; as the file writes them. */
  first: Limits;
  second: Limits;
  /** What the other ranges say. */
  words: string[];
};

type Range = {
  low: Bound | null;
  high: Bound | null;
  element: Element;
  condition: string;
  isNormal: boolean;
  /** What the laboratory calls it (`Zone toxique`). */
  name: string;
};

/** Words after which a range is not for anybody. */
const SOME_PEOPLE =
  /\b(?:hommes?|femmes?|enfants?|nourrissons?|nouveaux?[ -]n[ée]s?|filles?|gar[cç]ons?|adultes?|enceintes?|grossesse|trimestre|m[ée]nopaus|folliculaire|lut[ée]ale|ovulatoire|\d{1,3} {0,3}(?:ans?|mois|jours?|semaines?|SA))(?![a-z])/i;
const NONE: Limits = { low: '', high: '' };
const RANGES_MAX = 30;

export function rangesOf(
  observation: Element,
  { unit, other, references }: { unit: string; other: Quantity | undefined; references: References },
): Ranges {
  const ranges = childrenNamed(observation, 'referenceRange')
    .flatMap((element) => childrenNamed(element, 'observationRange'))
    .slice(0, RANGES_MAX)
    .map((element) => readRange(element, references));
  const chosen = chosenOf(ranges, unit);
  const words = ranges.map((range) => wordsOf(range, { isChosen: range === chosen, unit, references }));
  const found: Ranges = { first: NONE, second: NONE, words: words.filter((line) => line !== '') };
  if (!chosen) return found;
  found.first = { low: writtenLow(chosen.low, unit), high: writtenHigh(chosen.high, unit) };
  found.second = other ? translatedLimits(chosen, other) : NONE;
  return found;
}

/** Of ranges that say the same the first. */
function chosenOf(ranges: readonly Range[], unit: string): Range | null {
  const open = ranges.filter(({ low, high, condition, isNormal }) => (low || high) && condition === '' && isNormal);
  if (isOne(open)) return open[0] ?? null;
  const inUnit = open.filter(({ low, high }) => [low, high].every((bound) => bound === null || bound.unit === unit));
  return isOne(inUnit) ? (inUnit[0] ?? null) : null;
}

const isOne = (ranges: readonly Range[]): boolean =>
  new Set(ranges.map(({ low, high }) => JSON.stringify([low, high]))).size === 1;

function readRange(element: Element, references: References): Range {
  const value = childAt(element, 'value');
  const meaning = attributeOf(childAt(element, 'interpretationCode'), 'code').trim();
  const code = childAt(element, 'code');
  const beside = references.wordsAt(childAt(element, 'text'));
  const name = attributeOf(code, 'displayName').trim() || references.wordsAt(childAt(code, 'originalText'));
  return {
    name,
    low: boundOf(childAt(value, 'low')),
    high: boundOf(childAt(value, 'high')),
    element,
    condition: childrenNamed(element, 'precondition')
      .map((precondition) => conditionOf(precondition, references))
      .join(', '),
    isNormal: (meaning === 'N' || (meaning === '' && name === '')) && !SOME_PEOPLE.test(beside),
  };
}

/** Never empty: a precondition that cannot be read is still one. */
function conditionOf(precondition: Element, references: References): string {
  const criterion = childAt(precondition, 'criterion');
  const code = childAt(criterion, 'code');
  const value = childAt(criterion, 'value');
  const parts = [
    attributeOf(code, 'displayName').trim(),
    references.wordsAt(childAt(criterion, 'text')),
    attributeOf(value, 'displayName').trim() || attributeOf(value, 'value').trim() || (value ? intervalOf(value) : ''),
  ];
  return parts.filter((part) => part !== '').join(' ') || 'sous condition';
}

function intervalOf(value: Element): string {
  const low = boundOf(childAt(value, 'low'));
  const high = boundOf(childAt(value, 'high'));
  return spanOf(low, high, '') || textOf(value).replace(/\s+/g, ' ').trim();
}

/** `2.0`; with what is odd about it: `> 2.0` when the bound itself is outside, `200 mg/L` when the value has g/L. */
const writtenLow = (bound: Bound | null, unit: string): string => written(bound, unit, '> ');
const writtenHigh = (bound: Bound | null, unit: string): string => written(bound, unit, '< ');

function written(bound: Bound | null, unit: string, sign: string): string {
  if (!bound) return '';
  const ownUnit = bound.unit === '' || bound.unit === unit ? '' : ` ${bound.unit}`;
  return `${bound.isOpen ? sign : ''}${bound.value}${ownUnit}`;
}

function spanOf(low: Bound | null, high: Bound | null, unit: string): string {
  const from = writtenLow(low, unit);
  const to = writtenHigh(high, unit);
  if (from === '' && to === '') return '';
  if (from === '') return high?.isOpen ? to : `≤ ${to}`;
  if (to === '') return low?.isOpen ? from : `≥ ${from}`;
  return `${from} – ${to}`;
}

/** What is not in the two bounds: other ranges, and words that stand beside. */
function wordsOf(
  range: Range,
  { isChosen, unit, references }: { isChosen: boolean; unit: string; references: References },
): string {
  const value = childAt(range.element, 'value');
  const hasBounds = range.low !== null || range.high !== null;
  const beside = references.wordsAt(childAt(range.element, 'text'));
  const inside = hasBounds || !value ? '' : valueWords(value, references);
  const span = isChosen ? '' : spanOf(range.low, range.high, unit);
  const words = [span, inside, beside].filter((part) => part !== '').join(' ; ');
  if (words === '') return '';
  const meaning = childAt(range.element, 'interpretationCode');
  const kind = range.isNormal ? '' : attributeOf(meaning, 'displayName').trim() || attributeOf(meaning, 'code').trim();
  const about = [range.name, kind, range.condition].filter((part) => part !== '').join(', ');
  return `Valeurs de référence${about === '' ? '' : ` (${about})`} : ${words}`;
}

function valueWords(element: Element, references: References): string {
  const { value, unit } = valueAt(element, references);
  return [value, unit].filter((part) => part !== '').join(' ');
}

/** The bounds in the unit of the translated value, where the laboratory gives them. */
function translatedLimits(chosen: Range, other: Quantity): Limits {
  const value = childAt(chosen.element, 'value');
  const find = (name: 'low' | 'high', bound: Bound | null, sign: string): string => {
    const found = othersOf(childAt(value, name)).find(({ unit }) => unit === other.unit);
    return found ? `${bound?.isOpen ? sign : ''}${found.value}` : '';
  };
  return { low: find('low', chosen.low, '> '), high: find('high', chosen.high, '< ') };
}
