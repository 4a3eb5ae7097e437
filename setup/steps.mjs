/**
 * How set-up speaks and how it runs foreign commands (npm, apt-get, dpkg).
 * Everything goes to stderr, so that the standard output of the started program stays its own (`--json`).
 * One line before a long step, a sign of life every ten seconds, the command's output only when it failed.
 * Plain JavaScript for Node 20 without dependencies: it runs before npm has brought anything.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
export const cacheFolder = path.resolve(process.env.ESTAFETTE_CACHE || path.join(repositoryFolder, '.cache'));

const SIGN_OF_LIFE_MS = 10_000;
const KEPT_OUTPUT_CHARACTERS = 200_000;
const PATIENCE_MS = 2_000;

/** A failure that is told to the user as its one sentence, without a stack. */
export class SetupError extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`estafette set-up: ${line}\n`);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The absolute path of a command on PATH, or null. @param {string} name */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    if (folder !== '' && isExecutable(path.join(folder, name))) return path.resolve(folder, name);
  }
  return null;
}

/** @type {Map<import('node:child_process').ChildProcess, boolean>} running step → has a process group of its own */
const runningSteps = new Map();

let stopping = false;

/**
 * Passes a signal on to the running step, once, and waits for it to end. npm, which may take its time, is killed with
 * all its children after two seconds: the next set-up starts it afresh. apt-get is left to finish its package.
 * @param {NodeJS.Signals} signal
 */
export async function stopSteps(signal) {
  stopping = true;
  const ends = [...runningSteps].map(async ([child, ownGroup]) => {
    const end = new Promise((resolve) => child.once('close', resolve));
    signalStep(child, ownGroup, signal);
    const impatience = setTimeout(() => ownGroup && signalStep(child, true, 'SIGKILL'), PATIENCE_MS);
    await end;
    clearTimeout(impatience);
  });
  await Promise.all(ends);
}

/** @param {import('node:child_process').ChildProcess} child @param {boolean} ownGroup @param {NodeJS.Signals} signal */
function signalStep(child, ownGroup, signal) {
  if (!ownGroup || child.pid === undefined) child.kill(signal);
  else process.kill(-child.pid, signal);
}

/**
 * Runs a command to its end without showing its output.
 * `ownGroup`: signals of the terminal reach it only through us (npm); not for sudo, which needs its terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, environment?: NodeJS.ProcessEnv, ownGroup?: boolean }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? repositoryFolder,
      env: options.environment ?? process.env,
      detached: options.ownGroup === true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    runningSteps.set(child, options.ownGroup === true);
    const settle = (/** @type {number} */ code) => {
      runningSteps.delete(child);
      resolve({ code, output });
    };
    child.once('error', (error) => {
      output += error.message;
      settle(127);
    });
    child.once('close', (code) => settle(code ?? 1));
  });
}

/**
 * Runs a long command with a line before, signs of life, and its output when it fails.
 * @param {string} sentence what is done and about how long it takes
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, environment?: NodeJS.ProcessEnv, ownGroup?: boolean }} [options]
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function runStep(sentence, command, args, options) {
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  say(`${sentence} …`);
  const ticking = setInterval(() => say(`  … ${seconds()} s, still working`), SIGN_OF_LIFE_MS);
  const { code, output } = await runCommand(command, args, options);
  clearInterval(ticking);
  if (code === 0) {
    say(`  done in ${seconds()} s`);
    return true;
  }
  if (stopping) return new Promise(() => {}); // whoever stopped us ends the process
  process.stderr.write(`${output.trimEnd()}\n`);
  say(`  failed after ${seconds()} s (exit code ${code}); the output of ${path.basename(command)} is above`);
  return false;
}
