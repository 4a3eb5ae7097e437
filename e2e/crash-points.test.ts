/**
 * kill -9 at every step of a letter's way in and of an answer's way out (core/runtime/src/steps.ts names them): the
 * process dies at one after the other, while 500 letters arrive and 500 answers leave. What went in
 * comes out: every letter that was answered 250 is shown once, every answer is one mail; a second copy of a mail has the
 * very same bytes.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { STEPS, type Step } from '@estafette/runtime/steps';
import { type Chat, replyStatesOf } from './support/chat.ts';
import { fieldOf, mailsIn } from './support/maildir.ts';
import { sendStubbornly } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { type Server, Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const LETTERS = 500;
const ANSWERS = 500;
/** How often a step is passed before the process dies at it: at once, or in the middle of the work. */
const TIMES = [1, 4, 7];
const RECOVERY_MS = 180_000;
const KILLER = pathToFileURL(join(import.meta.dirname, 'crash', 'kill-at.mjs')).href;

const WAY_IN = Object.keys(STEPS).filter((step) => step.startsWith('letter-')) as Step[];
const WAY_OUT = Object.keys(STEPS).filter((step) => !step.startsWith('letter-')) as Step[];

interface Death {
  readonly step: Step;
  readonly time: number;
}

const deathsAt = (steps: readonly Step[]): Death[] =>
  steps.map((step, at) => ({ step, time: TIMES[at % TIMES.length] ?? 1 }));

const settingsFor = ({ step, time }: Death) => ({
  NODE_OPTIONS: `--import=${KILLER}`,
  KILL_AT: step,
  KILL_ON: String(time),
});

/** A server that will die; null when it died before it was ready: what waited for it passed the step. */
async function startDoomed(stage: Stage, ports: Record<string, string>, death: Death): Promise<Server | null> {
  try {
    return await stage.start({ ...ports, ...settingsFor(death) });
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('the product did not start')) return null;
    throw error;
  }
}

/** Lets the product die of one thing after the other while there is work; the server it gives lives on. */
async function dieOneByOne(
  stage: Stage,
  ports: Record<string, string>,
  deaths: readonly Death[],
  isOver: () => boolean,
): Promise<{ died: Death[]; survivor: Server }> {
  const died: Death[] = [];
  for (const death of deaths) {
    if (isOver()) break;
    const server = await startDoomed(stage, ports, death);
    let end: number | string | undefined = server === null ? 'SIGKILL' : undefined;
    void server?.ended.then((how) => {
      end = how;
    });
    await until(`death at ${death.step}, or the end of the work`, () => end !== undefined || isOver(), RECOVERY_MS);
    if (end === 'SIGKILL') died.push(death);
    else await server?.stop();
  }
  return { died, survivor: await stage.start(ports) };
}

const toldDeaths = (deaths: readonly Death[]): string => deaths.map(({ step, time }) => `${step}×${time}`).join(' ');

const withoutTrace = (mail: Buffer): Buffer =>
  Buffer.from(mail.toString('latin1').replace(/^Received:.*\r?\n([ \t].*\r?\n)*/gim, ''), 'latin1');

const shownOnce = (chat: Chat): boolean =>
  new Set(chat.letters().map(({ letterId }) => letterId)).size === chat.letters().length;

describe('kill -9 at every named step', () => {
  const stage = new Stage({ ESTAFETTE_GATHER_SECONDS: '0' });
  let chat: Chat;
  let ports: Record<string, string>;
  after(() => stage.close());

  it(`shows each of ${LETTERS} letters once, whichever step the process died at`, async (t: TestContext) => {
    const first = await stage.start();
    ports = { ...stage.portsOf(first) };
    chat = await stage.chat();
    const letters = await manyLetters(stage, LETTERS);
    await first.stop();
    const accepted = { count: 0 };
    const sending = sendStubbornly(
      { port: Number(ports.ESTAFETTE_SMTP_PORT), authorities: stage.demo('ca.pem') },
      letters,
      {
        connections: 4,
        // Slow enough that every death finds work.
        paceMs: 100,
        onAccepted: (count) => {
          accepted.count = count;
        },
      },
    );
    const deaths = deathsAt(WAY_IN);
    const [{ died, survivor }, delivery] = await Promise.all([
      // As long as one is not shown there is work to die at.
      dieOneByOne(stage, ports, deaths, () => accepted.count >= LETTERS && chat.letters().length >= LETTERS),
      sending,
    ]);
    t.diagnostic(`died at ${toldDeaths(died)}; ${delivery.refusals.length} sendings broken off and repeated`);
    assert.deepEqual([...new Set(died.map(({ step }) => step))].sort(), [...WAY_IN].sort(), 'it died at every step');
    assert.equal(delivery.accepted.size, LETTERS);
    await until('every letter is shown', () => chat.letters().length >= LETTERS, RECOVERY_MS);
    await pause(1_000);
    assert.equal(chat.letters().length, LETTERS);
    assert.ok(shownOnce(chat), 'none is shown twice');
    assert.deepEqual(
      chat
        .letters()
        .map(({ subject }) => subject)
        .sort(),
      letters.map(({ subject }) => subject).sort(),
    );
    await until('the spool is empty', () => readdirSync(join(stage.home, 'safe', 'spool')).length === 0, RECOVERY_MS);
    assert.equal(await survivor.stop(), 0);
  });

  it(`lets each of ${ANSWERS} answers leave once, a second copy with the same bytes`, async (t: TestContext) => {
    const maildir = stage.demo('doctor', 'Maildir');
    // Asked often: the mails are read only once there may be enough of them.
    const haveArrived = () =>
      readdirSync(join(maildir, 'new')).length >= ANSWERS &&
      new Set(mailsIn(maildir).map((mail) => fieldOf(mail, 'Message-ID'))).size >= ANSWERS;
    const answering = (async () => {
      for (const { conversationId, subject } of chat.letters()) {
        chat.type(conversationId ?? '', `Réponse à ${subject}`);
        await pause(40);
      }
    })();
    const { died } = await dieOneByOne(stage, ports, deathsAt(WAY_OUT), haveArrived);
    await answering;
    assert.deepEqual([...new Set(died.map(({ step }) => step))].sort(), [...WAY_OUT].sort(), 'it died at every step');
    const areSent = () =>
      chat.lines.filter(({ state }) => state === 'sent').length >= ANSWERS &&
      replyStatesOf(chat).filter((states) => states.includes('sent')).length >= ANSWERS;
    await until('every answer is sent', areSent, RECOVERY_MS);
    const copies = Map.groupBy(mailsIn(maildir), (mail) => fieldOf(mail, 'Message-ID'));
    t.diagnostic(`died at ${toldDeaths(died)}; ${mailsIn(maildir).length} mails for ${ANSWERS} answers`);
    assert.equal(copies.size, ANSWERS, 'one Message-ID for each answer');
    for (const [messageId, mails] of copies)
      for (const mail of mails) assert.ok(withoutTrace(mail).equals(withoutTrace(mails[0] as Buffer)), messageId);
    assert.equal(new Set([...copies.values()].map(([mail]) => fieldOf(mail as Buffer, 'In-Reply-To'))).size, ANSWERS);
    await until('no sealed mail waits', () => readdirSync(join(stage.home, 'safe', 'out')).length === 0, RECOVERY_MS);
  });
});
