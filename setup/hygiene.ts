/**
 * What must not lie in the repository: a path of somebody's machine, the host name of a package registry, a test that
 * is skipped or alone, words that promise work for later, a lock file with download addresses.
 * The forbidden words are put together from halves, so that this file may be judged as well.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { listFiles, repositoryFolder } from './tree.ts';

const TEXT_ENDINGS = [
  '.ts',
  '.tsx',
  '.mjs',
  '.js',
  '.json',
  '.md',
  '.yml',
  '.yaml',
  '.conf',
  '.sh',
  '.html',
  '.css',
  '.example',
];
const CODE_ENDINGS = ['.ts', '.tsx', '.mjs', '.sh', '.css'];
const MOST_TOLD_PER_RULE = 20;

interface Forbidden {
  what: string;
  pattern: RegExp;
  endings: string[];
}

export const FORBIDDEN: Forbidden[] = [
  { what: 'a path of one machine', pattern: /(?<![\w.])\/(work|root|home\/(?!node\b)\w+)\//, endings: TEXT_ENDINGS },
  { what: 'the host name of a registry', pattern: /registry\.(npmjs|yarnpkg|npmmirror)\b/, endings: TEXT_ENDINGS },
  {
    what: 'a test that is skipped or alone',
    pattern: /\b(it|test|describe|suite)\s*\.\s*(skip|only|todo)\b|\{[^}]*\b(skip|only|todo):\s*true/,
    endings: ['.ts', '.tsx'],
  },
  {
    what: 'a word that puts work off',
    pattern: new RegExp(`\\b(${['TO', 'FIX', 'XX'].map((half, at) => half + ['DO', 'ME', 'X'][at]).join('|')})\\b`),
    endings: CODE_ENDINGS,
  },
];

/** One line per finding in one text. */
export function findForbidden(file: string, source: string): string[] {
  const rules = FORBIDDEN.filter((rule) => rule.endings.some((ending) => file.endsWith(ending)));
  return source
    .split('\n')
    .flatMap((line, at) =>
      rules
        .filter((rule) => rule.pattern.test(line))
        .map((rule) => `${file}:${at + 1} has ${rule.what}: ${line.trim().slice(0, 100)}`),
    );
}

export function checkHygiene(): string[] {
  const files = listFiles(TEXT_ENDINGS).filter(
    (file) => file !== 'package-lock.json' && file !== 'setup/hygiene.test.ts',
  );
  const found = files.flatMap((file) => findForbidden(file, readFileSync(path.join(repositoryFolder, file), 'utf8')));
  const more = found.length - MOST_TOLD_PER_RULE * FORBIDDEN.length;
  return more > 0 ? [...found.slice(0, -more), `… and ${more} more`] : found;
}

/** The lock file names versions and hashes only, and every platform's packages, so that `npm ci` works everywhere. */
export function checkLockFile(): string[] {
  const lines = readFileSync(path.join(repositoryFolder, 'package-lock.json'), 'utf8').split('\n');
  const addresses = lines.flatMap((line, at) =>
    line.includes('"resolved": "http') ? [`package-lock.json:${at + 1} ${line.trim()}`] : [],
  );
  const script = path.join(repositoryFolder, 'setup', 'complete-lock.mjs');
  const { status, stdout } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  const incomplete = status === 0 ? [] : [`${stdout.trim()}. Run: node setup/complete-lock.mjs`];
  return [...addresses, ...incomplete];
}
