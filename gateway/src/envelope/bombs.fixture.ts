/**
 * For tests and bench: letters made to cost their reader time or memory. Each is small on the wire, well-formed as far
 * as it can be, and signed rightly where its content is the bomb.
 */
import { deflateSync } from 'node:zlib';
import { context, element, octetString, oid, sequence, smallInteger } from './der.ts';
import { cmsEntity, mail, multipartSigned, OUTER, signedData, TEXT_ENTITY } from './letters.fixture.ts';
import { doctor } from './test-authority.fixture.ts';

const MEBIBYTE = 1_048_576;
/** Two letters that differ in trace fields only would be one letter sent twice. */
const OTHER_TEXT = Buffer.concat([TEXT_ENTITY, Buffer.from('Bien à vous.\r\n')]);

function nestedSequences(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) bytes = sequence(bytes);
  return bytes;
}

const repeated = (piece: string, count: number): Buffer => Buffer.from(piece.repeat(count), 'latin1');

const asLetter = (info: Buffer): Buffer => mail(cmsEntity(info, 'signed-data'));
const asSigned = (entity: Buffer): Buffer => mail(multipartSigned(entity, signedData(entity)));

/** CompressedData (RFC 3274) whose content inflates to `mebibytes` of zeros. */
function compressedZeros(mebibytes: number): Buffer {
  const content = sequence(
    oid('1.2.840.113549.1.7.1'),
    context(0, octetString(deflateSync(Buffer.alloc(mebibytes * MEBIBYTE)))),
  );
  const data = sequence(smallInteger(0), sequence(oid('1.2.840.113549.1.9.16.3.8')), content);
  return sequence(oid('1.2.840.113549.1.9.16.1.9'), context(0, data));
}

function manyParts(count: number): Buffer {
  const head = 'Content-Type: multipart/mixed; boundary=q\r\n\r\n';
  return Buffer.concat([Buffer.from(head), repeated('--q\r\n\r\nx\r\n', count), Buffer.from('--q--\r\n')]);
}

function nestedParts(depth: number): Buffer {
  const heads = Array.from(
    { length: depth },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
  );
  const tails = Array.from({ length: depth }, (_, at) => `\r\n--b${depth - 1 - at}--\r\n`);
  return Buffer.from(`${heads.join('')}\r\ntext${tails.join('')}`);
}

const manyHeaders = (count: number): string[] => [...OUTER, ...Array.from({ length: count }, (_, at) => `X-${at}: y`)];

/** Every bomb by its name, made when asked for. */
export const BOMBS: Readonly<Record<string, () => Buffer>> = {
  '2,000 signers': () =>
    mail(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY, { signers: Array.from({ length: 2_000 }, () => ({})) }))),
  '2,000 certificates': () =>
    mail(
      multipartSigned(
        TEXT_ENTITY,
        signedData(TEXT_ENTITY, { bag: Array.from({ length: 2_000 }, () => doctor.certificate) }),
      ),
    ),
  '5,000 nested SEQUENCEs': () => asLetter(nestedSequences(5_000)),
  '20,000 open indefinite lengths': () => asLetter(repeated('\x30\x80', 20_000)),
  'a length of 2 GB': () => asLetter(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x06, 0x00])),
  'an OCTET STRING in 90,000 pieces': () =>
    asLetter(element(0x24, ...Array.from({ length: 90_000 }, () => octetString(Buffer.from('x'))))),
  '200 MB of CompressedData': () => asLetter(compressedZeros(200)),
  '30,000 MIME parts, signed': () => asSigned(manyParts(30_000)),
  '30,000 MIME parts': () => mail(manyParts(30_000)),
  '5,000 nested multiparts, signed': () => asSigned(nestedParts(5_000)),
  '100,000 header fields': () => mail(TEXT_ENTITY, manyHeaders(100_000)),
  '100,000 header fields, signed': () =>
    asSigned(Buffer.concat([Buffer.from(`${manyHeaders(100_000).join('\r\n')}\r\n`), TEXT_ENTITY])),
  'one header of 20 MB': () => mail(OTHER_TEXT, [...OUTER, `X-Long: ${'y '.repeat(10 * MEBIBYTE)}`]),
  'a From of 200 KB of brackets': () => mail(TEXT_ENTITY, [`From: ${'<('.repeat(100_000)}`]),
};
