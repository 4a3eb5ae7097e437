/**
 * How the author of a CDA is reached and known (clinical-formats A.2.3): his national number, and the telephone numbers
 * that the header states for him, his laboratory, who answers for the document and who keeps it. Numbers of the patient,
 * the prescriber or the sampler are not the author's. As stated; what is no `tel:` number is none.
 */

import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import { phoneNumber } from '../../ports.ts';
import { attributeOf, childAt, childrenAt, childrenNamed } from '../xml/safe-xml.ts';
import { ORGANISATION_OID } from './cda-codes.ts';
import { isPerson, partyName, professionalNumber, wordOf } from './people.ts';

export interface AuthorContact {
  /** Words for `sender`. */
  readonly sender: string;
  /** `RPPS 01234567890`, `FINESS 750000001`; empty where nothing is stated. */
  readonly authorId: string;
  /** Those of the author first. */
  readonly phones: string[];
}

/** Of the first author that is a person, else a device; else of who answers for the document, or keeps it. */
export function authorContact(document: Element): AuthorContact {
  const authors = childrenAt(document, 'author/assignedAuthor');
  const answering = childrenAt(document, 'legalAuthenticator/assignedEntity');
  const parties = [...authors.filter(isPerson), ...authors.filter((author) => !isPerson(author)), ...answering];
  const custodian = childAt(document, 'custodian/assignedCustodian/representedCustodianOrganization');
  const named = parties.find((party) => partyName(party) !== '');
  const sender = named ? partyName(named) : wordOf(childAt(custodian, 'name'));
  const authorId = named
    ? professionalNumber(named) || organisationNumber(childAt(named, 'representedOrganization'))
    : organisationNumber(custodian);
  const first = named ? [named] : [];
  const places = [...first, ...parties].flatMap((party) => [party, childAt(party, 'representedOrganization')]);
  return { sender, authorId, phones: phonesOf([...places, custodian]) };
}

/** Each number once, whoever states it. */
function phonesOf(places: readonly (Element | null)[]): string[] {
  const stated = places
    .flatMap((place) => (place === null ? [] : childrenNamed(place, 'telecom')))
    .map((telecom) => phoneNumber(attributeOf(telecom, 'value')))
    .filter((phone) => phone !== null);
  return [...new Set(stated)].slice(0, URGENCY_LIMITS.phonesMax);
}

/** `1` and nine characters are a FINESS number, `3` and fourteen a SIRET (clinical-formats A.2.3). */
function organisationNumber(organisation: Element | null): string {
  if (organisation === null) return '';
  const extension = childrenNamed(organisation, 'id')
    .filter((id) => attributeOf(id, 'root').trim() === ORGANISATION_OID)
    .map((id) => attributeOf(id, 'extension').trim())[0];
  if (extension === undefined) return '';
  if (/^1[0-9AB]{9}$/.test(extension)) return `FINESS ${extension.slice(1)}`;
  return /^3\d{14}$/.test(extension) ? `SIRET ${extension.slice(1)}` : '';
}
