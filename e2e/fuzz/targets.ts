/**
 * What is fuzzed: each reader of hostile bytes with well-formed samples to start from, the mutations that reach it, and
 * what must hold whatever the bytes are. A target throws when something does not hold.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { SHOWS } from '@estafette/contracts/verdict';
import { BerError, readBer } from '@estafette/gateway/envelope/ber';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
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
import { openEnvelope } from '@estafette/gateway/envelope/open-envelope';
import { readRevocationList } from '@estafette/gateway/envelope/revocation-list';
import { checkSigners, readSignedData } from '@estafette/gateway/envelope/signed-data';
import {
  daysFromNow,
  doctor,
  goodPolicy,
  ROOT,
  revocationList,
  rootList,
} from '@estafette/gateway/envelope/test-authority.fixture';

export interface FuzzTarget {
  readonly samples: readonly Buffer[];
  readonly mutations: readonly Mutation[];
  /** Reads the bytes; throws `BerError` or `MailMalformed` for what they contain, anything else is a finding. */
  readonly read: (bytes: Buffer) => void;
}

/** Whether an error is the reader's own word for bytes it does not take. */
export const isRefusal = (error: unknown): boolean => error instanceof BerError || error instanceof MailMalformed;

const BER = { depthMax: 64, nodesMax: 100_000, der: false };

/** A letter is shown as verified only with the very content that was signed. */
function readLetter(letter: Buffer): void {
  const { verdict, content } = openEnvelope(letter, goodPolicy);
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
    samples: [rootList, REVOKING],
    mutations: [changeElements, changeBytes],
    read: (bytes) => void readRevocationList(bytes),
  },
  letter: { samples: LETTERS, mutations: [changeLines, changeBytes], read: readLetter },
} as const satisfies Record<string, FuzzTarget>;

export type TargetName = keyof typeof TARGETS;
