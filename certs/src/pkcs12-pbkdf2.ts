/**
 * The parameters of PBKDF2 as .p12 files carry them, for keys (PBES2) and for MACs (PBMAC1): RFC 8018 A.2. Read only;
 * the cost they ask for is counted where the key is derived.
 */

import {
  DerMalformed,
  type DerValue,
  integerOf,
  isInteger,
  isSequence,
  itemAt,
  itemsOf,
  octetsOf,
  oidOf,
} from './der.ts';
import { KeyFileRefused } from './key-file-refused.ts';
import type { DigestName } from './pkcs12-key-derivation.ts';

const PBKDF2_OID = '1.2.840.113549.1.5.12';

/** HMACs by their OID: the pseudo-random functions of PBKDF2 and the MACs of PBMAC1. */
export const HMAC_DIGESTS: Readonly<Record<string, DigestName>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

export interface Pbkdf2Parameters {
  readonly digest: DigestName;
  readonly salt: Buffer;
  readonly iterations: number;
  /** Null when the file leaves it to the cipher. */
  readonly keyBytes: number | null;
}

/** Reads the AlgorithmIdentifier of a PBKDF2. Throws KeyFileRefused (unsupported) or DerMalformed. */
export function readPbkdf2(derivation: DerValue): Pbkdf2Parameters {
  const algorithm = oidOf(itemAt(derivation, 0));
  if (algorithm !== PBKDF2_OID) throw new KeyFileRefused('unsupported', `key derivation ${algorithm} is not offered`);
  const parameters = itemAt(derivation, 1);
  const optional = itemsOf(parameters).slice(2);
  if (optional.length > 2) throw new DerMalformed('PBKDF2 with too many parameters');
  const keyLength = optional.find(isInteger);
  const prf = optional.find(isSequence);
  const digest = prf === undefined ? 'sha1' : HMAC_DIGESTS[oidOf(itemAt(prf, 0))];
  if (digest === undefined) throw new KeyFileRefused('unsupported', 'the PBKDF2 hash is not offered');
  return {
    digest,
    salt: octetsOf(itemAt(parameters, 0)),
    iterations: integerOf(itemAt(parameters, 1)),
    keyBytes: keyLength === undefined ? null : integerOf(keyLength),
  };
}
