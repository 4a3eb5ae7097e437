/**
 * A Postfix of its own in a folder of its own, beside whatever the machine runs. Needs root: Postfix does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/command.ts';
import { until } from '../support/waiting.ts';

export interface PostfixInstance {
  /** What it wrote so far. */
  log(): string;
  /** Messages in its queue. */
  queued(): Promise<number>;
  /** Tries everything that waits, now. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether a Postfix can be run here. */
export const canRunPostfix = (): boolean => existsSync('/usr/sbin/postfix') && process.getuid?.() === 0;

const START_PATIENCE_MS = 60_000;

/** The daemons every Postfix needs; the listeners come before. */
const DAEMONS = [
  'pickup unix n - n 60 1 pickup',
  'cleanup unix n - n - 0 cleanup',
  'qmgr unix n - n 300 1 qmgr',
  'tlsmgr unix - - n 1000? 1 tlsmgr',
  'rewrite unix - - n - - trivial-rewrite',
  'bounce unix - - n - 0 bounce',
  'defer unix - - n - 0 bounce',
  'trace unix - - n - 0 bounce',
  'verify unix - - n - 1 verify',
  'flush unix n - n 1000? 0 flush',
  'proxymap unix - - n - - proxymap',
  'smtp unix - - n - - smtp',
  'relay unix - - n - - smtp',
  'showq unix n - n - - showq',
  'error unix - - n - - error',
  'retry unix - - n - - error',
  'discard unix - - n - - discard',
  'lmtp unix - - n - - lmtp',
  'anvil unix - - n - 1 anvil',
  'scache unix - - n - 1 scache',
  'postlog unix-dgram n - n - 1 postlogd',
];

/** Starts a Postfix with these lines of main.cf and these listeners of master.cf; resolves when it is ready. */
export async function startPostfixInstance(
  folder: string,
  main: readonly string[],
  listeners: readonly string[],
): Promise<PostfixInstance> {
  const configuration = join(folder, 'etc');
  for (const name of ['etc', 'queue', 'lib']) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  const places = [
    'compatibility_level = 3.6',
    `queue_directory = ${folder}/queue`,
    `data_directory = ${folder}/lib`,
    `maillog_file = ${folder}/mail.log`,
    `maillog_file_prefixes = ${folder}`,
    'mydestination =',
    'inet_interfaces = 127.0.0.1',
    'inet_protocols = ipv4',
    'alias_maps =',
    'alias_database =',
  ];
  writeFileSync(join(configuration, 'main.cf'), [...places, ...main, ''].join('\n'));
  writeFileSync(join(configuration, 'master.cf'), [...listeners, ...DAEMONS, ''].join('\n'));
  await runCommand('chown', ['postfix:', join(folder, 'lib')]);
  const child = spawn('postfix', ['-c', configuration, 'start-fg'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const log = (): string => {
    const file = join(folder, 'mail.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : Buffer.concat(said).toString();
  };
  const isReady = (): boolean => {
    if (child.exitCode !== null) throw new Error(`Postfix ended: ${Buffer.concat(said).toString()}${log()}`);
    return log().includes('daemon started');
  };
  await until('Postfix is ready', isReady, START_PATIENCE_MS);
  const onQueue = (words: readonly string[]) => runCommand('postqueue', ['-c', configuration, ...words]);
  return {
    log,
    queued: async () => (await onQueue(['-j'])).output.toString().split('\n').filter(Boolean).length,
    flush: async () => void (await onQueue(['-f'])),
    async stop() {
      await runCommand('postfix', ['-c', configuration, 'stop']);
      await ended(child);
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => child.once('exit', () => done()));
}
