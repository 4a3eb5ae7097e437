/**
 * The judge of certificates over the trust files, in a worker: read when first asked, and again when a file changed.
 * Configured files are looked at every few seconds; what the gateway fetched, as soon as a task names a newer version
 * of it. A list is put in place of another by renaming: half a list is never read.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TrustPaths } from '../ports.ts';
import { rememberingJudge } from './certificate-path.ts';
import { readTrustFiles } from './trust-files.ts';

export type Judge = ReturnType<typeof rememberingJudge>;

interface Known {
  readonly stamp: string;
  readonly judge: Judge;
  readonly checkedAt: number;
  readonly version: number;
}

const judges = new Map<string, Known>();
const RECHECK_MS = 5_000;

/** Changes when a file, or any file of a folder, is written: a list put in place of another must be noticed. */
function stampOf(path: string | null): string {
  if (path === null) return '';
  const facts = statSync(path, { throwIfNoEntry: false });
  // Removed since its folder was read.
  if (facts === undefined) return 'gone';
  if (facts.isDirectory())
    return readdirSync(path)
      .sort()
      .map((name) => `${name} ${stampOf(join(path, name))}`)
      .join(';');
  return `${facts.mtimeMs} ${facts.size} ${facts.ino}`;
}

/** The judge, with its memory of good paths. No trust files: nobody is trusted. */
export function judgeOverFiles(paths: TrustPaths | null): Judge {
  if (paths === null) return rememberingJudge({ anchors: [], intermediates: [], lists: [] });
  const { anchors, lists } = paths;
  const fetched = paths.fetched?.folder ?? null;
  const version = paths.fetched?.version ?? 0;
  const name = `${anchors} ${lists} ${fetched}`;
  const known = judges.get(name);
  if (known !== undefined && version <= known.version && Date.now() - known.checkedAt < RECHECK_MS) return known.judge;
  const stamp = [anchors, lists, fetched].map(stampOf).join(' ');
  const judge = known?.stamp === stamp ? known.judge : rememberingJudge(readTrustFiles({ anchors, lists, fetched }));
  judges.set(name, { stamp, judge, checkedAt: Date.now(), version: Math.max(version, known?.version ?? 0) });
  return judge;
}
