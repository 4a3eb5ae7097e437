/** The JavaScript a phone loads, as gzip carries it, beside the budget the build enforces. */
import { join } from 'node:path';
import { buildApp, JAVASCRIPT_BUDGET_BYTES } from '@estafette/mobile-lite/build';
import type { Figure } from './figures.ts';
import type { Stage } from './stage.ts';

/** Builds the app into the stage's folder and weighs it. */
export async function benchApp(stage: Stage): Promise<Figure[]> {
  const { javascriptGzipBytes, stylesGzipBytes } = await buildApp({ outFolder: join(stage.home, 'app'), force: true });
  const words = { bench: 'app', unit: 'bytes' };
  const beside = { name: 'budget', value: JAVASCRIPT_BUDGET_BYTES, unit: 'bytes' };
  const meaning = 'gzip, service worker included, texts of one language';
  return [
    {
      ...words,
      name: 'JavaScript',
      value: javascriptGzipBytes,
      beside,
      ratio: javascriptGzipBytes / beside.value,
      meaning,
    },
    { ...words, name: 'CSS', value: stylesGzipBytes, meaning: 'gzip' },
  ];
}
