/**
 * The renewal drill, under load and without a restart: while letters come and answers leave, a new key is brought in;
 * the old one opens what is still encrypted to it, the new one signs. A mailbox whose only certificate has ended holds
 * its answers, says so, and sends them by itself once it has another. openssl is the correspondent and the judge.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Letter, letterOf, textPart } from './support/letters.ts';
import { fieldOf, mailsIn, quotedPrintable } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, signerOf } from './support/openssl.ts';
import { type Destination, send, sendStubbornly } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const GARDE = 'garde@officine.example';
/** One letter and its answer take a second or two of it on a quiet machine. */
const SHORT_DAYS = 45 / 86_400;
const LETTERS_OF_LOAD = 24;
/** For all letters of the load together. */
const LOAD_PATIENCE_MS = 300_000;

interface KeyLine {
  readonly state: string;
  readonly fingerprint: string;
  readonly notAfter: string;
}

describe('the renewal of a key', () => {
  const stage = new Stage();
  let destination: Destination;
  let chat: Chat;
  let garde: Chat;
  let shortEnd: number;
  const oldCertificate = () => join(stage.home, 'old.pem');
  const newCertificate = () => stage.demo('pharmacy', 'cert.pem');
  const shortCertificate = () => join(stage.home, 'garde.pem');

  const run = async (...words: string[]): Promise<string> => {
    const { code, output, errors } = await stage.run(words);
    assert.equal(code, 0, errors);
    return output.toString();
  };
  const keysOf = async (address: string): Promise<KeyLine[]> =>
    (await run('key', 'list', address, '--json'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as KeyLine);
  const letter = async (subject: string, certificate: string, to = stage.address('pharmacy')): Promise<Letter> => {
    const signed = await sign(identityIn(stage.demo('doctor')), textPart(`${subject} : bonjour.`));
    return letterOf({ from: stage.address('doctor'), to, subject }, await encrypt(certificate, signed));
  };
  /** Shows the letter as verified and opened, and answers it; gives the reply's id. */
  const answer = async (device: Chat, subject: string): Promise<string> => {
    const isIt = (line: ChatLine) => line.type === 'letter' && line.subject === subject;
    const { show, encryption, conversationId } = await device.line(subject, isIt, LOAD_PATIENCE_MS);
    assert.deepEqual([subject, show, encryption], [subject, 'verified', 'opened']);
    return device.answer(conversationId ?? '', `Réponse à ${subject}`);
  };
  const sent = (device: Chat, replyId: string) =>
    device.line(`${replyId} is sent`, (line) => line.replyId === replyId && line.state === 'sent', LOAD_PATIENCE_MS);
  /** Who signed each answer in the doctor's Maildir, judged when it is first seen: by what it answers, PEM. */
  const signedBy = new Map<string, string>();
  const seen = new Set<string>();
  const signers = async (): Promise<ReadonlyMap<string, string>> => {
    for (const mail of mailsIn(stage.demo('doctor', 'Maildir'))) {
      const messageId = fieldOf(mail, 'Message-ID');
      if (seen.has(messageId)) continue;
      seen.add(messageId);
      const signed = await decrypt(stage.demo('doctor'), mail);
      const certificate = await signerOf(stage.demo('ca.pem'), signed, join(stage.home, 'signer.pem'));
      const name = /Réponse à ([A-Za-z0-9 ]+)/.exec(quotedPrintable(signed.toString()))?.[1] ?? messageId;
      assert.ok(!signedBy.has(name), `one mail for “${name}”`);
      signedBy.set(name, certificate.trim());
    }
    return signedBy;
  };
  const pem = (file: string): string => readFileSync(file, 'utf8').trim();

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    writeFileSync(oldCertificate(), readFileSync(newCertificate()));
    chat = await stage.chat();
    await run('mailbox', 'add', GARDE, '--name', 'Pharmacie de garde', '--without-key');
    garde = await stage.chat('Dominique', GARDE);
    await run('key', 'renew-demo', GARDE, '--days', String(SHORT_DAYS));
    writeFileSync(shortCertificate(), await run('key', 'certificate', GARDE));
    shortEnd = Date.parse(new X509Certificate(readFileSync(shortCertificate())).validTo);
  });
  after(() => stage.close());

  it('a mailbox with a certificate of a few seconds sends while it is valid', async () => {
    await send(destination, await letter('Garde 1', shortCertificate(), GARDE));
    const replyId = await answer(garde, 'Garde 1');
    await sent(garde, replyId);
    assert.equal((await signers()).get('Garde 1'), pem(shortCertificate()));
  });

  it('letters keep coming and answers keep leaving while a new key is brought in', async () => {
    const names = Array.from({ length: LETTERS_OF_LOAD }, (_, at) => `Courrier ${at + 1}`);
    const letters = await Promise.all(names.map((name) => letter(name, oldCertificate())));
    const answered = names.map(async (name) => sent(chat, await answer(chat, name)));
    let renewed: Promise<string> | null = null;
    const delivery = await sendStubbornly(destination, letters, {
      connections: 2,
      paceMs: 150,
      onAccepted: (count) => {
        if (count === LETTERS_OF_LOAD / 4) renewed = run('key', 'renew-demo', stage.address('pharmacy'));
      },
    });
    assert.ok(renewed !== null);
    await renewed;
    await Promise.all(answered);
    assert.equal(delivery.accepted.size, LETTERS_OF_LOAD);
    const states = new Set(chat.lines.flatMap(({ state }) => state ?? []));
    for (const bad of ['failed', 'unknown', 'awaiting-key']) assert.ok(!states.has(bad), `no answer is ${bad}`);
    const by = await signers();
    for (const name of names)
      assert.ok([pem(oldCertificate()), pem(newCertificate())].includes(by.get(name) ?? ''), name);
  });

  it('afterwards letters to the old and to the new certificate open, and the new one signs', async () => {
    assert.notEqual(pem(newCertificate()), pem(oldCertificate()));
    await send(destination, await letter('Ancien', oldCertificate()), await letter('Nouveau', newCertificate()));
    for (const name of ['Ancien', 'Nouveau']) await sent(chat, await answer(chat, name));
    const by = await signers();
    for (const name of ['Ancien', 'Nouveau']) assert.equal(by.get(name), pem(newCertificate()));
    assert.deepEqual(
      (await keysOf(stage.address('pharmacy'))).map(({ state }) => state),
      ['in-use', 'spare'],
    );
  });

  it('the operator is told of a mailbox whose certificate ends', async () => {
    const { output } = await stage.run(['doctor']);
    assert.match(
      output.toString(),
      new RegExp(`warning +mailbox certificates: ${GARDE}: (.*ends in 1 day|no certificate is good for signing)`),
    );
    assert.doesNotMatch(output.toString(), /pharmacie\.halles/);
  });

  it('when the only certificate has ended, letters still open and the answer waits and says why', async () => {
    // Its last second belongs to it.
    await pause(Math.max(0, shortEnd + 1_000 - Date.now()));
    await send(destination, await letter('Garde 2', shortCertificate(), GARDE));
    const replyId = await answer(garde, 'Garde 2');
    const held = await garde.line(
      'the answer waits',
      (line) => line.replyId === replyId && line.state === 'awaiting-key',
    );
    assert.equal(held.failure, 'own-certificate-unusable');
    const [ended] = await keysOf(GARDE);
    assert.equal(ended?.state, 'opens-only');
    assert.equal((await signers()).has('Garde 2'), false);
  });

  it('and leaves by itself once there is a key, signed by it, without a restart', async () => {
    await run('key', 'renew-demo', GARDE);
    await garde.line(
      'the answer is sent',
      (line) => line.state === 'sent' && garde.states(line.replyId ?? '').includes('awaiting-key'),
    );
    const certificate = (await run('key', 'certificate', GARDE)).trim();
    const by = await until('the answer has arrived', async () => ((await signers()).has('Garde 2') ? signers() : null));
    assert.equal(by.get('Garde 2'), certificate);
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, LETTERS_OF_LOAD + 4, 'every answer left, once');
  });
});
