/**
 * The database stops and comes back while letters arrive and an answer is typed: senders hear 451, the phone waits,
 * and everything goes on by itself; nothing is lost and nothing comes twice.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Chat } from './support/chat.ts';
import { mailsIn } from './support/maildir.ts';
import type { OperatorView } from './support/operator-view.ts';
import { type Destination, send, sendStubbornly } from './support/post-office.ts';
import { findPostgres, Postgres } from './support/postgres.ts';
import { manyLetters } from './support/ready-letters.ts';
import { openScene } from './support/scene.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const program = findPostgres();
/** Of work that waits longer and longer between its tries, up to a minute. */
const PATIENCE_MS = 300_000;

describe('the database stops', { skip: program === null ? 'PostgreSQL is not installed' : false }, () => {
  let postgres: Postgres;
  let stage: Stage;
  let operator: OperatorView;
  let chat: Chat;
  let destination: Destination;

  before(async () => {
    postgres = await Postgres.start(program ?? '');
    stage = new Stage({ ESTAFETTE_DATABASE_URL: postgres.url });
    ({ operator, destination, chat } = await openScene(stage));
  });
  after(async () => {
    try {
      await stage?.close();
    } finally {
      await postgres?.end();
    }
  });

  it('senders hear 451 at RCPT, the answer waits, and both go on when it is back', { timeout: 900_000 }, async () => {
    const [before, ...during] = await manyLetters(stage, 4);
    assert.ok(before !== undefined);
    await send(destination, before);
    const { conversationId = '' } = await chat.letter(before.subject);

    await postgres.stop();
    const [first] = during;
    assert.ok(first !== undefined);
    await assert.rejects(send(destination, first), { responseCode: 451, command: 'RCPT TO' });
    chat.type(conversationId, 'Bien reçu, merci.');
    const { replyId = '' } = await chat.line('the relay has the answer', ({ state }) => state === 'queued');
    const sending = sendStubbornly(destination, during, { connections: 2 });
    await until('the gateway tries the answer', () => operator.logged('job will run again').length > 0);
    assert.ok(operator.logged('smtp step failed').length > 0);
    assert.match(await operator.finding('mailbox certificates'), /^warning the database .* cannot be read/);
    const asked = await stage.run(['queue', 'list']);
    assert.deepEqual([asked.code, /^The database cannot be used .*\.\n$/.test(asked.errors)], [1, true], asked.errors);
    assert.ok(!chat.states(replyId).includes('accepted'));

    await postgres.resume();
    const { accepted, refusals } = await sending;
    assert.equal(accepted.size, during.length);
    assert.ok(refusals.length > 0 && refusals.every((code) => code === 451));
    for (const { subject } of during)
      await chat.line(subject, (line) => line.type === 'letter' && line.subject === subject, PATIENCE_MS);
    await chat.line('the answer is sent', (line) => line.replyId === replyId && line.state === 'sent', PATIENCE_MS);
    assert.equal(chat.letters().length, 4);
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 1);
    assert.deepEqual(chat.states(replyId).slice(-3), ['accepted', 'sealed', 'sent']);
    const attempts = (await operator.trail(replyId)).filter((event) => event.startsWith('mail-attempted'));
    assert.deepEqual(attempts, ['mail-attempted 1']);
    // A letter is in the spool a moment longer than the phone needs to show it.
    await until('nothing waits any more', async () => (await operator.queue()).length === 0);
  });
});
