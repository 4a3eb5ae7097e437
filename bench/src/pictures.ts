/**
 * Decoding pictures and PDFs in the studio's process: what one photo of a phone and one PDF of a laboratory take, and the
 * memory of that process over five hundred of them, which must not grow.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { labReport } from '@estafette/gateway/content/pdf/pdf.fixture';
import { cameraJpeg } from '@estafette/gateway/content/pictures/decoded.fixture';
import type { StudioTask } from '@estafette/gateway/ports';
import { openStudio } from '@estafette/gateway/studio/picture-studio';
import { silentLog } from '@estafette/runtime/log';
import { type Figure, figureOf, median } from './figures.ts';

const ROUNDS = 7;
const PICTURES = 500;
const GROWTH_MAX_MIB = 64;
/** What a person waits for without a thought. */
const PATIENCE_MS = 1_000;

/** Memory of the studio's process, MiB. */
function residentMib(): number {
  const ids = readdirSync('/proc/self/task').flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, 'latin1').split(' '),
  );
  const own = ids.filter((id) => id !== '' && readFileSync(`/proc/${id}/cmdline`, 'latin1').includes('picture-worker'));
  const sizes = own.map(
    (id) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'latin1'))?.[1]) / 1_024,
  );
  return Math.max(0, ...sizes);
}

async function tasks(): Promise<{ photo: StudioTask; small: StudioTask; paper: StudioTask }> {
  const jpeg = (bytes: Buffer): StudioTask => ({ kind: 'picture', format: 'jpeg', bytes });
  const [photo, small] = [await cameraJpeg(4_032, 3_024, 6), await cameraJpeg(1_000, 750)];
  return { photo: jpeg(photo), small: jpeg(small), paper: { kind: 'pdf', bytes: await labReport() } };
}

/** Milliseconds for a photo and a PDF, and what hundreds in a row leave behind. */
export async function benchPictures(): Promise<Figure[]> {
  const studio = openStudio({ log: silentLog, processes: 1 });
  try {
    const { photo, small, paper } = await tasks();
    const develop = async (task: StudioTask): Promise<number> => {
      const startedAt = performance.now();
      const developed = await studio.develop(task);
      if ('refused' in developed) throw new Error(`a picture of the bench was refused: ${developed.refused}`);
      return performance.now() - startedAt;
    };
    const times: Record<'photo' | 'paper', number[]> = { photo: [], paper: [] };
    for (const task of [photo, paper]) await develop(task);
    for (let round = 0; round < ROUNDS; round += 1) {
      times.photo.push(await develop(photo));
      times.paper.push(await develop(paper));
    }
    const memory: number[] = [];
    for (let picture = 0; picture < PICTURES; picture += 1) {
      await develop(picture % 10 === 0 ? paper : small);
      memory.push(residentMib());
    }
    const [early, late] = [median(memory.slice(50, 150)), median(memory.slice(-100))];
    const grown = Math.max(0, late - early);
    const words = { bench: 'pictures', unit: 'ms' };
    const beside = { name: 'at most', value: PATIENCE_MS };
    return [
      figureOf(
        { ...words, name: 'photo of 12 megapixels', meaning: 'decoded, screen and thumbnail' },
        times.photo,
        beside,
      ),
      figureOf({ ...words, name: 'PDF of 3 pages', meaning: 'first page drawn, words read' }, times.paper, beside),
      {
        bench: 'pictures',
        name: `growth over ${PICTURES} pictures`,
        value: grown,
        unit: 'MiB',
        beside: { name: 'at most', value: GROWTH_MAX_MIB, unit: 'MiB' },
        ratio: grown / GROWTH_MAX_MIB,
        meaning: `RSS of the studio's process early ${Math.round(early)} MiB, late ${Math.round(late)} MiB, never above ${Math.round(Math.max(...memory))} MiB`,
      },
    ];
  } finally {
    studio.close();
  }
}
