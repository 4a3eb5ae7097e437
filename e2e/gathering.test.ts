/** Messages typed in a row reach the doctor as one mail, in the order they were typed, and each of them is told as sent. */
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { letterOf, textPart } from './support/letters.ts';
import { mailsIn, quotedPrintable } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

// Long enough for a slow machine to bring one message after the other within it.
const stage = new Stage({ ESTAFETTE_GATHER_SECONDS: '10' });
after(() => stage.close());

it('three messages typed in a row are one mail', async () => {
  const server = await stage.start();
  const chat = await stage.chat();
  const signed = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour\r\n'));
  const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'INR', text: 'Bonjour' };
  const letter = letterOf(heading, await encrypt(stage.demo('pharmacy', 'cert.pem'), signed));
  await send({ port: server.smtpPort, authorities: stage.demo('ca.pem') }, letter);
  const { conversationId = '' } = await chat.letter('INR');
  const typed = ['Bien reçu.', 'Je rappelle la patiente.', 'Elle est prévenue.'];
  const ids: string[] = [];
  for (const text of typed) ids.push(await chat.answer(conversationId, text));
  for (const id of ids) await chat.line(`${id} is sent`, (line) => line.replyId === id && line.state === 'sent');
  const mails = await until('a mail lies in the Maildir', () => {
    const found = mailsIn(stage.demo('doctor', 'Maildir'));
    return found.length > 0 ? found : null;
  });
  assert.equal(mails.length, 1);
  const inside = await decrypt(stage.demo('doctor'), mails[0] as Buffer);
  const text = quotedPrintable((await verify(stage.demo('ca.pem'), inside)).toString()).replaceAll('\r', '');
  assert.ok(text.includes(typed.join('\n\n')), text);
  assert.equal(await server.stop(), 0);
});
