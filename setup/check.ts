/**
 * `npm run check`: everything that can be judged without running Estafette. One line per step, the failures in full,
 * and every step runs even if an earlier one failed. `npm test` runs the same steps through check.test.ts.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { checkDocuments } from './docs-check.ts';
import { checkHygiene, checkLockFile } from './hygiene.ts';
import { checkImports } from './import-rules.ts';
import { repositoryFolder } from './tree.ts';

export interface Step {
  title: string;
  /** Gives what is wrong, in full; nothing when all is well. */
  findFaults: () => Promise<string>;
}

/** Runs a command of node_modules/.bin; its whole output is the fault. */
function toolFaults(command: string, args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(path.join(repositoryFolder, 'node_modules', '.bin', command), args, {
      cwd: repositoryFolder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', (error) => resolve(`${command} could not be started: ${error.message}`));
    child.once('close', (code) => resolve(code === 0 ? '' : output.trim() || `${command} ended with ${code}`));
  });
}

const asFaults = (lines: string[]): string => lines.join('\n');

export const STEPS: Step[] = [
  { title: 'types agree', findFaults: () => toolFaults('tsc', ['--noEmit', '-p', '.']) },
  { title: 'lint and format', findFaults: () => toolFaults('biome', ['check', '--max-diagnostics=200']) },
  { title: 'import rules hold', findFaults: async () => asFaults(checkImports()) },
  { title: 'no dead code', findFaults: () => toolFaults('knip', ['--no-progress', '--no-config-hints']) },
  { title: 'documents match the code', findFaults: async () => asFaults(await checkDocuments()) },
  { title: 'the lock file is complete, without download addresses', findFaults: async () => asFaults(checkLockFile()) },
  { title: 'nothing lies about that should not', findFaults: async () => asFaults(checkHygiene()) },
];

/** What a step found; a step that itself breaks has failed. */
export async function faultsOf(step: Step): Promise<string> {
  try {
    return await step.findFaults();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

async function main(): Promise<void> {
  let failures = 0;
  for (const step of STEPS) {
    const startedMs = Date.now();
    const faults = await faultsOf(step);
    if (faults !== '') failures += 1;
    const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
    console.log(`${faults === '' ? 'ok    ' : 'FAILED'} ${step.title} (${seconds} s)`);
    if (faults !== '') console.log(faults.replaceAll(/^/gm, '       '));
  }
  console.log(failures === 0 ? 'check: all is well' : `check: ${failures} of ${STEPS.length} steps failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

if (import.meta.main) await main();
