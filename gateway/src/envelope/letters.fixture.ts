/**
 * For tests: signed and encrypted letters, right by default, and wrong in exactly the way a test asks. What the code
 * under test seals is never used to judge what it opens.
 */
import { constants, createCipheriv, createHash, createPublicKey, publicEncrypt, randomBytes, sign } from 'node:crypto';
import {
  context,
  contextPrimitive,
  element,
  nullElement,
  octetString,
  oid,
  sequence,
  setOfSorted,
  smallInteger,
  time,
} from './der.ts';
import { OID } from './oids.ts';
import { DOCTOR_ADDRESS, daysFromNow, doctor, NOW, type Party, pharmacy } from './test-authority.fixture.ts';

const CRLF = '\r\n';
export const SECRET_TEXT = 'INR 6.8 chez Mme DESSAINT';

/** The entity that is signed: headers, blank line, text. */
export const TEXT_ENTITY = Buffer.from(
  ['Content-Type: text/plain; charset=utf-8', '', SECRET_TEXT, 'Merci de la rappeler.', ''].join(CRLF),
);

export const attribute = (type: string, ...values: Buffer[]): Buffer => sequence(oid(type), element(0x31, ...values));
export const digestAttribute = (content: Uint8Array, digest = 'sha256'): Buffer =>
  attribute(OID.messageDigest, octetString(createHash(digest).update(content).digest()));
export const typeAttribute = (type: string = OID.content): Buffer => attribute(OID.contentType, oid(type));
export const timeAttribute = (at: Date): Buffer => attribute(OID.signingTime, time(at));

/** The usual three signed attributes. */
export const usualAttributes = (content: Uint8Array): Buffer[] => [
  typeAttribute(),
  timeAttribute(daysFromNow(-0.001)),
  digestAttribute(content),
];

export interface SignerWish {
  readonly party?: Party;
  /** Signed attributes in the order of the message; null leaves them out and signs the content itself. */
  readonly attributes?: readonly Buffer[] | null;
  /** The whole [0] element of the attributes; signed as the SET OF it stands for. */
  readonly rawAttributes?: Buffer;
  readonly digestOid?: string;
  readonly signatureOid?: string;
  /** What is really used to sign. */
  readonly digest?: 'sha1' | 'sha256' | 'sha512';
  readonly spoilSignature?: boolean;
}

function signerInfo(content: Buffer, wish: SignerWish): Buffer {
  const { party = doctor, digest = 'sha256', digestOid = OID.sha256, signatureOid = OID.rsaEncryption } = wish;
  const listed = wish.attributes === undefined ? usualAttributes(content) : wish.attributes;
  const tagged = wish.rawAttributes ?? (listed === null ? null : context(0, ...[...listed].sort(Buffer.compare)));
  const signed = tagged === null ? content : Buffer.from(tagged);
  if (tagged !== null) signed[0] = 0x31;
  const signature = sign(digest, signed, party.privateKey);
  if (wish.spoilSignature === true) signature[17] = (signature[17] as number) ^ 1;
  return sequence(
    smallInteger(1),
    sequence(party.issuerName, party.serial),
    sequence(oid(digestOid)),
    ...(tagged === null ? [] : [tagged]),
    sequence(oid(signatureOid), nullElement()),
    octetString(signature),
  );
}

export interface SignedDataWish {
  readonly signers?: readonly SignerWish[];
  /** Carried inside; absent in a detached signature. */
  readonly encapsulated?: Buffer;
  readonly contentType?: string;
  readonly bag?: readonly Buffer[];
  readonly lists?: readonly Buffer[];
}

/** ContentInfo of a SignedData over `content`. */
export function signedData(content: Buffer, wish: SignedDataWish = {}): Buffer {
  const { signers = [{}], contentType = OID.content, lists = [] } = wish;
  const bag = wish.bag ?? signers.map((signer) => (signer.party ?? doctor).certificate);
  const inner = wish.encapsulated === undefined ? [] : [context(0, octetString(wish.encapsulated))];
  const body = sequence(
    smallInteger(1),
    setOfSorted([sequence(oid(OID.sha256))]),
    sequence(oid(contentType), ...inner),
    ...(bag.length === 0 ? [] : [context(0, ...bag)]),
    ...(lists.length === 0 ? [] : [context(1, ...lists)]),
    setOfSorted(signers.map((signer) => signerInfo(content, signer))),
  );
  return sequence(oid(OID.signedData), context(0, body));
}

export interface EnvelopeWish {
  readonly recipient?: Party;
  readonly cipher?: {
    readonly name: string;
    readonly oid: string;
    readonly keyBytes: number;
    readonly ivBytes: number;
  };
  readonly spoilKey?: boolean;
  readonly spoilContent?: 'last block' | 'first block';
}

export const AES_256 = { name: 'aes-256-cbc', oid: OID.aes256Cbc, keyBytes: 32, ivBytes: 16 };

/** ContentInfo of an EnvelopedData around `content`. */
export function envelopedData(content: Buffer, wish: EnvelopeWish = {}): Buffer {
  const { cipher = AES_256 } = wish;
  const recipient = wish.recipient ?? pharmacy;
  const contentKey = randomBytes(cipher.keyBytes);
  const iv = randomBytes(cipher.ivBytes);
  const encoder = createCipheriv(cipher.name, contentKey, iv);
  const encrypted = Buffer.concat([encoder.update(content), encoder.final()]);
  if (wish.spoilContent === 'last block') encrypted[encrypted.length - 1] = (encrypted.at(-1) as number) ^ 0x55;
  if (wish.spoilContent === 'first block') encrypted[0] = (encrypted[0] as number) ^ 0x55;
  const encryptedKey = publicEncrypt(
    { key: createPublicKey(recipient.privateKey), padding: constants.RSA_PKCS1_PADDING },
    contentKey,
  );
  if (wish.spoilKey === true) encryptedKey[9] = (encryptedKey[9] as number) ^ 1;
  const recipientInfo = sequence(
    smallInteger(0),
    sequence(recipient.issuerName, recipient.serial),
    sequence(oid(OID.rsaEncryption), nullElement()),
    octetString(encryptedKey),
  );
  const encryptedContent = sequence(
    oid(OID.content),
    sequence(oid(cipher.oid), octetString(iv)),
    contextPrimitive(0, encrypted),
  );
  return sequence(
    oid(OID.envelopedData),
    context(0, sequence(smallInteger(0), setOfSorted([recipientInfo]), encryptedContent)),
  );
}

const base64Lines = (bytes: Buffer): string => (bytes.toString('base64').match(/.{1,76}/g) ?? []).join(CRLF);

/** Outer header lines of a letter from the doctor. */
export const OUTER = [
  `From: "Dr Claire MARTIN" <${DOCTOR_ADDRESS}>`,
  'To: pharmacie@officine.example',
  'Subject: INR',
  `Date: ${NOW.toUTCString()}`,
  'Message-ID: <letter-1@cabinet.example>',
  'MIME-Version: 1.0',
];

const BOUNDARY = 'boundary-of-the-test';

/** multipart/signed around an entity; gives an entity without outer headers. */
export function multipartSigned(entity: Buffer, signature: Buffer): Buffer {
  const head = `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="${BOUNDARY}"`;
  return Buffer.concat([
    Buffer.from([head, '', `--${BOUNDARY}`, ''].join(CRLF)),
    entity,
    Buffer.from(
      [
        '',
        `--${BOUNDARY}`,
        'Content-Type: application/pkcs7-signature; name=smime.p7s',
        'Content-Transfer-Encoding: base64',
        '',
        base64Lines(signature),
        `--${BOUNDARY}--`,
        '',
      ].join(CRLF),
    ),
  ]);
}

/** application/pkcs7-mime of a ContentInfo; an entity without outer headers. */
export const cmsEntity = (info: Buffer, kind: 'signed-data' | 'enveloped-data'): Buffer =>
  Buffer.from(
    [
      `Content-Type: application/pkcs7-mime; smime-type=${kind}; name=smime.p7m`,
      'Content-Transfer-Encoding: base64',
      '',
      base64Lines(info),
      '',
    ].join(CRLF),
  );

/** A whole mail: outer headers, then the entity. */
export const mail = (entity: Buffer, outer: readonly string[] = OUTER): Buffer =>
  Buffer.concat([Buffer.from([...outer, ''].join(CRLF)), entity]);

/** A detached-signed letter; the wish spoils its signature. */
export const detached = (wish: SignedDataWish = {}, entity: Buffer = TEXT_ENTITY): Buffer =>
  mail(multipartSigned(entity, signedData(entity, wish)));

/** An opaque-signed entity. */
export const opaqueEntity = (entity: Buffer, wish: SignedDataWish = {}): Buffer =>
  cmsEntity(signedData(entity, { encapsulated: entity, ...wish }), 'signed-data');

/** An encrypted entity. */
export const encryptedEntity = (entity: Buffer, wish: EnvelopeWish = {}): Buffer =>
  cmsEntity(envelopedData(entity, wish), 'enveloped-data');
