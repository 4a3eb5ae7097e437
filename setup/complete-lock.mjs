/**
 * Adds to package-lock.json the optional platform packages (another system's native binding) that it does not name.
 * npm leaves one out when the registry in use lacks it, and then `npm ci` refuses the file it has just written:
 * "Missing: … from lock file" (github.com/npm/cli/issues/9846). On a system that needs no such package nothing of it is ever
 * fetched; on one that does, npm fetches the version named here.
 * Usage, after every `npm install` that changed the lock file: node setup/complete-lock.mjs [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const lockFile = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'package-lock.json');

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = {
  arm64: 'arm64',
  arm: 'arm',
  x64: 'x64',
  ia32: 'ia32',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
};

/** What a binding's name says of where it runs, e.g. `@oxc-parser/binding-linux-arm-gnueabihf`. @param {string} name */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const system = SYSTEMS.find((one) => words.includes(one));
  const processor = Object.entries(PROCESSORS).find(([word]) => words.includes(word))?.[1];
  if (!system || !processor) return null;
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : null;
  return { cpu: [processor], ...(libc && { libc }), os: [system] };
}

/** Where npm would look for `name` from a package at `where`, if the lock file has it. */
function resolves(
  /** @type {Record<string, any>} */ packages,
  /** @type {string} */ where,
  /** @type {string} */ name,
) {
  for (let folder = where; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    if (packages[`${folder}${folder ? '/' : ''}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

const lock = JSON.parse(readFileSync(lockFile, 'utf8'));
/** @type {Record<string, any>} */
const packages = lock.packages;
/** @type {string[]} */
const added = [];
for (const [where, entry] of Object.entries({ ...packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const platform = platformOf(name);
    if (platform === null || !/^\d/.test(version)) continue;
    const beside = where.slice(0, where.lastIndexOf('node_modules/') + 'node_modules/'.length) + name;
    const present = resolves(packages, where, name);
    if (present && (packages[beside] === undefined || packages[beside].version === version)) continue;
    const target = packages[beside] ? `${where}/node_modules/${name}` : beside;
    if (packages[target]) continue;
    packages[target] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    added.push(`${name}@${version}`);
  }
}
const check = process.argv.includes('--check');
if (added.length > 0 && !check) {
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
}
if (added.length > 0) {
  const told = `${added.length} platform packages ${check ? 'are missing from' : 'were added to'} package-lock.json`;
  console.log(`${told}: ${added.slice(0, 3).join(', ')} …`);
}
process.exitCode = check && added.length > 0 ? 1 : 0;
