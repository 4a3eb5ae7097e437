/**
 * The launcher, from outside: how it ends, what reaches the script, and that no death of ours leaves the script behind.
 * The dependencies are there already when these tests run, so nothing is installed here.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryFolder } from './tree.ts';

const LAUNCHER = path.join(repositoryFolder, 'setup', 'run.mjs');

/** Waits until told to stop, by signal or by the loss of its parent; or ends as its first argument says. */
const SCRIPT = `
const [wish, value]: string[] = process.argv.slice(2);
if (wish === 'exit') process.exit(Number(value));
if (wish === 'die') process.kill(process.pid, 'SIGKILL');
if (wish === 'tell') { console.log(JSON.stringify(process.argv.slice(2))); process.exit(0); }
setInterval(() => {}, 1000);
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => { console.log(signal); setTimeout(() => process.exit(0), 300); });
console.log(process.pid);
`;

let folder = '';
let script = '';

before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'estafette-run-'));
  script = path.join(folder, 'script.ts');
  writeFileSync(script, SCRIPT);
});
after(() => rmSync(folder, { recursive: true }));

function launch(...args: string[]): { launcher: ChildProcess; output: () => string } {
  const launcher = spawn(process.execPath, [LAUNCHER, '--without-redis', '--', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_lifecycle_event: undefined },
    detached: true, // without a terminal above, as under a supervisor
  });
  let text = '';
  launcher.stdout?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return { launcher, output: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  for (let waits = 0; !condition(); waits += 1) {
    assert.ok(waits < 1_200, 'waited for a minute in vain');
    await sleep(50);
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe('the launcher', () => {
  it('ends with the exit code of the script', async () => {
    assert.deepEqual(await once(launch('exit', '7').launcher, 'exit'), [7, null]);
  });

  it('ends with 128 + the signal that ended the script', async () => {
    assert.deepEqual(await once(launch('die').launcher, 'exit'), [137, null]);
  });

  it('gives every argument to the script, options and blanks included', async () => {
    const { launcher, output } = launch('tell', '--json', 'a b', '--');
    await once(launcher, 'close');
    assert.deepEqual(JSON.parse(output()), ['tell', '--json', 'a b', '--']);
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`passes ${signal} on once, even if it comes twice, and waits for the script`, async () => {
      const { launcher, output } = launch('wait');
      await until(() => output().includes('\n'));
      launcher.kill(signal);
      await sleep(50);
      launcher.kill(signal);
      assert.deepEqual(await once(launcher, 'close'), [0, null]);
      assert.deepEqual(output().trim().split('\n').slice(1), [signal]);
    });
  }

  it('leaves no script behind when it is killed', async () => {
    const { launcher, output } = launch('wait');
    await until(() => output().includes('\n'));
    launcher.kill('SIGKILL');
    await until(() => isGone(Number(output())));
  });
});
