/**
 * The real server as a child: `estafette start --json` on free ports and the stage's data folder, with its private
 * Redis. It stops when told to, and by itself when this process is killed (its channel closes).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuMicrosOf } from './cpu.ts';
import type { Stage } from './stage.ts';

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const STOP_TIMEOUT_MS = 15_000;

export interface ServerChild {
  readonly smtpPort: number;
  readonly web: string;
  readonly enrolLink: string;
  /** Process ids: the node process, and its redis-server. */
  readonly pids: { readonly node: number; readonly redis: number };
  /** CPU time so far, in microseconds. */
  cpuMicros(): { readonly node: number; readonly redis: number };
  stop(): Promise<void>;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

async function readyLine(child: ChildProcess): Promise<{ smtp: string; web: string; enrol: string }> {
  if (child.stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { event: string; smtp: string; web: string; enrol: string };
    if (said.event === 'ready') return said;
  }
  throw new Error('the server ended before it was ready');
}

/** Starts the server; `nextHopPort` takes its outgoing mail, `nodeFlags` are for profiling. */
export async function startServer(
  stage: Stage,
  options: { nextHopPort: number; nodeFlags?: readonly string[] },
): Promise<ServerChild> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('ESTAFETTE_') || name === 'ESTAFETTE_REDIS_SERVER',
  );
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), MAIN, 'start', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...Object.fromEntries(inherited),
      ESTAFETTE_HOME: stage.home,
      ESTAFETTE_SMTP_PORT: '0',
      ESTAFETTE_HTTP_PORT: '0',
      ESTAFETTE_NEXT_HOP: `127.0.0.1:${options.nextHopPort}`,
    },
  });
  try {
    const ready = await readyLine(child);
    const pids = { node: child.pid ?? 0, redis: Number(readFileSync(join(stage.home, 'redis', 'child.pid'), 'utf8')) };
    return {
      smtpPort: Number(ready.smtp.split(':').at(-1)),
      web: ready.web,
      enrolLink: ready.enrol,
      pids,
      cpuMicros: () => ({ node: cpuMicrosOf(pids.node), redis: cpuMicrosOf(pids.redis) }),
      stop: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}
