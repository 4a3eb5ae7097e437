/**
 * Hostile bytes: real structures mutated with fixed seeds, and bombs. Every reader answers with its own kind of error or
 * a value, the whole with a verdict; never another exception, never a hang.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHOWS } from '@estafette/contracts/verdict';
import { BerError, readBer } from './ber.ts';
import { readCertificate } from './certificate.ts';
import { context, element, octetString, oid, sequence } from './der.ts';
import { readContentType } from './header-fields.ts';
import {
  cmsEntity,
  detached,
  encryptedEntity,
  mail,
  multipartSigned,
  opaqueEntity,
  signedData,
  TEXT_ENTITY,
} from './letters.fixture.ts';
import { MailMalformed } from './mail-malformed.ts';
import { readEntity, readLetter, signedParts } from './mime-entity.ts';
import { readMimeTree } from './mime-tree.ts';
import { OID } from './oids.ts';
import { openEnvelope } from './open-envelope.ts';
import { readRevocationList } from './revocation-list.ts';
import { readSignedData } from './signed-data.ts';
import { doctor, goodPolicy, rootList } from './test-authority.fixture.ts';

/** How long one fuzz goes on; every seed that is reached is the same in every run. */
const BUDGET_MS = 1_500;
const LIMITS = { depthMax: 64, nodesMax: 100_000, der: false };
const MIME_ERRORS = [MailMalformed];
const BER_ERRORS = [BerError];

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** A sample with up to six flipped, cut, repeated or overwritten places. */
function mutated(sample: Buffer, seed: number): Buffer {
  const random = randomOf(seed);
  let bytes = Buffer.from(sample);
  for (let times = 1 + random(6); times > 0 && bytes.length > 1; times -= 1) {
    const at = random(bytes.length);
    const kind = random(6);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1) bytes[at] = random(256);
    else if (kind === 2) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
    else if (kind === 4) bytes.set([0x84, 0x7f, 0xff, 0xff, 0xff].slice(0, bytes.length - at), at);
    else bytes[at] = 0x80;
  }
  return bytes;
}

function fuzz(samples: readonly Buffer[], read: (bytes: Buffer) => unknown, allowed: readonly unknown[]): number {
  const end = Date.now() + BUDGET_MS;
  let seed = 0;
  for (; Date.now() < end; seed += 1) {
    const bytes = mutated(samples[seed % samples.length] as Buffer, seed);
    try {
      read(bytes);
    } catch (error) {
      const isAllowed = allowed.some((kind) => error instanceof (kind as typeof Error));
      assert.ok(isAllowed, `seed ${seed}: ${String(error)}`);
    }
  }
  return seed;
}

test('BER of any kind is read or refused', (context) => {
  const samples = [doctor.certificate, rootList, signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY })];
  context.diagnostic(`${fuzz(samples, (bytes) => readBer(bytes, LIMITS), BER_ERRORS)} mutations`);
});

test('a certificate is read or refused, its key included', (context) => {
  context.diagnostic(`${fuzz([doctor.certificate], readCertificate, BER_ERRORS)} mutations`);
});

test('a revocation list is read or refused', (context) => {
  context.diagnostic(`${fuzz([rootList], readRevocationList, BER_ERRORS)} mutations`);
});

test('a SignedData is read or refused', (context) => {
  const read = (bytes: Buffer): void => {
    readSignedData(readBer(bytes, LIMITS).children[1]?.children[0]);
  };
  const samples = [signedData(TEXT_ENTITY), signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY, lists: [rootList] })];
  context.diagnostic(`${fuzz(samples, read, BER_ERRORS)} mutations`);
});

test('a MIME entity is read or refused', (context) => {
  const read = (bytes: Buffer): void => {
    const entity = bytes.length % 2 === 0 ? readLetter(bytes) : readEntity(bytes);
    if (entity.contentType.type === 'multipart/signed') signedParts(entity);
    readMimeTree(entity);
  };
  context.diagnostic(`${fuzz([detached(), mail(TEXT_ENTITY)], read, MIME_ERRORS)} mutations`);
});

test('a letter always gets a verdict, and no mutation of it is verified with other content', (context) => {
  const samples = [
    detached({ lists: [rootList] }),
    mail(opaqueEntity(TEXT_ENTITY)),
    mail(encryptedEntity(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)))),
  ];
  const open = (letter: Buffer): void => {
    const { verdict, content } = openEnvelope(letter, goodPolicy);
    assert.ok(SHOWS.includes(verdict.show));
    if (verdict.show === 'verified') assert.ok(content?.equals(TEXT_ENTITY));
  };
  context.diagnostic(`${fuzz(samples, open, [])} mutations`);
});

test('mutated CMS inside a well-formed letter always gets a verdict', (context) => {
  const [signed, sealed] = [signedData(TEXT_ENTITY, { encapsulated: TEXT_ENTITY }), encryptedBytes()];
  const open = (info: Buffer): void => {
    const { verdict, content } = openEnvelope(mail(cmsEntity(info, 'signed-data')), goodPolicy);
    if (verdict.show === 'verified') assert.ok(content?.equals(TEXT_ENTITY));
  };
  context.diagnostic(`${fuzz([signed, sealed], open, [])} mutations`);
});

function encryptedBytes(): Buffer {
  const entity = encryptedEntity(opaqueEntity(TEXT_ENTITY)).toString('latin1');
  return Buffer.from(entity.slice(entity.indexOf('\r\n\r\n')), 'base64');
}

const nested = (depth: number): Buffer => {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) bytes = sequence(bytes);
  return bytes;
};

test('bombs of depth, length and number are refused', () => {
  const many = (piece: Buffer, count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => piece));
  for (const bomb of [
    nested(5_000),
    many(Buffer.from([0x30, 0x80]), 20_000),
    Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x05, 0x00]),
    Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0x30, 0x88, 1, 1, 1, 1, 1, 1, 1, 1]),
    Buffer.from([0x30, 0x80]),
    element(0x30, many(Buffer.from([0x05, 0x00]), 200_000)),
  ]) {
    assert.throws(() => readBer(bomb, LIMITS), BerError);
    assert.equal(openEnvelope(mail(cmsEntity(bomb, 'signed-data')), goodPolicy).verdict.show, 'quarantine');
  }
});

test('an OCTET STRING in very many pieces is joined or refused, not slow', () => {
  const pieces = Array.from({ length: 90_000 }, () => octetString(Buffer.from('x')));
  const content = element(0x24, ...pieces);
  const inner = sequence(oid(OID.content), context(0, content));
  const data = sequence(element(0x02, Buffer.from([1])), element(0x31), inner, element(0x31));
  const { verdict } = openEnvelope(
    mail(cmsEntity(sequence(oid(OID.signedData), context(0, data)), 'signed-data')),
    goodPolicy,
  );
  assert.equal(verdict.show, 'quarantine');
});

test('two thousand signers, or two thousand certificates, are too many', () => {
  const signers = Array.from({ length: 2_000 }, () => ({}));
  const bag = Array.from({ length: 2_000 }, () => doctor.certificate);
  for (const info of [signedData(TEXT_ENTITY, { signers }), signedData(TEXT_ENTITY, { bag })]) {
    const { verdict } = openEnvelope(mail(multipartSigned(TEXT_ENTITY, info)), goodPolicy);
    assert.deepEqual(verdict.reasons, ['envelope-malformed']);
  }
});

test('Content-Type fields made to be slow are read or refused', () => {
  for (const value of [
    `text/plain${';'.repeat(250_000)}`,
    `text/plain${'; a="'.repeat(50_000)}`,
    `text/plain; a="${'\\'.repeat(250_000)}`,
    `text/plain${' '.repeat(250_000)}x`,
    Array.from({ length: 40_000 }, (_, at) => `;a${at}=b`)
      .join('')
      .replace(/^/, 'text/plain'),
    `text/${'x'.repeat(250_000)}`,
  ]) {
    try {
      readContentType(value);
    } catch (error) {
      assert.ok(error instanceof MailMalformed, String(error));
    }
  }
});

test('a letter full of almost-delimiters is refused, wherever they stand in a line', () => {
  for (const line of ['--boundary-of-the-test x\r\n', ' --boundary-of-the-test', '\r\n--boundary-of-the-test\r\n']) {
    const entity = Buffer.concat([TEXT_ENTITY, Buffer.from(line.repeat(40_000))]);
    const { verdict } = openEnvelope(mail(multipartSigned(entity, signedData(entity))), goodPolicy);
    assert.equal(verdict.show, 'quarantine', line);
  }
});

test('one line of a megabyte in the body is just a long line', () => {
  const entity = Buffer.concat([TEXT_ENTITY, Buffer.from('x'.repeat(1_048_576))]);
  assert.equal(openEnvelope(mail(multipartSigned(entity, signedData(entity))), goodPolicy).verdict.show, 'verified');
});
