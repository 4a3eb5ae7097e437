/**
 * Letters made to exhaust the gateway, sent to a running one while honest letters keep coming: each bomb is accepted
 * (250 means only that it is safe on disk) and quarantined, or refused at the door for a line without an end, and nobody
 * else is kept from their letters.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BOMBS } from '@estafette/gateway/envelope/bombs.fixture';
import type { Chat } from './support/chat.ts';
import { newMessageId } from './support/letters.ts';
import { type Destination, send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { Stage } from './support/stage.ts';

describe('letters made to exhaust the gateway', () => {
  const stage = new Stage();
  let destination: Destination;
  let chat: Chat;

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(() => stage.close());

  it('are quarantined one and all, while honest letters arrive verified', async () => {
    const names = Object.keys(BOMBS);
    const honest = await manyLetters(stage, names.length);
    const [from, to] = [stage.address('doctor'), stage.address('pharmacy')];
    const bombs = new Map<string, string>();
    const refused: string[] = [];
    const bombing = (async () => {
      for (const [name, make] of Object.entries(BOMBS)) {
        const bomb = { from, to, messageId: newMessageId(), bytes: make() };
        const [letterId] = await send(destination, bomb).catch((error: Error & { response?: string }) => {
          assert.match(error.response ?? error.message, /^550 5\.6\.0 Line too long in the message/, name);
          return [];
        });
        if (letterId === undefined) refused.push(name);
        else bombs.set(name, letterId);
      }
    })();
    for (const letter of honest) {
      await send(destination, letter);
      const arrived = await chat.letter(letter.subject);
      assert.equal(arrived.show, 'verified');
    }
    await bombing;
    for (const [name, letterId] of bombs) {
      const { type, reasons, documents = [] } = await chat.arrival(letterId);
      assert.equal(type, 'quarantine', `${name}: ${reasons?.join(', ')}`);
      assert.deepEqual(documents, []);
    }
    assert.equal(bombs.size + refused.length, names.length);
    assert.ok(refused.length <= 1, refused.join(', '));
  });
});
