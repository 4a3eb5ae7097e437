/**
 * The terminal device with more than a text: a file goes to the doctor with the answer, another device of the mailbox is
 * told of it, and a letter that asks for it is told as read.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Chat, ChatLine } from './support/chat.ts';
import { letterOf, textPart } from './support/letters.ts';
import { mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const SUBJECT = 'Bon de retour';
const PAPER = Buffer.from('%PDF-1.4\n% Bon de retour fictif\n%%EOF\n');

describe('a terminal with files and receipts', () => {
  const stage = new Stage();
  let chat: Chat;
  let colleague: Chat;
  let asked: ChatLine;
  let paper: string;
  let serverOutput: () => string;
  const inbox = () => mailsIn(stage.demo('doctor', 'Maildir'));

  before(async () => {
    const server = await stage.start();
    serverOutput = server.printed;
    chat = await stage.chat('Camille', undefined, '--receipts');
    colleague = await stage.chat('Inès');
    paper = join(stage.home, 'retour.pdf');
    writeFileSync(paper, PAPER);
    const signed = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour, le bon de retour ?\r\n'));
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: SUBJECT };
    const plain = letterOf(heading, await encrypt(stage.demo('pharmacy', 'cert.pem'), signed));
    const asking = Buffer.concat([
      Buffer.from(`Disposition-Notification-To: ${stage.address('doctor')}\r\n`),
      plain.bytes,
    ]);
    await send({ port: server.smtpPort, authorities: stage.demo('ca.pem') }, { ...plain, bytes: asking });
    asked = await chat.letter(SUBJECT);
  });
  after(() => stage.close());

  it('tells the doctor that his letter was read, because he asked', async () => {
    assert.equal('asksReceipt' in asked, true);
    const told = async () => {
      for (const mail of inbox()) {
        const opened = await decrypt(stage.demo('doctor'), mail).catch(() => mail);
        if (opened.includes('disposition-notification')) return opened;
      }
      return undefined;
    };
    assert.ok((await until('the doctor has the disposition report', told)).includes('displayed'));
  });

  it('sends a file with the answer, signed and encrypted', async () => {
    const wishes = { files: [paper], urgent: true };
    const replyId = await chat.answer(asked.conversationId ?? '', 'Le voici.', wishes);
    const holds = async () => {
      for (const mail of inbox()) {
        const opened = await decrypt(stage.demo('doctor'), mail).catch(() => null);
        if (opened?.includes('retour.pdf')) return verify(stage.demo('ca.pem'), opened);
      }
      return undefined;
    };
    const entity = (await until('the doctor has the file', holds)).toString('latin1');
    assert.ok(entity.replace(/\s/g, '').includes(PAPER.toString('base64')), entity);
    await until('it is sent', () => chat.states(replyId).includes('sent') || undefined);
  });

  it('tells the other device of the mailbox, and says nothing of it in the log', async () => {
    const echo = await colleague.line('the answer', (line) => line.type === 'reply' && line.text === 'Le voici.');
    assert.equal('attachments' in echo, true);
    const read = await colleague.line('who has read it', (line) => line.type === 'read');
    assert.partialDeepStrictEqual(read, { letterId: asked.letterId, person: 'Camille', toldSender: true });
    assert.doesNotMatch(serverOutput(), /retour\.pdf|Le voici/);
  });

  it('complains of a file that is not there, and sends nothing', async () => {
    const absent = join(stage.home, 'absent.pdf');
    void chat.answer(asked.conversationId ?? '', 'rien', { files: [absent] }).catch(() => null);
    await chat.line('the complaint', (line) => line.type === 'error' && /ENOENT/.test(line.message ?? ''));
    assert.equal(
      chat.lines.some((line) => line.text === 'rien'),
      false,
    );
  });
});
