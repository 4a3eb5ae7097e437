/**
 * What a strict mail program would find wrong with a sealed mail and with what is inside, apart from the cryptography:
 * header fields missing or repeated, parameters of Content-Type, boundaries, line lengths, line ends, octets above 126.
 * RFC 5322 §2.1.1, §3.6; RFC 2045 §2.7, §6.8; RFC 2046 §5.1.1; RFC 8551 §3.2, §3.5.
 */
import { bodyOf, headerOf, headOf } from './mime-form.ts';

const LINE_MAX = 998;
const BASE64_LINE_MAX = 76;
const ONCE = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'];
const SEALED_TYPE = /^application\/pkcs7-mime; smime-type=(enveloped-data|authEnveloped-data); name="smime\.p7m"$/;
const OPAQUE_TYPE = /^application\/pkcs7-mime; smime-type=signed-data; name="smime\.p7m"$/;
const SIGNATURE_TYPE = /^application\/pkcs7-signature; name="smime\.p7s"$/;

/** Every line of a base64 body is full but the last. */
function isBase64(lines: readonly string[]): boolean {
  const isWhole = lines.every((line) => /^[A-Za-z0-9+/]+={0,2}$/.test(line) && line.length <= BASE64_LINE_MAX);
  return isWhole && lines.slice(0, -1).every((line) => line.length === BASE64_LINE_MAX && !line.includes('='));
}

type Check = readonly [isRight: boolean, fault: string];

const faultsOf = (checks: readonly Check[]): string[] =>
  checks.filter(([isRight]) => !isRight).map(([, fault]) => fault);

/** What holds for a mail and for every entity inside it. */
function lineChecks(entity: Buffer): Check[] {
  const text = entity.toString('latin1');
  return [
    [entity.every((octet) => octet <= 0x7e), 'an octet above 126'],
    [/^(?:[^\r\n]|\r\n)*$/.test(text), 'a bare CR or LF'],
    [text.endsWith('\r\n'), 'no line end at the end'],
    [text.split('\r\n').every((line) => line.length <= LINE_MAX), `a line of more than ${LINE_MAX} characters`],
  ];
}

/** What holds for a base64 entity of the type, sent as the file of that name. */
function base64Checks(entity: Buffer, type: RegExp, file: string): Check[] {
  return [
    [type.test(headerOf(entity, 'Content-Type')), `Content-Type ${headerOf(entity, 'Content-Type')}`],
    [headerOf(entity, 'Content-Transfer-Encoding') === 'base64', 'another Content-Transfer-Encoding than base64'],
    [headerOf(entity, 'Content-Disposition') === `attachment; filename="${file}"`, 'another Content-Disposition'],
    [isBase64(bodyOf(entity).toString('latin1').trimEnd().split('\r\n')), 'base64 not in lines of 76'],
  ];
}

/** One sentence per fault of a mail as Estafette seals it. */
export function faultsOfMail(mail: Buffer): string[] {
  const fields = headOf(mail).split('\r\n');
  const names = fields.filter((line) => !/^[ \t]/.test(line)).map((line) => line.split(':')[0]?.toLowerCase());
  return faultsOf([
    ...lineChecks(mail),
    ...ONCE.map((name): Check => {
      const times = names.filter((one) => one === name.toLowerCase()).length;
      return [times === 1, `not exactly one ${name}`];
    }),
    [headerOf(mail, 'MIME-Version') === '1.0', 'another MIME-Version than 1.0'],
    ...base64Checks(mail, SEALED_TYPE, 'smime.p7m'),
  ]);
}

/** One sentence per fault of what is inside once it is decrypted: multipart/signed with this micalg, or opaque. */
export function faultsOfInside(entity: Buffer, micalg: string): string[] {
  const type = headerOf(entity, 'Content-Type');
  if (!type.startsWith('multipart/signed'))
    return faultsOf([...lineChecks(entity), ...base64Checks(entity, OPAQUE_TYPE, 'smime.p7m')]);
  const boundary = /boundary="([^"]*)"/.exec(type)?.[1] ?? '';
  const parts = bodyOf(entity).toString('latin1').split(`--${boundary}`);
  const signature = Buffer.from((parts[2] ?? '').replace(/^\r\n/, ''), 'latin1');
  return faultsOf([
    ...lineChecks(entity),
    [/^[0-9A-Za-z'()+_,./:=?-]{1,70}$/.test(boundary), `the boundary ${boundary}`],
    [parts.length === 4 && parts[0] === '' && parts[3] === '--\r\n', 'not two parts and nothing around them'],
    [type.includes('; protocol="application/pkcs7-signature";'), 'another protocol than application/pkcs7-signature'],
    [type.includes(`; micalg=${micalg};`), `another micalg than ${micalg}`],
    ...base64Checks(signature, SIGNATURE_TYPE, 'smime.p7s'),
  ]);
}
