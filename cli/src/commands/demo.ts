/**
 * `estafette demo`: the whole exchange. Sends the doctor's question and the laboratory's result to a running server
 * (or to one it starts), waits for the answer typed in the web app (or gives it with --auto), and shows the mail the
 * doctor received, opened and verified by openssl.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { doctorLetter, resultLetter, sendLetters } from '../demo/letters.ts';
import { newMails } from '../demo/maildir.ts';
import type { DemoMaterial } from '../demo/material.ts';
import { demoPaths } from '../demo/material.ts';
import { openAndVerify } from '../demo/openssl.ts';
import { makeEnrolment } from '../enrolment.ts';
import { type Foundation, layFoundation, openStoreFor, settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';
import { findRunning } from '../running-instance.ts';
import { startServers } from '../servers.ts';
import { untilAskedToStop } from '../stop-signal.ts';
import { openTerminalDevice } from '../terminal-device.ts';
import { webAddress } from '../web-address.ts';

const AUTO_ANSWER =
  'Oui : délivrance le 2 janvier. La patiente est jointe, pas de saignement ; elle attend votre appel.';
const AUTO_PATIENCE_MS = 60_000;
const PERSON_PATIENCE_MS = 3_600_000;
const LOOK_EVERY_MS = 100;

interface Stage {
  readonly demo: DemoMaterial;
  readonly smtp: string;
  stop(): Promise<void>;
}

/** The demo of the running server, or of one started for this. */
async function enterStage(foundation: Foundation, say: (line: string) => void): Promise<Stage> {
  const running = findRunning(foundation.home);
  if (running !== null) {
    if (running.smtp === null)
      throw new PlainError('The server is still starting, or has no gateway: try again in a moment.');
    const { folder, files } = demoPaths(foundation.home);
    if (!existsSync(files.authorities)) throw new PlainError('The running server has no demo (ESTAFETTE_DEMO is off).');
    const person = (name: string) => ({
      folder: join(folder, name),
      address: readFileSync(join(folder, name, 'address.txt'), 'utf8').trim(),
    });
    const people = { doctor: person('doctor'), lab: person('lab'), pharmacy: person('pharmacy') };
    return { demo: { folder, files, people }, smtp: running.smtp, stop: async () => {} };
  }
  say('No server runs on this data folder: starting one for the demo.');
  const servers = await startServers(foundation, ['relay', 'gateway'], say);
  if (servers.demo === null || servers.smtp === null) {
    await servers.stop();
    throw new PlainError('ESTAFETTE_DEMO is off: there is no demo to run.');
  }
  return { demo: servers.demo, smtp: servers.smtp, stop: servers.stop };
}

/** Answers the doctor's letter from a terminal device as soon as it arrives. */
async function answerByItself(
  foundation: Foundation,
  address: string,
  messageIdKnown: Promise<string>,
): Promise<() => Promise<void>> {
  const device = await openTerminalDevice(foundation, { address, person: 'Démonstration' });
  device.session.onMessage(({ message, conversationId }) => {
    if (message.type !== 'letter') return;
    void messageIdKnown.then(async (letterId) => {
      if (message.letterId === letterId) await device.session.sendReply(conversationId, AUTO_ANSWER);
    });
  });
  device.session.start();
  return () => device.end();
}

async function waitForMail(
  folder: string,
  before: ReadonlySet<string>,
  patienceMs: number,
  stopped: () => boolean,
): Promise<string> {
  for (let waited = 0; waited < patienceMs && !stopped(); waited += LOOK_EVERY_MS) {
    const found = (await newMails(folder)).find((file) => !before.has(file));
    if (found !== undefined) return found;
    await pause(LOOK_EVERY_MS);
  }
  throw new PlainError(stopped() ? 'Stopped before an answer came.' : 'No answer came in time.');
}

const letterIdOf = (answer: string): string => /ltr_[0-9A-Za-z]{26}/.exec(answer)?.[0] ?? '';

async function inviteBrowser(foundation: Foundation, address: string, say: (line: string) => void): Promise<void> {
  const store = await openStoreFor(foundation);
  try {
    const { link } = await makeEnrolment(store, {
      address,
      person: undefined,
      web: webAddress(foundation),
      deviceTtlSeconds: null,
      now: new Date(),
    });
    say(
      `\nOpen this link (once) in a browser, and answer Dr Claire MARTIN's letter:\n\n  ${link}\n\nWaiting for the answer …`,
    );
  } finally {
    await store.close();
  }
}

/** Runs the demo; throws when the answer does not come, does not open or does not verify. */
export async function demo(options: { auto?: boolean; json?: boolean }): Promise<void> {
  const json = options.json === true;
  const say = (line: string): void => void (json ? undefined : process.stdout.write(`${line}\n`));
  const foundation = layFoundation(settings());
  const stage = await enterStage(foundation, say);
  let isStopped = false;
  void untilAskedToStop().asked.then(() => {
    isStopped = true;
  });
  const closing: (() => Promise<void>)[] = [stage.stop];
  try {
    const { doctor, pharmacy } = stage.demo.people;
    const maildir = join(doctor.folder, 'Maildir');
    const before = new Set(await newMails(maildir));
    const letterId = Promise.withResolvers<string>();
    if (options.auto === true) closing.unshift(await answerByItself(foundation, pharmacy.address, letterId.promise));
    const letters = [await doctorLetter(stage.demo), await resultLetter(stage.demo)];
    const answers = await sendLetters(stage.demo, stage.smtp, letters);
    letterId.resolve(letterIdOf(answers[0] ?? ''));
    say(
      `Sent over SMTP with STARTTLS, signed and encrypted:\n  Dr Claire MARTIN: ${answers[0]}\n  Laboratoire des Charmes: ${answers[1]}`,
    );
    if (options.auto !== true) await inviteBrowser(foundation, pharmacy.address, say);
    const file = await waitForMail(
      maildir,
      before,
      options.auto === true ? AUTO_PATIENCE_MS : PERSON_PATIENCE_MS,
      () => isStopped,
    );
    const answer = await openAndVerify(doctor.folder, stage.demo.files.authorities, readFileSync(file));
    say(
      `\nIn the doctor's Maildir: ${file}\nOpened by openssl cms -decrypt, verified by openssl cms -verify: ${answer.remarks}\nSigned by ${answer.signer}\n\n${answer.text}`,
    );
    if (json)
      process.stdout.write(
        `${JSON.stringify({ event: 'answered', file, signer: answer.signer, verified: true, text: answer.text })}\n`,
      );
  } finally {
    for (const close of closing) await close();
  }
}
