/**
 * For tests: certificates, revocation lists and OCSP answers with every extension that decides about trust, on P-256 so
 * that they are made quickly. Each can be wrong in exactly the way a test asks.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.ts';
import type { TrustStore } from './certificate-path.ts';
import { context, contextPrimitive, element, octetString, oid, sequence, time } from './der.ts';
import { OID } from './oids.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';
import { authorityExtensions, daysFromNow, extension, mailExtensions } from './test-authority.fixture.ts';

export const newKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const bitString = (bytes: Uint8Array): Buffer => element(0x03, Buffer.from([0]), bytes);
export const integer = (...octets: number[]): Buffer => element(0x02, Buffer.from(octets));

/** A Name of one attribute for each relative name, UTF8String unless a ready element is given. */
export const dn = (...rdns: readonly (readonly [type: string, text: string | Buffer])[]): Buffer =>
  sequence(
    ...rdns.map(([type, text]) =>
      element(0x31, sequence(oid(type), typeof text === 'string' ? element(0x0c, Buffer.from(text)) : text)),
    ),
  );
export const common = (text: string): Buffer => dn([OID.commonName, text]);

/** Somebody with a name, a key and a certificate for it. */
export interface Holder {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly der: Buffer;
  readonly certificate: Certificate;
}

export interface HolderWish {
  readonly name: Buffer;
  readonly key?: KeyObject;
  /** Absent: self-signed. */
  readonly issuer?: Pick<Holder, 'name' | 'key'>;
  readonly serial?: Buffer;
  readonly from?: Date;
  readonly to?: Date;
  readonly extensions: readonly Buffer[];
}

let nextSerial = 0x2000;

export function hold(wish: HolderWish): Holder {
  const key = wish.key ?? newKey();
  const issuer = wish.issuer ?? { name: wish.name, key };
  nextSerial += 1;
  const body = sequence(
    context(0, integer(2)),
    wish.serial ?? integer(0x40, nextSerial >> 8, nextSerial & 0xff),
    ECDSA_SHA256,
    issuer.name,
    sequence(time(wish.from ?? daysFromNow(-30)), time(wish.to ?? daysFromNow(300))),
    wish.name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ...(wish.extensions.length === 0 ? [] : [context(3, sequence(...wish.extensions))]),
  );
  const der = sequence(body, ECDSA_SHA256, bitString(sign('sha256', body, issuer.key)));
  return { name: wish.name, key, der, certificate: readCertificate(der) };
}

export const MAIL = 'claire.martin@cabinet.example';
export const root = hold({ name: common('Trust root'), extensions: authorityExtensions() });
export const authorityUnder = (issuer: Holder, text: string, ...extensions: readonly Buffer[]): Holder =>
  hold({ name: common(text), issuer, extensions: [...authorityExtensions(), ...extensions] });
export const doctorUnder = (issuer: Holder, ...extensions: readonly Buffer[]): Holder =>
  hold({ name: common('Dr Claire MARTIN'), issuer, extensions: [...mailExtensions(MAIL), ...extensions] });

export interface Entry {
  readonly holder: Holder;
  readonly reason?: number;
  readonly extensions?: readonly Buffer[];
}

export interface ListWish {
  readonly entries?: readonly Entry[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly extensions?: readonly Buffer[];
  /** Another key than the issuer's. */
  readonly key?: KeyObject;
}

const enumerated = (value: number): Buffer => element(0x0a, Buffer.from([value]));

/** The DER of a list of `issuer`. */
export function listBytes(issuer: Pick<Holder, 'name' | 'key'>, wish: ListWish = {}): Buffer {
  const entries = (wish.entries ?? []).map(({ holder, reason, extensions = [] }) => {
    const all = [...(reason === undefined ? [] : [extension(OID.reasonCode, enumerated(reason))]), ...extensions];
    const serial = element(0x02, holder.certificate.serial);
    return sequence(serial, time(daysFromNow(-2)), ...(all.length === 0 ? [] : [sequence(...all)]));
  });
  const body = sequence(
    integer(1),
    ECDSA_SHA256,
    issuer.name,
    time(wish.thisUpdate ?? daysFromNow(-1)),
    time(wish.nextUpdate ?? daysFromNow(7)),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    ...(wish.extensions === undefined ? [] : [context(0, sequence(...wish.extensions))]),
  );
  return sequence(body, ECDSA_SHA256, bitString(sign('sha256', body, wish.key ?? issuer.key)));
}

export const listBy = (issuer: Pick<Holder, 'name' | 'key'>, wish: ListWish = {}): RevocationList =>
  readRevocationList(listBytes(issuer, wish));

export const numbered = (number: number): Buffer => extension(OID.crlNumber, integer(number));
export const deltaFrom = (base: number): Buffer => extension(OID.deltaCrlIndicator, integer(base), true);

/** GeneralNames. */
export const uriName = (url: string): Buffer => contextPrimitive(6, Buffer.from(url, 'latin1'));
export const dnsName = (host: string): Buffer => contextPrimitive(2, Buffer.from(host, 'latin1'));
export const mailName = (address: string): Buffer => contextPrimitive(1, Buffer.from(address, 'latin1'));
export const ipName = (...octets: number[]): Buffer => contextPrimitive(7, Buffer.from(octets));
export const directoryName = (name: Buffer): Buffer => context(4, name);
export const otherName = (type: string, value: Buffer): Buffer => context(0, oid(type), context(0, value));
export const utf8Mailbox = (address: string): Buffer =>
  otherName(OID.smtpUtf8Mailbox, element(0x0c, Buffer.from(address)));

/** ReasonFlags as the content of a BIT STRING: bit 1 keyCompromise … bit 8 aACompromise. */
const reasonFlags = (...bits: number[]): Buffer => {
  const octets = Buffer.from([7, 0, 0]);
  for (const bit of bits) {
    const at = 1 + (bit >> 3);
    octets[at] = (octets[at] as number) | (0x80 >> (bit & 7));
  }
  return octets;
};

export interface PointWish {
  readonly names?: readonly Buffer[];
  readonly reasons?: readonly number[];
  readonly issuer?: Buffer;
}

export const distributionPoints = (...points: readonly PointWish[]): Buffer =>
  extension(
    OID.crlDistributionPoints,
    sequence(
      ...points.map(({ names, reasons, issuer }) =>
        sequence(
          ...(names === undefined ? [] : [context(0, context(0, ...names))]),
          ...(reasons === undefined ? [] : [contextPrimitive(1, reasonFlags(...reasons))]),
          ...(issuer === undefined ? [] : [context(2, directoryName(issuer))]),
        ),
      ),
    ),
  );

const flag = (tag: number): Buffer => contextPrimitive(tag, Buffer.from([0xff]));

export function issuingPoint(wish: {
  readonly names?: readonly Buffer[];
  readonly only?: 'user' | 'authority' | 'attribute';
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
}): Buffer {
  const fields = [
    ...(wish.names === undefined ? [] : [context(0, context(0, ...wish.names))]),
    ...(wish.only === 'user' ? [flag(1)] : wish.only === 'authority' ? [flag(2)] : []),
    ...(wish.reasons === undefined ? [] : [contextPrimitive(3, reasonFlags(...wish.reasons))]),
    ...(wish.indirect === true ? [flag(4)] : []),
    ...(wish.only === 'attribute' ? [flag(5)] : []),
  ];
  return extension(OID.issuingDistributionPoint, sequence(...fields), true);
}

export const certificateIssuer = (name: Buffer): Buffer =>
  extension(OID.certificateIssuer, sequence(directoryName(name)), true);

/** AuthorityInfoAccess of pairs of method and URL. */
export const accessAt = (...places: readonly (readonly [method: string, url: string])[]): Buffer =>
  extension(
    OID.authorityInformationAccess,
    sequence(...places.map(([method, url]) => sequence(oid(method), uriName(url)))),
  );

export const nameConstraints = (wish: {
  readonly permitted?: readonly Buffer[];
  readonly excluded?: readonly Buffer[];
}): Buffer =>
  extension(
    OID.nameConstraints,
    sequence(
      ...(wish.permitted === undefined ? [] : [context(0, ...wish.permitted.map((name) => sequence(name)))]),
      ...(wish.excluded === undefined ? [] : [context(1, ...wish.excluded.map((name) => sequence(name)))]),
    ),
    true,
  );

export const alternativeNames = (...names: readonly Buffer[]): Buffer =>
  extension(OID.subjectAltName, sequence(...names));

export const storeOfHolders = (wish: Partial<TrustStore>): TrustStore => ({
  anchors: [root.certificate],
  intermediates: [],
  lists: [],
  ...wish,
});

const generalizedTime = (at: Date): Buffer =>
  element(
    0x18,
    Buffer.from(
      `${at
        .toISOString()
        .replace(/\.\d+/, '')
        .replace(/[-:TZ]/g, '')}Z`,
    ),
  );

export interface AnswerWish {
  readonly about: Holder;
  readonly issuer: Holder;
  readonly status?: 'good' | 'revoked' | 'held' | 'unknown';
  readonly digest?: 'sha1' | 'sha256';
  readonly signer?: Pick<Holder, 'name' | 'key'>;
  readonly certificates?: readonly Buffer[];
  readonly byKey?: boolean;
  readonly producedAt?: Date;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly nonce?: Buffer;
  readonly extensions?: readonly Buffer[];
}

const DIGEST_OIDS = { sha1: '1.3.14.3.2.26', sha256: OID.sha256 };

function statusElement(status: AnswerWish['status'] = 'good'): Buffer {
  if (status === 'good') return contextPrimitive(0, Buffer.alloc(0));
  if (status === 'unknown') return contextPrimitive(2, Buffer.alloc(0));
  return context(1, generalizedTime(daysFromNow(-3)), context(0, enumerated(status === 'held' ? 6 : 1)));
}

/** The DER of an OCSP response. */
export function ocspAnswer(wish: AnswerWish): Buffer {
  const { digest: algorithm = 'sha1', signer = wish.issuer } = wish;
  const digest = (bytes: Buffer): Buffer => octetString(createHash(algorithm).update(bytes).digest());
  const id = sequence(
    sequence(oid(DIGEST_OIDS[algorithm])),
    digest(wish.about.certificate.issuerRaw),
    digest(wish.issuer.certificate.keyOctets),
    element(0x02, wish.about.certificate.serial),
  );
  const thisUpdate = wish.thisUpdate ?? daysFromNow(-0.01);
  const { nextUpdate = daysFromNow(1) } = wish;
  const single = sequence(
    id,
    statusElement(wish.status),
    generalizedTime(thisUpdate),
    ...(nextUpdate === null ? [] : [context(0, generalizedTime(nextUpdate))]),
  );
  const spki = createPublicKey(signer.key).export({ type: 'spki', format: 'der' });
  const keyHash = createHash('sha1').update(spki.subarray(-65)).digest();
  const extensions = [
    ...(wish.nonce === undefined ? [] : [extension(OID.ocspNonce, octetString(wish.nonce))]),
    ...(wish.extensions ?? []),
  ];
  const content = sequence(
    wish.byKey === true ? context(2, octetString(keyHash)) : context(1, signer.name),
    generalizedTime(wish.producedAt ?? thisUpdate),
    sequence(single),
    ...(extensions.length === 0 ? [] : [context(1, sequence(...extensions))]),
  );
  const { certificates = [] } = wish;
  const basic = sequence(
    content,
    ECDSA_SHA256,
    bitString(sign('sha256', content, signer.key)),
    ...(certificates.length === 0 ? [] : [context(0, sequence(...certificates))]),
  );
  return sequence(enumerated(0), context(0, sequence(oid(OID.ocspBasic), octetString(basic))));
}
