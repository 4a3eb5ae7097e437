/** For tests that have nowhere to log to. */
import type { Log } from './ports.ts';

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
