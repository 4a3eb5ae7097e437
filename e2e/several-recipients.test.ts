/**
 * One letter to several people, on the real product: two hosted pharmacies get it once each, and the laboratory in Cc,
 * who has never written before, answers into both conversations. openssl writes the letters and judges the answers.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Letter, letterOf, textPart } from './support/letters.ts';
import { fieldOf, mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const GARDE = 'garde@officine.example';
const SUBJECT = 'INR de Mme DESSAINT';

describe('one letter to several people', () => {
  const stage = new Stage();
  let destination: Destination;
  let pharmacy: Chat;
  let garde: Chat;
  let first: Letter;
  let atPharmacy: ChatLine;
  let atGarde: ChatLine;
  let answerId: string;
  const gardeCertificate = () => join(stage.home, 'garde.pem');

  const run = async (...words: string[]): Promise<string> => {
    const { code, output, errors } = await stage.run(words);
    assert.equal(code, 0, errors);
    return output.toString();
  };
  /** A letter to both pharmacies, encrypted to both; `cc` only names. */
  const toBoth = async (
    person: 'doctor' | 'lab',
    letter: { subject: string; text: string; cc: readonly string[]; references?: readonly string[] },
  ): Promise<Letter> => {
    const signed = await sign(identityIn(stage.demo(person)), textPart(letter.text));
    const heading = { from: stage.address(person), to: stage.address('pharmacy'), alsoTo: [GARDE], ...letter };
    const sealed = await encrypt(stage.demo('pharmacy', 'cert.pem'), signed, gardeCertificate());
    return { ...letterOf(heading, sealed), recipients: [stage.address('pharmacy'), GARDE] };
  };
  const shown = (chat: Chat, subject: string) => chat.letters().filter((line) => line.subject === subject);
  /** A mail that lies in somebody's Maildir, once it is there. */
  const mailOf = (person: 'doctor' | 'lab', fits: (mail: Buffer) => boolean): Promise<Buffer> =>
    until(
      `the answer lies in the Maildir of ${person}`,
      () => mailsIn(stage.demo(person, 'Maildir')).find(fits) ?? null,
    );

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    await run('mailbox', 'add', GARDE, '--name', 'Pharmacie de garde');
    writeFileSync(gardeCertificate(), await run('key', 'certificate', GARDE));
    pharmacy = await stage.chat();
    garde = await stage.chat('Dominique', GARDE);
    first = await toBoth('doctor', { subject: SUBJECT, text: 'INR à 6,8 : que faire ?', cc: [stage.address('lab')] });
  });
  after(() => stage.close());

  it('reaches each hosted mailbox in one transaction, and names the others', async () => {
    const [letterId] = await send(destination, first);
    atPharmacy = await pharmacy.letter(SUBJECT);
    atGarde = await garde.letter(SUBJECT);
    assert.deepEqual([atPharmacy.letterId, atGarde.letterId], [letterId, letterId]);
    assert.deepEqual([atPharmacy.show, atGarde.show], ['verified', 'verified']);
    assert.notEqual(atPharmacy.conversationId, atGarde.conversationId);
    const named = (line: ChatLine) => line.people?.map(({ address, role }) => `${role} ${address}`);
    assert.deepEqual(named(atPharmacy), [`to ${GARDE}`, `cc ${stage.address('lab')}`]);
    assert.deepEqual(named(atGarde), [`to ${stage.address('pharmacy')}`, `cc ${stage.address('lab')}`]);
    assert.equal(atPharmacy.people?.at(-1)?.reachable, false, 'nothing is known of the laboratory yet');
  });

  it('is shown once more in no mailbox when it is delivered again, to one and to both', async () => {
    const [again, alone] = await send(destination, first, { ...first, recipients: [GARDE] });
    for (const letterId of [again, alone]) {
      // Not by `run`: until the letter was opened nothing may be known of it, which is an exit code of its own.
      await until('the second delivery is known as a duplicate', async () =>
        (await stage.run(['trace', letterId ?? ''])).output.includes('letter-duplicate'),
      );
    }
    assert.deepEqual([shown(pharmacy, SUBJECT).length, shown(garde, SUBJECT).length], [1, 1]);
  });

  it('lets the one in Cc answer into the conversation of each mailbox, and be answered there', async () => {
    const subject = `RE: ${SUBJECT}`;
    const references = [first.messageId];
    const cc = [stage.address('doctor')];
    const answer = await toBoth('lab', { subject, text: 'Contrôle demain matin.', cc, references });
    await send(destination, answer);
    const [here, there] = [await pharmacy.letter(subject), await garde.letter(subject)];
    assert.deepEqual([here.route, there.route], ['references', 'references']);
    assert.equal(here.conversationId, atPharmacy.conversationId);
    assert.equal(there.conversationId, atGarde.conversationId);
    assert.equal(here.people?.at(-1)?.reachable, true, 'the certificate of the doctor is known');
    await pharmacy.answer(here.conversationId ?? '', 'Entendu, merci.');
    const mail = await mailOf('lab', (one) => fieldOf(one, 'To').includes(stage.address('lab')));
    answerId = fieldOf(mail, 'Message-ID');
    const entity = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('lab'), mail));
    assert.match(entity.toString(), /Entendu, merci\./);
    assert.equal(fieldOf(mail, 'In-Reply-To'), answer.messageId);
  });

  it('sends an answer to the writer of the letter it was typed to, whoever wrote since', async () => {
    const { conversationId = '', letterId = '' } = atPharmacy;
    await pharmacy.answer(conversationId, 'Docteur, je vous rappelle.', { answers: letterId });
    const mail = await mailOf('doctor', (one) => fieldOf(one, 'In-Reply-To') === first.messageId);
    assert.ok(fieldOf(mail, 'To').includes(stage.address('doctor')));
    const entity = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('doctor'), mail));
    assert.match(entity.toString(), /je vous rappelle/);
  });

  it("lets the doctor answer what was said to the laboratory, by our answer's id alone", async () => {
    const letter = { subject: 'Autre sujet', text: 'Je suis informée.', cc: [], references: [answerId] };
    await send(destination, await toBoth('doctor', letter));
    const [here, there] = [await pharmacy.letter('Autre sujet'), await garde.letter('Autre sujet')];
    assert.deepEqual([here.route, here.conversationId], ['thread-token', atPharmacy.conversationId]);
    // The token is of the other mailbox: it opens nothing here.
    assert.notEqual(there.conversationId, atGarde.conversationId);
    assert.notEqual(there.conversationId, atPharmacy.conversationId);
  });

  it('marks another letter under the same Message-ID', async () => {
    const { messageId } = first;
    const text = 'Tout autre chose.';
    const signed = await sign(identityIn(stage.demo('doctor')), textPart(text));
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'Même numéro', messageId };
    await send(destination, letterOf(heading, await encrypt(stage.demo('pharmacy', 'cert.pem'), signed)));
    assert.equal((await pharmacy.letter('Même numéro')).sameMessageId, true);
    assert.equal(atPharmacy.sameMessageId, undefined);
  });
});
