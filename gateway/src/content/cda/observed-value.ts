/**
 * The value of an observation (CDA R2 §4.3.6, HL7 data types ITS R1) as characters to show: a quantity, a number, a
 * coded or plain answer, an interval, a yes or no, a time, a titre. Read by its shape rather than by `xsi:type`, whose
 * prefix and truth vary. Numbers are the file's own characters: never rounded, converted or reformatted.
 */

import type { Measure } from '@estafette/contracts/document';
import { attributeOf, childAt, childrenNamed, textOf } from '../xml/safe-xml.ts';
import { isEnclosedFile } from './encapsulated.ts';
import { printUnit } from './print-unit.ts';
import type { References } from './references.ts';
import { printStamp } from './time-stamp.ts';
import { isFalse, isTrue } from './truth.ts';

export type Quantity = Pick<Measure, 'value' | 'unit'>;
export type ObservedValue = Quantity & {
  /** The same in other units (`translation`), as the laboratory converted it. */
  others: Quantity[];
  /** Why there is no value, in words; empty when there is one or nobody said. */
  absence: string;
};

const NO_VALUE: ObservedValue = { value: '', unit: '', others: [], absence: '' };

/** HL7 NullFlavor, those met in practice. */
const ABSENCES: Readonly<Record<string, string>> = {
  NA: 'non applicable',
  UNK: 'inconnu',
  NASK: 'non demandé',
  ASKU: 'demandé, inconnu',
  NAV: 'non disponible',
  NAVU: 'non disponible',
  MSK: 'masqué',
  TRC: 'traces',
  QS: 'quantité suffisante',
};
const WRITTEN_QUANTITY = /^([<>≤≥]?=? ?\d{1,12}(?:[.,]\d{1,9})?) (%|[A-Za-zµ]{1,6}\/[A-Za-z]{1,6})$/;
const TRANSLATIONS_MAX = 10;

/** All `value` elements of an observation as one; several are written one after the other. */
export function observedValue(observation: Element, references: References): ObservedValue {
  const read = childrenNamed(observation, 'value').map((element) => valueAt(element, references));
  const [first, ...more] = read;
  if (!first) return NO_VALUE;
  if (more.length === 0) return first;
  const written = read.map(({ value, unit }) => [value, unit].filter((part) => part !== '').join(' '));
  return { ...NO_VALUE, value: written.filter((part) => part !== '').join(' ; ') };
}

export function valueAt(element: Element, references: References): ObservedValue {
  // A file (PDF, picture) is no value; it stands among the files.
  if (isEnclosedFile(element)) return NO_VALUE;
  const others = othersOf(element);
  const measured = boundedValue(element) ?? ratio(element) ?? plainValue(element);
  if (measured) return { ...NO_VALUE, ...measured, others };
  // Stated in another unit only.
  const [translated, ...more] = others;
  if (translated) return { ...NO_VALUE, ...translated, others: more };
  const coded = codedValue(element, references);
  if (coded) return { ...NO_VALUE, ...coded };
  const words = references.wordsAt(element);
  if (words !== '') return { ...NO_VALUE, ...writtenQuantity(words) };
  const flavor = attributeOf(element, 'nullFlavor').trim().toUpperCase();
  return { ...NO_VALUE, absence: Object.hasOwn(ABSENCES, flavor) ? (ABSENCES[flavor] ?? '') : '' };
}

/** PQ, REAL, INT, BL, TS: what stands in the attribute. */
function plainValue(element: Element): Quantity | null {
  const value = attributeOf(element, 'value').trim();
  if (value === '') return null;
  const type = typeOf(element);
  if (type === 'BL') return { value: isTrue(value) ? 'oui' : isFalse(value) ? 'non' : value, unit: '' };
  if (type === 'TS') return { value: printStamp(value), unit: '' };
  return { value, unit: printUnit(attributeOf(element, 'unit')) };
}

/** ST, ED: words; `<1.0 mg/L`, a number and its unit in one string, is told apart. */
function writtenQuantity(words: string): Quantity {
  const [, value, unit] = WRITTEN_QUANTITY.exec(words) ?? [];
  return value === undefined || unit === undefined ? { value: words, unit: '' } : { value, unit: printUnit(unit) };
}

/** `xsi:type` without its prefix. */
const typeOf = (element: Element): string => attributeOf(element, 'type').trim().split(':').at(-1) ?? '';

/** IVL_PQ, IVL_REAL, IVL_TS: `< 0.128`, `≥ 0.512`, `2 – 5`. */
function boundedValue(element: Element): Quantity | null {
  const low = childAt(element, 'low');
  const high = childAt(element, 'high');
  const center = childAt(element, 'center');
  if (!low && !high) return center ? plainValue(center) : null;
  const isTime = typeOf(element) === 'IVL_TS';
  const from = boundOf(low, isTime);
  const to = boundOf(high, isTime);
  if (from === null && to === null) return null;
  if (from === null || to === null) {
    const only = from ?? to;
    const sign = from === null ? (to?.isOpen ? '<' : '≤') : from.isOpen ? '>' : '≥';
    return { value: `${sign} ${only?.value ?? ''}`, unit: only?.unit ?? '' };
  }
  const isSameUnit = from.unit === to.unit || from.unit === '';
  const start = `${from.isOpen ? '> ' : ''}${from.value}${isSameUnit ? '' : ` ${from.unit}`}`;
  return { value: `${start} – ${to.isOpen ? '< ' : ''}${to.value}`, unit: to.unit };
}

export type Bound = Quantity & { isOpen: boolean };

/** One end of an interval; null when it says nothing (unbounded, unknown). */
export function boundOf(element: Element | null, isTime = false): Bound | null {
  const value = attributeOf(element, 'value').trim();
  if (!element || value === '') return null;
  return {
    value: isTime ? printStamp(value) : value,
    unit: printUnit(attributeOf(element, 'unit')),
    isOpen: isFalse(attributeOf(element, 'inclusive')),
  };
}

/** RTO: `1/64`, `5 mg/L`, `150 mg / 24 h`. */
function ratio(element: Element): Quantity | null {
  const above = boundOf(childAt(element, 'numerator'));
  const below = boundOf(childAt(element, 'denominator'));
  if (!above || !below) return null;
  if (above.unit === '' && below.unit === '') return { value: `${above.value}/${below.value}`, unit: '' };
  if (below.value === '1')
    return { value: above.value, unit: below.unit === '' ? above.unit : `${above.unit}/${below.unit}` };
  return { value: `${above.value} ${above.unit} / ${below.value} ${below.unit}`.trim(), unit: '' };
}

/** CD, CE: the words for people; a bare code says that it is one, so that nobody takes it for a number measured. */
function codedValue(element: Element | null, references: References): Quantity | null {
  if (!element) return null;
  const name = attributeOf(element, 'displayName').trim() || references.wordsAt(childAt(element, 'originalText'));
  const translated = attributeOf(childAt(element, 'translation'), 'displayName').trim();
  const code = attributeOf(element, 'code').trim();
  const words = name || translated || (code === '' ? '' : `code ${code}`);
  if (words === '') return null;
  const own = textOf(childAt(element, 'originalText')).replace(/\s+/g, ' ').trim();
  const beside = own === '' || own.toLowerCase() === words.toLowerCase() ? [] : [`(${own})`];
  return { value: [words, ...beside, ...qualifiersOf(element, references)].join(' '), unit: '' };
}

/** What narrows a code (`Résistance : méticilline`): without it another thing would be said. */
export function qualifiersOf(element: Element, references: References): string[] {
  return childrenNamed(element, 'qualifier')
    .map((qualifier) => ['name', 'value'].map((part) => codedValue(childAt(qualifier, part), references)?.value ?? ''))
    .map((parts) => parts.filter((part) => part !== '').join(' : '))
    .filter((words) => words !== '')
    .map((words) => `(${words})`);
}

/** A number of some terminology is no unit to read. */
const unitCodeOf = (other: Element): string =>
  [attributeOf(other, 'code'), attributeOf(other, 'unit')].find((unit) => unit !== '' && !/^\d+$/.test(unit)) ?? '';

/** PQR: value, and the unit as a code of some system. */
export function othersOf(element: Element | null): Quantity[] {
  if (!element) return [];
  return childrenNamed(element, 'translation')
    .map((other) => ({
      value: attributeOf(other, 'value').trim(),
      unit: printUnit(unitCodeOf(other) || attributeOf(other, 'displayName') || attributeOf(other, 'code')),
    }))
    .filter((other) => other.value !== '')
    .slice(0, TRANSLATIONS_MAX);
}
