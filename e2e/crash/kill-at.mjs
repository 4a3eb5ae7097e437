/**
 * Loaded into the product before it starts (node --import): ends the process with SIGKILL, the instant it passes the step
 * that KILL_AT names for the time that KILL_ON says. The product knows nothing of it.
 */
import { subscribe } from 'node:diagnostics_channel';
import { isMainThread } from 'node:worker_threads';

const { KILL_AT: step, KILL_ON: time = '1' } = process.env;
let passed = 0;
if (isMainThread && step !== undefined)
  subscribe('estafette:step', (name) => {
    if (name !== step) return;
    passed += 1;
    if (passed === Number(time)) process.kill(process.pid, 'SIGKILL');
  });
