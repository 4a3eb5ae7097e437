/**
 * The attack checklist, lines 1 to 24, at the height of a whole letter: what the published attacks on S/MIME try (EFAIL,
 * "Johnny, you are fired", covert content), in many shapes. Lines whose test lives beside the code they judge are only
 * completed here: 4 to 11 in signature-traps, encryption-traps and encryption-algorithms, 13 to 17 in
 * attack-identity, 19 to 21 in the tests of paths and revocation, 24 in intake/letter-stream.
 */
import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { authEnveloped, openingKey, transported } from './cms-vectors.fixture.ts';
import { context, oid, sequence } from './der.ts';
import {
  cmsEntity,
  detached,
  digestAttribute,
  encryptedEntity,
  mail,
  multipartSigned,
  OUTER,
  opaqueEntity,
  SECRET_TEXT,
  signedData,
  TEXT_ENTITY,
  timeAttribute,
  typeAttribute,
} from './letters.fixture.ts';
import { OID } from './oids.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import {
  certify,
  DOCTOR_ADDRESS,
  daysFromNow,
  doctor,
  goodPolicy,
  mailExtensions,
  PHARMACY_ADDRESS,
  pharmacy,
  ROOT,
} from './test-authority.fixture.ts';

const open = (letter: Buffer): OpenedEnvelope => openEnvelope(letter, goodPolicy);
const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'));
const signed = (entity: Buffer = TEXT_ENTITY): Buffer => multipartSigned(entity, signedData(entity));
const FAKE = lines('Content-Type: text/plain', '', 'Prenez le double.');
const HTML = lines('Content-Type: text/html', '', '<img src="http://elsewhere.example/?');

function assertNotVerified({ verdict }: OpenedEnvelope, because: string, reason?: ReasonCode): void {
  assert.notEqual(verdict.show, 'verified', because);
  if (reason !== undefined) assert.ok(verdict.reasons.includes(reason), `${because}: ${verdict.reasons.join()}`);
}

/** Either nothing is verified, or what is shown is exactly what the doctor signed. */
function assertNothingElseShown(opened: OpenedEnvelope, because: string): void {
  if (opened.verdict.show === 'verified') assert.ok(opened.content?.equals(TEXT_ENTITY), because);
}

const BOUNDARY = 'outside';
function multipart(subtype: string, ...parts: Buffer[]): Buffer {
  return Buffer.concat([
    lines(`Content-Type: multipart/${subtype}; boundary="${BOUNDARY}"`, '', ''),
    ...parts.flatMap((part) => [lines(`--${BOUNDARY}`, ''), part, lines('', '')]),
    lines(`--${BOUNDARY}--`, ''),
  ]);
}

const SUBTYPES = ['mixed', 'related', 'alternative', 'parallel', 'report', 'digest', 'appledouble', 'x-unknown'];
const renamed = (entity: Buffer, type: string): Buffer =>
  Buffer.from(entity.toString('latin1').replace(/Content-Type: [^\r]*/, `Content-Type: ${type}`), 'latin1');
const wrapped = (entity: Buffer, parameters = ''): Buffer =>
  Buffer.concat([lines(`Content-Type: message/rfc822${parameters}`, '', ''), mail(entity)]);

test('line 1: an encrypted entity that is not the root, in whatever company, is never decrypted', () => {
  const sealed = encryptedEntity(signed());
  const disguised = renamed(sealed, 'application/octet-stream; name="smime.p7m"');
  const companies: Buffer[] = [wrapped(sealed), wrapped(sealed, '; forwarded=no')];
  for (const subtype of SUBTYPES) {
    for (const part of [sealed, disguised, wrapped(sealed), multipart('mixed', sealed).subarray(0)]) {
      const inner = part === sealed || part === disguised ? part : renamedBoundary(part);
      companies.push(multipart(subtype, inner), multipart(subtype, HTML, inner), multipart(subtype, HTML, inner, HTML));
    }
  }
  for (const company of companies) {
    for (const letter of [mail(company), mail(signed(company)), mail(encryptedEntity(company))]) {
      const { verdict, content, layers } = open(letter);
      const opened = layers.filter(({ kind }) => kind === 'encrypted').length;
      assert.ok(opened <= (verdict.encryption === 'opened' ? 1 : 0), company.toString('latin1', 0, 80));
      assert.ok(content === null || !content.includes(SECRET_TEXT), company.toString('latin1', 0, 80));
    }
  }
});

const renamedBoundary = (entity: Buffer): Buffer =>
  Buffer.from(entity.toString('latin1').replaceAll(BOUNDARY, 'within'), 'latin1');

test('line 1: an encrypted part beside others has its reason', () => {
  assertNotVerified(open(mail(multipart('mixed', HTML, encryptedEntity(signed())))), 'EFAIL', 'encryption-partial');
});

/** A letter as encrypted on the way changed it: `blocks` says which cipher block loses or wins which text. */
function gadget(entity: Buffer, find: string, become: string): Buffer {
  const at = entity.indexOf(find);
  assert.ok(at >= 0 && find.length === become.length);
  const changed = Buffer.from(entity);
  for (let index = 0; index < find.length; index += 1) changed[at + index] = become.charCodeAt(index);
  return changed;
}

test('line 2: what only CBC protected is inert, whatever its header says and whoever signed the outside', () => {
  const html = lines('Content-Type: text/html; charset=utf-8', '', `<b>${SECRET_TEXT}</b>`);
  const plain = encryptedEntity(html);
  const stranger = certify({ subject: 'Somebody', extensions: mailExtensions('a@elsewhere.example') });
  const shapes: Record<string, Buffer> = {
    'unsigned HTML': plain,
    'a changed header': encryptedEntity(gadget(html, 'charset=utf-8', 'charset=utf-7')),
    'signed outside': multipartSigned(plain, signedData(plain)),
    'signed outside, opaque': opaqueEntity(plain),
    'signed outside by a stranger': multipartSigned(plain, signedData(plain, { signers: [{ party: stranger }] })),
    'encrypted twice': encryptedEntity(plain),
    'a SignedData without signers inside': encryptedEntity(opaqueEntity(html, { signers: [] })),
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const opened = open(mail(shape));
    assertNotVerified(opened, name, 'not-authenticated');
    assert.equal(opened.inert, true, name);
  }
  const inside = open(mail(encryptedEntity(signed())));
  assert.deepEqual([inside.inert, inside.verdict.show], [false, 'verified']);
});

test('line 2: content of AES-GCM without a signature is unverified, and needs no mark of its own', () => {
  const contentKey = randomBytes(32);
  const key = { key: createPublicKey(pharmacy.privateKey), padding: constants.RSA_PKCS1_PADDING };
  const recipients = [transported(pharmacy, publicEncrypt(key, contentKey))];
  const info = sequence(oid(OID.authEnvelopedData), context(0, authEnveloped({ contentKey, recipients })));
  const { verdict, inert } = openEnvelope(mail(cmsEntity(info, 'enveloped-data')), {
    ...goodPolicy,
    keys: [openingKey(pharmacy)],
  });
  assert.deepEqual([verdict.encryption, verdict.show, inert], ['opened', 'unverified', false]);
  assert.ok(!verdict.reasons.includes('not-authenticated'));
});

test('line 3: covert content: what is hidden beside visible words is never opened, so no answer can quote it', () => {
  const hidden = encryptedEntity(TEXT_ENTITY);
  const question = lines('Content-Type: text/plain', '', 'Pouvez-vous me rappeler ?');
  for (const subtype of SUBTYPES) {
    const { content, verdict } = open(mail(signed(multipart(subtype, question, hidden))));
    assert.ok(content === null || !content.includes(SECRET_TEXT), subtype);
    assert.ok(verdict.show === 'quarantine' || verdict.reasons.includes('encryption-partial'), subtype);
  }
});

test('line 5: what decrypts to no letter, or to an ambiguous one, is refused in the words of a wrong key', () => {
  const twice = lines('Content-Type: text/plain', 'Content-Type: text/html', '', SECRET_TEXT);
  for (const entity of [randomBytes(999), twice, lines('Content-Type: multipart/mixed', '', 'x')]) {
    const { verdict, layers, content } = open(mail(encryptedEntity(entity)));
    assert.deepEqual([verdict.encryption, verdict.show, verdict.reasons], ['refused', 'quarantine', ['cannot-open']]);
    assert.deepEqual([layers.at(-1)?.kind, content], ['encrypted', null]);
    assert.ok(layers.every((layer) => layer.kind === 'encrypted' && layer.outcome === 'refused'));
  }
});

test('line 6: content inside a detached signature is invalid, equal, different or of another form', () => {
  for (const encapsulated of [TEXT_ENTITY, FAKE, Buffer.alloc(0)]) {
    for (const [content, shown] of [
      [TEXT_ENTITY, TEXT_ENTITY],
      [encapsulated, FAKE],
      [FAKE, TEXT_ENTITY],
    ] as const) {
      const letter = mail(multipartSigned(shown, signedData(content, { encapsulated })));
      assert.equal(open(letter).verdict.signature, 'invalid');
      assert.equal(open(letter).content, null);
    }
  }
});

test('line 7: zero signers, detached, opaque or encrypted, is no signature', () => {
  for (const entity of [
    multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY, { signers: [], bag: [doctor.certificate] })),
    opaqueEntity(TEXT_ENTITY, { signers: [], bag: [doctor.certificate] }),
    encryptedEntity(opaqueEntity(TEXT_ENTITY, { signers: [], bag: [doctor.certificate] })),
    signed(opaqueEntity(TEXT_ENTITY, { signers: [] })),
  ]) {
    assertNotVerified(open(mail(entity)), 'zero signers');
  }
});

test('line 8: of several signers, each must check and one must be the one of From', () => {
  const other = certify({ subject: 'Somebody', extensions: mailExtensions('a@elsewhere.example') });
  const wishes = [
    [{ party: other }, {}],
    [{}, { spoilSignature: true }],
    [{ spoilSignature: true }, {}],
    [{ party: pharmacy }, { party: pharmacy }],
    [{}, { digest: 'sha1', digestOid: '1.3.14.3.2.26' }],
  ] as const;
  for (const signers of wishes) {
    assertNotVerified(open(detached({ signers })), JSON.stringify(signers.length));
    assertNotVerified(open(mail(opaqueEntity(TEXT_ENTITY, { signers }))), 'opaque');
  }
  assert.equal(open(detached({ signers: [{ party: pharmacy }, {}] })).verdict.show, 'verified');
});

test('line 9: octets of another content type are no letter, though their digest is right', () => {
  const type = '1.2.840.113549.1.9.16.1.4';
  assertNotVerified(open(mail(opaqueEntity(TEXT_ENTITY, { contentType: type }))), 'another content type');
});

test('line 12: a signature over a part of the letter is never verified and says so', () => {
  const opaque = opaqueEntity(TEXT_ENTITY);
  const forms = [
    signed(),
    opaque,
    renamed(opaque, 'application/octet-stream; name=smime.p7m'),
    renamed(opaque, "application/octet-stream; name*=utf-8''smime.p7m"),
    wrapped(signed()),
  ];
  for (const subtype of SUBTYPES.filter((name) => name !== 'digest')) {
    for (const form of forms) {
      for (const parts of [[form], [FAKE, form], [form, FAKE], [HTML, form, FAKE], [form, form]]) {
        for (const letter of [
          mail(multipart(subtype, ...parts)),
          mail(encryptedEntity(multipart(subtype, ...parts))),
        ]) {
          const opened = open(letter);
          assertNotVerified(opened, `${subtype} of ${parts.length}`);
          const says = opened.verdict.reasons.some(
            (code) => code === 'signature-partial' || code === 'encryption-partial',
          );
          assert.ok(says, `${subtype}: ${opened.verdict.reasons.join()}`);
        }
      }
    }
  }
});

test('line 12: a forwarded signed letter is not the signature of who forwards it', () => {
  for (const parameters of ['', '; forwarded=no', '; forwarded=yes']) {
    const opened = open(mail(wrapped(signed(), parameters)));
    assertNotVerified(opened, parameters, 'signature-partial');
    assert.equal(opened.content, null);
  }
});

test('line 12: words before the first and after the last delimiter of multipart/signed are never shown', () => {
  const letter = detached().toString('latin1');
  const start = '\r\n\r\n--boundary-of-the-test\r\n';
  const epilogue = `${letter}\r\nPrenez le double.\r\n`;
  const preamble = letter.replace(start, `\r\n\r\nPrenez le double.\r\n${start.slice(4)}`);
  const second = `${letter}\r\n${letter.slice(letter.indexOf('--boundary'))}`;
  for (const changed of [epilogue, preamble, second]) {
    const opened = open(Buffer.from(changed, 'latin1'));
    assertNothingElseShown(opened, changed.slice(-60));
    assert.ok(opened.content === null || !opened.content.includes('double'));
  }
});

test('line 12: an added, removed, exchanged or repeated part inside what was signed alters it', () => {
  const entity = multipart('mixed', TEXT_ENTITY, lines('Content-Type: text/plain', '', 'deux'));
  const right = mail(multipartSigned(entity, signedData(entity))).toString('latin1');
  assert.equal(open(Buffer.from(right, 'latin1')).verdict.show, 'verified');
  const [, first = '', last = ''] = right.split(`--${BOUNDARY}\r\n`);
  for (const changed of [
    right.replace(first, ''),
    right.replace(first, `${first}--${BOUNDARY}\r\n${first}`),
    right.replace(`--${BOUNDARY}--`, `--${BOUNDARY}\r\n\r\nPrenez le double.\r\n--${BOUNDARY}--`),
    right.replace(`${first}--${BOUNDARY}\r\n${last}`, `${last}--${BOUNDARY}\r\n${first}`),
    right.replace('multipart/mixed', 'multipart/alternative'),
    right.replace(`"${BOUNDARY}"`, '"nowhere"'),
  ]) {
    if (changed !== right) assertNotVerified(open(Buffer.from(changed, 'latin1')), 'altered');
  }
});

test('line 18: a letter sent again as an attachment of another, or to another, is not verified as new', () => {
  const outer = OUTER.map((line) => (line.startsWith('From:') ? `From: <${PHARMACY_ADDRESS}>` : line));
  assertNotVerified(open(mail(signed(), outer)), 'another From', 'from-mismatch');
  assertNotVerified(open(mail(encryptedEntity(signed()), outer)), 'encrypted again', 'from-mismatch');
});

test('line 18: an old signature given the renewed certificate of its key is not verified as of today', () => {
  const renewed = certify({
    subject: 'Dr Claire MARTIN',
    issuer: ROOT,
    key: doctor.privateKey,
    notBefore: daysFromNow(-2),
    extensions: mailExtensions(DOCTOR_ADDRESS),
  });
  const signedAt = (days: number): OpenedEnvelope => {
    const attributes = [typeAttribute(), timeAttribute(daysFromNow(days)), digestAttribute(TEXT_ENTITY)];
    return open(detached({ signers: [{ party: renewed, attributes }] }));
  };
  assert.equal(signedAt(-1).verdict.show, 'verified');
  assertNotVerified(signedAt(-20), 'signed before the certificate was made', 'signing-time-before');
});
