/**
 * What no phone ever says does not ship: of the catalogue of refusals and of the reasons of a verdict the app keeps the
 * codes, and the chunks of a language the sentences in that language that can reach a person; of the limits those it
 * asks for; of close codes the advice; of the package `ulid` the little that is used. A catalogue that is not found where it was stops the build.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAILURES, type Failure } from '@estafette/contracts/failure';
import * as limits from '@estafette/contracts/limits';
import { REASONS } from '@estafette/contracts/verdict';
import type { Plugin } from 'esbuild';

type Language = 'fr' | 'en';

/** Failures that can reach a person: those that have a sentence for him. */
const SAYABLE = Object.entries<Failure>(FAILURES).flatMap(([code, { person }]) => (person === undefined ? [] : [code]));

/** The sentences of every code that has one for a person: the French one is his, the English one the operator's. */
function failuresIn(language: Language): Record<string, string> {
  const told = Object.entries<Failure>(FAILURES).flatMap(([code, { person, operator }]) =>
    person === undefined ? [] : [[code, language === 'fr' ? person : operator]],
  );
  return Object.fromEntries(told);
}

function reasonsIn(language: Language): Record<string, string> {
  return Object.fromEntries(Object.entries(REASONS).map(([code, texts]) => [code, texts[language]]));
}

/** Source text with its catalogue replaced by the codes alone. */
async function codesOnly(path: string, catalogue: RegExp, codes: readonly string[]): Promise<string> {
  const whole = await readFile(path, 'utf8');
  if (!catalogue.test(whole)) throw new Error(`no catalogue found in ${path}`);
  const trimmed = JSON.stringify(Object.fromEntries(codes.map((code) => [code, 0])));
  return whole.replace(catalogue, () => trimmed);
}

export const trimCatalogue: Plugin = {
  name: 'trim-catalogue',
  setup(building) {
    building.onResolve({ filter: /^ulid$/ }, () => ({ path: join(import.meta.dirname, 'src/app/ulid.ts') }));
    building.onLoad({ filter: /contracts[\\/]src[\\/]failure\.ts$/ }, async ({ path }) => {
      const catalogue = /(?<=export const FAILURES = )\{[\s\S]*?\n\}(?= as const)/;
      return { contents: await codesOnly(path, catalogue, SAYABLE), loader: 'ts' };
    });
    building.onLoad({ filter: /contracts[\\/]src[\\/]verdict\.ts$/ }, async ({ path }) => {
      const catalogue = /(?<=export const REASONS = )\{[\s\S]*?\n\}(?= as const satisfies)/;
      return { contents: await codesOnly(path, catalogue, Object.keys(REASONS)), loader: 'ts' };
    });
    building.onLoad({ filter: /contracts[\\/]src[\\/]close-codes\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(/meaning: '[^']*'/g, "meaning: ''"),
      loader: 'ts',
    }));
    // Worked out, so that the bundler sees which ones nobody asks for.
    building.onLoad({ filter: /contracts[\\/]src[\\/]limits\.ts$/ }, () => ({
      contents: Object.entries(limits)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join('\n'),
      loader: 'ts',
    }));
    building.onLoad({ filter: /words[\\/](reasons|failures)-(fr|en)\.ts$/ }, ({ path }) => {
      const language = path.endsWith('-en.ts') ? 'en' : 'fr';
      const name = path.includes('reasons-') ? 'reasons' : 'failures';
      const sentences = name === 'reasons' ? reasonsIn(language) : failuresIn(language);
      return { contents: `export const ${name} = ${JSON.stringify(sentences)}`, loader: 'ts' };
    });
  },
};
