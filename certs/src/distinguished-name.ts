/**
 * X.501 names in the order and encodings IGC-Santé uses: country first, common name last; PrintableString for the
 * country (RFC 5280 appendix A asks it), UTF8String for everything else, so that accents survive.
 * One attribute per RDN. Values longer than the X.520 upper bounds are refused rather than cut.
 */

import { type DerValue, oid, printableString, sequence, setOf, utf8String } from './der.ts';

const ATTRIBUTE_OIDS = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  title: '2.5.4.12',
  SN: '2.5.4.4',
  GN: '2.5.4.42',
  CN: '2.5.4.3',
} as const;

/** Upper bounds, in characters (RFC 5280 appendix A.1: ub-common-name and its sisters; ub-state-name). */
const MAX_CHARACTERS = 64;
const MAX_STATE_CHARACTERS = 128;

export type NameAttribute = keyof typeof ATTRIBUTE_OIDS;
export type NamePart = readonly [attribute: NameAttribute, value: string];

function attributeValue(attribute: NameAttribute, value: string): DerValue {
  const limit = attribute === 'ST' ? MAX_STATE_CHARACTERS : MAX_CHARACTERS;
  if (value.length === 0 || [...value].length > limit) {
    throw new RangeError(`${attribute} must have 1 to ${limit} characters: "${value}"`);
  }
  if (attribute !== 'C') return utf8String(value);
  if (!/^[A-Z]{2}$/.test(value)) throw new RangeError(`C must be a two-letter country code: "${value}"`);
  return printableString(value);
}

/** The DER Name of these parts, in the order given. Throws RangeError on an empty, overlong or ill-formed value. */
export function distinguishedName(parts: readonly NamePart[]): DerValue {
  const rdns = parts.map(([attribute, value]) =>
    setOf(sequence(oid(ATTRIBUTE_OIDS[attribute]), attributeValue(attribute, value))),
  );
  return sequence(...rdns);
}

/** The same parts as a line for people: `C=FR, O=…, CN=…`. Not meant for comparison. */
export function describeName(parts: readonly NamePart[]): string {
  return parts.map(([attribute, value]) => `${attribute}=${value}`).join(', ');
}
