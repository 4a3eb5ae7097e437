/**
 * Watches over the studio's process from a thread of its own, which goes on while the main one is lost in a file: ends
 * the process when it grows beyond its memory, and when the gateway that started it is gone.
 */

import { workerData } from 'node:worker_threads';
import { MEBIBYTE, STUDIO_LIMITS } from '@estafette/contracts/limits';

const EVERY_MS = 25;
const parent: number = workerData;

setInterval(() => {
  const isTooLarge = process.memoryUsage.rss() > STUDIO_LIMITS.residentMaxMib * MEBIBYTE;
  if (isTooLarge || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
