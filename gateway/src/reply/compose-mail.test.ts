/**
 * What an answer is made of beside its text: label, marks of MSSanté, several recipients, files, HTML twin, and what is
 * left out of a mail that leaves in clear. Python's email package reads the MIME where it is installed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import type { AnsweredLetter, Mailbox } from '../ports.ts';
import { composeReply, type ReplyToCompose } from './compose-reply.ts';
import { fromLabel } from './from-label.ts';
import { recipientsOf } from './reply-recipients.ts';

const LETTER: AnsweredLetter = {
  from: 'claire.martin@cabinet.example',
  fromName: 'Dr Claire MARTIN',
  subject: 'INR de Mme DESSAINT',
  messageId: '<letter@cabinet.example>',
  references: [],
  receivedAt: '2026-06-15T10:20:00.000Z',
  quote: ['Mme DESSAINT : INR à 6,8.'],
};
const MAILBOX: Omit<Mailbox, 'id'> = { address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' };
const POLICY = { hasHtmlTwin: false, hasOperatorLabel: true, productNumber: 'DEV935997' };
const PATIENT = '279035121518989@patient.mssante.fr';

const compose = async (change: Partial<ReplyToCompose> = {}) => {
  const composed = await composeReply({
    mailbox: MAILBOX,
    letter: LETTER,
    texts: ['Bien reçu.'],
    messageId: '<est.a.b.c@gateway.officine.example>',
    at: new Date('2026-06-15T10:25:00Z'),
    policy: POLICY,
    ...change,
  });
  const bytes = Buffer.concat([
    Buffer.from(`${composed.headers.join('\r\n')}\r\nMIME-Version: 1.0\r\n`),
    composed.entity,
  ]);
  return { ...composed, bytes, mail: await simpleParser(bytes) };
};
const fieldsOf = (headers: readonly string[], name: RegExp) => headers.filter((field) => name.test(field));
const refusedAs = (code: FailureCode) => (error: unknown) => error instanceof Refusal && error.code === code;

test('the label reaches the reader with its accents, and no line break in it becomes a header', async () => {
  const mailbox = { ...MAILBOX, kind: 'PER', title: 'Dr', givenName: 'Zoé', familyName: 'Lefèvre' } as const;
  assert.deepEqual((await compose({ mailbox })).mail.from?.value, [
    { address: MAILBOX.address, name: 'Dr_Zoé_LEFÈVRE' },
  ]);
  for (const part of ['title', 'givenName', 'familyName', 'entity'] as const) {
    const described = { ...mailbox, [part]: 'x\r\nBcc: spy@elsewhere.example' };
    assert.ok(!/[\r\n]/.test(fromLabel(described, POLICY)));
    const { headers, mail } = await compose({ mailbox: described });
    assert.deepEqual([mail.bcc, fieldsOf(headers, /^bcc/i)], [undefined, []], part);
  }
});

test('X-MSS-NIL stands on every answer of a product with a number, and is absent without one', async () => {
  assert.deepEqual(fieldsOf((await compose()).headers, /^X-MSS-/), ['X-MSS-NIL: DEV935997']);
  const { headers } = await compose({ policy: { ...POLICY, productNumber: null } });
  assert.deepEqual(fieldsOf(headers, /^X-MSS-/), []);
  await assert.rejects(compose({ policy: { ...POLICY, productNumber: 'A\r\nBcc: b@c.example' } }), RangeError);
});

test('X-MSS-CODECDA and X-MSS-INS stand on a mail with a CDA only', async () => {
  const codes = ['34112-3', 'PRESC-BIO', '15508-5'];
  const marks = async (documents: ReplyToCompose['documents']) =>
    fieldsOf((await compose(documents === undefined ? {} : { documents })).headers, /^X-MSS-(?:CODECDA|INS)/);
  assert.deepEqual(await marks(undefined), []);
  assert.deepEqual(await marks({ codes: [], hasQualifiedIdentity: true }), []);
  assert.deepEqual(await marks({ codes, hasQualifiedIdentity: true }), [
    'X-MSS-CODECDA: 34112-3,PRESC-BIO,15508-5',
    'X-MSS-INS: O',
  ]);
  assert.equal((await marks({ codes, hasQualifiedIdentity: false }))[1], 'X-MSS-INS: N');
  await assert.rejects(marks({ codes: ['1\r\nBcc: b@c.example'], hasQualifiedIdentity: false }), RangeError);
});

test('only an exchange with a patient is closed', async () => {
  const closing = (from: string) => compose({ letter: { ...LETTER, from }, closes: true });
  assert.deepEqual(fieldsOf((await closing(PATIENT)).headers, /^X-MSS-MES/), ['X-MSS-MES: FIN']);
  assert.deepEqual(fieldsOf((await closing('279032A21518989@patient.mssante.fr')).headers, /MES/), ['X-MSS-MES: FIN']);
  for (const from of [
    LETTER.from,
    '27903512151898@patient.mssante.fr',
    '279035121518989@patient.mssante.fr.evil.example',
    '279035121518989@x.patient.mssante.fr',
    'x279035121518989@patient.mssante.fr',
  ])
    await assert.rejects(closing(from), refusedAs('closing-refused'), from);
  const patient = { name: 'P', address: PATIENT, role: 'to' } as const;
  const doctor = { name: 'D', address: LETTER.from, role: 'cc' } as const;
  await assert.rejects(compose({ recipients: [patient, doctor], closes: true }), refusedAs('closing-refused'));
  assert.deepEqual(fieldsOf((await compose({ letter: { ...LETTER, from: PATIENT } })).headers, /^X-MSS-MES/), []);
});

test('who asks for it is told that the answer was read, and an urgent answer says so', async () => {
  const names = /^(?:disposition|priority|x-priority|importance)/i;
  assert.deepEqual(fieldsOf((await compose()).headers, names), []);
  assert.deepEqual(fieldsOf((await compose({ asksReports: true, urgent: true })).headers, names), [
    'Disposition-Notification-To: <pharmacie@officine.example>',
    'Priority: urgent',
    'X-Priority: 1',
    'Importance: high',
  ]);
});

test('messages typed in a row stand one below the other, the quote below them', async () => {
  const { mail } = await compose({ texts: ['Bien reçu.\n', '', 'Je rappelle la patiente.'] });
  assert.match(mail.text ?? '', /^Bien reçu\.\n\nJe rappelle la patiente\.\n\nLe .* a écrit :\n> Mme DESSAINT/);
});

test('an answer to all names the writer, then the others in copy; our own mailbox and doubles are left out', async () => {
  const person = (address: string, role: 'from' | 'to' | 'cc') => ({ name: 'X', address, role });
  const people = [
    person(LETTER.from, 'from'),
    person('Pharmacie@officine.example', 'to'),
    person('labo@bio.example', 'to'),
    person('LABO@bio.example', 'cc'),
    person('infirmier@soins.example', 'cc'),
    person('a@b.example, c@d.example', 'cc'),
  ];
  const letter = { ...LETTER, people };
  const addresses = (to: 'sender' | 'all', given = letter) =>
    recipientsOf(given, to, MAILBOX.address).map((one) => one.address);
  assert.deepEqual(addresses('sender'), [LETTER.from]);
  assert.deepEqual(addresses('all'), [LETTER.from, 'labo@bio.example', 'infirmier@soins.example']);
  const answerTo = { name: 'Secrétariat', address: 'secretariat@cabinet.example' };
  assert.deepEqual(addresses('all', { ...letter, answerTo } as typeof letter)[0], answerTo.address);
  const { headers, mail } = await compose({ letter, recipients: recipientsOf(letter, 'all', MAILBOX.address) });
  assert.equal(fieldsOf(headers, /^(?:to|cc|bcc):/i).length, 2);
  const cc = Array.isArray(mail.cc) ? mail.cc[0] : mail.cc;
  assert.deepEqual(
    cc?.value.map((one) => one.address),
    ['labo@bio.example', 'infirmier@soins.example'],
  );
});

test('the HTML twin says the same words, escaped, and nothing else', async () => {
  const quote = ['<script>alert(1)</script> & "co"'];
  const policy = { ...POLICY, hasHtmlTwin: true };
  const { mail, entity } = await compose({ policy, texts: ['a < b & c\n<img src=x>'], letter: { ...LETTER, quote } });
  assert.match(entity.toString('latin1'), /^Content-Type: multipart\/alternative/);
  const html = typeof mail.html === 'string' ? mail.html : '';
  assert.deepEqual(html.match(/<(?!\/)[a-z!]+/gi), [
    '<!DOCTYPE',
    '<html',
    '<head',
    '<meta',
    '<body',
    '<p',
    '<br',
    '<p',
    '<blockquote',
  ]);
  const words = html
    .replace(/<head>.*<\/head>|<[^>]*>/gs, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
  const flat = (text: string) => text.split(/[\s>]+/).filter((word) => word !== '');
  assert.deepEqual(flat(words), flat(mail.text ?? ''));
});

test('nothing of a letter that came encrypted stands in a mail in clear, and what was not secret may', async () => {
  const inClear = async (letter: Partial<AnsweredLetter>) =>
    (await compose({ isInClear: true, letter: { ...LETTER, ...letter } })).bytes.toString('latin1');
  for (const letter of [{ wasEncrypted: true }, {}]) {
    const mail = await inClear(letter);
    assert.ok(!mail.includes('6,8') && !mail.includes('crit :'), 'no quote');
    assert.ok(mail.includes('Subject: Re: INR de Mme DESSAINT'), 'a subject that stood outside may stand outside');
  }
  assert.match(await inClear({ wasEncrypted: false }), /6,8/);
  for (const wasEncrypted of [true, false]) {
    const hidden = await inClear({ wasEncrypted, subjectHidden: true, quote: [] });
    assert.ok(hidden.includes('Subject: Re: votre courrier') && !hidden.includes('DESSAINT'));
  }
});

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const PHOTO = Buffer.concat([Buffer.from('\xff\xd8\xff\xe0', 'latin1'), Buffer.alloc(100_000, 7)]);

test('no line of a mail begins with "From ", none grows too long, and the words come out as they went in', async () => {
  const text = `From here\n${'From '.repeat(40)}\n From there\nFrom ${'é'.repeat(90)}\nFrom`;
  const { bytes, mail } = await compose({ texts: [text], letter: { ...LETTER, quote: [] } });
  const lines = bytes.toString('latin1').split('\r\n');
  assert.ok(lines.every((line) => !line.startsWith('From ') && line.length <= 76));
  assert.equal(mail.text?.trimEnd(), text);
});

test('photos and files go as attachments, names whole, bytes whole, nothing beyond seven bits', async () => {
  const attachments = [
    { name: 'Ordonnance de Zoé “n° 2”.jpg', mediaType: 'image/jpeg', bytes: PHOTO },
    { name: 'lettre.transmise', mediaType: 'message/rfc822', bytes: Buffer.from('From: x\n\nFrom y\n.\n') },
    { name: 'vide\r\nBcc: a@b.example.txt', mediaType: 'text/plain', bytes: Buffer.from('é\n') },
  ];
  const { mail, bytes, entity } = await compose({ attachments, texts: [''] });
  assert.ok(bytes.every((byte) => byte < 0x7f) && !/\r(?!\n)|(?<!\r)\n/.test(bytes.toString('latin1')));
  assert.ok(
    bytes
      .toString('latin1')
      .split('\r\n')
      .every((line) => line.length <= 998),
  );
  assert.match(entity.toString('latin1'), /^Content-Type: multipart\/mixed/);
  assert.deepEqual(
    mail.attachments.map(({ filename, contentType, content }) => [filename, contentType, digest(content)]),
    [
      ['Ordonnance de Zoé “n° 2”.jpg', 'image/jpeg', digest(PHOTO)],
      ['lettre.transmise', 'application/octet-stream', digest(Buffer.from('From: x\n\nFrom y\n.\n'))],
      ['vide Bcc: a@b.example.txt', 'text/plain', digest(Buffer.from('é\n'))],
    ],
  );
  assert.equal(mail.bcc, undefined);
});

const PYTHON = `
import sys, json, email
from email import policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=policy.default)
files = [[p.get_filename(), p.get_content_type(), len(p.get_payload(decode=True))] for p in m.iter_attachments()]
text = m.get_body(('plain',)).get_content()
print(json.dumps({'from': m['from'].addresses[0].display_name, 'to': [a.addr_spec for a in m['to'].addresses],
  'subject': m['subject'], 'references': m['references'], 'reply': m['in-reply-to'], 'text': text, 'files': files,
  'html': m.get_body(('html',)) is not None, 'defects': [str(d) for p in m.walk() for d in p.defects]}))
`;
const python = (input: Buffer) => spawnSync('python3', ['-c', PYTHON], { input });
const hasPython = python(Buffer.from('From: a@b.example\r\nTo: a@b.example\r\n\r\nx')).status === 0;

test("Python's email package reads the same mail", { skip: !hasPython && 'no python3 here' }, async () => {
  const { bytes } = await compose({
    mailbox: { ...MAILBOX, entity: 'Pharmacie des Érables' },
    policy: { ...POLICY, hasHtmlTwin: true },
    attachments: [{ name: 'Ordonnance de Zoé.jpg', mediaType: 'image/jpeg', bytes: PHOTO }],
    texts: ['Bien reçu.', 'À demain.'],
  });
  const { stdout } = python(bytes);
  const found = JSON.parse(stdout.toString()) as Record<string, unknown>;
  const { text, ...rest } = found;
  assert.match(
    String(text).replaceAll('\r', ''),
    /^Bien reçu\.\n\nÀ demain\.\n\nLe .* Dr Claire MARTIN a écrit :\n> Mme DESSAINT : INR à 6,8\./,
  );
  assert.deepEqual(rest, {
    from: 'Pharmacie des Érables',
    to: [LETTER.from],
    subject: 'Re: INR de Mme DESSAINT',
    references: LETTER.messageId,
    reply: LETTER.messageId,
    files: [['Ordonnance de Zoé.jpg', 'image/jpeg', PHOTO.length]],
    html: true,
    defects: [],
  });
});

test('whatever a file, a label or a recipient is called, no header is smuggled in', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 80 });
  await fc.assert(
    fc.asyncProperty(text, text, async (name, label) => {
      const { headers, mail } = await compose({
        mailbox: { ...MAILBOX, entity: label },
        recipients: [
          { name: label, address: LETTER.from, role: 'to' },
          { name, address: 'labo@bio.example', role: 'cc' },
        ],
        attachments: [{ name, mediaType: 'text/plain', bytes: Buffer.from('x') }],
      });
      assert.deepEqual(headers.map((field) => field.slice(0, field.indexOf(':'))).sort(), [
        'Cc',
        'Date',
        'From',
        'In-Reply-To',
        'Message-ID',
        'References',
        'Subject',
        'To',
        'X-MSS-NIL',
      ]);
      assert.deepEqual([mail.attachments.length, mail.bcc], [1, undefined]);
      for (const header of headers) assert.ok(!/\r\n(?![ \t])/.test(header));
    }),
    { seed: 20260112, numRuns: 60 },
  );
});
