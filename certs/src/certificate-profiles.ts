/**
 * Who is named in a certificate, and what its key may be used for: the profiles of the development authority,
 * modelled on IGC-Santé (shared facts, MSSanté 1.2; policy and URL are our own).
 *
 * A structure is `C=FR, ST=Paris (75), O=<raison sociale>, OU=1<FINESS> or 3<SIRET>, CN=<address or host>`.
 * A practitioner is `C=FR, title=Médecin, SN=…, GN=…, CN=8<RPPS>`: 8 is the identifier type RPPS.
 * A malformed number is refused with a RangeError that says what was expected.
 */

import type { KeyObject } from 'node:crypto';
import type { KeyPurpose, KeyUsage } from './certificate-extensions.ts';
import type { NamePart } from './distinguished-name.ts';

/** What the key of a mailbox is for. IGC-Santé sells SIGN and CONF apart; `both` is the usual software key. */
export type MailboxUsage = 'both' | 'signing' | 'encryption';

/** A structure by exactly one of its national numbers: FINESS (9 characters) or SIRET (14 digits). */
export type StructureNumber = { readonly finess: string } | { readonly siret: string };

export interface Structure {
  /** Raison sociale, at most 64 characters. */
  readonly name: string;
  readonly number: StructureNumber;
  /** As IGC-Santé writes it: `Paris (75)`. */
  readonly department: string;
}

export interface PractitionerName {
  readonly givenName: string;
  readonly surname: string;
  /** Profession, in French: `Médecin`, `Pharmacien`. */
  readonly title: string;
  /** 11 digits. */
  readonly rpps: string;
}

/** Policies under the private enterprise number kept for examples (RFC 5612): no real authority can be meant. */
export const POLICY_OIDS = {
  mailbox: '1.3.6.1.4.1.32473.1.1',
  practitioner: '1.3.6.1.4.1.32473.1.2',
  server: '1.3.6.1.4.1.32473.1.3',
} as const;

/** IGC-Santé certificates live three years. */
export const DEFAULT_VALIDITY_DAYS = 1095;

const SIGNING: readonly KeyUsage[] = ['digitalSignature', 'nonRepudiation'];

/** keyUsage of S/MIME keys (RFC 8550 4.4.2): an EC key agrees on keys where an RSA key enciphers them (RFC 8813 3). */
export function mailboxKeyUsages(key: KeyObject, usage: MailboxUsage): readonly KeyUsage[] {
  const encrypting: readonly KeyUsage[] = [key.asymmetricKeyType === 'ec' ? 'keyAgreement' : 'keyEncipherment'];
  if (usage === 'both') return [...SIGNING, ...encrypting];
  return usage === 'signing' ? SIGNING : encrypting;
}

/** keyUsage of TLS keys: an EC key cannot encipher keys and must not claim it (RFC 8813 3). */
export const serverKeyUsages = (key: KeyObject): readonly KeyUsage[] =>
  key.asymmetricKeyType === 'ec' ? ['digitalSignature'] : ['digitalSignature', 'keyEncipherment'];

export const MAILBOX_PURPOSES: readonly KeyPurpose[] = ['emailProtection'];
/** A mail operator receives as a server and sends as a client. */
export const SERVER_PURPOSES: readonly KeyPurpose[] = ['serverAuth', 'clientAuth'];

function organizationUnit(number: StructureNumber): string {
  if ('finess' in number) {
    if (!/^[0-9](?:[0-9]|[AB])[0-9]{7}$/.test(number.finess)) throw new RangeError('FINESS must have 9 characters');
    return `1${number.finess}`;
  }
  if (!/^[0-9]{14}$/.test(number.siret)) throw new RangeError('SIRET must have 14 digits');
  return `3${number.siret}`;
}

/** The subject of a structure's certificate. `commonName` is the address of the mailbox or the host. */
export function structureName(structure: Structure, commonName: string): NamePart[] {
  return [
    ['C', 'FR'],
    ['ST', structure.department],
    ['O', structure.name],
    ['OU', organizationUnit(structure.number)],
    ['CN', commonName],
  ];
}

/** The subject asked for by a mailbox of which no national number was told: the authority writes its own anyway. */
export const plainName = (organization: string, commonName: string): NamePart[] => [
  ['C', 'FR'],
  ['O', organization],
  ['CN', commonName],
];

/** The subject of a practitioner's certificate. */
export function practitionerName(practitioner: PractitionerName): NamePart[] {
  if (!/^[0-9]{11}$/.test(practitioner.rpps)) throw new RangeError('RPPS must have 11 digits');
  return [
    ['C', 'FR'],
    ['title', practitioner.title],
    ['SN', practitioner.surname],
    ['GN', practitioner.givenName],
    ['CN', `8${practitioner.rpps}`],
  ];
}

/** The address in the form a certificate carries it. Throws RangeError on anything but one ASCII `local@domain`. */
export function mailboxAddress(address: string): string {
  if (address.length > 254 || !/^[\x21-\x3f\x41-\x7e]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/.test(address)) {
    throw new RangeError(`one ASCII mail address was expected: "${address}"`);
  }
  return address;
}
