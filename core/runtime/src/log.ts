/**
 * Log lines, JSON, one per event. Fields pass an allow-list: a field that is not on it is dropped, so that no
 * address, subject or content can slip into a log by a careless spread. Errors are reduced to name, code and
 * message; messages of our own refusals hold codes and counts only.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { destination, pino } from 'pino';
import type { Log, LogFields } from './ports.ts';

const ALLOWED = [
  'letterId',
  'replyId',
  'mailboxId',
  'conversationId',
  'deviceId',
  'sessionId',
  'queue',
  'jobId',
  'attempt',
  'code',
  'state',
  'bytes',
  'count',
  'ms',
  'port',
  'reason',
] as const satisfies (keyof LogFields)[];

/** Lines that could not be written yet; those above it are lost. */
const UNWRITTEN_MAX_BYTES = 1_048_576;

/** Addresses are the one thing foreign error texts may repeat (SMTP answers): taken out. */
function withoutAddresses(text: string): string {
  // Word by word: a pattern with the @ in its middle takes quadratic time on a long word without one.
  return text.replace(/[^\s<>"'(),;:]+/g, (word) => (/.@./.test(word) ? '<address>' : word)).slice(0, 400);
}

function errorFields(error: unknown): { name: string; code?: string; message: string; stack?: string } {
  if (!(error instanceof Error)) return { name: 'unknown', message: typeof error };
  const code = (error as { code?: unknown }).code;
  const stack = error.stack
    ?.split('\n')
    .slice(1, 5)
    .map((line) => line.trim())
    .join(' | ');
  return {
    name: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    message: withoutAddresses(error.message),
    ...(stack === undefined ? {} : { stack: withoutAddresses(stack) }),
  };
}

function admitted(fields: LogFields | undefined): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  if (fields === undefined) return out;
  for (const name of ALLOWED) if (fields[name] !== undefined) out[name] = fields[name];
  if (fields.error !== undefined) out.error = errorFields(fields.error);
  return out;
}

/** A log into a file (made with its folder) or `-` for standard error. Lines are written at once, in order. */
export function createLog(options: { level: 'debug' | 'info' | 'warn' | 'error'; file: string }): Log {
  if (options.file !== '-') mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  const place = options.file === '-' ? { dest: 2 } : { dest: options.file, mode: 0o600 };
  const target = destination({ ...place, sync: true, maxLength: UNWRITTEN_MAX_BYTES });
  // A full disk must not end the process: lines wait in memory, as many as may, and are written with the next that can.
  target.on('error', () => {});
  const out = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return {
    debug: (message, fields) => out.debug(admitted(fields), message),
    info: (message, fields) => out.info(admitted(fields), message),
    warn: (message, fields) => out.warn(admitted(fields), message),
    error: (message, fields) => out.error(admitted(fields), message),
  };
}

/** A log that keeps nothing, for tests and commands that have nowhere to log to. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
