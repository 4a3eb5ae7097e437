/**
 * The MAC over a .p12 file's content (RFC 7292 4 and appendix B): tells a wrong password from a damaged file, and finds
 * out in which form an empty password was meant. Written with SHA-256; read with SHA-1 and the SHA-2 family as well as
 * MD5, which protects nothing but is only as weak as the file is already. PBMAC1 (RFC 9579) is read too: PBKDF2 instead
 * of PKCS#12's own derivation, all its parameters in the algorithm, salt and iterations of the MacData left aside.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  DerMalformed,
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
import { KeyFileRefused } from './key-file-refused.ts';
import {
  DERIVED,
  type DigestName,
  derivePbkdf2,
  derivePkcs12,
  type IterationBudget,
  type PasswordForms,
  spendIterations,
} from './pkcs12-key-derivation.ts';
import { HMAC_DIGESTS, readPbkdf2 } from './pkcs12-pbkdf2.ts';

const SHA256_OID = '2.16.840.1.101.3.4.2.1';
const WRITTEN_ITERATIONS = 100_000;

const PBMAC1_OID = '1.2.840.113549.1.5.14';
/** Longest HMAC key a PBMAC1 may ask for; none has reason to be longer than a block of SHA-512. */
const PBMAC1_KEY_MAX_BYTES = 128;

const DIGESTS: Readonly<Record<string, { readonly name: DigestName; readonly bytes: number }>> = {
  '1.2.840.113549.2.5': { name: 'md5', bytes: 16 },
  '1.3.14.3.2.26': { name: 'sha1', bytes: 20 },
  '2.16.840.1.101.3.4.2.4': { name: 'sha224', bytes: 28 },
  [SHA256_OID]: { name: 'sha256', bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', bytes: 64 },
};

/** The MAC with a form of the password. */
type MacOf = (form: PasswordForms) => Buffer;

/**
 * Which of the forms of the password the MacData fits, over these content bytes.
 * Throws KeyFileRefused: wrong-password where none fits, unsupported on a MAC that is not offered.
 */
export function passwordThatFits(
  macStructure: DerValue,
  content: Buffer,
  forms: readonly PasswordForms[],
  budget: IterationBudget,
): PasswordForms {
  const macValue = itemAt(macStructure, 0);
  const algorithm = itemAt(macValue, 0);
  const expected = octetsOf(itemAt(macValue, 1));
  const macOf =
    oidOf(itemAt(algorithm, 0)) === PBMAC1_OID
      ? pbmac1(itemAt(algorithm, 1), content, budget)
      : pkcs12Mac(macStructure, content, budget);
  const fitting = forms.find((form) => {
    const mac = macOf(form);
    return mac.length === expected.length && timingSafeEqual(mac, expected);
  });
  if (fitting === undefined)
    throw new KeyFileRefused('wrong-password', 'the password does not fit, or the file is damaged');
  return fitting;
}

function pkcs12Mac(macStructure: DerValue, content: Buffer, budget: IterationBudget): MacOf {
  const algorithm = oidOf(itemAt(itemAt(itemAt(macStructure, 0), 0), 0));
  const digest = DIGESTS[algorithm];
  if (digest === undefined) throw new KeyFileRefused('unsupported', `MAC algorithm ${algorithm} is not offered`);
  const salt = octetsOf(itemAt(macStructure, 1));
  const iterationsItem = itemsOf(macStructure)[2];
  const iterations = iterationsItem === undefined ? 1 : integerOf(iterationsItem);
  return (form) => {
    spendIterations(budget, iterations);
    const wanted = { digest: digest.name, purpose: DERIVED.mac, salt, iterations, lengthBytes: digest.bytes };
    return createHmac(digest.name, derivePkcs12(form, wanted)).update(content).digest();
  };
}

/** PBMAC1-params ::= SEQUENCE { PBKDF2 with its keyLength, which must be there, and the HMAC } (RFC 9579 4). */
function pbmac1(parameters: DerValue, content: Buffer, budget: IterationBudget): MacOf {
  const derivation = readPbkdf2(itemAt(parameters, 0));
  const scheme = oidOf(itemAt(itemAt(parameters, 1), 0));
  const digest = HMAC_DIGESTS[scheme];
  if (digest === undefined) throw new KeyFileRefused('unsupported', `message authentication ${scheme} is not offered`);
  const { keyBytes: lengthBytes } = derivation;
  if (lengthBytes === null || lengthBytes < 1 || lengthBytes > PBMAC1_KEY_MAX_BYTES)
    throw new DerMalformed('PBMAC1 without a sensible key length');
  return (form) => {
    spendIterations(budget, derivation.iterations);
    return createHmac(digest, derivePbkdf2(form, { ...derivation, lengthBytes }))
      .update(content)
      .digest();
  };
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
