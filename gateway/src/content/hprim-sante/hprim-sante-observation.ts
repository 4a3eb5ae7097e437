/**
 * One observation (OBX) of an HPRIM Santé file, as a result of the card (clinical-formats A.1.5).
 *
 * The value is the file's own characters; the laboratory's flag is taken at its word, and "critical" is only what it
 * calls LL, HH or AA. A result that was deleted or could not be had is told, and never shown as a value.
 */

import type { LabResult, Measure, Severity } from '@estafette/contracts/document';
import { computeFlag, severityOf, splitRange } from '../hprim/hprim-flag.ts';
import { componentOf, proseOf, rawField, repetitionsOf, type Segment, wordsOf } from './hprim-sante-segments.ts';

export type Observation =
  | { kind: 'result'; result: LabResult; warnings: string[] }
  /** Prose, or a file that the message names: it belongs to the text. */
  | { kind: 'text'; label: string; text: string; warnings: string[] };

/** The worst first: one field may hold several. */
const FLAGS = ['HH', 'LL', 'AA', 'H', 'L', 'A', 'N'] as const;
const INTERPRETATIONS: Readonly<Record<string, string>> = {
  '<': 'sous la limite de mesure',
  '>': 'au-dessus de la limite de mesure',
  U: 'en hausse',
  D: 'en baisse',
  B: 'amélioré',
  W: 'aggravé',
  R: 'résistant',
  I: 'intermédiaire',
  S: 'sensible',
  MS: 'modérément sensible',
  VS: 'très sensible',
};
/** An antibiogram's words, judged as in a CDA (clinical-formats A.2.4). */
const SEVERITY_OF_WORD: Readonly<Record<string, Severity>> = {
  résistant: 'abnormal',
  sensible: 'normal',
  'très sensible': 'normal',
};
/** They compare with the result before, or say nothing: the range may still be asked. */
const SILENT_ON_RANGE = /^(?:U|D|B|W|null)$/i;
/** A lone number does not say of which side it is the limit: `40`, `-40`. */
const LONE_NORM = /^[+-]?\s?\d[\d.,]{0,20}$/;
/** Dates, people, addresses, codes: figures in them are no amount that a range could hold. */
const NO_AMOUNT = new Set(['DT', 'TS', 'TM', 'AD', 'PN', 'TN', 'CK', 'CNA', 'CE']);
/** Fields up to the status, OBX.12: a line cut before it may lack a flag, or half of a value. */
const WHOLE_FIELDS = 12;
const SHORT_TEXT = 80;
const NOTHING: Measure = { value: '', unit: '', low: '', high: '' };

/** Null when the segment was cut before its status: what stands in it cannot be believed. */
export function readObservation(segment: Segment, headings: readonly string[]): Observation | null {
  if (segment.broken && segment.fields.length < WHOLE_FIELDS) return null;
  const written = rawField(segment, 3).toUpperCase();
  const type = written === 'FT' ? 'TX' : written;
  const code = componentOf(segment, 4, 1);
  const label = componentOf(segment, 4, 2) || code;
  const said = readFlags(segment);
  const isProse = type === 'TX' || type === 'FIC' || type === 'GC';
  const value = type === 'TX' ? proseOf(segment, 6) : writtenValue(segment, type);
  const isShort = value.length <= SHORT_TEXT && !value.includes('\n');
  if (isProse && (type !== 'TX' || (said.flag === null && said.words.length === 0 && !isShort))) {
    return { kind: 'text', label, text: value, warnings: type === 'TX' ? [] : ['file-mentioned'] };
  }
  const subId = componentOf(segment, 5, 1);
  const under = subId === '' ? [...headings] : [...headings, subId];
  const lone = LONE_NORM.test(rawField(segment, 8)) ? rawField(segment, 8) : null;
  const range = lone === null ? rangeOf(segment) : { low: '', high: '' };
  const measure = { value, unit: unitOf(segment), ...range };
  const comments = lone === null ? [] : [`Norme : ${lone}`];
  const result = { headings: under, label, code, second: null, comments };
  return { kind: 'result', ...stated(segment, measure, said, result) };
}

type Frame = Pick<LabResult, 'headings' | 'label' | 'code' | 'second' | 'comments'>;

/** The result as its status (OBX.12) lets it be shown. */
function stated(
  segment: Segment,
  measure: Measure,
  said: Flags,
  frame: Frame,
): { result: LabResult; warnings: string[] } {
  const given = rawField(segment, 12).toUpperCase();
  const warnings = [...said.warnings];
  const gone = given === 'D' ? 'résultat supprimé' : given === 'X' ? 'résultat impossible à obtenir' : null;
  if (gone !== null) {
    const words = [measure.value, measure.unit].filter((part) => part !== '').join(' ');
    const comments = measure.value === '' ? [] : [`Valeur annulée : ${words}`];
    const empty = { flag: null, flagComputed: false, severity: 'unknown', status: null } as const;
    return {
      result: { ...frame, first: NOTHING, ...empty, interpretation: gone, comments: [...comments, ...frame.comments] },
      warnings: [given === 'D' ? 'result-deleted' : 'result-unavailable'],
    };
  }
  const status = statusOf(given);
  if (status === null && given !== '') warnings.push('status-unknown');
  const computed = said.flag === null && said.mayCompute && isAmount(segment) ? computeFlag(measure) : null;
  const flag = said.flag ?? computed;
  const words = given === 'I' ? [...said.words, 'en attente'] : said.words;
  const [word = ''] = said.words;
  const severity = flag === null ? (SEVERITY_OF_WORD[word] ?? 'unknown') : severityOf(flag);
  const judged = { flag, flagComputed: computed !== null, severity };
  return { result: { ...frame, first: measure, ...judged, interpretation: words.join(', '), status }, warnings };
}

const isAmount = (segment: Segment): boolean => !NO_AMOUNT.has(rawField(segment, 3).toUpperCase());

/** U: validated after it was sent as provisional. I: not measured yet, so whatever stands there is not validated. */
function statusOf(given: string): LabResult['status'] {
  if (given === 'F' || given === 'U') return 'F';
  if (given === 'R' || given === 'I') return 'R';
  return given === 'P' || given === 'C' ? given : null;
}

type Flags = { flag: LabResult['flag']; words: string[]; mayCompute: boolean; warnings: string[] };

function readFlags(segment: Segment): Flags {
  const tokens = repetitionsOf(segment, 9)
    .map(([token = '']) => token.toUpperCase())
    .filter((token) => token !== '');
  const flag = FLAGS.find((known) => tokens.includes(known)) ?? null;
  const others = tokens.filter((token) => !FLAGS.some((known) => known === token) && token !== 'NULL');
  const isKnown = (token: string): boolean => Object.hasOwn(INTERPRETATIONS, token);
  return {
    flag,
    words: others.map((token) => (isKnown(token) ? (INTERPRETATIONS[token] ?? token) : token)),
    mayCompute: tokens.every((token) => SILENT_ON_RANGE.test(token)),
    warnings: others.every(isKnown) ? [] : ['flag-unknown'],
  };
}

/** Coded values are `code~words`: people read the words. */
function writtenValue(segment: Segment, type: string): string {
  if (type !== 'CE') return wordsOf(segment, 6);
  return repetitionsOf(segment, 6)
    .map(([code = '', words = '']) => words || code)
    .filter((each) => each !== '')
    .join(' ; ');
}

/** The unit as people write it, where its name and its coding stand behind it (`mmol/L~millimole par litre~ISO+`). */
const unitOf = (segment: Segment): string =>
  repetitionsOf(segment, 7).length > 1 ? wordsOf(segment, 7) : componentOf(segment, 7, 1) || wordsOf(segment, 7);

/** `10 - 40` and `10~40` are two norms, `< 5` an upper one; what is neither is shown as written. */
function rangeOf(segment: Segment): { low: string; high: string } {
  const [[low = '', high = '', ...more] = [], ...others] = repetitionsOf(segment, 8);
  if (more.length + others.length === 0 && splitRange(`${low} - ${high}`) !== null) return { low, high };
  // `~40`: the upper one alone.
  if (more.length + others.length === 0 && low === '' && splitRange(`0 - ${high}`) !== null) return { low, high };
  const written = wordsOf(segment, 8);
  const range = splitRange(written);
  if (range) return range;
  return /^(?:<|≤|inf)/i.test(written) ? { low: '', high: written } : { low: written, high: '' };
}
