/**
 * The people and places a CDA names (clinical-formats A.2.3), as a reader would say them:
 * `Dr Marcel CAMPARINI (RPPS 01234567890), Laboratoire des Charmes`. Only what the file says; an empty word when it says
 * nothing.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';
import { attributeOf, childAt, childrenAt, childrenNamed, textOf } from '../xml/safe-xml.ts';
import { PROFESSIONAL_OID } from './cda-codes.ts';

/** Titles before names; of several the exercise (`DR`) is said, not the civility. */
const TITLES: Readonly<Record<string, string>> = {
  DR: 'Dr',
  PR: 'Pr',
  M: 'M.',
  MR: 'M.',
  MME: 'Mme',
  MLLE: 'Mlle',
};

/** The words of an element on one line. */
export const wordOf = (element: Element | null): string =>
  textOf(element).replace(/\s+/g, ' ').trim().slice(0, CDA_LIMITS.wordMaxCharacters);

/** `prefix`, `suffix`, `given`, `family` in any order, or the whole name in one string. */
export function personName(name: Element | null): string {
  if (!name) return '';
  const family = familyOf(name, ['CL', 'SP', 'BR']);
  const given = givenOf(name, ['CL', 'BR']);
  if (family === '' && given === '') return wordOf(name);
  return [titleOf(name), given, family].filter((part) => part !== '').join(' ');
}

/** The first `family` with one of these qualifiers, in this order of preference, else the first without any. */
export const familyOf = (name: Element, qualifiers: readonly string[]): string => partOf(name, 'family', qualifiers);
export const givenOf = (name: Element, qualifiers: readonly string[]): string => partOf(name, 'given', qualifiers);

/** A part of a name that has exactly this qualifier (`BR SP` has both); empty when there is none. */
export function qualifiedPart(name: Element, part: 'family' | 'given', qualifier: string): string {
  const found = childrenNamed(name, part).find((element) => qualifiersOf(element).includes(qualifier));
  return wordOf(found ?? null);
}

function partOf(name: Element, part: 'family' | 'given', qualifiers: readonly string[]): string {
  for (const qualifier of qualifiers) {
    const found = qualifiedPart(name, part, qualifier);
    if (found !== '') return found;
  }
  const plain = childrenNamed(name, part).find((element) => qualifiersOf(element).length === 0);
  return wordOf(plain ?? null);
}

const qualifiersOf = (element: Element): string[] =>
  attributeOf(element, 'qualifier')
    .split(/\s+/)
    .filter((word) => word !== '');

function titleOf(name: Element): string {
  const written = [...childrenNamed(name, 'suffix'), ...childrenNamed(name, 'prefix')].map(wordOf);
  const known = written
    .map((word) => word.toUpperCase().replace(/\.$/, ''))
    .filter((word) => Object.hasOwn(TITLES, word));
  const title = known.find((word) => word === 'DR' || word === 'PR') ?? known[0];
  return title === undefined ? '' : (TITLES[title] ?? '');
}

/** `assignedAuthor`, `associatedEntity`, `intendedRecipient`, `assignedEntity`: who, with number, and where. */
export function partyName(party: Element | null): string {
  if (!party) return '';
  const person = ['assignedPerson', 'associatedPerson', 'informationRecipient']
    .map((kind) => personName(childAt(party, `${kind}/name`)))
    .find((name) => name !== '');
  const who = person ?? deviceName(party);
  const number = professionalNumber(party);
  const named = who === '' ? '' : number === '' ? who : `${who} (${number})`;
  return [named, organisationName(party)].filter((part) => part !== '').join(', ');
}

export const isPerson = (party: Element): boolean => childAt(party, 'assignedPerson') !== null;

function deviceName(party: Element): string {
  const device = childAt(party, 'assignedAuthoringDevice');
  const parts = [childAt(device, 'manufacturerModelName'), childAt(device, 'softwareName')].map(
    (part) => wordOf(part) || attributeOf(part, 'displayName').trim(),
  );
  return [...new Set(parts.filter((part) => part !== ''))].join(' ');
}

function organisationName(party: Element): string {
  for (const kind of ['representedOrganization', 'scopingOrganization', 'receivedOrganization']) {
    const name = childrenAt(party, `${kind}/name`)
      .map(wordOf)
      .find((word) => word !== '');
    if (name !== undefined) return name;
  }
  return '';
}

/** `8` and eleven digits are an RPPS number, `0` and nine an ADELI number (clinical-formats A.2.3). */
export function professionalNumber(party: Element): string {
  const extension = childrenNamed(party, 'id')
    .filter((id) => attributeOf(id, 'root').trim() === PROFESSIONAL_OID)
    .map((id) => attributeOf(id, 'extension').trim())[0];
  if (extension === undefined) return '';
  if (/^8\d{11}$/.test(extension)) return `RPPS ${extension.slice(1)}`;
  return /^0[0-9A-Z]{9}$/.test(extension) ? `ADELI ${extension.slice(1)}` : '';
}
