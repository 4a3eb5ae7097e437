/**
 * The files of the checkout as the checks see them: everything that is not brought, built or written at run time.
 * Walks the folders itself, so that it also works in a copy without git.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryFolder = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const LEFT_OUT = new Set(['node_modules', '.git', '.cache', 'var', 'dist', 'coverage']);

/** Paths relative to the checkout, with forward slashes, sorted; only those that end in one of `endings` if given. */
export function listFiles(endings: string[] = ['']): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(path.join(repositoryFolder, folder), { withFileTypes: true })) {
      if (LEFT_OUT.has(entry.name)) continue;
      const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(file);
      else if (entry.isFile() && endings.some((ending) => file.endsWith(ending))) found.push(file);
    }
  };
  walk('');
  return found.sort();
}
