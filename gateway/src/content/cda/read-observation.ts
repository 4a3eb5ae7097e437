/**
 * One observation of a laboratory as one line of the card (clinical-formats A.2.4): label, value and unit, range,
 * what the laboratory says of it, status, comments. Exact in what it claims: the flag is the laboratory's own, or
 * computed from plain numbers in one unit and marked so; what was broken off or denied is never shown as a value.
 */

import type { LabResult, Measure } from '@estafette/contracts/document';
import { CDA_LIMITS } from '@estafette/contracts/limits';
import { attributeOf, childAt, childrenNamed } from '../xml/safe-xml.ts';
import { LOINC_OID } from './cda-codes.ts';
import { interpretationOf } from './interpretation.ts';
import type { ObservedValue } from './observed-value.ts';
import { observedValue, qualifiersOf } from './observed-value.ts';
import type { Ranges } from './reference-range.ts';
import { rangesOf } from './reference-range.ts';
import type { References } from './references.ts';
import { isTrue } from './truth.ts';

/** What an act above says of everything inside it. */
export type ActStatus = 'completed' | 'active' | 'aborted';
export type ReadObservation = { result: LabResult; warnings: string[] };

const ELEMENT_NODE = 1;
const NUMBER = /^[+-]?\d{1,15}(?:\.\d{1,15})?$/;
const ABORTED: ReadonlySet<string> = new Set(['aborted', 'cancelled', 'nullified', 'obsolete', 'suspended']);
const UNDER_WAY: ReadonlySet<string> = new Set(['active', 'new', 'held', 'normal']);
const EMPTY: Measure = { value: '', unit: '', low: '', high: '' };

/** The status of an act, never better than that of the act around it. */
export function actStatusOf(act: Element, around: ActStatus): ActStatus {
  const code = attributeOf(childAt(act, 'statusCode'), 'code').trim();
  if (around === 'aborted' || ABORTED.has(code)) return 'aborted';
  return around === 'active' || UNDER_WAY.has(code) ? 'active' : 'completed';
}

/** The words for what was looked at: the name of the code, else what it refers to in the narrative, else the code. */
export function labelOf(code: Element | null, references: References): string {
  if (!code) return '';
  const label =
    attributeOf(code, 'displayName').trim() ||
    references.wordsAt(childAt(code, 'originalText')) ||
    attributeOf(childAt(code, 'translation'), 'displayName').trim() ||
    attributeOf(code, 'code').trim();
  return [label, ...qualifiersOf(code, references)]
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, CDA_LIMITS.wordMaxCharacters);
}

/** The LOINC code where there is one, be it as a translation of the laboratory's own. */
function codeOf(code: Element | null): string {
  if (!code) return '';
  const all = [code, ...childrenNamed(code, 'translation')];
  const loinc = all.find((element) => attributeOf(element, 'codeSystem').trim() === LOINC_OID);
  return attributeOf(loinc ?? code, 'code').trim() || attributeOf(code, 'code').trim();
}

/** It, or what it stands in. */
function isDeniedAt(observation: Element): boolean {
  for (let at: Node | null = observation; at?.nodeType === ELEMENT_NODE; at = at.parentNode)
    if (isTrue(attributeOf(at as Element, 'negationInd'))) return true;
  // sdtc:valueNegationInd, of HL7's extensions: not this value.
  return isTrue(attributeOf(observation, 'valueNegationInd'));
}

export function readObservation(
  observation: Element,
  { headings, status, references }: { headings: readonly string[]; status: ActStatus; references: References },
): ReadObservation {
  const code = childAt(observation, 'code');
  const isDenied = isDeniedAt(observation);
  const line: LabResult = {
    headings: [...headings],
    label: labelOf(code, references),
    code: codeOf(code),
    first: EMPTY,
    second: null,
    flag: null,
    interpretation: '',
    flagComputed: false,
    severity: 'unknown',
    status: status === 'active' ? 'P' : status === 'completed' ? 'F' : null,
    comments: [],
  };
  if (status === 'aborted')
    return { result: { ...line, interpretation: 'examen non abouti' }, warnings: ['result-aborted'] };
  if (isDenied)
    return { result: { ...line, interpretation: 'voir le texte (négation)' }, warnings: ['result-negated'] };
  return withValue(line, observation, references);
}

function withValue(line: LabResult, observation: Element, references: References): ReadObservation {
  const value = observedValue(observation, references);
  const [other, ...more] = value.others;
  const ranges = rangesOf(observation, { unit: value.unit, other, references });
  const given = interpretationOf(observation, references);
  const computed = given === null ? computedFlag(value, ranges) : null;
  const warnings = [...(given?.warnings ?? [])];
  const isLong = value.value.length > CDA_LIMITS.valueMaxCharacters;
  if (isLong) warnings.push('value-in-text');
  const first = { value: isLong ? '' : value.value, unit: value.unit, ...ranges.first };
  const result: LabResult = {
    ...line,
    first,
    second: other ? { ...other, ...ranges.second } : null,
    flag: given ? given.flag : computed,
    flagComputed: computed !== null,
    severity: given ? given.severity : computed === null ? 'unknown' : computed === 'N' ? 'normal' : 'abnormal',
    interpretation: [value.absence, given?.words ?? ''].filter((words) => words !== '').join(', '),
    comments: [...more.map((also) => `soit ${also.value} ${also.unit}`.trim()), ...ranges.words],
  };
  return { result, warnings };
}

/**
 * Only N, L or H, and only from plain numbers (a bound in another unit has it written beside): "critical" is the
 * laboratory's word alone.
 */
function computedFlag(value: ObservedValue, { first }: Ranges): 'N' | 'L' | 'H' | null {
  const isPlain = (text: string): boolean => text === '' || NUMBER.test(text);
  if (!NUMBER.test(value.value) || !isPlain(first.low) || !isPlain(first.high)) return null;
  const number = Number(value.value);
  const low = first.low === '' ? null : Number(first.low);
  const high = first.high === '' ? null : Number(first.high);
  if ((low === null && high === null) || (low !== null && high !== null && low > high)) return null;
  if (low !== null && number < low) return 'L';
  return high !== null && number > high ? 'H' : 'N';
}
