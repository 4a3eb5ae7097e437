/**
 * The real product for the browser's stories: `estafette start` as a process of its own, in a data folder of its own,
 * on ports that are free the first time and the same after a restart.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type DemoMaterial, demoPaths } from '@estafette/cli/demo/material';

const MAIN = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const CACHED_REDIS = fileURLToPath(new URL('../../.cache/redis/redis-server', import.meta.url));

export interface Product {
  readonly home: string;
  readonly smtp: string;
  readonly web: string;
  /** One-time link for the demo pharmacy. */
  readonly enrol: string;
  readonly demo: DemoMaterial;
  /** Asks it to stop as an operator does; gives its exit code. */
  stop(): Promise<number | null>;
}

const portOf = (address: string): string => /:(\d+)$/.exec(address)?.[1] ?? '0';

function demoOf(home: string): DemoMaterial {
  const { folder, files } = demoPaths(home);
  const person = (name: string) => ({
    folder: join(folder, name),
    address: readFileSync(join(folder, name, 'address.txt'), 'utf8').trim(),
  });
  return { folder, files, people: { doctor: person('doctor'), lab: person('lab'), pharmacy: person('pharmacy') } };
}

/** The ready line, or an error with what the product said instead. */
async function readyLine(child: ChildProcess): Promise<{ smtp: string; web: string; enrol: string }> {
  const complaints: string[] = [];
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const { stdout } = child;
  if (stdout === null) throw new Error('the product has no output');
  for await (const line of createInterface({ input: stdout })) {
    const said: unknown = JSON.parse(line);
    if (typeof said === 'object' && said !== null && 'event' in said && said.event === 'ready')
      return said as unknown as { smtp: string; web: string; enrol: string };
  }
  throw new Error(`the product did not start: ${complaints.join('')}`);
}

/** Starts the product, and resolves when it serves. `again` is an earlier run whose folder and ports are taken over. */
export async function startProduct(options: {
  home: string;
  again?: Product;
  settings?: Record<string, string>;
}): Promise<Product> {
  const { home, again, settings = {} } = options;
  const child = spawn(process.execPath, [MAIN, 'start', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...(existsSync(CACHED_REDIS) ? { ESTAFETTE_REDIS_SERVER: CACHED_REDIS } : {}),
      ...process.env,
      ESTAFETTE_HOME: home,
      ESTAFETTE_SMTP_PORT: again === undefined ? '0' : portOf(again.smtp),
      ESTAFETTE_HTTP_PORT: again === undefined ? '0' : portOf(again.web),
      ESTAFETTE_DEMO_SMTP_PORT: '0',
      ESTAFETTE_GATHER_SECONDS: '0',
      ...settings,
    },
  });
  const ended = once(child, 'exit');
  const { smtp, web, enrol } = await readyLine(child);
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  };
  return { home, smtp, web, enrol, demo: demoOf(home), stop };
}
