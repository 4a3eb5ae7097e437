/**
 * What is fuzzed: each reader of hostile bytes with well-formed samples to start from, the mutations that reach it, and
 * what must hold whatever the bytes are. A target throws when something does not hold.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { REPORT_LIMITS, TNEF_LIMITS } from '@estafette/contracts/limits';
import { SHOWS } from '@estafette/contracts/verdict';
import { readTnef } from '@estafette/gateway/content/tnef/read-tnef';
import {
  asWinmail,
  integer,
  packedRtf,
  properties,
  property,
  STEPPED_OVER,
  winmail,
} from '@estafette/gateway/content/tnef/tnef.fixture';
import { BerError, readBer } from '@estafette/gateway/envelope/ber';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
import { judgePath, type TrustStore } from '@estafette/gateway/envelope/certificate-path';
import { openingKey, withKey } from '@estafette/gateway/envelope/cms-vectors.fixture';
import { encryptContent } from '@estafette/gateway/envelope/encrypt-content';
import {
  cmsEntity,
  detached,
  encryptedEntity,
  envelopedData,
  mail,
  multipartSigned,
  opaqueEntity,
  signedData,
  TEXT_ENTITY,
} from '@estafette/gateway/envelope/letters.fixture';
import { MailMalformed } from '@estafette/gateway/envelope/mail-malformed';
import { readEntity, readLetter as readMail, signedParts } from '@estafette/gateway/envelope/mime-entity';
import { readMimeTree } from '@estafette/gateway/envelope/mime-tree';
import { changeBytes, changeElements, changeLines, type Mutation } from '@estafette/gateway/envelope/mutations.fixture';
import { nonceOfRequest, ocspRequest } from '@estafette/gateway/envelope/ocsp-request';
import { readOcspResponse } from '@estafette/gateway/envelope/ocsp-response';
import { openEnvelope } from '@estafette/gateway/envelope/open-envelope';
import { readRevocationList } from '@estafette/gateway/envelope/revocation-list';
import { checkSigners, readSignedData } from '@estafette/gateway/envelope/signed-data';
import {
  daysFromNow,
  doctor,
  goodPolicy,
  NOW,
  pharmacy,
  ROOT,
  revocationList,
  rootList,
} from '@estafette/gateway/envelope/test-authority.fixture';
import {
  doctorUnder,
  listBytes,
  ocspAnswer,
  storeOfHolders,
  root as trustRoot,
} from '@estafette/gateway/envelope/trust.fixture';
import {
  deliveryReport,
  dispositionReport,
  integrationRefused,
  plainMail,
} from '@estafette/gateway/reports/mails.fixture';
import { readAutomatic, readOutside } from '@estafette/gateway/reports/read-automatic';
import { ListRefused } from '@estafette/gateway/trust-list/list-refused';
import { NOW as LIST_NOW, policy as listPolicy, signedList } from '@estafette/gateway/trust-list/lists.fixture';
import { readList } from '@estafette/gateway/trust-list/read-list';

const REPORTS = [
  deliveryReport([['Final-Recipient: rfc822; claire.martin@cabinet.example', 'Action: failed', 'Status: 5.1.1']]),
  dispositionReport(['Disposition: manual-action/MDN-sent-manually; displayed']),
  integrationRefused('902', 'Identifiant de patient inconnu'),
  plainMail("Je suis absente jusqu'au 12 décembre 2026.", { fields: ['Auto-Submitted: auto-replied'] }),
];

/** Whatever a report says is few, short, and about addresses; a letter of a person is none. */
function readReport(letter: Buffer): void {
  const facts = { subject: '', from: '', nullSender: letter.length % 2 === 0, receivedAt: NOW.getTime() };
  readOutside(letter);
  const found = readAutomatic({ letter, content: null, ...facts });
  if (found === null) return;
  assert.ok(found.ids.length <= REPORT_LIMITS.idsMax && found.reports.length <= REPORT_LIMITS.recipientsMax);
  assert.ok(found.text.length <= REPORT_LIMITS.wordsMaxCharacters && !found.text.includes('\0'));
  for (const { finalRecipient } of found.reports)
    assert.ok(!/[\s<>]/.test(finalRecipient), 'an address with more in it');
  for (const id of found.ids) assert.match(id, /^<[^<>\s]+>$/);
  assert.ok(found.until === null || /^\d{4}-\d{2}-\d{2}$/.test(found.until));
}

export interface FuzzTarget {
  readonly samples: readonly Buffer[];
  readonly mutations: readonly Mutation[];
  /** Reads the bytes; throws what `isRefusal` knows for what they contain, anything else is a finding. */
  readonly read: (bytes: Buffer) => void;
}

/** Whether an error is the reader's own word for bytes it does not take. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof BerError || error instanceof MailMalformed || error instanceof ListRefused;

const BER = { depthMax: 64, nodesMax: 100_000, der: false };

/** A letter is shown as verified only with the very content that was signed. */
function readLetter(letter: Buffer, keys = goodPolicy.keys): void {
  const { verdict, content } = openEnvelope(letter, { ...goodPolicy, keys });
  assert.ok(SHOWS.includes(verdict.show));
  if (verdict.show === 'verified') assert.ok(content?.equals(TEXT_ENTITY), 'verified, with other content');
  if (verdict.show === 'quarantine') assert.equal(content, null, 'quarantined, with content');
}

const LETTERS = [
  detached({ lists: [rootList] }),
  mail(opaqueEntity(TEXT_ENTITY)),
  mail(encryptedEntity(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)))),
  mail(multipartSigned(encryptedEntity(TEXT_ENTITY), signedData(encryptedEntity(TEXT_ENTITY)))),
];

const SIGNED = [signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY }), signedData(TEXT_ENTITY, { lists: [rootList] })];

const SPKI = { type: 'spki', format: 'der' } as const;

/** An INTEGER as OpenSSL prints it: hexadecimal, a minus before it when it is negative. */
function signedHex(integer: Buffer): string {
  const value = BigInt.asIntN(integer.length * 8, BigInt(`0x${integer.toString('hex')}`));
  return value.toString(16).toUpperCase();
}

/** A certificate we take is one OpenSSL reads too, with the same serial and the same key. */
function readSameCertificate(bytes: Buffer): void {
  const own = readCertificate(bytes);
  const theirs = new X509Certificate(bytes);
  assert.equal(signedHex(own.serial), theirs.serialNumber.replace(/^(-?)0+(?=.)/, '$1'), 'another serial');
  assert.ok(own.publicKey.export(SPKI).equals(theirs.publicKey.export(SPKI)), 'another key');
}

const DOCTOR_KEY = readCertificate(doctor.certificate).publicKey;

const REVOKING = revocationList({
  issuer: ROOT,
  revoked: [
    { serial: 7, at: daysFromNow(-1) },
    { serial: 9, at: daysFromNow(-2) },
  ],
});

const REVOKED = doctorUnder(trustRoot);

/** Whatever becomes of what revokes a certificate, it does not make it good. */
function staysRevoked(knowledge: Partial<TrustStore>): void {
  const question = { certificate: REVOKED.certificate, bag: [], bagLists: [], at: NOW } as const;
  const { trusted } = judgePath({ ...question, store: storeOfHolders(knowledge), uses: ['digitalSignature'] });
  assert.equal(trusted, false, 'a revoked certificate is trusted');
}

const EC_PHARMACY = withKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const KEYS = [...goodPolicy.keys, openingKey(EC_PHARMACY)];

const sealedFor = (certificate: Buffer, content: 'aes-256-cbc' | 'aes-256-gcm'): Buffer =>
  encryptContent(opaqueEntity(TEXT_ENTITY), {
    recipient: readCertificate(certificate),
    content,
    keyTransport: content === 'aes-256-gcm' ? 'rsa-oaep-sha256' : 'rsa-pkcs1',
  }).sealed;

const LIST = signedList();
const LIST_DIGEST = readList(LIST, listPolicy, LIST_NOW).digest;

const WRAPPED =
  "{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 INR \\'e0 6,8\\u8239?mg\\htmlrtf \\par }\\htmlrtf0{\\*\\htmltag72 </p>}}";

/** Read, or called damaged: it never gives more than it holds, but for what was packed. */
function readOutlookFile(bytes: Buffer): void {
  const file = asWinmail(bytes);
  const tnef = readTnef(file);
  if (tnef === null) return;
  const size = tnef.files.reduce((sum, file) => sum + file.bytes.length, 0);
  assert.ok(size <= file.length && tnef.files.length <= TNEF_LIMITS.attachmentsMax, 'more than there is');
  for (const body of tnef.bodies) assert.ok(body.bytes.length <= 4 * TNEF_LIMITS.rtfMaxBytes + file.length);
}

/** Every target by its name on the command line. */
export const TARGETS = {
  splitter: {
    samples: LETTERS,
    mutations: [changeLines, changeBytes],
    read: (bytes) => {
      const entity = bytes.length % 2 === 0 ? readMail(bytes) : readEntity(bytes);
      if (entity.contentType.type === 'multipart/signed') signedParts(entity);
      readMimeTree(entity);
    },
  },
  asn1: {
    samples: [doctor.certificate, rootList, ...SIGNED],
    mutations: [changeBytes, changeElements],
    read: (bytes) => void readBer(bytes, { ...BER, der: bytes.length % 2 === 0 }),
  },
  certificate: {
    samples: [doctor.certificate],
    mutations: [changeElements, changeBytes],
    read: readSameCertificate,
  },
  cms: {
    samples: SIGNED,
    mutations: [changeElements, changeBytes],
    read: (bytes) => {
      const data = readSignedData(readBer(bytes, BER).children[1]?.children[0]);
      for (const outcome of checkSigners(data, TEXT_ENTITY))
        if (outcome.outcome === 'right')
          assert.ok(outcome.certificate.publicKey.equals(DOCTOR_KEY), 'the key of somebody else');
    },
  },
  'cms-in-letter': {
    samples: [...SIGNED, envelopedData(opaqueEntity(TEXT_ENTITY))],
    mutations: [changeElements, changeBytes],
    read: (bytes) => readLetter(mail(cmsEntity(bytes, 'signed-data'))),
  },
  crl: {
    samples: [rootList, REVOKING, listBytes(trustRoot, { entries: [{ holder: REVOKED, reason: 1 }] })],
    mutations: [changeElements, changeBytes],
    read: (bytes) => staysRevoked({ lists: [readRevocationList(bytes)] }),
  },
  ocsp: {
    samples: [
      ocspAnswer({ about: REVOKED, issuer: trustRoot, status: 'revoked' }),
      ocspAnswer({ about: REVOKED, issuer: trustRoot, status: 'held', byKey: true, nextUpdate: null }),
      ocspRequest(REVOKED.certificate, trustRoot.certificate),
    ],
    mutations: [changeElements, changeBytes],
    read: (bytes) => {
      if (bytes.length < 200) nonceOfRequest(bytes);
      staysRevoked({ responses: [{ response: readOcspResponse(bytes), nonceAsked: null }] });
    },
  },
  encrypted: {
    samples: [
      sealedFor(pharmacy.certificate, 'aes-256-cbc'),
      sealedFor(pharmacy.certificate, 'aes-256-gcm'),
      sealedFor(EC_PHARMACY.certificate, 'aes-256-cbc'),
      sealedFor(EC_PHARMACY.certificate, 'aes-256-gcm'),
    ],
    mutations: [changeElements, changeBytes],
    read: (bytes) => readLetter(mail(cmsEntity(bytes, 'enveloped-data')), KEYS),
  },
  report: { samples: REPORTS, mutations: [changeLines, changeBytes], read: readReport },
  'trust-list': {
    samples: [LIST],
    mutations: [changeLines, changeBytes],
    read: (bytes) =>
      assert.equal(readList(bytes, listPolicy, LIST_NOW).digest, LIST_DIGEST, 'a list that was changed is believed'),
  },
  tnef: {
    samples: [
      properties(...STEPPED_OVER, integer(0x3fde, 1252), property(0x1009, 0x102, packedRtf(WRAPPED))),
      Buffer.from(WRAPPED, 'latin1'),
      winmail({
        attachments: [{ title: 'a.pdf', bytes: Buffer.from('%PDF'), properties: [property(0x3707, 0x1f, 'b')] }],
      }),
    ],
    mutations: [changeBytes],
    read: readOutlookFile,
  },
  letter: { samples: LETTERS, mutations: [changeLines, changeBytes], read: (bytes) => readLetter(bytes) },
} as const satisfies Record<string, FuzzTarget>;

export type TargetName = keyof typeof TARGETS;
