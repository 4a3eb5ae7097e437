/** Reads letters with an archive in a row and sends what memory they left behind, after garbage was collected. */
import { readContent } from '@estafette/gateway/content/read-content';
import type { Growth } from './clinical.ts';
import { xdmLetter } from './clinical-files.ts';

const WARM_UP = 500;
const entity = xdmLetter();

async function read(): Promise<void> {
  const { documents } = await readContent(entity, { approved: null });
  if (!documents.some(({ kind }) => kind === 'report')) throw new Error('a letter of the bench has no report');
}

function residentMib(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1_048_576;
}

for (let letter = 0; letter < WARM_UP; letter += 1) await read();
const warmMib = residentMib();
const startedAt = performance.now();
const letters = Number(process.argv[2]);
for (let letter = 0; letter < letters; letter += 1) await read();
const lettersPerSecond = letters / ((performance.now() - startedAt) / 1_000);
const growth: Growth = { warmMib, endMib: residentMib(), lettersPerSecond };
process.send?.(growth);
process.disconnect();
