/**
 * Redis is emptied while letters and an answer are on their way, and nobody restarts anything: what the queues held
 * comes again from the spool and from the phone, the phone goes on in a new numbering, and nothing comes twice. Redis
 * stopped, killed, or empty at a start: redis-outage.test.ts.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Chat } from './support/chat.ts';
import { mailsIn } from './support/maildir.ts';
import { OperatorView } from './support/operator-view.ts';
import { type Destination, send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { emptyRedis } from './support/redis-keys.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

/** Of what comes again by sweeps, and of a phone that comes back with growing pauses. */
const PATIENCE_MS = 300_000;
const FORGOT = 'redis does not know the devices: they start over, the gateway is asked to name them';

describe('Redis is emptied under way', () => {
  const stage = new Stage();
  const operator = new OperatorView(stage);
  const redis = join(stage.home, 'redis', 'redis.sock');
  let chat: Chat;
  let destination: Destination;

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(() => stage.close());

  const shown = () => chat.letters().map(({ subject }) => subject);
  const isSent = (replyId: string) =>
    chat.line(`${replyId} is sent`, (line) => line.replyId === replyId && line.state === 'sent', PATIENCE_MS);
  const isShown = (subject: string) =>
    chat.line(`the letter “${subject}”`, (line) => line.type === 'letter' && line.subject === subject, PATIENCE_MS);
  /** How often the trail says that a letter was delivered. */
  const deliveriesOf = (letterId: string): unknown => {
    const store = new DatabaseSync(join(stage.home, 'estafette.sqlite'), { readOnly: true, timeout: 10_000 });
    try {
      const count = "select count(*) as count from audit_events where event = 'letter-delivered' and subject = ?";
      return store.prepare(count).get(letterId)?.count;
    } finally {
      store.close();
    }
  };

  it('letters and answers under way come through, once', { timeout: 900_000 }, async () => {
    // More of them before than after: a phone that went on counting would miss what comes.
    const known = await manyLetters(stage, 6, 'Avant');
    await send(destination, ...known);
    for (const { subject } of known) await chat.letter(subject);
    const conversationId = chat.letters()[0]?.conversationId ?? '';

    // While it is stopped work gathers before it; then it forgets, before any of that work is done.
    process.kill(stage.redisPid(), 'SIGSTOP');
    const underWay = await manyLetters(stage, 4, 'Pendant');
    const ids = await send(destination, ...underWay);
    chat.type(conversationId, 'Bien reçu, merci.');
    const { replyId = '' } = await chat.line('the answer is on the disk', ({ state }) => state === 'waiting');
    const emptied = emptyRedis(redis);
    process.kill(stage.redisPid(), 'SIGCONT');
    await emptied;

    for (const { subject } of underWay) await isShown(subject);
    await isSent(replyId);
    assert.deepEqual(shown(), [...new Set(shown())]);
    assert.equal(shown().length, 10);
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 1);
    assert.ok(operator.logged(FORGOT).length > 0);
    // The phone shows a letter before its delivery is written down and it leaves the spool.
    await until('nothing waits any more', async () => (await operator.queue()).length === 0);
    for (const letterId of ids) assert.equal(deliveriesOf(letterId), 1, letterId);
  });

  it('the phone goes on afterwards, in the conversations it had', async () => {
    const [later] = await manyLetters(stage, 1, 'Après');
    assert.ok(later !== undefined);
    await send(destination, later);
    await isShown(later.subject);
    const known = chat.letters()[0];
    const replyId = await chat.answer(known?.conversationId ?? '', 'Toujours là.');
    await isSent(replyId);
    await until('the second answer lies there', () => mailsIn(stage.demo('doctor', 'Maildir')).length === 2);
    assert.equal(shown().length, 11);
  });
});
