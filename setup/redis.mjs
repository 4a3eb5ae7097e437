/**
 * Finds a redis-server, or brings one. In this order: ESTAFETTE_REDIS_SERVER; redis-server or valkey-server on PATH;
 * the copy in the cache folder; Debian's redis-tools unpacked there without root; Debian's redis-server by apt.
 * The result is one path, which the runtime reads from ESTAFETTE_REDIS_SERVER; for the unpacked copy it is a small
 * shell script that sets the library path. Nothing is started and no service is left running here.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installPackages, mayInstallPackages } from './apt.mjs';
import { cacheFolder, onPath, runCommand, runStep, SetupError, say } from './steps.mjs';

const LEAST_MAJOR = 7; // sharded pub/sub
const MOST_DEPENDENCY_ROUNDS = 4;
const cachedServer = path.join(cacheFolder, 'redis', 'redis-server');

const WHAT_TO_INSTALL =
  'no redis-server was found and none could be brought. Install one (Debian, Ubuntu: sudo apt-get install ' +
  'redis-server; elsewhere Redis or Valkey 7 or newer), or set ESTAFETTE_REDIS_SERVER to its path.';

/** What `--version` says: the version, or why it cannot be used. @param {string} command */
function tryServer(command) {
  const { status, stdout, stderr, error } = spawnSync(command, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const found = /\bv=(\d+)\.(\d+)[.\d]*/.exec(stdout ?? '');
  if (status !== 0 || !found) {
    const reason = error?.message ?? ((stderr || stdout || '').trim().split('\n')[0] || `exit code ${status}`);
    return { works: false, reason };
  }
  if (Number(found[1]) < LEAST_MAJOR)
    return { works: false, reason: `${found[0].slice(2)} is older than ${LEAST_MAJOR}` };
  return { works: true, reason: '' };
}

/** @param {string} command */
const asResult = (command) => ({ command, environment: { ESTAFETTE_REDIS_SERVER: command } });

/**
 * A usable redis-server that is already there, or null. Installs nothing.
 * @returns {{ command: string, environment: Record<string, string> } | null}
 */
export function findRedisServer() {
  const named = process.env.ESTAFETTE_REDIS_SERVER;
  if (named) {
    const { works, reason } = tryServer(named);
    if (works) return asResult(named);
    throw new SetupError(`ESTAFETTE_REDIS_SERVER names ${named}, which is not a usable redis-server: ${reason}.`);
  }
  for (const name of ['redis-server', 'valkey-server']) {
    const command = onPath(name);
    if (command === null) continue;
    const { works, reason } = tryServer(command);
    if (works) return asResult(command);
    say(`${command} cannot be used (${reason}), looking further`);
  }
  return existsSync(cachedServer) && tryServer(cachedServer).works ? asResult(cachedServer) : null;
}

/** The apt-get that keeps lists and packages in a folder of its own, so that it needs no root. @param {string} folder */
function privateApt(folder) {
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(path.join(folder, name), { recursive: true });
  const settings = {
    'Dir::State': folder,
    'Dir::State::lists': path.join(folder, 'lists'),
    'Dir::Cache': folder,
    'Dir::Cache::archives': path.join(folder, 'archives'),
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The packages that a .deb depends on and that this machine does not have. @param {string} file */
async function missingDependencies(file) {
  const { output } = await runCommand('dpkg-deb', ['-f', file, 'Depends']);
  const names = output.split(',').map((one) => one.trim().split(/[\s|:(]/)[0] ?? '');
  const missing = [];
  for (const name of names.filter(Boolean)) {
    const { output: status } = await runCommand('dpkg-query', ['-s', name]);
    if (!status.includes('install ok installed')) missing.push(name);
  }
  return missing;
}

/**
 * Downloads redis-tools and, while the binary lacks a library, the packages it depends on; unpacks them under `root`.
 * @param {{ apt: string[], downloads: string, root: string }} place
 */
async function unpackWithLibraries({ apt, downloads, root }) {
  const server = path.join(root, 'usr', 'bin', 'redis-check-rdb'); // the server, known to Debian under this name
  const unpacked = new Set();
  let wanted = ['redis-tools'];
  for (let round = 0; round < MOST_DEPENDENCY_ROUNDS && wanted.length > 0; round += 1) {
    const { code, output } = await runCommand('apt-get', [...apt, '-qq', 'download', ...wanted], { cwd: downloads });
    if (code !== 0) return output;
    const fresh = readdirSync(downloads).filter((name) => name.endsWith('.deb') && !unpacked.has(name));
    wanted = [];
    for (const name of fresh) {
      unpacked.add(name);
      const file = path.join(downloads, name);
      const extract = await runCommand('dpkg', ['-x', file, root]);
      if (extract.code !== 0) return extract.output;
      wanted.push(...(await missingDependencies(file)));
    }
    const environment = { ...process.env, LD_LIBRARY_PATH: libraryFolders(root).join(':') };
    if (!(await runCommand('ldd', [server], { environment })).output.includes('not found')) break;
  }
  return '';
}

/** Every folder under `root` that holds shared libraries. @param {string} root */
function libraryFolders(root) {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const libraries = entries.filter((entry) => /\.so(\.|$)/.test(entry));
  return [...new Set(libraries.map((entry) => path.join(root, path.dirname(entry))))];
}

/** Makes the one path that is needed: a script beside the unpacked packages. @param {string} folder */
function writeWrapper(folder) {
  const root = path.join(folder, 'root');
  symlinkSync('redis-check-rdb', path.join(root, 'usr', 'bin', 'redis-server'));
  const folders = libraryFolders(root).map((place) => `"$root"/'${path.relative(root, place)}'`);
  const lines = [
    '#!/bin/sh',
    '# Made by setup/redis.mjs: runs the redis-server unpacked beside this file with its own libraries.',
    'root=$(dirname -- "$(readlink -f -- "$0")")/root',
    `export LD_LIBRARY_PATH=${folders.join(':')}`,
    'exec "$root/usr/bin/redis-server" "$@"',
  ];
  const wrapper = path.join(folder, 'redis-server');
  writeFileSync(wrapper, `${lines.join('\n')}\n`);
  chmodSync(wrapper, 0o755);
  return wrapper;
}

/** Takes away what set-ups that were killed have left in the cache. */
function sweepLeftovers() {
  if (!existsSync(cacheFolder)) return;
  for (const name of readdirSync(cacheFolder)) {
    const pid = Number(/^redis\.(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !existsSync(`/proc/${pid}`)) rmSync(path.join(cacheFolder, name), { recursive: true, force: true });
  }
}

/** Unpacks into a folder aside and moves it into place whole, so that another checkout may share the cache. */
async function unpackRedis() {
  if (['apt-get', 'dpkg', 'dpkg-deb'].some((name) => onPath(name) === null)) return false;
  const aside = path.join(cacheFolder, `redis.${process.pid}`);
  const aptFolder = path.join(aside, 'apt');
  const root = path.join(aside, 'root');
  try {
    sweepLeftovers();
    const apt = privateApt(aptFolder);
    mkdirSync(root, { recursive: true });
    const sentence = `unpacking Debian's Redis into ${path.join(cacheFolder, 'redis')}, without root (about ten seconds)`;
    if (!(await runStep(sentence, 'apt-get', [...apt, '-qq', 'update']))) return false;
    const trouble = await unpackWithLibraries({ apt, downloads: path.join(aptFolder, 'archives'), root });
    const works = trouble === '' ? tryServer(writeWrapper(aside)) : { works: false, reason: trouble.trim() };
    if (!works.works) {
      say(`  the unpacked redis-server does not run: ${works.reason}`);
      return false;
    }
    rmSync(aptFolder, { recursive: true });
    rmSync(path.join(cacheFolder, 'redis'), { recursive: true, force: true });
    renameSync(aside, path.join(cacheFolder, 'redis'));
    return true;
  } catch (error) {
    say(`  Redis could not be unpacked: ${/** @type {Error} */ (error).message}`);
    return false;
  } finally {
    if (existsSync(aside)) rmSync(aside, { recursive: true, force: true });
  }
}

/** A usable redis-server, brought if need be; throws the sentence that says what to install. */
export async function provideRedisServer() {
  const present = findRedisServer();
  if (present) return present;
  if (await unpackRedis()) return asResult(cachedServer);
  if (await mayInstallPackages())
    await installPackages(['redis-server'], 'installing redis-server by apt-get, not started');
  const installed = findRedisServer();
  if (installed) return installed;
  throw new SetupError(WHAT_TO_INSTALL);
}
