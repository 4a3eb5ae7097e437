/**
 * Letters made to exhaust the gateway, sent to a running one while honest letters keep coming: each bomb is accepted
 * (250 means only that it is safe on disk) and quarantined, and nobody else is kept from their letters.
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
    const bombIds: string[] = [];
    const bombing = (async () => {
      for (const make of Object.values(BOMBS))
        bombIds.push(...(await send(destination, { from, to, messageId: newMessageId(), bytes: make() })));
    })();
    for (const letter of honest) {
      await send(destination, letter);
      const arrived = await chat.letter(letter.subject);
      assert.equal(arrived.show, 'verified');
    }
    await bombing;
    for (const [at, letterId] of bombIds.entries()) {
      const { type, reasons, documents = [] } = await chat.arrival(letterId);
      assert.equal(type, 'quarantine', `${names[at]}: ${reasons?.join(', ')}`);
      assert.deepEqual(documents, []);
    }
    assert.equal(bombIds.length, names.length);
  });
});
