/**
 * The main job: letters arrive sealed, are shown with their verdict, and the answer lands in the doctor's mailbox in the
 * same thread. openssl makes the letters and judges the answer.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Letter, letterOf, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, mailsIn, quotedPrintable } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { resultText } from './support/result-text.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const QUESTION = 'Dispensation de fluindione – précision';
const ANSWER = 'Délivrée le 2 janvier ; la patiente est prévenue, à bientôt.';

describe('the main job, end to end', () => {
  const stage = new Stage();
  let destination: Destination;
  let chat: Chat;
  let question: Letter;
  let asked: ChatLine;
  let answerMail: Buffer;

  const sealed = async (
    person: 'doctor' | 'lab',
    letter: { subject: string; text: string; references?: readonly string[] },
  ): Promise<Letter> => {
    const signed = await sign(identityIn(stage.demo(person)), textPart(letter.text));
    const heading = { from: stage.address(person), to: stage.address('pharmacy'), ...letter };
    return letterOf(heading, await encrypt(stage.demo('pharmacy', 'cert.pem'), signed));
  };
  const doctorsMails = () => mailsIn(stage.demo('doctor', 'Maildir'));

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
    question = await sealed('doctor', { subject: QUESTION, text: 'Bonjour,\r\nA-t-elle reçu sa fluindione ?\r\n' });
  });
  after(() => stage.close());

  it("shows the doctor's signed and encrypted letter as verified", async () => {
    const [letterId] = await send(destination, question);
    asked = await chat.letter(QUESTION);
    assert.equal(asked.letterId, letterId);
    assert.equal(asked.from, 'claire.martin@cabinet.example');
    const { show, signature, identity, encryption, reasons, route } = asked;
    assert.deepEqual(
      { show, signature, identity, encryption, reasons, route },
      { show: 'verified', signature: 'valid', identity: 'match', encryption: 'opened', reasons: [], route: 'new' },
    );
    assert.match(asked.documents?.[0]?.text ?? '', /A-t-elle reçu sa fluindione \?/);
  });

  it("shows the laboratory's result as a card with the critical INR", async () => {
    await send(destination, await sealed('lab', { subject: 'Résultats', text: resultText() }));
    const { show, documents } = await chat.letter('Résultats');
    assert.equal(show, 'verified');
    const report = documents?.find((document) => document.kind === 'report')?.report;
    assert.equal(report?.patient.familyName, 'ESSAI');
    const inr = report?.results.find((result) => result.label === 'INR');
    assert.deepEqual([inr?.first.value, inr?.flag, inr?.severity], ['6.8', 'HH', 'critical']);
  });

  it("brings the answer into the doctor's mailbox, and its statuses to the device", async () => {
    const replyId = await chat.answer(asked.conversationId ?? '', ANSWER);
    await chat.line('the answer is sent', (line) => line.replyId === replyId && line.state === 'sent');
    const announced = chat.states(replyId).filter((state) => ['accepted', 'sealed', 'sent'].includes(state));
    assert.deepEqual(announced, ['accepted', 'sealed', 'sent']);
    const mails = await until('the answer lies in the Maildir', () =>
      doctorsMails().length > 0 ? doctorsMails() : null,
    );
    assert.equal(mails.length, 1, 'one reply makes one mail');
    answerMail = mails[0] as Buffer;
  });

  it('has sealed the answer so that openssl opens and verifies it', async () => {
    assert.match(fieldOf(answerMail, 'Content-Type'), /^application\/pkcs7-mime; smime-type=enveloped-data/);
    assert.ok(!answerMail.includes('livr'), 'no word of the answer stands outside');
    const signed = await decrypt(stage.demo('doctor'), answerMail);
    const text = quotedPrintable((await verify(stage.demo('ca.pem'), signed)).toString());
    assert.match(text, new RegExp(ANSWER));
    assert.match(text, /> A-t-elle reçu sa fluindione \?/, 'a light quote stands below');
  });

  it('has put the answer into the thread of the letter', () => {
    assert.equal(fieldOf(answerMail, 'In-Reply-To'), question.messageId);
    assert.equal(fieldOf(answerMail, 'References'), question.messageId);
    assert.equal(decodedWords(fieldOf(answerMail, 'Subject')), `Re: ${QUESTION}`);
    assert.match(fieldOf(answerMail, 'From'), /<pharmacie\.halles@officine\.example>$/);
    assert.match(fieldOf(answerMail, 'To'), /claire\.martin@cabinet\.example/);
  });

  it("takes the doctor's answer to it into the same conversation", async () => {
    const references = [question.messageId, fieldOf(answerMail, 'Message-ID')];
    await send(destination, await sealed('doctor', { subject: 'Re: autre sujet', text: 'Merci !', references }));
    const { conversationId, route } = await chat.letter('Re: autre sujet');
    assert.equal(route, 'thread-token');
    assert.equal(conversationId, asked.conversationId);
  });

  it('keeps a third person who quotes the same Message-ID out of the conversation', async () => {
    const references = [question.messageId, fieldOf(answerMail, 'Message-ID')];
    await send(destination, await sealed('lab', { subject: `Re: ${QUESTION}`, text: 'Je me permets…', references }));
    const { conversationId, route, show } = await chat.letter(`Re: ${QUESTION}`);
    assert.equal(show, 'verified');
    assert.equal(route, 'new');
    assert.notEqual(conversationId, asked.conversationId);
  });

  it('shows a letter that was delivered twice once', async () => {
    const twice = await sealed('doctor', { subject: 'Envoyé deux fois', text: 'Une seule fois, merci.' });
    const [first, second] = await send(destination, twice, twice);
    assert.notEqual(first, second);
    await chat.letter('Envoyé deux fois');
    await until('the second delivery is known as a duplicate', async () => {
      // It stands in the traces of both.
      const { output } = await stage.run(['trace', first ?? '', '--json']);
      return output.includes('letter-duplicate');
    });
    const fresh = await stage.chat('Dominique');
    await fresh.letter('Envoyé deux fois');
    const shown = (one: Chat) => one.letters().filter((line) => line.subject === 'Envoyé deux fois').length;
    assert.deepEqual([shown(chat), shown(fresh)], [1, 1]);
  });

  it('has sent no mail but the one answer', () => {
    assert.equal(doctorsMails().length, 1);
    assert.equal(mailsIn(stage.demo('lab', 'Maildir')).length, 0);
  });
});
