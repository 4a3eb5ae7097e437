/**
 * Seals a letter: sign, then encrypt, never anything less. Detached multipart/signed inside (readable everywhere),
 * EnvelopedData with AES-256-CBC and RSA PKCS#1 v1.5 key transport outside, because that is what every S/MIME client
 * opens (facts: smime.md interop matrix). One recipient per mail. RFC 8551, RFC 5652.
 */
import { constants, createCipheriv, createHash, type KeyObject, publicEncrypt, randomBytes, sign } from 'node:crypto';
import type { Certificate } from './certificate.ts';
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

export interface SealingKey {
  readonly certificate: Certificate;
  /** Certificates up to, without, the anchor: sent along so that the receiver can build the path. */
  readonly chain: readonly Buffer[];
  readonly privateKey: KeyObject;
}

const attribute = (type: string, value: Buffer): Buffer => sequence(oid(type), setOfSorted([value]));

const issuerAndSerial = (certificate: Certificate): Buffer =>
  sequence(certificate.issuerRaw, element(0x02, certificate.serial));

const sha256Algorithm = (): Buffer => sequence(oid(OID.sha256));

/** What we can open, strongest first (RFC 8551 §2.5.2): AES-256-CBC. */
const capabilities = (): Buffer => sequence(sequence(oid(OID.aes256Cbc)));

function signedData(content: Buffer, key: SealingKey, at: Date): Buffer {
  const attributes = setOfSorted([
    attribute(OID.contentType, oid(OID.content)),
    attribute(OID.signingTime, time(at)),
    attribute(OID.messageDigest, octetString(createHash('sha256').update(content).digest())),
    attribute(OID.smimeCapabilities, capabilities()),
  ]);
  const signature = sign('sha256', attributes, key.privateKey);
  const taggedAttributes = Buffer.from(attributes);
  taggedAttributes[0] = 0xa0;
  const signerInfo = sequence(
    smallInteger(1),
    issuerAndSerial(key.certificate),
    sha256Algorithm(),
    taggedAttributes,
    sequence(oid(OID.rsaEncryption), nullElement()),
    octetString(signature),
  );
  const data = sequence(
    smallInteger(1),
    setOfSorted([sha256Algorithm()]),
    sequence(oid(OID.content)),
    context(0, key.certificate.raw, ...key.chain),
    setOfSorted([signerInfo]),
  );
  return sequence(oid(OID.signedData), context(0, data));
}

function envelopedData(content: Buffer, recipient: Certificate): Buffer {
  const contentKey = randomBytes(32);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', contentKey, iv);
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  const encryptedKey = publicEncrypt({ key: recipient.publicKey, padding: constants.RSA_PKCS1_PADDING }, contentKey);
  contentKey.fill(0);
  const recipientInfo = sequence(
    smallInteger(0),
    issuerAndSerial(recipient),
    sequence(oid(OID.rsaEncryption), nullElement()),
    octetString(encryptedKey),
  );
  const encryptedContent = sequence(
    oid(OID.content),
    sequence(oid(OID.aes256Cbc), octetString(iv)),
    contextPrimitive(0, encrypted),
  );
  return sequence(
    oid(OID.envelopedData),
    context(0, sequence(smallInteger(0), setOfSorted([recipientInfo]), encryptedContent)),
  );
}

const LINE_CHARACTERS = 76;

/** Base64 in lines of 76, CRLF. */
function base64Lines(bytes: Buffer): string {
  const text = bytes.toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += LINE_CHARACTERS) lines.push(text.slice(at, at + LINE_CHARACTERS));
  return lines.join('\r\n');
}

function multipartSigned(entity: Buffer, signature: Buffer): Buffer {
  const boundary = `estafette-${randomBytes(18).toString('hex')}`;
  const head = [
    `Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;\r\n boundary="${boundary}"`,
    '',
    `--${boundary}`,
    '',
  ].join('\r\n');
  const tail = [
    '',
    `--${boundary}`,
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7s"',
    '',
    base64Lines(signature),
    `--${boundary}--`,
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), entity, Buffer.from(tail, 'latin1')]);
}

/** What a relay or a verifier would rewrite must not be signed: RFC 8551 §3.1.1 wants CRLF and 7 bits. */
function refuseFragileEntity(entity: Buffer): void {
  for (const [at, byte] of entity.entries()) {
    const isBare = (byte === 0x0a && entity[at - 1] !== 0x0d) || (byte === 0x0d && entity[at + 1] !== 0x0a);
    if (isBare || byte > 0x7e) throw new RangeError('the entity to sign must be 7-bit with CRLF line ends');
  }
}

/**
 * Signs `entity` (a MIME entity, CRLF, 7-bit) and encrypts it to `recipient`. `headers` are the outer header lines,
 * without MIME ones, each already a valid line. Gives the whole mail.
 */
export function sealEnvelope(letter: {
  headers: readonly string[];
  entity: Buffer;
  key: SealingKey;
  recipient: Certificate;
  at: Date;
}): Buffer {
  refuseFragileEntity(letter.entity);
  const signed = multipartSigned(letter.entity, signedData(letter.entity, letter.key, letter.at));
  const sealed = envelopedData(signed, letter.recipient);
  const head = [
    ...letter.headers,
    'MIME-Version: 1.0',
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7m"',
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'utf8'), Buffer.from(base64Lines(sealed), 'latin1'), Buffer.from('\r\n')]);
}
