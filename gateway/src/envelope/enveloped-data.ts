/**
 * CMS EnvelopedData (RFC 5652 §6) and AuthEnvelopedData (RFC 5083): finds the one RecipientInfo that fits a key of the
 * mailbox, opens the content key and decrypts. Every cryptographic failure looks the same from outside. Content of an
 * EnvelopedData is never authenticated, whatever key opened it (EFAIL, CBC gadgets); a cipher of one kind inside the
 * structure of the other is refused, which is half of what a downgrade needs (RFC 9709 §1).
 */
import {
  BerError,
  type BerNode,
  contentOf,
  integerOf,
  isContext,
  isUniversal,
  octetsOf,
  oidOf,
  rawOf,
  readBer,
  sequenceOf,
  setOf,
  TAG,
} from './ber.ts';
import {
  authenticatedCipherOf,
  blockCipherOf,
  type ContentAlgorithm,
  decryptAuthenticated,
  decryptBlocks,
  readContentAlgorithm,
  readIv,
} from './content-encryption.ts';
import { OID } from './oids.ts';
import { findRecipient, type KeyOpener, type OpeningKey } from './recipient-infos.ts';

export type { OpeningKey } from './recipient-infos.ts';

/** With what a mailbox opens. */
export interface Opening {
  readonly keys: readonly OpeningKey[];
  /** Whether the trust space opens content encrypted with Triple-DES. */
  readonly opensTripleDes: boolean;
}

export type Decryption =
  | {
      readonly outcome: 'opened';
      readonly content: Buffer;
      /** Whether a tag proves that the content is what was encrypted. It says nothing of who encrypted it. */
      readonly authenticated: boolean;
    }
  | { readonly outcome: 'refused'; readonly reason: 'not-for-us' | 'cannot-open' | 'envelope-unsupported' };

interface Enveloped {
  readonly openKey: KeyOpener | 'unsupported' | null;
  readonly contentType: string;
  readonly algorithm: ContentAlgorithm;
  readonly encrypted: Buffer;
  /** What follows the encrypted content. */
  readonly rest: BerNode[];
}

/** What both structures begin with: version, originator, recipients, encrypted content. */
function readEnveloped(node: BerNode | undefined, keys: readonly OpeningKey[]): Enveloped {
  const fields = [...sequenceOf(node)];
  integerOf(fields.shift(), 4);
  if (isContext(fields[0], 0)) fields.shift();
  const openKey = findRecipient(fields.shift(), keys);
  const [type, algorithm, encrypted] = sequenceOf(fields.shift());
  if (!isContext(encrypted, 0)) throw new BerError('encrypted content missing');
  return {
    openKey,
    contentType: oidOf(type),
    algorithm: readContentAlgorithm(algorithm),
    encrypted: octetsOf(encrypted),
    rest: fields,
  };
}

const refused = (reason: 'not-for-us' | 'cannot-open' | 'envelope-unsupported'): Decryption => ({
  outcome: 'refused',
  reason,
});

/** Decrypts the content of a ContentInfo of type envelopedData; throws `BerError`. */
export function decryptEnvelopedData(node: BerNode | undefined, opening: Opening): Decryption {
  const { openKey, algorithm, encrypted } = readEnveloped(node, opening.keys);
  if (openKey === null) return refused('not-for-us');
  const cipher = blockCipherOf(algorithm, opening.opensTripleDes);
  if (openKey === 'unsupported' || cipher === null) return refused('envelope-unsupported');
  const iv = readIv(algorithm);
  const content = decryptBlocks(cipher, algorithm.deriveKey(openKey(cipher.keyBytes)), iv, encrypted);
  return content === null ? refused('cannot-open') : { outcome: 'opened', content, authenticated: false };
}

const ATTRIBUTE_LIMITS = { depthMax: 32, nodesMax: 5_000, der: true } as const;

/**
 * The authenticated attributes as they are covered by the tag: the DER of their SET OF (RFC 5083 §2.2), which must say
 * the type of the content where it says anything of it. None: nothing is covered but the content.
 */
function readAuthenticatedAttributes(node: BerNode | undefined, contentType: string): Buffer {
  if (node === undefined) return Buffer.alloc(0);
  const covered = Buffer.from(rawOf(node));
  covered[0] = 0x31;
  for (const attribute of setOf(readBer(covered, ATTRIBUTE_LIMITS))) {
    const [type, values] = sequenceOf(attribute);
    if (oidOf(type) !== OID.contentType) continue;
    const [value, ...more] = setOf(values);
    if (more.length > 0 || oidOf(value) !== contentType) throw new BerError('content type differs');
  }
  return covered;
}

/** Decrypts the content of a ContentInfo of type authEnvelopedData; throws `BerError`. */
export function decryptAuthEnvelopedData(node: BerNode | undefined, opening: Opening): Decryption {
  const { openKey, contentType, algorithm, encrypted, rest } = readEnveloped(node, opening.keys);
  if (openKey === null) return refused('not-for-us');
  const cipher = authenticatedCipherOf(algorithm);
  if (openKey === 'unsupported' || cipher === null) return refused('envelope-unsupported');
  const additional = readAuthenticatedAttributes(isContext(rest[0], 1) ? rest.shift() : undefined, contentType);
  const tag = rest.shift();
  if (!isUniversal(tag, TAG.octetString) || tag.constructed) throw new BerError('tag missing');
  const key = algorithm.deriveKey(openKey(cipher.keyBytes));
  const content = decryptAuthenticated(cipher, key, { encrypted, tag: contentOf(tag), additional });
  return content === null ? refused('cannot-open') : { outcome: 'opened', content, authenticated: true };
}
