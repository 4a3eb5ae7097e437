/**
 * A certificate request (PKCS#10, RFC 2986) for a mailbox, to be carried to a real authority such as IGC-Santé.
 * The key stays here: only its public half and a proof that we hold it go into the request. The wished extensions
 * (subjectAltName, keyUsage, purpose) stand in an extensionRequest attribute (RFC 2985 5.4.2); an authority may ignore them.
 */

import { createPrivateKey } from 'node:crypto';
import { publicKeyOf } from './certificate-builder.ts';
import { extendedKeyUsage, keyUsage, subjectAlternativeNames } from './certificate-extensions.ts';
import {
  MAILBOX_PURPOSES,
  type MailboxUsage,
  mailboxAddress,
  mailboxKeyUsages,
  plainName,
  type Structure,
  structureName,
} from './certificate-profiles.ts';
import { integer, oid, sequence, setOf, tagged } from './der.ts';
import { distinguishedName } from './distinguished-name.ts';
import { toPem } from './pem.ts';
import { publicKeyStructure, signStructure } from './signed-structure.ts';

const EXTENSION_REQUEST_OID = '1.2.840.113549.1.9.14';

export interface MailboxRequestOptions {
  /** PKCS#8 PEM, RSA or EC P-256. */
  readonly privateKeyPem: string;
  readonly address: string;
  /** Who holds the mailbox: with its national number, or only by name. */
  readonly structure: Structure | { readonly name: string };
  /** Default: the address. */
  readonly commonName?: string;
  /** Default `both`. */
  readonly usage?: MailboxUsage;
}

/** The request in PEM. Throws RangeError on an ill-formed address, name or number. */
export function createMailboxRequest(options: MailboxRequestOptions): string {
  const key = createPrivateKey(options.privateKeyPem);
  const address = mailboxAddress(options.address);
  const { structure, commonName = address } = options;
  const wished = sequence(
    keyUsage(mailboxKeyUsages(key, options.usage ?? 'both')),
    extendedKeyUsage(MAILBOX_PURPOSES),
    subjectAlternativeNames([{ kind: 'address', value: address }]),
  );
  const body = sequence(
    integer(0),
    distinguishedName(
      'number' in structure ? structureName(structure, commonName) : plainName(structure.name, commonName),
    ),
    publicKeyStructure(publicKeyOf(key)),
    tagged(0, sequence(oid(EXTENSION_REQUEST_OID), setOf(wished))),
  );
  return toPem('CERTIFICATE REQUEST', signStructure(body, key));
}
