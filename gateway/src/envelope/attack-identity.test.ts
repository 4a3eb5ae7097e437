/**
 * The attack checklist, lines 13 to 17, at the height of a whole letter: who it says it is from, under whose name it is
 * shown, and for whom it was written. RFC 5322 §3.4, RFC 8550 §3, RFC 9598, RFC 9788.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { context, contextPrimitive, element, oid, sequence } from './der.ts';
import { detached, encryptedEntity, mail, multipartSigned, OUTER, signedData, TEXT_ENTITY } from './letters.fixture.ts';
import { isConfusable, isSameAddress, mailboxIn } from './mail-address.ts';
import { OID } from './oids.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import {
  certify,
  DOCTOR_ADDRESS,
  extendedKeyUsage,
  extension,
  goodPolicy,
  keyUsage,
  notAuthority,
  type Party,
  PHARMACY_ADDRESS,
  ROOT,
} from './test-authority.fixture.ts';

const open = (letter: Buffer): OpenedEnvelope => openEnvelope(letter, goodPolicy);
const lines = (...all: string[]): Buffer => Buffer.from(all.join('\r\n'));
const REST = OUTER.slice(1);
const ELSE = 'claire.martin@elsewhere.example';

const signedBy = (party: Party | null, entity: Buffer = TEXT_ENTITY): Buffer =>
  multipartSigned(entity, signedData(entity, party === null ? {} : { signers: [{ party }] }));
const from = (value: string, party: Party | null = null): OpenedEnvelope =>
  open(mail(signedBy(party), [`From: ${value}`, ...REST]));

function assertNotVerified({ verdict }: OpenedEnvelope, because: string, reason?: ReasonCode): void {
  assert.notEqual(verdict.show, 'verified', because);
  if (reason !== undefined) assert.ok(verdict.reasons.includes(reason), `${because}: ${verdict.reasons.join()}`);
}

const encoded = (text: string, form: 'B' | 'Q' = 'B'): string => {
  const q = (): string => [...Buffer.from(text)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('');
  return `=?utf-8?${form}?${form === 'B' ? Buffer.from(text).toString('base64') : q()}?=`;
};

test('line 13: whatever stands in From beside one plain address makes it nobody', () => {
  const nobody = [
    '',
    ' ',
    '<>',
    '"Dr Claire MARTIN"',
    'undisclosed-recipients:;',
    `Cabinet: ${DOCTOR_ADDRESS};`,
    `Cabinet: ${DOCTOR_ADDRESS}, ${ELSE};`,
    `${DOCTOR_ADDRESS}, ${ELSE}`,
    `${ELSE}, ${DOCTOR_ADDRESS}`,
    `${DOCTOR_ADDRESS},`,
    `,${DOCTOR_ADDRESS}`,
    `${DOCTOR_ADDRESS} ${ELSE}`,
    `${DOCTOR_ADDRESS}\u00a0`,
    `<${DOCTOR_ADDRESS}>, <${ELSE}>`,
    `<${DOCTOR_ADDRESS}><${ELSE}>`,
    `<<${DOCTOR_ADDRESS}>>`,
    `<${DOCTOR_ADDRESS}`,
    `${DOCTOR_ADDRESS}>`,
    `<${DOCTOR_ADDRESS}> trailing`,
    `<${DOCTOR_ADDRESS}> <`,
    `Claire <MARTIN> <${DOCTOR_ADDRESS}>`,
    `<@relay.example:${DOCTOR_ADDRESS}>`,
    `<@relay.example,@other.example:${DOCTOR_ADDRESS}>`,
    `"claire.martin"@cabinet.example`,
    `"claire martin"@cabinet.example`,
    `"${DOCTOR_ADDRESS}"@elsewhere.example`,
    'claire . martin@cabinet.example',
    'claire.martin @cabinet.example',
    'claire.martin@ cabinet.example',
    'claire.martin(comment)@cabinet.example',
    'claire.martin@(comment)cabinet.example',
    `<claire.martin@cabinet.example(comment)>`.replace('(comment)', '(c) '),
    'claire..martin@cabinet.example',
    '.claire.martin@cabinet.example',
    'claire.martin.@cabinet.example',
    'claire.martin@cabinet.example.',
    'claire.martin@cabinet..example',
    'claire.martin@-cabinet.example',
    'claire.martin@[192.0.2.1]',
    'claire.martin@cabinet@example',
    'claire.martin@elsewhere.example@cabinet.example',
    `${encoded('claire.martin')}@cabinet.example`,
    encoded(DOCTOR_ADDRESS),
    encoded(`Claire <${DOCTOR_ADDRESS}>`),
    `${encoded(`${DOCTOR_ADDRESS}\0`)}@cabinet.example`,
    `claire.martin\u0000@cabinet.example`,
    `claire.martin\u200b@cabinet.example`,
    `claire.martin@cabinet.example\u202e`,
    `"${DOCTOR_ADDRESS}" <${DOCTOR_ADDRESS}> (unfinished`,
    `"unfinished <${DOCTOR_ADDRESS}>`,
    `${'a'.repeat(5_000)} <${DOCTOR_ADDRESS}>`,
  ];
  for (const value of nobody) {
    const opened = from(value);
    const refused = opened.verdict.show === 'quarantine' && opened.verdict.reasons.includes('mail-malformed');
    assertNotVerified(opened, value, refused ? undefined : 'from-missing');
  }
});

test('line 13: a name that shows the address of somebody else is nobody, encoded or not', () => {
  const stranger = certify({ subject: 'Somebody', issuer: ROOT, extensions: namesOf(mailName(ELSE)) });
  for (const name of [
    `"${DOCTOR_ADDRESS}"`,
    `"Dr Claire MARTIN <${DOCTOR_ADDRESS}>"`,
    `"Dr Claire MARTIN ${DOCTOR_ADDRESS.toUpperCase()}"`,
    `"'${DOCTOR_ADDRESS}' via liste"`,
    encoded(DOCTOR_ADDRESS),
    encoded(DOCTOR_ADDRESS, 'Q'),
    encoded(`Claire <${DOCTOR_ADDRESS}>`),
    `${encoded('claire.martin@')} ${encoded('cabinet.example')}`.replace('? =?', '?= =?'),
    '"claire.martin\uff20cabinet.example"',
    '"claire.martin @cabinet.example"',
    '"claire.martin\u200b@cabinet.example"',
    '=?utf-7?Q?claire.martin+AEA-cabinet.example?=',
    '=?utf-8?Q?claire.martin =40cabinet.example?=',
    '=?utf-8*fr?Q?claire.martin=40cabinet.example?=',
    '=?iso-8859-1?q?claire.martin=40cabinet.example?=',
    DOCTOR_ADDRESS,
  ]) {
    const opened = from(`${name} <${ELSE}>`, stranger);
    assertNotVerified(opened, name, 'from-missing');
    assert.ok(!opened.headers.fromName.includes('claire.martin'), name);
  }
  for (const name of ['', 'Claire MARTIN', `"${ELSE}"`, '"MARTIN, Claire (Dr)"', encoded('Clémence'), '"Dr @ Lille"'])
    assert.equal(from(`${name} <${ELSE}>`, stranger).verdict.show, 'verified', name);
});

test('line 13: a Sender, a Reply-To, a Resent-From or a Return-Path is nobody’s identity', () => {
  for (const field of ['Sender', 'Reply-To', 'Resent-From', 'Return-Path', 'X-From', 'Apparently-From']) {
    const outer = [`From: <${ELSE}>`, `${field}: <${DOCTOR_ADDRESS}>`, ...REST];
    assertNotVerified(open(mail(signedBy(null), outer)), field, 'from-mismatch');
    const honest = [`From: <${DOCTOR_ADDRESS}>`, `${field}: <${ELSE}>`, ...REST];
    assert.deepEqual(open(mail(signedBy(null), honest)).headers.from, DOCTOR_ADDRESS);
  }
});

test('line 13: two From fields are two senders, however they are written', () => {
  for (const pair of [
    [`From: ${DOCTOR_ADDRESS}`, `From: ${ELSE}`],
    [`From: ${ELSE}`, `from: ${DOCTOR_ADDRESS}`],
    [`From: ${DOCTOR_ADDRESS}`, `FROM : ${DOCTOR_ADDRESS}`],
    [`From: ${DOCTOR_ADDRESS}`, 'From:'],
  ]) {
    assertNotVerified(open(mail(signedBy(null), [...pair, ...REST])), pair.join(), 'from-missing');
  }
  for (const odd of [`From ${ELSE}`, ` From: ${ELSE}`, `From\u00a0: ${ELSE}`, `: ${ELSE}`])
    assertNotVerified(open(mail(signedBy(null), [odd, ...OUTER])), odd, 'mail-malformed');
});

const SMTP_UTF8_MAILBOX = '1.3.6.1.5.5.7.8.9';
const mailName = (address: string): Buffer => contextPrimitive(1, Buffer.from(address, 'latin1'));
const utf8Name = (address: string): Buffer =>
  context(0, oid(SMTP_UTF8_MAILBOX), context(0, element(0x0c, Buffer.from(address))));
const namesOf = (...names: Buffer[]): Buffer[] => [
  notAuthority(),
  keyUsage(0xa0),
  extendedKeyUsage(OID.emailProtection),
  extension(OID.subjectAltName, sequence(...names)),
];
const holderOf = (...names: Buffer[]): Party =>
  certify({ subject: 'Dr Claire MARTIN', issuer: ROOT, extensions: namesOf(...names) });

test('line 14: addresses are compared as mailboxes: case, A-labels, and octets beyond ASCII', () => {
  const same: [string, string][] = [
    ['a@b.example', 'A@B.EXAMPLE'],
    ['a@café.example', 'a@xn--caf-dma.example'],
    ['a@CAFÉ.example', 'a@xn--caf-dma.example'],
    ['é@b.example', 'é@b.example'],
  ];
  const other: [string, string][] = [
    ['a@b.example', 'a@b.example.'],
    ['a@b.example', 'a@b.example\0'],
    ['a@b.example\0.c.example', 'a@b.example\0.c.example'],
    ['a@b.example', 'a @b.example'],
    ['k@b.example', '\u212a@b.example'],
    ['a@k.example', 'a@\u212a.example'],
    ['a@b.example', 'a@\uff42.example'],
    ['a@b.example', '\u0430@b.example'],
    ['é@b.example', 'É@b.example'],
    ['é@b.example', 'e\u0301@b.example'],
    ['@b.example', '@b.example'],
    ['a', 'a'],
    ['', ''],
  ];
  for (const [one, two] of same) assert.ok(isSameAddress(one, two) && isSameAddress(two, one), `${one} ${two}`);
  for (const [one, two] of other) assert.ok(!isSameAddress(one, two) && !isSameAddress(two, one), `${one} ${two}`);
});

test('line 14: a SmtpUTF8Mailbox names its holder, octet for octet; accents are no doubt, other scripts are', () => {
  const accented = holderOf(utf8Name('clémence@cabinet.example'));
  assert.equal(from('<clémence@cabinet.example>', accented).verdict.show, 'verified');
  assertNotVerified(from('<CLÉMENCE@cabinet.example>', accented), 'case beyond ASCII', 'from-mismatch');
  assertNotVerified(from('<cle\u0301mence@cabinet.example>', accented), 'another form', 'from-mismatch');
  const international = holderOf(mailName('claire@xn--caf-dma.example'));
  for (const domain of ['café.example', 'xn--caf-dma.example', 'CAFÉ.EXAMPLE'])
    assert.equal(from(`<claire@${domain}>`, international).verdict.show, 'verified', domain);
  const cyrillic = holderOf(mailName('claire@xn--80ak6aa92e.example'), utf8Name('\u0441laire@cabinet.example'));
  for (const address of ['claire@xn--80ak6aa92e.example', 'claire@аррӏе.example', '\u0441laire@cabinet.example'])
    assertNotVerified(from(`<${address}>`, cyrillic), address, 'address-confusable');
  for (const sign of ['mar\u212a@b.example', '\u212bke@b.example', '\u2126@b.example', 'a@b\u0130.example']) {
    assert.ok(isConfusable(sign), sign);
    for (const other of [sign.toLowerCase(), sign.normalize('NFKC')]) assert.ok(!isSameAddress(sign, other), other);
  }
  for (const [sign, letter] of ['\u212ak', '\u212bå', '\u2126ω'] as const)
    assert.ok(!isSameAddress(`a@${sign}.example`, `a@${letter}.example`), letter);
  for (const ascii of ['a@b.example', 'jean-rené@hôpital.example', 'œuvre@b.example']) assert.ok(!isConfusable(ascii));
});

test('line 14: a NUL, a control character, a wrong type or a second meaning in a certificate is no address', () => {
  for (const name of [
    mailName(`${DOCTOR_ADDRESS}\0.elsewhere.example`),
    mailName(`${DOCTOR_ADDRESS}\r\n`),
    mailName(` ${DOCTOR_ADDRESS}`),
    mailName(`<${DOCTOR_ADDRESS}>`),
    mailName(`${DOCTOR_ADDRESS},${ELSE}`),
    utf8Name(DOCTOR_ADDRESS),
    utf8Name(`\ufeff${DOCTOR_ADDRESS}`),
    utf8Name(`${DOCTOR_ADDRESS}\0`),
    context(0, oid(SMTP_UTF8_MAILBOX), context(0, element(0x16, Buffer.from(DOCTOR_ADDRESS)))),
    context(0, oid('1.3.6.1.4.1.311.20.2.3'), context(0, element(0x0c, Buffer.from(DOCTOR_ADDRESS)))),
    contextPrimitive(2, Buffer.from(DOCTOR_ADDRESS)),
    contextPrimitive(6, Buffer.from(`mailto:${DOCTOR_ADDRESS}`)),
  ]) {
    assertNotVerified(from(`<${DOCTOR_ADDRESS}>`, holderOf(name)), name.toString('latin1'), 'from-mismatch');
  }
});

test('line 16: nothing is learnt from a letter that is not verified', () => {
  const letters = [
    detached({ signers: [{ spoilSignature: true }] }),
    mail(signedBy(null), [`From: <${ELSE}>`, ...REST]),
    mail(encryptedEntity(TEXT_ENTITY)),
    mail(signedBy(null, lines(`From: <${ELSE}>`, 'Content-Type: text/plain', '', 'x', ''))),
  ];
  for (const letter of letters) {
    const { senderCertificate, senderStatement } = open(letter);
    assert.deepEqual([senderCertificate, senderStatement], [null, null]);
  }
});

test('line 17: a signed To or Cc that does not name this mailbox is a doubt', () => {
  const addressed = (...fields: string[]): Buffer =>
    mail(encryptedEntity(signedBy(null, Buffer.concat([lines(...fields, ''), TEXT_ENTITY]))));
  for (const fields of [
    [`To: <${PHARMACY_ADDRESS}>`],
    [`To: <${PHARMACY_ADDRESS.toUpperCase()}>`],
    [`To: <${ELSE}>, "Pharmacie" <${PHARMACY_ADDRESS}>`],
    [`To: <${ELSE}>`, `Cc: ${PHARMACY_ADDRESS}`],
    [`To: Officines: ${PHARMACY_ADDRESS}, ${ELSE};`],
    ['Subject: INR'],
  ]) {
    assert.equal(open(addressed(...fields)).verdict.show, 'verified', fields.join());
  }
  for (const fields of [
    [`To: <${ELSE}>`],
    [`To: "${PHARMACY_ADDRESS}" <${ELSE}>`],
    [`To: <${ELSE}> (${PHARMACY_ADDRESS})`],
    ['To: undisclosed-recipients:;'],
    ['To:'],
    [`Cc: <${ELSE}>`],
    [`Bcc: <${PHARMACY_ADDRESS}>`, `To: ${ELSE}`],
  ]) {
    assertNotVerified(open(addressed(...fields)), fields.join(), 'not-addressed');
  }
});

test('a From as people write it gives its address and its name', () => {
  assert.deepEqual(mailboxIn(`"MARTIN, Claire" <${DOCTOR_ADDRESS}> (cabinet)`), {
    name: 'MARTIN, Claire',
    address: DOCTOR_ADDRESS,
  });
});
