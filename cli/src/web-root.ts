/**
 * The folder of the built web app. In a checkout it is built when its sources changed; in an image it was built
 * before, and the builder is not there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../mobile-lite/dist', import.meta.url));

/** The folder to serve, or null when there is neither an app nor a builder (a proxy serves it then). */
export async function webRoot(progress: (sentence: string) => void): Promise<string | null> {
  const builder = await import('@estafette/mobile-lite/build').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null;
    throw error;
  });
  if (builder === null) return existsSync(join(FOLDER, 'index.html')) ? FOLDER : null;
  if (await builder.needsBuilding({ outFolder: FOLDER })) {
    progress('Building the web app …');
    await builder.buildApp({ outFolder: FOLDER });
  }
  return FOLDER;
}
