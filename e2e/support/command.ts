/** Runs a command to its end, its input and output through pipes: openssl, swaks, and the product's own commands. */
import { spawn } from 'node:child_process';

export interface Outcome {
  readonly code: number | null;
  readonly output: Buffer;
  readonly errors: string;
}

/** Resolves with whatever the command did; rejects only when it cannot be started. */
export async function runCommand(
  command: string,
  words: readonly string[],
  options: { input?: Buffer; environment?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const child = spawn(command, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.environment === undefined ? {} : { env: options.environment }),
  });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  return { code, output: Buffer.concat(output), errors: Buffer.concat(errors).toString() };
}
