/**
 * The `openssl` command as the foreign judge of the tests of certs, and a folder to show it files in.
 * Only tests import this.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Judgement {
  readonly ok: boolean;
  /** Standard output and standard error, joined. */
  readonly words: string;
}

export interface Courtroom {
  /** Writes an exhibit and gives its path. */
  readonly write: (fileName: string, content: string | Uint8Array) => string;
  readonly read: (fileName: string) => Buffer;
  readonly path: (fileName: string) => string;
  /** Runs openssl with these arguments in the folder. */
  readonly openssl: (...args: readonly string[]) => Judgement;
  /** Removes the folder. */
  readonly close: () => void;
}

export function openCourtroom(): Courtroom {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-certs-'));
  const path = (fileName: string): string => join(folder, fileName);
  return {
    path,
    write: (fileName, content) => {
      writeFileSync(path(fileName), content);
      return path(fileName);
    },
    read: (fileName) => readFileSync(path(fileName)),
    openssl: (...args) => {
      const run = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
      if (run.error !== undefined) throw run.error;
      return { ok: run.status === 0, words: run.stdout + run.stderr };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
