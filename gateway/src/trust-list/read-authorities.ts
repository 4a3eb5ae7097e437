/** Certificates of authorities, PEM, from a file or from the files of a folder; bounded. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';

async function readPem(path: string): Promise<string> {
  if ((await stat(path)).size > TRUST_LIST_LIMITS.authoritiesFileMaxBytes) throw new RangeError(`${path} is too large`);
  return readFile(path, 'latin1');
}

/** The PEM text at a path. */
export async function readAuthorities(path: string): Promise<string> {
  if (!(await stat(path)).isDirectory()) return readPem(path);
  const files = (await readdir(path)).sort().slice(0, TRUST_LIST_LIMITS.authoritiesMax);
  return (await Promise.all(files.map((name) => readPem(join(path, name))))).join('\n');
}
