/**
 * The MAC over a .p12 file's content (RFC 7292 4 and appendix B): tells a wrong password from a damaged file, and finds
 * out in which form an empty password was meant. Written with SHA-256; read with SHA-1 and the SHA-2 family as well as
 * MD5, which protects nothing but is only as weak as the file is already.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type DerValue,
  integer,
  integerOf,
  itemAt,
  itemsOf,
  nullValue,
  octetString,
  octetsOf,
  oid,
  oidOf,
  sequence,
} from './der.ts';
import {
  DERIVED,
  type DigestName,
  derivePkcs12,
  type IterationBudget,
  type PasswordForms,
  spendIterations,
} from './pkcs12-key-derivation.ts';
import { Pkcs12Refused } from './pkcs12-refused.ts';

const SHA256_OID = '2.16.840.1.101.3.4.2.1';
const WRITTEN_ITERATIONS = 100_000;

const DIGESTS: Readonly<Record<string, { readonly name: DigestName; readonly bytes: number }>> = {
  '1.2.840.113549.2.5': { name: 'md5', bytes: 16 },
  '1.3.14.3.2.26': { name: 'sha1', bytes: 20 },
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', bytes: 28 },
  [SHA256_OID]: { name: 'sha256', bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', bytes: 64 },
};

/**
 * Which of the forms of the password the MacData fits, over these content bytes.
 * Throws Pkcs12Refused: wrong-password where none fits, unsupported on a MAC that is not offered (PBMAC1, RFC 9579).
 */
export function passwordThatFits(
  macStructure: DerValue,
  content: Buffer,
  forms: readonly PasswordForms[],
  budget: IterationBudget,
): PasswordForms {
  const macValue = itemAt(macStructure, 0);
  const algorithm = oidOf(itemAt(itemAt(macValue, 0), 0));
  const digest = DIGESTS[algorithm];
  if (digest === undefined) throw new Pkcs12Refused('unsupported', `MAC algorithm ${algorithm} is not offered`);
  const expected = octetsOf(itemAt(macValue, 1));
  const salt = octetsOf(itemAt(macStructure, 1));
  const iterationsItem = itemsOf(macStructure)[2];
  const iterations = iterationsItem === undefined ? 1 : integerOf(iterationsItem);
  const fitting = forms.find((form) => {
    spendIterations(budget, iterations);
    const wanted = { digest: digest.name, purpose: DERIVED.mac, salt, iterations, lengthBytes: digest.bytes };
    const mac = createHmac(digest.name, derivePkcs12(form, wanted)).update(content).digest();
    return mac.length === expected.length && timingSafeEqual(mac, expected);
  });
  if (fitting === undefined)
    throw new Pkcs12Refused('wrong-password', 'the password does not fit, or the file is damaged');
  return fitting;
}

/** MacData with HMAC-SHA-256 over these content bytes. */
export function macOver(content: Buffer, password: PasswordForms): DerValue {
  const salt = randomBytes(16);
  const wanted = { salt, iterations: WRITTEN_ITERATIONS, lengthBytes: 32, purpose: DERIVED.mac };
  const key = derivePkcs12(password, { ...wanted, digest: 'sha256' });
  const mac = createHmac('sha256', key).update(content).digest();
  const macValue = sequence(sequence(oid(SHA256_OID), nullValue()), octetString(mac));
  return sequence(macValue, octetString(salt), integer(WRITTEN_ITERATIONS));
}
