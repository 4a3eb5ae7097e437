/**
 * kill -9 at any moment. Letters that were answered 250 are in the inbox exactly once after the restarts, whatever was
 * going on when the process died. The moments are random but seeded: a failure can be repeated with CRASH_SEED.
 * `crash-points.test.ts` dies at each named step, of the way in and of the way out.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Delivery, sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type Server, Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const SEED = Number(process.env.CRASH_SEED ?? 20_260_112);
const LETTERS = 80;
const KILLS = 2;
const LONGEST_PAUSE_MS = 250;
/** A job whose consumer was killed is taken up again after its lock has run out; several in a row take their time. */
const RECOVERY_MS = 120_000;

const seenOnce = (lines: readonly ChatLine[]): boolean =>
  new Set(lines.map(({ letterId }) => letterId)).size === lines.length;

/** Kills and restarts on the same ports: at each of `marks` of the count that `progress` gives, a moment later. */
async function killAlong(
  stage: Stage,
  first: Server,
  progress: () => number,
  moments: readonly { mark: number; delayMs: number }[],
): Promise<Server> {
  let server = first;
  const ports = stage.portsOf(first);
  for (const { mark, delayMs } of moments) {
    await until(`${mark} of them are through`, () => progress() >= mark, RECOVERY_MS);
    await pause(delayMs);
    await server.kill();
    server = await stage.start(ports);
  }
  return server;
}

describe('kill -9 while letters arrive', () => {
  const stage = new Stage();
  after(() => stage.close());

  it('loses no letter that got a 250 and shows none twice', async (t: TestContext) => {
    const random = seededRandom(SEED);
    const first = await stage.start();
    const living = await stage.chat();
    const letters = await manyLetters(stage, LETTERS);
    const moments = Array.from({ length: KILLS }, (_, at) => ({
      mark: Math.floor(((at + random()) * LETTERS * 0.95) / KILLS) + 1,
      delayMs: random() * LONGEST_PAUSE_MS,
    }));
    t.diagnostic(
      `seed ${SEED}, kills after ${moments.map(({ mark, delayMs }) => `${mark} letters + ${Math.round(delayMs)} ms`).join(', ')}`,
    );

    let count = 0;
    const destination = { port: first.smtpPort, authorities: stage.demo('ca.pem') };
    const sending = sendStubbornly(destination, letters, {
      connections: 4,
      onAccepted: (now) => {
        count = now;
      },
    });
    const [delivery] = await Promise.all([sending, killAlong(stage, first, () => count, moments)]);
    assert.equal(delivery.accepted.size, LETTERS);
    t.diagnostic(`${delivery.refusals.length} sendings broken or deferred, resent`);

    await everyLetterOnce(
      living,
      letters.map(({ subject }) => subject),
    );
    const fresh = await stage.chat('Dominique');
    await everyLetterOnce(
      fresh,
      letters.map(({ subject }) => subject),
    );
    await checkIds(delivery, fresh);
    const spool = join(stage.home, 'safe', 'spool');
    await until('the spool is empty', () => readdirSync(spool).length === 0, RECOVERY_MS);
  });

  async function everyLetterOnce(chat: Chat, subjects: readonly string[]): Promise<void> {
    await until(
      `${subjects.length} letters on the device`,
      () => chat.letters().length >= subjects.length,
      RECOVERY_MS,
    ).catch((error: unknown) => {
      const missing = subjects.filter((subject) => !chat.letters().some((line) => line.subject === subject));
      throw new Error(`missing: ${missing.join(', ')}`, { cause: error });
    });
    await pause(1_000);
    assert.deepEqual(
      chat
        .letters()
        .map(({ subject }) => subject)
        .sort(),
      [...subjects].sort(),
    );
    assert.ok(seenOnce(chat.letters()), 'no letter id twice');
    assert.ok(chat.letters().every(({ show }) => show === 'verified'));
  }

  /** The 250 names a letter that is in the inbox, or one the trail knows as its duplicate. */
  async function checkIds(delivery: Delivery, chat: Chat): Promise<void> {
    const shown = new Set(chat.letters().map(({ letterId }) => letterId));
    for (const letterId of delivery.accepted.values()) {
      if (shown.has(letterId)) continue;
      const { output } = await stage.run(['trace', letterId, '--json']);
      assert.match(output.toString(), /letter-duplicate/, `${letterId} got a 250`);
    }
  }
});

describe('an orderly stop while letters arrive', () => {
  const stage = new Stage();
  after(() => stage.close());

  it('finishes what it has begun, refuses the rest for now, and loses nothing', async () => {
    const first = await stage.start();
    const chat = await stage.chat();
    const letters = await manyLetters(stage, LETTERS / 2);
    let count = 0;
    const destination = { port: first.smtpPort, authorities: stage.demo('ca.pem') };
    const onAccepted = (now: number): void => {
      count = now;
    };
    const sending = sendStubbornly(destination, letters, { connections: 4, onAccepted });
    await until('some letters are through', () => count > 20);
    assert.equal(await first.stop('SIGTERM'), 0);
    const log = readFileSync(join(stage.home, 'log', 'estafette.log'), 'utf8');

    await stage.start(stage.portsOf(first));
    await sending;
    await until('every letter on the device', () => chat.letters().length >= letters.length, RECOVERY_MS);
    assert.ok(seenOnce(chat.letters()));
    assert.equal(chat.letters().length, letters.length);
    assert.deepEqual(
      log.split('\n').filter((line) => line.includes('job will run again')),
      [],
      'no job was broken off',
    );
  });
});
