/**
 * What the gateway learns of a correspondent and does with it: his certificate, its change, how the operator wants
 * answers sealed. openssl is the correspondent and the judge.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { secondAuthority } from './support/authorities.ts';
import type { Chat, ChatLine } from './support/chat.ts';
import { letterOf, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, type SignerFiles, sign, verify } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

describe('a correspondent', () => {
  // Each worker looks at the trust files for itself: one, so that what a letter was judged by holds for the next.
  const stage = new Stage({ ESTAFETTE_OPEN_WORKERS: '1' });
  let destination: Destination;
  let chat: Chat;
  /** What was shown last. */
  let known: Record<string, unknown>;

  const show = async (): Promise<Record<string, unknown>> => {
    const { code, output, errors } = await stage.run(['correspondent', 'show', stage.address('doctor'), '--json']);
    assert.equal(code, 0, errors);
    return JSON.parse(output.toString()) as Record<string, unknown>;
  };
  const receive = async (
    subject: string,
    signer: SignerFiles = identityIn(stage.demo('doctor')),
  ): Promise<ChatLine> => {
    const entity = await sign(signer, textPart(`${subject} : bonjour.`));
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject };
    await send(destination, letterOf(heading, await encrypt(stage.demo('pharmacy', 'cert.pem'), entity)));
    return chat.letter(subject);
  };
  /** Answers the letter and gives the mail that lies in the doctor's Maildir. */
  const answered = async ({ conversationId, subject }: ChatLine): Promise<Buffer> => {
    await chat.answer(conversationId ?? '', `Bien reçu ${subject}`);
    const found = () =>
      mailsIn(stage.demo('doctor', 'Maildir')).find(
        (mail) => decodedWords(fieldOf(mail, 'Subject')) === `Re: ${subject}`,
      );
    return until(`the answer to ${subject} lies in the Maildir`, () => found() ?? null);
  };

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(() => stage.close());

  it('of whom nothing is known is said to be unknown', async () => {
    const { code, errors } = await stage.run(['correspondent', 'show', 'nobody@cabinet.example']);
    assert.equal(code, 3);
    assert.match(errors, /Nothing is known of nobody@cabinet\.example/);
  });

  it('is known by the first verified letter, with what his software states, and no mark', async () => {
    const line = await receive('Premier');
    assert.deepEqual([line.show, line.senderCertificateChanged], ['verified', undefined]);
    known = await show();
    assert.match(known.fingerprint as string, /^[0-9a-f]{64}$/);
    assert.deepEqual(known.capabilities, ['aes-256-cbc', 'aes-128-cbc']);
    assert.deepEqual([known.form, known.content, known.keyTransport], [null, null, null]);
    const signed = await decrypt(stage.demo('doctor'), await answered(line));
    assert.match(signed.toString('latin1'), /^Content-Type: multipart\/signed/);
  });

  it('is known by that also when his next letter brings no certificate', async () => {
    const line = await receive('Sans certificat', { ...identityIn(stage.demo('doctor')), withoutCertificate: true });
    assert.deepEqual([line.show, line.signature, line.reasons], ['verified', 'valid', []]);
  });

  it('gets answers in the form the operator sets, from the next one on, and openssl reads them', async () => {
    const set = await stage.run([
      ...['correspondent', 'set', stage.address('doctor').toUpperCase(), '--form', 'opaque'],
      ...['--content', 'aes-256-gcm', '--key-transport', 'rsa-oaep-sha256'],
    ]);
    assert.equal(set.code, 0, set.errors);
    const mail = await answered(await receive('Deuxième'));
    assert.match(mail.toString('latin1'), /smime-type=authEnveloped-data/);
    const signed = await decrypt(stage.demo('doctor'), mail);
    assert.match(signed.toString('latin1'), /^Content-Type: application\/(x-)?pkcs7-mime; smime-type=signed-data/);
    const entity = (await verify(stage.demo('ca.pem'), signed)).toString('latin1');
    assert.match(entity, /^From: .*officine/m);
    assert.match(entity, /^HP-Outer: Subject: /m);
    assert.match(entity, /; hp="cipher"/);
    const back = await stage.run([
      'correspondent',
      'set',
      stage.address('doctor'),
      '--form',
      'auto',
      '--content',
      'auto',
    ]);
    assert.equal(back.code, 0, back.errors);
    known = await show();
    assert.deepEqual([known.form, known.keyTransport], [null, 'rsa-oaep-sha256']);
  });

  it('who comes with another certificate carries a mark, is traced, and is answered to the new one', async () => {
    const trust = { anchors: stage.demo('ca.pem'), lists: stage.demo('crl.pem') };
    const { renewed } = await secondAuthority(stage.demo('second'), stage.address('doctor'), trust);
    let times = 0;
    // The worker looks at the trust files every few seconds; each look here is a letter.
    const line = await until('the new certificate is trusted', async () => {
      if (times > 0) await pause(1_000);
      times += 1;
      const shown = await receive(`Nouveau ${times}`, renewed);
      return shown.show === 'verified' || times > 60 ? shown : null;
    });
    assert.equal(line.show, 'verified');
    assert.equal(line.senderCertificateChanged, true);
    assert.notEqual((await show()).fingerprint, known.fingerprint);
    const { output } = await stage.run(['trace', line.letterId ?? '']);
    assert.match(output.toString(), /certificate-changed/);
    const again = await receive('Encore', renewed);
    assert.deepEqual([again.show, again.senderCertificateChanged], ['verified', undefined]);
    const signed = await decrypt(stage.demo('second', 'renewed'), await answered(again));
    assert.match((await verify(stage.demo('ca.pem'), signed)).toString('latin1'), /Subject: Re: Encore/);
  });
});
