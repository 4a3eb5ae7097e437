/**
 * Automatic mail through the whole system: a bounce, a receipt and an out-of-office about an answer become statuses and a
 * line, never a letter; absence and receipts leave by themselves. openssl writes for the doctor and reads for him.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Letter, letterOf, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const PARIS_TIME = new Intl.DateTimeFormat('fr-FR', { timeStyle: 'medium', timeZone: 'Europe/Paris' });
const TEN_MINUTES_MS = 600_000;

const entity = (type: string, boundary: string, ...parts: readonly (readonly string[])[]): Buffer =>
  Buffer.from(
    [
      `Content-Type: multipart/report; report-type=${type}; boundary="${boundary}"`,
      '',
      ...parts.flatMap((lines) => [`--${boundary}`, ...lines]),
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );

describe('automatic mail', () => {
  const stage = new Stage();
  let destination: Destination;
  let chat: Chat;
  let asked: ChatLine;
  let answerId: string;
  let answer: Buffer;

  const doctorsMails = () => mailsIn(stage.demo('doctor', 'Maildir'));
  const nextMail = (what: string, count: number) =>
    until(what, () => (doctorsMails().length >= count ? doctorsMails() : null));

  /** A letter of the doctor, signed and encrypted, with further header fields. */
  const letter = async (subject: string, ...fields: readonly string[]): Promise<Letter> => {
    const signed = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour,\r\n'));
    const sealed = await encrypt(stage.demo('pharmacy', 'cert.pem'), signed);
    const made = letterOf({ from: stage.address('doctor'), to: stage.address('pharmacy'), subject }, sealed);
    const more = fields.map((field) => `${field}\r\n`).join('');
    return { ...made, bytes: Buffer.concat([Buffer.from(more), made.bytes]) };
  };
  /** A mail of a machine about the answer, from nobody, signed by nobody. */
  const robot = (body: Buffer, ...fields: readonly string[]): Letter => {
    const made = letterOf({ from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'INR' }, body);
    const more = fields.map((field) => `${field}\r\n`).join('');
    return { ...made, from: '', bytes: Buffer.concat([Buffer.from(more), made.bytes]) };
  };

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat('Camille', stage.address('pharmacy'), '--receipts');
    await send(destination, await letter('Fluindione'));
    asked = await chat.letter('Fluindione');
    answerId = await chat.answer(asked.conversationId ?? '', 'Délivrée ce matin.');
    [answer] = (await nextMail('the answer', 1)) as [Buffer];
    await chat.line('the answer is sent', (line) => line.replyId === answerId && line.state === 'sent');
  });
  after(() => stage.close());

  const status = (state: string) =>
    chat.line(`the answer is ${state}`, (line) => line.replyId === answerId && line.state === state);

  it('says on the phone that a bounce came, and not as a letter', async () => {
    const statusPart = ['Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; mx.cabinet.example', ''];
    const failed = [`Final-Recipient: rfc822; ${stage.address('doctor')}`, 'Action: failed', 'Status: 5.2.2', ''];
    const returned = ['Content-Type: text/rfc822-headers', '', `Message-ID: ${fieldOf(answer, 'Message-ID')}`, ''];
    await send(destination, robot(entity('delivery-status', 'b', [...statusPart, ...failed], returned)));
    const { failure } = await status('failed');
    assert.equal(failure, 'report-mailbox-full');
  });

  it('corrects it when a receipt comes that the doctor signed', async () => {
    const said = ['Content-Type: message/disposition-notification', '', 'Reporting-UA: cabinet.example; Logiciel'];
    const fields = [
      `Final-Recipient: rfc822; ${stage.address('doctor')}`,
      `Original-Message-ID: ${fieldOf(answer, 'Message-ID')}`,
      'Disposition: manual-action/MDN-sent-manually; displayed',
      '',
    ];
    const report = entity('disposition-notification', 'd', ['', 'Lu.', ''], [...said, ...fields]);
    const signed = await sign(identityIn(stage.demo('doctor')), report);
    await send(destination, robot(signed));
    await status('read');
  });

  it('shows an out-of-office as a line of the conversation', async () => {
    const text = Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\nJe suis en congés.\r\n');
    const about = `In-Reply-To: ${fieldOf(answer, 'Message-ID')}`;
    await send(destination, robot(text, 'Auto-Submitted: auto-replied', about));
    const line = await chat.line('the absence', ({ type }) => type === 'notice');
    assert.equal(line.conversationId, asked.conversationId);
    assert.deepEqual(
      chat.letters().map(({ subject }) => subject),
      ['Fluindione'],
    );
  });

  it('tells the sender that his letter was read, when he asked', async () => {
    const asking = await letter('Tension', `Disposition-Notification-To: <${stage.address('doctor')}>`);
    const before = doctorsMails().length;
    await send(destination, asking);
    const mails = await nextMail('the receipt', before + 1);
    const opened = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('doctor'), mails.at(-1) as Buffer));
    assert.match(opened.toString(), /Disposition: manual-action\/MDN-sent-manually; displayed/);
    assert.ok(opened.includes(`Original-Message-ID: ${asking.messageId}`));
  });

  it('tells the sender once that the mailbox is absent', async () => {
    // It is told once a day of Paris: both letters must come within one.
    await until('no day ends soon', () => !PARIS_TIME.format(new Date()).startsWith('23:5'), TEN_MINUTES_MS);
    const lastDay = new Date(Date.now() + 48 * 3_600_000).toISOString().slice(0, 10);
    const { code } = await stage.run(['absence', 'set', stage.address('pharmacy'), '--until', lastDay]);
    assert.equal(code, 0);
    const before = doctorsMails().length;
    const both = [await letter('Glycémie'), await letter('Glycémie, suite')];
    await send(destination, ...both);
    await chat.letter('Glycémie');
    await chat.letter('Glycémie, suite');
    const isAbsence = (mail: Buffer): boolean =>
      decodedWords(fieldOf(mail, 'Subject')) === 'Réponse automatique : absence';
    const mail = await until('the absence', () => doctorsMails().find(isAbsence) ?? null);
    assert.equal(fieldOf(mail, 'Auto-Submitted'), 'auto-replied');
    assert.ok(both.some(({ messageId }) => messageId === fieldOf(mail, 'In-Reply-To')));
    const cleared = await stage.run(['absence', 'clear', stage.address('pharmacy')]);
    assert.equal(cleared.code, 0);
    assert.equal(doctorsMails().length, before + 1);
  });
});
