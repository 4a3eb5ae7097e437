/**
 * The Dockerfile, read as far as our images use it, and an image laid out by hand: the folders its COPY lines name,
 * from this checkout, and the packages its `npm ci` would bring, as links. Shows without a Docker engine that an image
 * holds what its command needs.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Stage {
  readonly name: string;
  /** Image or earlier stage it begins with. */
  readonly base: string;
  /** Instructions in order, continuation lines joined. */
  readonly lines: readonly { readonly word: string; readonly rest: string }[];
}

/** The stages of docker/Dockerfile by name. */
export function readStages(): Map<string, Stage> {
  const text = readFileSync(join(repository, 'docker', 'Dockerfile'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '');
  const stages = new Map<string, Stage>();
  let lines: { word: string; rest: string }[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, word = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (word !== 'FROM') {
      lines.push({ word, rest });
      continue;
    }
    const [, base = '', name = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
    lines = [];
    stages.set(name, { name, base, lines });
  }
  return stages;
}

/** The instructions of an image, those of the stages it stands on first. */
export function instructionsOf(name: string): readonly { readonly word: string; readonly rest: string }[] {
  const stages = readStages();
  const stage = stages.get(name);
  return stage === undefined ? [] : [...instructionsOf(stage.base), ...stage.lines];
}

/** The image of a registry that a target begins with in the end. */
export function rootImageOf(name: string): string {
  const stage = readStages().get(name);
  return stage === undefined ? name : rootImageOf(stage.base);
}

/** The last instruction of a kind, in its JSON form. */
export function commandOf(name: string, word: 'CMD' | 'HEALTHCHECK'): string[] {
  const { rest } = instructionsOf(name).findLast((line) => line.word === word) ?? { rest: '[]' };
  return JSON.parse(rest.slice(rest.indexOf('['))) as string[];
}

/** Links the packages that the stage `modules` installs, and nothing else. */
function linkModules(folder: string): void {
  const install = instructionsOf('modules').find(({ rest }) => rest.startsWith('npm ci'))?.rest ?? '';
  const workspaces = [...install.matchAll(/--workspace (\S+)/g)].flatMap(([, name]) => ['--workspace', name as string]);
  const words = ['ls', '--omit=dev', '--all', '--parseable', ...workspaces];
  const listed = execFileSync('npm', words, {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 8 * 1024 ** 2,
  });
  const marker = join(repository, 'node_modules/');
  for (const path of listed.split('\n').filter((one) => one.startsWith(marker) && !one.includes('/@estafette/'))) {
    const name = path.slice(marker.length);
    // A package inside another comes along with it.
    if (!name.includes('/node_modules/')) link(path, join(folder, 'node_modules', name));
  }
  for (const name of workspaces.filter((word) => word !== '--workspace')) {
    const short = name.split('/').at(-1) as string;
    link(join(folder, name), join(folder, 'node_modules', '@estafette', short));
  }
}

function link(target: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true });
  if (!existsSync(place)) symlinkSync(target, place);
}

/** Lays the image `name` out in `folder`, as its WORKDIR would look. The app is built as the stage `build` does it. */
export function layOutImage(name: string, folder: string): void {
  for (const { word, rest } of instructionsOf(name)) {
    if (word !== 'COPY') continue;
    const words = rest.split(/\s+/);
    const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : null;
    const target = words.pop() as string;
    for (const source of words) {
      const path = source.replace(/^\/srv\/estafette\//, '');
      const place = target.endsWith('/')
        ? join(folder, target, path.split('/').at(-1) as string)
        : join(folder, target);
      if (from === 'modules' && path === 'node_modules') linkModules(folder);
      else if (path.startsWith('node_modules/')) link(join(repository, path), place);
      else copy(join(repository, path), words.length > 1 ? join(folder, path) : place);
      if (from === 'build' && path === 'mobile-lite') buildApp(join(place, 'dist'));
    }
  }
}

function copy(source: string, place: string): void {
  cpSync(source, place, { recursive: true, filter: (path) => !/\/(node_modules|dist)$|\.test\.tsx?$/.test(path) });
}

function buildApp(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const script = instructionsOf('build')
    .find(({ rest }) => rest.startsWith('node '))
    ?.rest.split(' ')[1] as string;
  execFileSync(process.execPath, [join(repository, script), folder], { stdio: 'ignore' });
}
