/**
 * What the SMTP door refuses, as dialogues in text files (dialogues/*.txt, one story each), played over raw sockets.
 * After each of them the server goes on: a good letter is accepted. At the end nothing but the good ones has arrived.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Chat } from './support/chat.ts';
import { playDialogue } from './support/dialogue.ts';
import { type Letter, letterOf, textPart } from './support/letters.ts';
import { identityIn, sign } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';

const DIALOGUES = new URL('dialogues/', import.meta.url);
/** Above the limit that EHLO announces (SMTP_LIMITS.letterMaxBytes). */
const TOO_LARGE_BYTES = 37 * 1024 * 1024;

describe('the SMTP door', () => {
  const stage = new Stage();
  let destination: Destination;
  let chat: Chat;
  const accepted: string[] = [];
  let entity: Buffer;

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
    entity = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour.'));
  });
  after(() => stage.close());

  const goodLetter = (): Letter =>
    letterOf(
      { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: `Bon ${accepted.length}` },
      entity,
    );

  for (const name of readdirSync(DIALOGUES).filter((file) => file.endsWith('.txt'))) {
    it(name.slice(0, -'.txt'.length).replaceAll('-', ' '), async () => {
      const words = { from: stage.address('doctor'), to: stage.address('pharmacy'), size: String(TOO_LARGE_BYTES) };
      await playDialogue(new URL(name, DIALOGUES), destination, words);
      accepted.push(...(await send(destination, goodLetter())));
    });
  }

  it('has let nothing in but the good letters', async () => {
    for (const letterId of accepted) await chat.arrival(letterId);
    assert.deepEqual(
      chat
        .letters()
        .map(({ letterId }) => letterId)
        .sort(),
      [...accepted].sort(),
    );
    const spool = await stage.run(['trace', accepted[0] ?? '', '--json']);
    assert.equal(spool.code, 0);
  });
});
