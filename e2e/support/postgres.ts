/** A private PostgreSQL on a unix socket, that a story stops and starts again. It refuses to run as root: then `nobody` runs it. */
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';

const VERSIONS = '/usr/lib/postgresql';

/** The folder of its programs, newest version first; null where it is not installed. */
export function findPostgres(): string | null {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort() : [];
  return versions.map((name) => join(VERSIONS, name, 'bin')).findLast((bin) => existsSync(join(bin, 'initdb'))) ?? null;
}

export class Postgres {
  readonly #bin: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'est-pg-'));
  #isRunning = false;

  private constructor(bin: string) {
    this.#bin = bin;
  }

  static async start(bin: string): Promise<Postgres> {
    const postgres = new Postgres(bin);
    chmodSync(postgres.#folder, 0o700);
    if (process.getuid?.() === 0) chownSync(postgres.#folder, ...(await nobody()));
    await postgres.#run('initdb', '-D', postgres.#data, '-U', 'estafette', '-A', 'trust', '-E', 'UTF8', '--no-sync');
    await postgres.resume();
    return postgres;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  get url(): string {
    return `postgresql://estafette@${encodeURIComponent(this.#folder)}/postgres`;
  }

  /** Ends it at once, as a machine that fails: every connection breaks. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    await this.#run('pg_ctl', 'stop', '-D', this.#data, '-w', '-m', 'immediate');
  }

  async resume(): Promise<void> {
    const settings = `-k ${this.#folder} -c listen_addresses= -c fsync=off`;
    await this.#run('pg_ctl', 'start', '-D', this.#data, '-w', '-l', join(this.#folder, 'log'), '-o', settings);
    this.#isRunning = true;
  }

  async end(): Promise<void> {
    if (this.#isRunning) await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(name: string, ...words: string[]): Promise<void> {
    const command = [join(this.#bin, name), ...words];
    const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', ...command];
    const [program = '', ...rest] = process.getuid?.() === 0 ? asNobody : command;
    const { code, errors } = await runCommand(program, rest);
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${errors}`);
  }
}

async function nobody(): Promise<[number, number]> {
  const number = async (option: string) => Number((await runCommand('id', [option, 'nobody'])).output.toString());
  return [await number('-u'), await number('-g')];
}
