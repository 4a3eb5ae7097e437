/**
 * The studio's own process: decodes one picture or PDF at a time, as it is told over its channel, and answers with what is
 * shown of it. Hostile bytes meet native code (libvips) and WebAssembly (libheif, PDFium) here: a crash, an endless loop
 * or a flood of memory costs this process and nothing else. It has no environment, writes no file and no line, starts no
 * program, and ends when the gateway does, in the middle of a file too, or when it grows beyond its memory (picture-watch-worker.ts).
 */
import { Worker } from 'node:worker_threads';
import { decodePicture } from '../content/pictures/decode-picture.ts';
import type { Developed, StudioTask } from '../ports.ts';

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

async function develop(task: StudioTask): Promise<Developed> {
  const bytes = toBuffer(task.bytes);
  if (task.kind === 'picture') {
    const found = await decodePicture(task.format, bytes);
    return 'refused' in found ? found : { kind: 'picture', ...found };
  }
  // Loaded when the first PDF comes: 4 MB of WebAssembly.
  const { readPdf } = await import('../content/pdf/read-pdf.ts');
  const found = await readPdf(bytes);
  return 'refused' in found ? found : { kind: 'pdf', ...found };
}

process.on('message', (task: StudioTask) => {
  const answer = (developed: Developed): void => {
    // libheif has one instance a process.
    const isSpent = task.kind === 'picture' && task.format === 'heic';
    process.send?.({ developed, resident: process.memoryUsage.rss(), isSpent });
  };
  // What fails here is ours (a package that is not installed), not the file's.
  develop(task).then(answer, () => answer({ refused: 'absent' }));
});
// process.exit() would wait for the libvips that is at work, and end the watch first.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl-C and service managers tell every process at once: the gateway says when this one ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
new Worker(new URL('./picture-watch-worker.ts', import.meta.url), { workerData: process.ppid }).unref();
process.send?.('ready');
