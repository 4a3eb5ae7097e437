/** Programs run by hand for one test: started, waited for with a limit, and ended, the last started first. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 150_000;
const LOOK_EVERY_MS = 50;
const STOP_MS = 60_000;

/** The path of a program on PATH, or null. */
export function onPath(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** Waits until `look` gives something other than null; names what was waited for when it does not come. */
export async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_EVERY_MS) {
    const found = await look();
    if (found !== null) return found;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(`${what} did not come in time`);
}

/** Waits until a port of this machine takes connections. */
export function untilListening(port: number): Promise<true> {
  const knock = () =>
    new Promise<true | null>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' })
        .once('connect', () => resolve(true))
        .once('error', () => resolve(null));
      socket.once('close', () => socket.destroy()).setTimeout(1_000, () => socket.destroy());
      socket.once('connect', () => socket.end());
    });
  return until(`a server on port ${port}`, knock);
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another user than ours, when we are root. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

const started: Program[] = [];

/** Ends what still runs, the last started first; for the end of a test, however it ended. */
export async function stopPrograms(): Promise<void> {
  for (const program of started.splice(0).reverse()) await program.stop();
}

export class Program {
  readonly child: ChildProcess;
  readonly #name: string;
  output = '';
  complaints = '';

  constructor(command: readonly string[], options: RunOptions = {}) {
    this.#name = command.slice(0, 3).join(' ');
    this.child = spawn(command[0] as string, command.slice(1), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...options.user,
    });
    started.push(this);
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk;
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.complaints += chunk;
    });
  }

  /** The first line of output, read as JSON, that `wanted` accepts; fails at once when the program ends before. */
  line(what: string, wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return until(`${what} from ${this.#name}`, () => {
      const lines = this.output.split('\n').slice(0, -1);
      const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(wanted);
      if (found === undefined && this.child.exitCode !== null)
        throw new Error(`${this.#name} ended with ${this.child.exitCode}: ${this.complaints.slice(-2_000)}`);
      return found ?? null;
    });
  }

  write(line: object): void {
    this.child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  /** Its exit code, after it has ended by itself. */
  async ended(): Promise<number> {
    this.child.stdin?.end();
    const { exitCode, signalCode } = this.child;
    if (exitCode === null && signalCode === null) await new Promise((resolve) => this.child.once('close', resolve));
    return this.child.exitCode ?? -1;
  }

  /** Asks it to stop; kills it when it does not. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    const code = await this.ended();
    clearTimeout(timer);
    return code;
  }
}

/** Runs a program to its end; gives its output, throws with its complaints. */
export async function run(command: readonly string[], options: RunOptions & { input?: string } = {}): Promise<string> {
  const program = new Program(command, options);
  if (options.input !== undefined) program.child.stdin?.end(options.input);
  const code = await new Promise<number | null>((resolve, reject) => {
    program.child.once('error', reject);
    program.child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command.slice(0, 3).join(' ')} ended with ${code}: ${program.complaints}`);
  return program.output;
}
