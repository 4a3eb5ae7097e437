/**
 * Compares the documents with the code, both ways: settings with the README's table, failure codes with
 * docs/errors.md, links with files, and the commands named in the README with those that exist.
 * Each check is a function that gives one line per difference; a file that is not there is a difference, told as such.
 * Run alone: node setup/run.mjs --without-redis -- setup/docs-check.ts
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles, repositoryFolder } from './tree.ts';

const README = 'README.md';
const ERRORS_PAGE = 'docs/errors.md';
const SETTINGS_MODULE = { file: 'core/runtime/src/config.ts', name: 'SETTINGS' };
const FAILURES_MODULE = { file: 'core/contracts/src/failure.ts', name: 'FAILURES' };

/** Settings that the set-up reads, before there is a configuration; the README's table has them too. */
const SETTINGS_OF_SETUP = ['ESTAFETTE_CACHE', 'ESTAFETTE_REDIS_SERVER'];

const absolute = (file: string): string => path.join(repositoryFolder, file);
const isThere = (file: string): boolean => existsSync(absolute(file));
const read = (file: string): string => readFileSync(absolute(file), 'utf8');

/** The keys of an object exported by a module of the checkout, or the sentence that says why there are none. */
async function exportedKeys({ file, name }: { file: string; name: string }): Promise<string[] | string> {
  if (!isThere(file)) return `${file} is not there, so its ${name} cannot be compared with the documents`;
  const loaded: Record<string, unknown> = await import(pathToFileURL(absolute(file)).href);
  const value = loaded[name];
  if (typeof value !== 'object' || value === null) return `${file} exports no object called ${name}`;
  return Object.keys(value);
}

/** The code words that open a row of a table or a heading: `| \`word\` | …`, `### \`word\``. */
function documentedWords(page: string, word: RegExp): string[] {
  const found = page.split('\n').flatMap((line) => /^(?:\|\s*|#+\s+)`([^`]+)`/.exec(line)?.[1] ?? []);
  return [...new Set(found.filter((one) => word.test(one)))];
}

/** What one list has and the other lacks, both ways. */
export function differences(
  code: string[],
  page: string[],
  names: { code: string; page: string; thing: string },
): string[] {
  return [
    ...code
      .filter((one) => !page.includes(one))
      .map((one) => `${names.page} lacks the ${names.thing} ${one} of ${names.code}`),
    ...page
      .filter((one) => !code.includes(one))
      .map((one) => `${names.page} names the ${names.thing} ${one}, unknown to ${names.code}`),
  ];
}

async function checkSettings(): Promise<string[]> {
  const keys = await exportedKeys(SETTINGS_MODULE);
  if (typeof keys === 'string') return [keys];
  if (!isThere(README)) return [`${README} is not there`];
  const settings = [...new Set([...keys, ...SETTINGS_OF_SETUP])].filter((key) => key.startsWith('ESTAFETTE_'));
  const documented = documentedWords(read(README), /^ESTAFETTE_/);
  const read_ = [...new Set(read(SETTINGS_MODULE.file).match(/\bESTAFETTE_[A-Z0-9_]+/g))];
  const undeclared = read_.filter((one) => !settings.includes(one));
  return [
    ...differences(settings, documented, { code: SETTINGS_MODULE.file, page: README, thing: 'setting' }),
    ...undeclared.map((one) => `${SETTINGS_MODULE.file} reads ${one}, which is not in ${SETTINGS_MODULE.name}`),
  ];
}

async function checkFailures(): Promise<string[]> {
  const codes = await exportedKeys(FAILURES_MODULE);
  if (typeof codes === 'string') return [codes];
  if (!isThere(ERRORS_PAGE)) return [`${ERRORS_PAGE} is not there, so the failure codes are not documented`];
  const documented = documentedWords(read(ERRORS_PAGE), /^[a-z0-9]+(-[a-z0-9]+)*$/);
  return differences(codes, documented, { code: FAILURES_MODULE.file, page: ERRORS_PAGE, thing: 'failure' });
}

/** The relative links of a page, without its code. */
export function relativeLinks(page: string): string[] {
  const prose = page.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
  const named = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  const images = [...prose.matchAll(/<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"/g)];
  const targets = [...inline, ...named, ...images].map((match) => match[1] ?? '');
  return targets.filter((target) => target !== '' && !/^([a-z][a-z0-9+.-]*:|#|\/\/)/i.test(target));
}

function checkLinks(): string[] {
  return listFiles(['.md']).flatMap((page) =>
    relativeLinks(read(page)).flatMap((link) => {
      const target = path.posix.join(path.posix.dirname(page), decodeURI(link.replace(/[#?].*$/, '')));
      return isThere(target) ? [] : [`${page} links to ${link}, which is not there`];
    }),
  );
}

function checkCommands(): string[] {
  if (!isThere(README)) return [`${README} is not there`];
  const page = read(README);
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const namedScripts = [...page.matchAll(/\bnpm run ([\w:-]+)/g)].map((match) => match[1] ?? '');
  const sources = listFiles(['.ts']).filter((file) => file.startsWith('cli/src/') && !file.endsWith('.test.ts'));
  const commands = sources.flatMap((file) =>
    [...read(file).matchAll(/(?:\.command|new Command)\(\s*['"]([a-z-]+)/g)].map((match) => match[1] ?? ''),
  );
  const namedCommands = [...page.matchAll(/\bnpx estafette ([a-z][a-z-]*)/g)].map((match) => match[1] ?? '');
  return [
    ...namedScripts
      .filter((name) => !scripts.includes(name))
      .map((name) => `${README} names npm run ${name}, which is no script`),
    ...namedCommands
      .filter((name) => !commands.includes(name))
      .map((name) => `${README} names npx estafette ${name}, which cli/src does not have`),
  ];
}

export async function checkDocuments(): Promise<string[]> {
  return [...(await checkSettings()), ...(await checkFailures()), ...checkLinks(), ...checkCommands()];
}

if (import.meta.main) {
  const lines = await checkDocuments();
  for (const line of lines) console.log(line);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
