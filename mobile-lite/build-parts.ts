/**
 * Which of the built files a phone loads before the first conversation is on the screen, and which come later. What is
 * not named here as later counts as before, whether it is imported statically or not: a chunk cannot slip out of the
 * measure by being loaded dynamically. A name that no longer begins a chunk stops the build.
 */
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';

/** Sources that begin a chunk of what is asked for later: joining, a report's card, a photo or file, more than a plain answer. */
const LATER = [
  'src/app/enrolment-screen.tsx',
  'src/app/later-parts.tsx',
  'src/device/upload-reply.ts',
  'src/words/more-fr.ts',
  'src/words/more-en.ts',
];
/** Of these a phone loads one: the heaviest counts. */
const LANGUAGES = ['src/words/fr.ts', 'src/words/en.ts'];

export interface Made {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface Parts {
  readonly entry: string;
  /** Chunks the entry imports statically, itself left out. */
  readonly beside: readonly string[];
  /** Everything before the first conversation, languages left out. */
  readonly start: ReadonlySet<string>;
  readonly languages: readonly ReadonlySet<string>[];
  readonly later: ReadonlySet<string>;
}

export function baseName(path: string): string {
  return path.replace(/^.*[\\/]/, '');
}

/** Sorts the outputs of a split build. Throws when a name of LATER or LANGUAGES begins no chunk. */
export function partsOf({ outputs }: Metafile, entrySource: string): Parts {
  const outputOf = (source: string): string => {
    const found = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === source);
    if (found === undefined) throw new Error(`${source} begins no chunk of its own`);
    return found;
  };
  const chosen = new Set([...LATER, ...LANGUAGES].map(outputOf));
  /** What is loaded with `path`; dynamic imports count too, but those that are sorted elsewhere. */
  const loadedWith = (path: string, known: ReadonlySet<string>, dynamic: boolean): Set<string> => {
    const loaded = new Set<string>();
    const open = [path];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (loaded.has(at) || known.has(at)) continue;
      loaded.add(at);
      for (const { path: next, kind } of outputs[at]?.imports ?? []) {
        if (kind === 'import-statement' || (dynamic && !chosen.has(next))) open.push(next);
      }
    }
    return loaded;
  };
  const names = (paths: Iterable<string>): Set<string> => new Set([...paths].map(baseName));
  const entry = outputOf(entrySource);
  const start = loadedWith(entry, new Set(), true);
  const languages = LANGUAGES.map((source) => loadedWith(outputOf(source), start, true));
  const before = new Set([...start, ...languages.flatMap((one) => [...one])]);
  const later = names(Object.keys(outputs).filter((path) => !before.has(path)));
  const beside = [...names(loadedWith(entry, new Set(), false))].filter((name) => name !== baseName(entry));
  return { entry: baseName(entry), beside, start: names(start), languages: languages.map(names), later };
}

/** Bytes as gzip carries them, file by file. */
export function weigh(made: readonly Made[]): number {
  return made.reduce((sum, { content }) => sum + gzipSync(content).length, 0);
}

/** What a phone loads before the first conversation is on the screen. */
export function weighStart(made: readonly Made[], { start, languages }: Parts): number {
  const of = (names: ReadonlySet<string>): number => weigh(made.filter(({ name }) => names.has(name)));
  return of(start) + Math.max(...languages.map(of));
}
