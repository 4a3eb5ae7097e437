/**
 * kill -9 at any moment. Letters that were answered 250 are in the inbox exactly once after the restarts, whatever was
 * going on when the process died. The moments are random but seeded: a failure can be repeated with CRASH_SEED.
 * `crash-points.test.ts` dies at each named step, of the way in and of the way out. Both stories
 * are of one product and one phone, and so nothing of the first may come back in the second.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chat, ChatLine } from './support/chat.ts';
import { type Delivery, type Destination, sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type Server, Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const SEED = Number(process.env.CRASH_SEED ?? 20_260_112);
const LETTERS = 80;
const KILLS = 2;
const LONGEST_PAUSE_MS = 250;
/** A job whose consumer was killed is taken up again after its lock has run out; several in a row take their time. */
const RECOVERY_MS = 300_000;

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

const stage = new Stage();
let server: Server;
let destination: Destination;
let living: Chat;

before(async () => {
  server = await stage.start();
  destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
  living = await stage.chat();
});
after(() => stage.close());

/** The letters of one story on a device; `name` begins their subjects. */
const named = (chat: Chat, name: string): ChatLine[] =>
  chat.letters().filter(({ subject = '' }) => subject.startsWith(name));

const subjectsOf = (letters: readonly { readonly subject?: string }[]) => letters.map(({ subject }) => subject).sort();

/** Waits for every letter on every device, and checks that no device shows one twice. */
async function everyLetterOnce(
  chats: readonly Chat[],
  letters: readonly { readonly subject: string }[],
  name: string,
): Promise<void> {
  for (const chat of chats) {
    const isThere = () => named(chat, name).length >= letters.length;
    await until(`${letters.length} letters on the device`, isThere, RECOVERY_MS).catch((error: unknown) => {
      const missing = letters.filter(({ subject }) => !chat.letters().some((line) => line.subject === subject));
      throw new Error(`missing: ${missing.map(({ subject }) => subject).join(', ')}`, { cause: error });
    });
  }
  const spool = join(stage.home, 'safe', 'spool');
  await until('the spool is empty', () => readdirSync(spool).length === 0, RECOVERY_MS);
  // What would come twice comes within this.
  await pause(1_000);
  for (const chat of chats) {
    assert.deepEqual(subjectsOf(named(chat, name)), subjectsOf(letters));
    assert.ok(seenOnce(chat.letters()), 'no letter id twice');
    assert.ok(chat.letters().every(({ show }) => show === 'verified'));
  }
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

describe('kill -9 while letters arrive', () => {
  it('loses no letter that got a 250 and shows none twice', async (t: TestContext) => {
    const random = seededRandom(SEED);
    const letters = await manyLetters(stage, LETTERS);
    const moments = Array.from({ length: KILLS }, (_, at) => ({
      mark: Math.floor(((at + random()) * LETTERS * 0.95) / KILLS) + 1,
      delayMs: random() * LONGEST_PAUSE_MS,
    }));
    t.diagnostic(
      `seed ${SEED}, kills after ${moments.map(({ mark, delayMs }) => `${mark} letters + ${Math.round(delayMs)} ms`).join(', ')}`,
    );

    let count = 0;
    const sending = sendStubbornly(destination, letters, {
      connections: 4,
      onAccepted: (now) => {
        count = now;
      },
    });
    const [delivery, last] = await Promise.all([sending, killAlong(stage, server, () => count, moments)]);
    server = last;
    assert.equal(delivery.accepted.size, LETTERS);
    t.diagnostic(`${delivery.refusals.length} sendings broken or deferred, resent`);

    const fresh = await stage.chat('Dominique');
    await everyLetterOnce([living, fresh], letters, 'Courrier');
    await checkIds(delivery, fresh);
    for (const chat of [living, fresh]) assert.equal(chat.letters().length, LETTERS);
    await fresh.end();
  });
});

describe('an orderly stop while letters arrive', () => {
  it('finishes what it has begun, refuses the rest for now, and loses nothing', async () => {
    const letters = await manyLetters(stage, LETTERS / 2, 'Arrêt');
    let count = 0;
    const onAccepted = (now: number): void => {
      count = now;
    };
    const sending = sendStubbornly(destination, letters, { connections: 4, onAccepted });
    await until('some letters are through', () => count > 20, RECOVERY_MS);
    const log = () => readFileSync(join(stage.home, 'log', 'estafette.log'), 'utf8').split('\n');
    const before = log().length - 1;
    assert.equal(await server.stop('SIGTERM'), 0);
    const since = log().slice(before);

    server = await stage.start(stage.portsOf(server));
    await sending;
    await everyLetterOnce([living], letters, 'Arrêt');
    assert.equal(living.letters().length, LETTERS + letters.length);
    assert.deepEqual(
      since.filter((line) => line.includes('job will run again')),
      [],
      'no job was broken off',
    );
  });
});
