/** The mail of an answer: 7-bit, threaded, quoted lightly; nothing a person or a peer wrote becomes a header. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import type { AnsweredLetter, Mailbox } from '../ports.ts';
import { composeReply } from './compose-reply.ts';

const LETTER: AnsweredLetter = {
  from: 'claire.martin@cabinet.example',
  fromName: 'Dr Claire MARTIN',
  subject: 'INR de ce matin',
  messageId: '<letter@cabinet.example>',
  references: ['<first@cabinet.example>'],
  receivedAt: '2026-06-15T10:20:00.000Z',
  quote: ['Bonjour,', 'INR à 6,8.'],
};
const MAILBOX = { address: 'pharmacie@officine.example', name: 'Pharmacie des Tilleuls', kind: 'ORG' } as const;
type Named = Pick<Mailbox, 'address' | 'name'>;

async function compose(text: string, letter: Partial<AnsweredLetter> = {}, mailbox: Partial<Named> = {}) {
  const { headers, protectedHeaders, entity } = await composeReply({
    mailbox: { ...MAILBOX, ...mailbox },
    letter: { ...LETTER, ...letter },
    texts: [text],
    messageId: '<est.a.b.c@gateway.officine.example>',
    at: new Date('2026-06-15T10:25:00Z'),
  });
  const bytes = Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\nMIME-Version: 1.0\r\n`, 'latin1'), entity]);
  return {
    headers,
    protectedHeaders,
    entity,
    bytes,
    names: headers.map((line) => line.split(':')[0]),
    mail: await simpleParser(bytes),
  };
}

const NAMES = ['Date', 'From', 'In-Reply-To', 'Message-ID', 'References', 'Subject', 'To'];

/** What a mail of ours always is, whatever went in. */
function assertSound({ headers, protectedHeaders, bytes, names }: Awaited<ReturnType<typeof compose>>): void {
  assert.deepEqual([...names].sort(), NAMES);
  assert.ok(bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a || byte === 0x09));
  assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(bytes.toString('latin1')));
  for (const line of bytes.toString('latin1').split('\r\n')) assert.ok(line.length <= 998, line);
  for (const header of [...headers, ...protectedHeaders]) assert.ok(!/\r\n(?![ \t])/.test(header), header);
}

test('an answer threads, keeps the subject and quotes below', async () => {
  const composed = await compose('Bien reçu, je rappelle la patiente.');
  const { mail } = composed;
  assertSound(composed);
  assert.equal(mail.subject, 'Re: INR de ce matin');
  assert.equal(mail.inReplyTo, '<letter@cabinet.example>');
  assert.deepEqual(mail.references, ['<first@cabinet.example>', '<letter@cabinet.example>']);
  assert.equal(mail.messageId, '<est.a.b.c@gateway.officine.example>');
  assert.deepEqual(mail.from?.value, [{ address: MAILBOX.address, name: MAILBOX.name }]);
  const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
  assert.deepEqual(to?.value, [{ address: LETTER.from, name: LETTER.fromName }]);
  const lines = mail.text?.split('\n') ?? [];
  assert.equal(lines[0], 'Bien reçu, je rappelle la patiente.');
  assert.match(lines[2] ?? '', /^Le 15\/06\/2026.* Dr Claire MARTIN a écrit :$/);
  assert.deepEqual(lines.slice(3, 5), ['> Bonjour,', '> INR à 6,8.']);
});

test('the signed entity carries Content headers and the outer lines carry none', async () => {
  const { headers, entity } = await compose('Oui');
  const [head, body] = entity.toString('latin1').split('\r\n\r\n');
  assert.deepEqual(head?.split('\r\n').sort(), [
    'Content-Transfer-Encoding: quoted-printable',
    'Content-Type: text/plain; charset=utf-8',
  ]);
  assert.equal(body, 'Oui');
  assert.ok(headers.every((line) => !/^(content-|mime-version)/i.test(line)));
});

test('a subject that stood in clear stays in clear, inside and outside: clients thread by it', async () => {
  const { headers, protectedHeaders } = await compose('Oui');
  assert.deepEqual(headers, protectedHeaders);
  assert.ok(headers.includes('Subject: Re: INR de ce matin'));
});

test('a subject that was hidden is not shown outside, and is whole inside', async () => {
  const composed = await compose('Oui', { subject: 'INR de Mme DESSAINT, née à Èze', subjectHidden: true });
  assertSound(composed);
  const { headers, protectedHeaders, mail } = composed;
  assert.equal(mail.subject, '[...]');
  assert.deepEqual(
    headers.filter((field) => !protectedHeaders.includes(field)),
    ['Subject: [...]'],
  );
  assert.ok(!/DESSAINT/.test(headers.join()));
  const inside = await simpleParser(`${protectedHeaders.join('\r\n')}\r\n\r\n`);
  assert.equal(inside.subject, 'Re: INR de Mme DESSAINT, née à Èze');
  assert.equal(inside.messageId, mail.messageId);
});

test('an address that is not one plain address gets no answer', async () => {
  for (const from of [
    'claire@cabinet.example>\r\nBcc: spy@elsewhere.example',
    'claire@cabinet.example, spy@elsewhere.example',
    'claire@cabinet.example;spy@elsewhere.example',
    'Group: claire@cabinet.example;',
    'claire@cabinet.example (spy@elsewhere.example)',
    '<claire@cabinet.example>',
    'claire@cabinet.example\0',
    'claire\u202e@cabinet.example',
    'claire@@cabinet.example',
    'claire',
    '',
  ])
    await assert.rejects(compose('Oui', { from }), Refusal, JSON.stringify(from));
  await assert.rejects(compose('Oui', {}, { address: 'a@b.example\r\nBcc: c@d.example' }), RangeError);
});

test('a subject is answered once, and an empty one gets words of its own', async () => {
  for (const [subject, expected] of [
    ['Re: INR', 'Re: INR'],
    ['RE : INR', 'RE : INR'],
    ['', 'Re: votre courrier'],
    ['  ', 'Re: votre courrier'],
    ['Résultats à contrôler', 'Re: Résultats à contrôler'],
  ] as const) {
    assert.equal((await compose('Oui', { subject })).mail.subject, expected);
  }
});

const BREAKS = [
  '\r\nBcc: spy@elsewhere.example',
  '\nBcc: spy@elsewhere.example',
  '\rX: y',
  '\u2028Bcc: x',
  '\0',
  '\r\n\r\nbody',
  '"<a@b>,',
];

test('line breaks in names, subject or quote never become a header or a recipient', async () => {
  for (const bad of BREAKS) {
    for (const composed of [
      await compose('Oui', { fromName: `Dr${bad}` }),
      await compose('Oui', { subject: `INR${bad}` }),
      await compose('Oui', { quote: [`INR${bad}`] }),
      await compose('Oui', {}, { name: `Pharmacie${bad}` }),
      await compose(`Oui${bad}`),
    ]) {
      assertSound(composed);
      const { mail } = composed;
      assert.equal(mail.bcc, undefined);
      const to = (Array.isArray(mail.to) ? mail.to : [mail.to]).flatMap((one) => one?.value ?? []);
      assert.deepEqual(
        to.map(({ address }) => address),
        [LETTER.from],
        JSON.stringify(bad),
      );
      assert.deepEqual(
        mail.from?.value.map(({ address }) => address),
        [MAILBOX.address],
        JSON.stringify(bad),
      );
    }
  }
});

test('ids that are no ids are left out of References and In-Reply-To', async () => {
  const letter = {
    messageId: '<letter@cabinet.example>\r\nBcc: spy@elsewhere.example',
    references: ['<a@b>', 'c@d', '<e f>', '<é@x.example>', '<a\u2028b@x>', `<${'a'.repeat(1_500)}@x>`, '<g@h>'],
  };
  const composed = await compose('Oui', letter);
  assertSound(composed);
  assert.deepEqual(composed.mail.references, ['<a@b>', '<g@h>']);
  const { headers } = await compose('Oui', { messageId: '<é@cabinet.example>', references: [] });
  assert.match(headers.join('\r\n'), /^[\x20-\x7e\r\n]*$/);
  const none = await compose('Oui', { messageId: '', references: [] });
  assert.deepEqual([none.mail.references, none.mail.inReplyTo], [undefined, undefined]);
});

test('References keep the last thirty ids and the In-Reply-To is the last', async () => {
  const references = Array.from({ length: 100 }, (_, at) => `<${at}.${'x'.repeat(200)}@cabinet.example>`);
  const composed = await compose('Oui', { references });
  assertSound(composed);
  assert.equal(composed.mail.references?.length, 30);
  assert.equal(composed.mail.inReplyTo, LETTER.messageId);
});

test('long lines, dots, and every character come out as they went in', async () => {
  const text = `${'x'.repeat(3_000)}\n.\n..\nFrom here\n=20 é € 😀 \u202e\n`;
  const composed = await compose(text, { quote: [] });
  assertSound(composed);
  assert.equal(composed.mail.text?.trimEnd(), text.trimEnd());
});

test('a quote is light', async () => {
  const { mail } = await compose('Oui', { quote: Array.from({ length: 50 }, (_, at) => `ligne ${at}`) });
  assert.equal(
    mail.text?.split('\n').filter((line) => line.startsWith('>')).length,
    CONVERSATION_LIMITS.quotedLinesMax,
  );
});

test('whatever a person types or a peer is called, the mail is sound', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(text, text, text, async (typed, name, subject) => {
      assertSound(await compose(typed, { fromName: name, subject, quote: [typed] }, { name }));
    }),
    { seed: 20260112, numRuns: 150 },
  );
});
