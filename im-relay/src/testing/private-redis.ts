/** A real redis-server for one test file: a child on a unix socket in a temporary folder, durable as in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const REDIS_SERVER = process.env.ESTAFETTE_REDIS_SERVER ?? 'redis-server';

export class PrivateRedis {
  readonly #folder: string;
  readonly #clients: Redis[] = [];
  #child: ChildProcess | null = null;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<PrivateRedis> {
    const server = new PrivateRedis(await mkdtemp(join(tmpdir(), 'estafette-redis-')));
    try {
      await server.resume();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** A new connection, which reconnects by itself; closed by `stop`. */
  async connect(): Promise<Redis> {
    const client = this.#newClient();
    await ready(client);
    return client;
  }

  /** Starts the server (again) on the same data. */
  async resume(): Promise<void> {
    const settings = {
      port: '0',
      unixsocket: join(this.#folder, 'socket'),
      dir: this.#folder,
      appendonly: 'yes',
      appendfsync: 'always',
      'maxmemory-policy': 'noeviction',
      save: '',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#child = spawn(REDIS_SERVER, flags, { stdio: 'ignore' });
    const failed = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`${REDIS_SERVER} ended at once with ${code}`);
    });
    const probe = this.#newClient();
    await Promise.race([ready(probe), failed]);
    failed.catch(() => undefined);
    probe.disconnect();
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.disconnect();
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #newClient(): Redis {
    const client = new Redis({
      path: join(this.#folder, 'socket'),
      maxRetriesPerRequest: null,
      retryStrategy: () => 20,
      disconnectTimeout: 50,
    });
    client.on('error', () => undefined);
    this.#clients.push(client);
    return client;
  }
}

/** Not `once`, which rejects at the first connection refused. */
function ready(client: Redis): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  return new Promise((resolve) => client.once('ready', () => resolve()));
}
