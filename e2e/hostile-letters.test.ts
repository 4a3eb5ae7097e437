/**
 * Letters made to exhaust the gateway, sent to a running one while honest letters keep coming: each bomb is accepted
 * (250 means only that it is safe on disk) and quarantined, or refused at the door for a line without an end, and nobody
 * else is kept from their letters.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BOMBS } from '@estafette/gateway/envelope/bombs.fixture';
import type { Chat, ChatLine } from './support/chat.ts';
import { newMessageId } from './support/letters.ts';
import { type Destination, send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { Stage } from './support/stage.ts';

/** Each bomb may keep the one worker of a small machine for its whole time limit, and the others wait behind it. */
const PATIENCE_MS = 900_000;

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

  const line = (what: string, fits: (line: ChatLine) => boolean) => chat.line(what, fits, PATIENCE_MS);

  it('are quarantined one and all, while honest letters arrive verified', async () => {
    const names = Object.keys(BOMBS);
    const honest = await manyLetters(stage, names.length);
    const [from, to] = [stage.address('doctor'), stage.address('pharmacy')];
    // Made before anything is sent: making one holds up this process, and with it the time limits of its connections.
    const made = Object.entries(BOMBS).map(([name, make]) => ({ name, bytes: make() }));
    const bombs = new Map<string, string>();
    const refused: string[] = [];
    const bombard = async (): Promise<void> => {
      for (const { name, bytes } of made) {
        const bomb = { from, to, messageId: newMessageId(), bytes };
        const [letterId] = await send(destination, bomb).catch((error: Error & { response?: string }) => {
          assert.match(error.response ?? error.message, /^550 5\.6\.0 Line too long in the message/, name);
          return [];
        });
        if (letterId === undefined) refused.push(name);
        else bombs.set(name, letterId);
      }
    };
    const write = async (): Promise<void> => {
      for (const { subject, ...letter } of honest) {
        await send(destination, letter);
        const arrived = await line(
          `the letter “${subject}”`,
          (one) => one.type === 'letter' && one.subject === subject,
        );
        assert.equal(arrived.show, 'verified');
      }
    };
    await Promise.all([bombard(), write()]);
    for (const [name, letterId] of bombs) {
      const { type, reasons, documents = [] } = await line(name, (one) => one.letterId === letterId);
      assert.equal(type, 'quarantine', `${name}: ${reasons?.join(', ')}`);
      assert.deepEqual(documents, []);
    }
    assert.equal(bombs.size + refused.length, names.length);
    assert.ok(refused.length <= 1, refused.join(', '));
  });
});
