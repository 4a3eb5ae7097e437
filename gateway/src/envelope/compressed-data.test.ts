/** CompressedData: what an honest sender compressed is read, and what is made to burst is stopped while it inflates. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { ENVELOPE_LIMITS, MEBIBYTE } from '@estafette/contracts/limits';
import { BerError } from './ber.ts';
import { parsed } from './cms-vectors.fixture.ts';
import { inflateCompressedData } from './compressed-data.ts';
import { context, element, octetString, oid, sequence, smallInteger } from './der.ts';
import { cmsEntity, mail, multipartSigned, opaqueEntity, signedData, TEXT_ENTITY } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { openEnvelope } from './open-envelope.ts';
import { goodPolicy } from './test-authority.fixture.ts';

interface Wish {
  readonly algorithm?: string;
  readonly contentType?: string;
  readonly content?: Buffer;
}

/** The content of a CompressedData whose compressed octets are given. */
const compressedData = (compressed: Buffer, { algorithm = OID.zlib, contentType = OID.content, content }: Wish = {}) =>
  sequence(
    smallInteger(0),
    sequence(oid(algorithm)),
    sequence(oid(contentType), context(0, content ?? octetString(compressed))),
  );
const inflated = (compressed: Buffer, wish?: Wish) => inflateCompressedData(parsed(compressedData(compressed, wish)));
const compressedEntity = (entity: Buffer): Buffer =>
  cmsEntity(sequence(oid(OID.compressedData), context(0, compressedData(deflateSync(entity)))), 'signed-data');

test('compressed content is inflated, in one piece or in several', () => {
  const compressed = deflateSync(TEXT_ENTITY);
  assert.deepEqual(inflated(compressed), { outcome: 'opened', content: TEXT_ENTITY });
  const content = element(0x24, octetString(compressed.subarray(0, 9)), octetString(compressed.subarray(9)));
  assert.deepEqual(inflated(compressed, { content }), { outcome: 'opened', content: TEXT_ENTITY });
});

test('a letter of repeated lines is inflated however well it was compressed, up to what always may come out', () => {
  const repeated = Buffer.alloc(ENVELOPE_LIMITS.inflatedAlwaysBytes, 'GLYC;1,02;g/l\r\n');
  assert.equal(inflated(deflateSync(repeated)).outcome, 'opened');
});

test('a bomb is refused: more than the limit, or a hundred times what went in', () => {
  const refused = { outcome: 'refused', reason: 'too-complex' };
  assert.deepEqual(inflated(deflateSync(Buffer.alloc(200 * MEBIBYTE), { level: 1 })), refused);
  assert.deepEqual(inflated(deflateSync(Buffer.alloc(ENVELOPE_LIMITS.inflatedAlwaysBytes + 1))), refused);
  const noise = randomBytes(MEBIBYTE);
  const long = Buffer.concat(Array.from({ length: ENVELOPE_LIMITS.inflatedMaxBytes / MEBIBYTE + 1 }, () => noise));
  assert.deepEqual(inflated(deflateSync(long, { level: 0 })), refused);
});

test('another compression, or content of another type, is unsupported', () => {
  const refused = { outcome: 'refused', reason: 'envelope-unsupported' };
  assert.deepEqual(inflated(deflateSync(TEXT_ENTITY), { algorithm: '1.2.3' }), refused);
  assert.deepEqual(inflated(deflateSync(TEXT_ENTITY), { contentType: OID.signedData }), refused);
});

test('a stream that is cut, spoilt, followed by more or without its frame is malformed', () => {
  const right = deflateSync(TEXT_ENTITY);
  const spoilt = Buffer.from(right);
  spoilt[right.length - 1] = (spoilt[right.length - 1] as number) ^ 1;
  for (const wrong of [
    right.subarray(0, -5),
    spoilt,
    Buffer.concat([right, Buffer.from('more')]),
    Buffer.concat([right, right]),
    deflateRawSync(TEXT_ENTITY),
    Buffer.alloc(0),
  ])
    assert.throws(() => inflated(wrong), BerError);
});

test('a compressed layer proves nothing, and takes nothing from a signature around it or inside', () => {
  const bare = openEnvelope(mail(compressedEntity(TEXT_ENTITY)), goodPolicy);
  assert.deepEqual(
    [bare.verdict.signature, bare.verdict.encryption, bare.verdict.show],
    ['none', 'none', 'quarantine'],
  );
  assert.deepEqual(bare.layers, [{ kind: 'compressed' }]);
  const compressed = compressedEntity(TEXT_ENTITY);
  const around = openEnvelope(mail(multipartSigned(compressed, signedData(compressed))), goodPolicy);
  const inside = openEnvelope(mail(compressedEntity(opaqueEntity(TEXT_ENTITY))), goodPolicy);
  for (const { verdict, content } of [around, inside]) {
    assert.deepEqual([verdict.signature, verdict.show], ['valid', 'verified']);
    assert.deepEqual(content, TEXT_ENTITY);
  }
});

test('compressed layers count among the layers', () => {
  const deep = [1, 2, 3, 4].reduce<Buffer>((entity) => compressedEntity(entity), TEXT_ENTITY);
  assert.deepEqual(openEnvelope(mail(deep), goodPolicy).verdict.reasons, ['too-complex']);
});
