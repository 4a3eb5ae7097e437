/**
 * Brings the npm dependencies when, and only when, node_modules is not what the lock file says, and picks the Node
 * that runs Estafette: the machine's when it can strip types, else Node 24 from the npm package `node`.
 * The stamp in node_modules is a hash of the lock file, every package.json of the workspaces and the platform.
 * No install script runs but that of `node`: npm would compile better-sqlite3, which carries its binary, with a compiler
 * and a Python that a fresh machine lacks. No global state: nothing is installed outside the checkout.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isExecutable, onPath, repositoryFolder, runCommand, runStep, SetupError, say } from './steps.mjs';

const modulesFolder = path.join(repositoryFolder, 'node_modules');
const stampFile = path.join(modulesFolder, '.estafette-stamp');
const bundledNode = path.join(modulesFolder, '.bin', 'node');

/** @param {string} file */
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

function packageFolders() {
  /** @type {{ workspaces: string[] }} */
  const root = readJson(path.join(repositoryFolder, 'package.json'));
  const folders = root.workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    return readdirSync(path.join(repositoryFolder, parent)).map((name) => `${parent}/${name}`);
  });
  return ['', ...folders].filter((folder) => existsSync(path.join(repositoryFolder, folder, 'package.json')));
}

function currentStamp() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  const files = ['package-lock.json', ...packageFolders().map((folder) => path.join(folder, 'package.json'))];
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(path.join(repositoryFolder, file)));
  return hash.digest('hex');
}

export function dependenciesAreCurrent() {
  try {
    return (
      readFileSync(stampFile, 'utf8') === currentStamp() && (machineNodeStripsTypes() || isExecutable(bundledNode))
    );
  } catch {
    return false;
  }
}

/**
 * Whether a `npm install` done by hand has already brought exactly what the lock file says: npm's own record in
 * node_modules names the same versions, and the lock file names the dependencies of every package.json.
 */
function alreadyMatchesLock() {
  try {
    const locked = readJson(path.join(repositoryFolder, 'package-lock.json')).packages;
    const installed = readJson(path.join(modulesFolder, '.package-lock.json')).packages;
    const present = Object.entries(locked).every(([where, entry]) => {
      if (!where.startsWith('node_modules/') || entry.link) return true;
      if (!installed[where]) return entry.optional === true;
      return installed[where].integrity === entry.integrity && existsSync(path.join(repositoryFolder, where));
    });
    return present && packageFolders().every((folder) => lockNamesDependencies(locked[folder], folder));
  } catch {
    return false;
  }
}

/** @param {Record<string, unknown>} locked @param {string} folder */
function lockNamesDependencies(locked, folder) {
  const wanted = readJson(path.join(repositoryFolder, folder, 'package.json'));
  const sorted = (/** @type {object | undefined} */ list) => JSON.stringify(Object.entries(list ?? {}).sort());
  return ['dependencies', 'devDependencies', 'optionalDependencies'].every(
    (kind) => sorted(/** @type {object | undefined} */ (locked[kind])) === sorted(wanted[kind]),
  );
}

/** The environment without node_modules/.bin on PATH: npm must not run on the Node that it is replacing. */
function environmentForNpm() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const outside = folders.filter((folder) => !folder.endsWith(path.join('node_modules', '.bin')));
  return { ...process.env, PATH: outside.join(path.delimiter), npm_config_update_notifier: 'false' };
}

export async function bringDependencies() {
  const run = { environment: environmentForNpm(), ownGroup: true };
  if (!alreadyMatchesLock()) {
    if (onPath('npm') === null) throw new SetupError('npm is not on PATH; install Node.js 20 or newer with npm.');
    const sentence = existsSync(modulesFolder)
      ? 'the dependencies have changed, bringing them with npm ci (about half a minute)'
      : 'bringing the dependencies with npm ci (first time only, about half a minute)';
    const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
    if (!(await runStep(sentence, 'npm', args, run))) {
      throw new SetupError('the dependencies could not be installed; see what npm says above.');
    }
  }
  if (!machineNodeStripsTypes() && !isExecutable(bundledNode)) {
    const sentence = `this machine has Node ${process.versions.node}: bringing Node 24 from npm (about ten seconds)`;
    if (!(await runStep(sentence, 'npm', ['rebuild', 'node', '--ignore-scripts=false'], run))) {
      throw new SetupError('Node 24 could not be brought by npm: install Node 24, or see what npm says above.');
    }
  }
  await chooseNode(true);
  writeFileSync(stampFile, currentStamp());
}

/** Type stripping without a flag: 22.18, 23.6, 24 and newer. */
function machineNodeStripsTypes() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** The Node to run Estafette on. @param {boolean} tryIt run the bundled one once to see that it works here */
export async function chooseNode(tryIt) {
  if (machineNodeStripsTypes()) return process.execPath;
  const works = isExecutable(bundledNode) && (!tryIt || (await runCommand(bundledNode, ['--version'])).code === 0);
  if (works) return bundledNode;
  throw new SetupError(
    `Estafette needs Node 22.18 or newer; this machine has ${process.versions.node}, and the Node 24 that npm brought ` +
      'does not run here: install Node 24.',
  );
}

/** Says so when the checkout has no lock file to install from. */
export function refuseWithoutLockFile() {
  if (existsSync(path.join(repositoryFolder, 'package-lock.json'))) return;
  say(`there is no package-lock.json in ${repositoryFolder}`);
  throw new SetupError('this is not a complete checkout of Estafette; clone it again.');
}
