/**
 * For tests: CMS in every algorithm that openssl 3.0 cannot make, written from the specifications with der.ts and
 * node:crypto. Right by default, wrong where a test asks. Nothing that seals letters is used here.
 */
import {
  type CipherGCMTypes,
  createCipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { readBer } from './ber.ts';
import { readCertificate } from './certificate.ts';
import { context, contextPrimitive, element, octetString, oid, sequence, setOfSorted, smallInteger } from './der.ts';
import type { OpeningKey } from './enveloped-data.ts';
import { digestAttribute, TEXT_ENTITY, typeAttribute } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { certify, extension, mailExtensions, type Party, PHARMACY_ADDRESS, ROOT } from './test-authority.fixture.ts';

export const SHA512 = '2.16.840.1.101.3.4.2.3';
export const HKDF_SCHEME = '1.2.840.113549.1.9.16.3.19';
export const AES_256_WRAP = sequence(oid('2.16.840.1.101.3.4.1.45'));

/** Somebody certified by the test's root with this key, and a key identifier that is no digest of it. */
export const withKey = (key: KeyObject, address: string = PHARMACY_ADDRESS, subject = 'Somebody'): Party =>
  certify({
    subject,
    key,
    issuer: ROOT,
    extensions: [...mailExtensions(address), extension(OID.subjectKeyIdentifier, octetString(Buffer.from(subject)))],
  });

export const openingKey = (party: Party): OpeningKey => ({
  certificate: readCertificate(party.certificate),
  privateKey: party.privateKey,
});

/** The element as the reader gives it to the readers of its content. */
export const parsed = (bytes: Buffer) => readBer(bytes, { depthMax: 64, nodesMax: 100_000, der: false });

export interface SignedWish {
  readonly party: Party;
  readonly sid?: Buffer;
  readonly bag?: readonly Buffer[];
  readonly digestOid?: string;
  /** What `sign` of node:crypto takes; null for Ed25519. */
  readonly digest?: string | null;
  /** AlgorithmIdentifier of the signature. */
  readonly algorithm: Buffer;
  readonly attributes?: readonly Buffer[];
  readonly sign?: (signed: Buffer) => Buffer;
}

export const issuerAndSerial = ({ issuerName, serial }: Party): Buffer => sequence(issuerName, serial);

/** A SignedData over TEXT_ENTITY, detached. */
export function signedBy(wish: SignedWish): Buffer {
  const { party, digestOid = OID.sha256, digest = 'sha256' } = wish;
  const usual = [typeAttribute(), digestAttribute(TEXT_ENTITY, digestOid === SHA512 ? 'sha512' : 'sha256')];
  const attributes = setOfSorted([...(wish.attributes ?? usual)]);
  const signature = wish.sign?.(attributes) ?? sign(digest, attributes, party.privateKey);
  const tagged = Buffer.from(attributes);
  tagged[0] = 0xa0;
  const signer = sequence(
    smallInteger(1),
    wish.sid ?? issuerAndSerial(party),
    sequence(oid(digestOid)),
    tagged,
    wish.algorithm,
    octetString(signature),
  );
  return sequence(
    smallInteger(1),
    setOfSorted([sequence(oid(digestOid))]),
    sequence(oid(OID.content)),
    context(0, ...(wish.bag ?? [party.certificate])),
    setOfSorted([signer]),
  );
}

export const bitString = (bytes: Buffer): Buffer => element(0x03, Buffer.from([0]), bytes);

/** KeyTransRecipientInfo with whatever stands for the encrypted key. */
export const transported = (party: Party, encryptedKey: Buffer, algorithm = sequence(oid(OID.rsaEncryption))): Buffer =>
  sequence(smallInteger(0), issuerAndSerial(party), algorithm, octetString(encryptedKey));

export interface AgreedWish {
  readonly party: Party;
  readonly contentKey: Buffer;
  readonly scheme?: string;
  readonly wrap?: Buffer;
  readonly ukm?: Buffer;
  /** RecipientIdentifier; by default issuer and serial number. */
  readonly rid?: Buffer;
  /** In place of the ephemeral public key: its AlgorithmIdentifier and its bits. */
  readonly originator?: {
    readonly algorithm?: Buffer;
    readonly bits?: Buffer;
    readonly point?: (right: Buffer) => Buffer;
  };
  /** Recipients before ours in the same element. */
  readonly before?: readonly Buffer[];
}

/** The ephemeral pair on the curve of the key, and the two fields of its SubjectPublicKeyInfo. */
function ephemeralFor(key: KeyObject): { privateKey: KeyObject; algorithm: Buffer; bits: Buffer } {
  const type = key.asymmetricKeyType;
  const namedCurve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const { privateKey, publicKey } =
    type === 'x25519' || type === 'x448'
      ? generateKeyPairSync(type as 'x25519')
      : generateKeyPairSync('ec', { namedCurve });
  const [algorithm, bits] = parsed(publicKey.export({ type: 'spki', format: 'der' })).children;
  const raw = (node: typeof bits): Buffer => node?.source.subarray(node.start, node.end) ?? Buffer.alloc(0);
  return { privateKey, algorithm: raw(algorithm), bits: raw(bits) };
}

/** KEK of RFC 8418 §2.2 (HKDF) or RFC 5753 §7.2 (X9.63, of which one round is enough here). */
function wrappingKey(secret: Buffer, { scheme = HKDF_SCHEME, wrap = AES_256_WRAP, ukm }: AgreedWish): Buffer {
  const facts = sequence(
    wrap,
    ...(ukm === undefined ? [] : [context(0, octetString(ukm))]),
    context(2, octetString(Buffer.from([0, 0, 1, 0]))),
  );
  if (scheme === HKDF_SCHEME) return Buffer.from(hkdfSync('sha256', secret, ukm ?? '', facts, 32));
  const counter = Buffer.from([0, 0, 0, 1]);
  return createHash('sha256').update(secret).update(counter).update(facts).digest();
}

/** KeyAgreeRecipientInfo, by default with HKDF-SHA256 and AES-256 key wrap. */
export function agreed(wish: AgreedWish): Buffer {
  const { party, contentKey, scheme = HKDF_SCHEME, wrap = AES_256_WRAP, ukm } = wish;
  const publicKey = createPublicKey(party.privateKey);
  const ephemeral = ephemeralFor(publicKey);
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey });
  const cipher = createCipheriv('id-aes256-wrap', wrappingKey(secret, wish), Buffer.alloc(8, 0xa6));
  const wrapped = Buffer.concat([cipher.update(contentKey), cipher.final()]);
  const { algorithm = ephemeral.algorithm, point } = wish.originator ?? {};
  // The octets of the point follow tag, length and the count of unused bits.
  const bits =
    point === undefined ? (wish.originator?.bits ?? ephemeral.bits) : bitString(point(ephemeral.bits.subarray(3)));
  return context(
    1,
    smallInteger(3),
    context(0, context(1, algorithm, bits)),
    ...(ukm === undefined ? [] : [context(1, octetString(ukm))]),
    sequence(oid(scheme), wrap),
    sequence(...(wish.before ?? []), sequence(wish.rid ?? issuerAndSerial(party), octetString(wrapped))),
  );
}

export const cbc = (iv: Buffer): Buffer => sequence(oid(OID.aes256Cbc), octetString(iv));

/** EncryptedContentInfo of TEXT_ENTITY in AES-256-CBC, whose algorithm may be stated as another. */
export function inCbc(contentKey: Buffer, iv = randomBytes(16), algorithm = cbc(iv)): Buffer {
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv);
  const encrypted = Buffer.concat([cipher.update(TEXT_ENTITY), cipher.final()]);
  return sequence(oid(OID.content), algorithm, contextPrimitive(0, encrypted));
}

/** The content of an EnvelopedData, its recipients in this order. */
export const enveloped = (recipients: readonly Buffer[], content: Buffer): Buffer =>
  sequence(smallInteger(2), element(0x31, ...recipients), content);

export const AES_256_GCM = '2.16.840.1.101.3.4.1.46';

export interface AuthenticatedWish {
  readonly recipients: readonly Buffer[];
  readonly contentKey: Buffer;
  readonly cipher?: CipherGCMTypes | 'chacha20-poly1305';
  /** AlgorithmIdentifier around the nonce. */
  readonly algorithm?: (nonce: Buffer) => Buffer;
  readonly nonceBytes?: number;
  readonly tagBytes?: number;
  readonly attributes?: readonly Buffer[];
  readonly change?: (parts: { encrypted: Buffer; tag: Buffer }) => { encrypted: Buffer; tag: Buffer };
}

/** GCM parameters that state the length of the tag. */
export const gcm =
  (tagBytes = 16) =>
  (nonce: Buffer): Buffer =>
    sequence(oid(AES_256_GCM), sequence(octetString(nonce), smallInteger(tagBytes)));

/** The content of an AuthEnvelopedData around TEXT_ENTITY, by default in AES-256-GCM. */
export function authEnveloped(wish: AuthenticatedWish): Buffer {
  const { contentKey, cipher: name = 'aes-256-gcm', tagBytes = 16, nonceBytes = 12 } = wish;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(name as CipherGCMTypes, contentKey, nonce, { authTagLength: tagBytes });
  const attributes = wish.attributes === undefined ? null : element(0x31, ...wish.attributes);
  if (attributes !== null) cipher.setAAD(attributes);
  const encrypted = Buffer.concat([cipher.update(TEXT_ENTITY), cipher.final()]);
  const right = { encrypted, tag: cipher.getAuthTag() };
  const parts = wish.change?.(right) ?? right;
  const algorithm = (wish.algorithm ?? gcm(tagBytes))(nonce);
  return sequence(
    smallInteger(0),
    element(0x31, ...wish.recipients),
    sequence(oid(OID.content), algorithm, contextPrimitive(0, parts.encrypted)),
    ...(wish.attributes === undefined ? [] : [element(0xa1, ...wish.attributes)]),
    octetString(parts.tag),
  );
}
