/**
 * The smimeCapabilities attribute (RFC 8551 §2.5.2): what this gateway opens, as it says it in its answers, and what a
 * correspondent says he opens. Read strictly and used only from the signature of a verified letter: whoever could
 * write it could choose how answers to somebody else are encrypted. Only algorithms this gateway seals with are words
 * here; a weaker one is no capability at all.
 */
import type { KeyObject } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { Capability, SealingContent } from '../ports.ts';
import { BerError, type BerNode, oidOf, rawOf, sequenceOf } from './ber.ts';
import { context, nullElement, oid, sequence } from './der.ts';
import { OID } from './oids.ts';

/** Content encryption this gateway seals with and opens, strongest first. */
const CONTENT_OIDS = {
  'aes-256-gcm': '2.16.840.1.101.3.4.1.46',
  'aes-128-gcm': '2.16.840.1.101.3.4.1.6',
  'aes-256-cbc': OID.aes256Cbc,
  'aes-128-cbc': '2.16.840.1.101.3.4.1.2',
} as const satisfies Record<SealingContent, string>;

export const contentOid = (content: SealingContent): Buffer => oid(CONTENT_OIDS[content]);

const sha256 = sequence(oid(OID.sha256), nullElement());
const MGF1 = '1.2.840.113549.1.1.8';
const RSAES_OAEP = '1.2.840.113549.1.1.7';
const HASH_AND_MASK = [sha256, sequence(oid(MGF1), sha256)] as const;

/** RSAES-OAEP with SHA-256 and MGF1 with SHA-256, no label (RFC 4055 §4.1): parameters and whole identifier. */
const OAEP_PARAMETERS = sequence(context(0, HASH_AND_MASK[0]), context(1, HASH_AND_MASK[1]));
export const OAEP_SHA256 = sequence(oid(RSAES_OAEP), OAEP_PARAMETERS);

/** The same parameters as others write them: the hexadecimal of RFC 3560 §5 has no tags; NULL may be left out. */
const OAEP_WRITINGS = [
  OAEP_PARAMETERS,
  sequence(...HASH_AND_MASK),
  sequence(context(0, sequence(oid(OID.sha256))), context(1, sequence(oid(MGF1), sequence(oid(OID.sha256))))),
];

const contentCapabilities = Object.values(CONTENT_OIDS).map((dotted) => sequence(oid(dotted)));
const WRAPS = ['2.16.840.1.101.3.4.1.45', '2.16.840.1.101.3.4.1.5'].map((dotted) => sequence(oid(dotted)));
/** Key agreement with its key wrap (RFC 5753 §8, RFC 8418 §5). */
const agreementCapabilities = (schemes: readonly string[]): Buffer[] =>
  schemes.flatMap((scheme) => WRAPS.map((wrap) => sequence(oid(scheme), wrap)));

const OWN_BY_KEY: Readonly<Record<string, Buffer>> = {
  rsa: sequence(...contentCapabilities, OAEP_SHA256, sequence(oid(OID.rsaEncryption), nullElement())),
  ec: sequence(
    ...contentCapabilities,
    ...agreementCapabilities(['1.3.132.1.11.1', '1.3.132.1.11.2', '1.3.132.1.11.3']),
  ),
  x25519: sequence(...contentCapabilities, ...agreementCapabilities(['1.2.840.113549.1.9.16.3.19'])),
};

/** SMIMECapabilities of a mailbox whose encryption key is of this kind, strongest first; without a kind, content only. */
export function ownCapabilities(key: KeyObject): Buffer {
  return OWN_BY_KEY[key.asymmetricKeyType ?? ''] ?? sequence(...contentCapabilities);
}

function wordOf(type: string, parameters: BerNode | undefined): Capability | null {
  if (type === RSAES_OAEP) {
    const raw = parameters === undefined ? null : rawOf(parameters);
    return raw !== null && OAEP_WRITINGS.some((writing) => writing.equals(raw)) ? 'rsa-oaep-sha256' : null;
  }
  // Parameters of the AES capabilities are absent (RFC 3565 §4.2, RFC 5084 §3): with some, it is another thing.
  if (parameters !== undefined) return null;
  return (Object.keys(CONTENT_OIDS) as SealingContent[]).find((word) => CONTENT_OIDS[word] === type) ?? null;
}

/**
 * The capabilities a signer states, in his order, each once; what is unknown or weak is left out. An attribute that is
 * absent, repeated, malformed or too long says nothing: null.
 */
export function readCapabilities(values: readonly BerNode[] | undefined): readonly Capability[] | null {
  const [value, ...more] = values ?? [];
  if (value === undefined || more.length > 0) return null;
  const writing = rawOf(value);
  if (writing.length > KEPT_MAX_BYTES) return parseCapabilities(value);
  const key = writing.toString('latin1');
  const kept = known.get(key);
  if (kept !== undefined) return kept;
  if (known.size >= KEPT_MAX) known.clear();
  const words = parseCapabilities(value);
  known.set(key, words);
  return words;
}

/** What was read of the same octets before: every letter of a mail program states the same. */
const known = new Map<string, readonly Capability[] | null>();
const KEPT_MAX = 256;
const KEPT_MAX_BYTES = 1_024;

function parseCapabilities(value: BerNode): Capability[] | null {
  try {
    const stated = sequenceOf(value);
    if (stated.length > ENVELOPE_LIMITS.capabilitiesMax) return null;
    const words = new Set<Capability>();
    for (const capability of stated) {
      const [type, parameters, ...more] = sequenceOf(capability);
      const word = more.length === 0 ? wordOf(oidOf(type), parameters) : null;
      if (word !== null) words.add(word);
    }
    return [...words];
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}
