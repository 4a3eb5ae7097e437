/**
 * The way into every command of this checkout: makes sure that the dependencies, a Node that strips types, and a
 * redis-server are there, then runs a TypeScript file on that Node and ends as it ends.
 * Usage: node setup/run.mjs [--tools test|interop] [--without-redis] -- script.ts [arguments…]
 * The script is given from the top of the checkout; its working folder is the caller's.
 * Runs on Node 20 without any dependency. Says everything on stderr. The child notices our death, even by kill -9,
 * by the 'disconnect' event of its IPC channel.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { bringDependencies, chooseNode, dependenciesAreCurrent, refuseWithoutLockFile } from './dependencies.mjs';
import { takeSetupLock } from './lock.mjs';
import { findRedisServer, provideRedisServer } from './redis.mjs';
import { forwardSignals } from './signals.mjs';
import { cacheFolder, repositoryFolder, SetupError, say, stopSteps } from './steps.mjs';
import { provideTools, toolsArePresent } from './test-tools.mjs';

const USAGE = 'usage: node setup/run.mjs [--tools test|interop] [--without-redis] -- script.ts [arguments…]';

const HEARD = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** @typedef {import('./test-tools.mjs').ToolSet} ToolSet */

/** @param {string | undefined} word @returns {ToolSet} */
function readToolSet(word) {
  if (word === 'test' || word === 'interop') return word;
  throw new SetupError(USAGE);
}

/** @param {string[]} words */
function readArguments(words) {
  const split = words.indexOf('--');
  const options = split < 0 ? [] : words.slice(0, split);
  const [script, ...args] = split < 0 ? words : words.slice(split + 1);
  const wished = { tools: /** @type {ToolSet | null} */ (null), redis: true };
  for (let word = options.shift(); word !== undefined; word = options.shift()) {
    if (word === '--tools') wished.tools = readToolSet(options.shift());
    else if (word === '--without-redis') wished.redis = false;
    else throw new SetupError(USAGE);
  }
  if (script === undefined || script.startsWith('-')) throw new SetupError(USAGE);
  const redisElsewhere = Boolean(process.env.ESTAFETTE_REDIS_URL) && wished.tools !== 'test';
  return { script, args, tools: wished.tools, redis: wished.redis && !redisElsewhere };
}

/** Brings what is missing, under the lock. @param {{ tools: ToolSet | null, redis: boolean }} wished */
async function prepare(wished) {
  const redis = wished.redis ? findRedisServer() : null;
  const ready = dependenciesAreCurrent() && (redis !== null || !wished.redis);
  if (ready && (wished.tools === null || toolsArePresent(wished.tools))) return redis;
  const release = await takeSetupLock();
  const stop = (/** @type {NodeJS.Signals} */ signal) => {
    say(`stopped by ${signal}`);
    stopSteps(signal).finally(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of HEARD) process.once(signal, stop);
  try {
    if (!dependenciesAreCurrent()) await bringDependencies();
    if (wished.tools !== null) await provideTools(wished.tools);
    return wished.redis ? await provideRedisServer() : null;
  } finally {
    for (const signal of HEARD) process.removeListener(signal, stop);
    release();
  }
}

/** Where Node keeps what it compiled: programs of hundreds of TypeScript files start in half the time from there. */
const compiled = process.env.NODE_COMPILE_CACHE || path.join(cacheFolder, 'compiled');

/**
 * Runs the script and ends with its exit code, or 128 + the signal that ended it.
 * @param {string} node
 * @param {string[]} args
 * @param {Record<string, string>} environment
 */
function launch(node, args, environment) {
  const quiet = Number(process.versions.node.split('.')[0]) < 24 && node === process.execPath;
  const flags = quiet ? ['--disable-warning=ExperimentalWarning'] : [];
  const binFolder = path.join(repositoryFolder, 'node_modules', '.bin');
  const child = spawn(node, [...flags, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...environment,
      NODE_COMPILE_CACHE: compiled,
      PATH: `${binFolder}${path.delimiter}${process.env.PATH ?? ''}`,
    },
  });
  forwardSignals(child);
  child.once('error', (error) => {
    say(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

try {
  const { script, args, ...wished } = readArguments(process.argv.slice(2));
  refuseWithoutLockFile();
  const redis = await prepare(wished);
  const node = await chooseNode(false);
  launch(node, [path.resolve(repositoryFolder, script), ...args], redis?.environment ?? {});
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exit(1);
}
