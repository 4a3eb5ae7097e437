/**
 * The stage of a story: a data folder of its own, the real product started on it as a process, terminal devices, and
 * the other commands. Whatever a story starts ends with it; what survives (a redis-server, a second process) is an
 * error of the story. A test process that is killed takes its servers along: they hear their channel close.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { Chat } from './chat.ts';
import { type Outcome, runCommand } from './command.ts';
import { isAlive, until } from './waiting.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(REPOSITORY, 'cli', 'src', 'main.ts');
const START_PATIENCE_MS = 180_000;
const STOP_PATIENCE_MS = 120_000;

export type Environment = Readonly<Record<string, string>>;

/** What the ready line says, taken apart. */
export interface Server {
  readonly pid: number;
  readonly smtpPort: number;
  readonly web: string;
  readonly enrol: string;
  /** Everything it wrote on standard output and standard error so far. */
  printed(): string;
  /** Sends the signal and waits; gives the exit code, or the name of the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  /** kill -9. */
  kill(): Promise<void>;
  /** How it ended, whoever ended it. */
  readonly ended: Promise<number | string>;
}

export class Stage {
  readonly home: string;
  readonly #environment: Environment;
  readonly #children = new Set<ChildProcess>();
  readonly #chats = new Set<Chat>();

  /** `environment` holds for every command of this stage; its data folder is made in `folder`. */
  constructor(environment: Environment = {}, folder: string = tmpdir()) {
    this.home = mkdtempSync(join(folder, 'est-'));
    this.#environment = environment;
  }

  /** A path in the demo folder of this stage. */
  demo(...parts: string[]): string {
    return join(this.home, 'demo', ...parts);
  }

  address(person: 'doctor' | 'lab' | 'pharmacy'): string {
    return readFileSync(this.demo(person, 'address.txt'), 'utf8').trim();
  }

  /** Process id of the private redis-server. */
  redisPid(): number {
    return Number(readFileSync(join(this.home, 'redis', 'child.pid'), 'utf8'));
  }

  /** Starts the product on free ports, or on those of `ports`; resolves at its ready line. */
  async start(settings: Environment = {}): Promise<Server> {
    const ports = { ESTAFETTE_SMTP_PORT: String(await freePort()), ESTAFETTE_HTTP_PORT: String(await freePort()) };
    const child = this.#spawn(['start', '--json'], { ...ports, ...this.#environment, ...settings });
    const printed: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => printed.push(chunk));
    const line = await firstLine(child, printed);
    if (line === null) throw new Error(`the product did not start: ${Buffer.concat(printed).toString()}`);
    const ready = JSON.parse(line) as { smtp: string; web: string; enrol: string };
    const ended = exitOf(child);
    return {
      pid: child.pid ?? 0,
      smtpPort: Number(ready.smtp.split(':').at(-1)),
      web: ready.web,
      enrol: ready.enrol,
      printed: () => Buffer.concat(printed).toString(),
      stop: async (signal = 'SIGTERM') => {
        child.kill(signal);
        return ended;
      },
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
      },
      ended,
    };
  }

  /** Settings that make the next start serve on the ports of this one. */
  portsOf(server: Server): Environment {
    return {
      ESTAFETTE_SMTP_PORT: String(server.smtpPort),
      ESTAFETTE_HTTP_PORT: new URL(server.web).port,
    };
  }

  /** A terminal device of a mailbox (the demo pharmacy's, unless said otherwise), ready to receive. */
  async chat(person = 'Camille', address = this.address('pharmacy'), ...words: readonly string[]): Promise<Chat> {
    const child = this.#spawn(['chat', address, '--person', person, '--json', ...words], {}, 'pipe');
    const chat = new Chat(child, exitOf(child));
    this.#chats.add(chat);
    await chat.line('the terminal is ready', (line) => line.type === 'ready');
    return chat;
  }

  /** Runs a command of the product to its end. */
  run(words: readonly string[], settings: Environment = {}): Promise<Outcome> {
    return runCommand(process.execPath, [MAIN, ...words], { environment: this.environment(settings) });
  }

  /** Ends everything and removes the data folder; throws when something had survived. */
  async close(): Promise<void> {
    for (const chat of this.#chats) await chat.end();
    const redis = existsSync(join(this.home, 'redis', 'child.pid')) ? this.redisPid() : null;
    for (const child of this.#children) await endChild(child);
    const survivor = redis !== null && !(await goneSoon(redis)) ? redis : null;
    if (survivor !== null) process.kill(survivor, 'SIGKILL');
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    if (survivor !== null) throw new Error(`the redis-server ${survivor} outlived its parent`);
  }

  environment(settings: Environment): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => name === 'ESTAFETTE_REDIS_SERVER' || !/^(ESTAFETTE_|NODE_TEST_)/.test(name),
    );
    return {
      ...Object.fromEntries(inherited),
      ESTAFETTE_HOME: this.home,
      ESTAFETTE_SMTP_PORT: '0',
      ESTAFETTE_HTTP_PORT: '0',
      ESTAFETTE_DEMO_SMTP_PORT: '0',
      // Each answer of a test is a mail at once; e2e/gathering.test.ts looks at the pause.
      ESTAFETTE_GATHER_SECONDS: '0',
      ...this.#environment,
      ...settings,
    };
  }

  #spawn(words: readonly string[], settings: Environment, input: 'pipe' | 'ignore' = 'ignore'): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...words], {
      cwd: REPOSITORY,
      env: this.environment(settings),
      stdio: [input, 'pipe', 'pipe', 'ipc'],
    });
    child.channel?.unref();
    this.#children.add(child);
    return child;
  }
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'nothing')));
}

/** The first line on standard output, or null when the process ends before it; `printed` keeps everything. */
function firstLine(child: ChildProcess, printed: Buffer[]): Promise<string | null> {
  const { stdout } = child;
  if (stdout === null) return Promise.resolve(null);
  stdout.on('data', (chunk: Buffer) => printed.push(chunk));
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      printed.push(Buffer.from(`nothing was ready after ${START_PATIENCE_MS} ms`));
      child.kill('SIGKILL');
      resolve(null);
    }, START_PATIENCE_MS);
    const settle = (line: string | null): void => {
      clearTimeout(timer);
      resolve(line);
    };
    createInterface({ input: stdout }).once('line', settle);
    child.once('exit', () => settle(null));
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = exitOf(child);
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await ended;
  clearTimeout(timer);
}

async function goneSoon(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    return true;
  }
  return until(`process ${pid} is gone`, () => !isAlive(pid)).then(
    () => true,
    () => false,
  );
}
