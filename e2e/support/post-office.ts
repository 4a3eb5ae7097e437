/** Hands letters to the gateway over SMTP with STARTTLS; knows exactly which of them were answered 250, and how. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { runCommand } from './command.ts';
import type { Letter } from './letters.ts';

/** Where to send, and whom to believe. */
export interface Destination {
  readonly port: number;
  /** File of the authorities the gateway's TLS certificate must chain to. */
  readonly authorities: string;
}

const RESEND_PAUSE_MS = 100;

function connect(destination: Destination, connections: number) {
  return createTransport({
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
    host: '127.0.0.1',
    port: destination.port,
    secure: false,
    requireTLS: true,
    tls: { ca: readFileSync(destination.authorities), servername: 'localhost' },
    connectionTimeout: 60_000,
    greetingTimeout: 120_000,
    socketTimeout: 120_000,
  });
}

/** The letter id in a 250 answer. */
function letterIdOf(answer: string): string {
  const found = /^250 .*(ltr_[0-9A-Za-z]{26})/.exec(answer);
  if (found?.[1] === undefined) throw new Error(`no letter id in the answer “${answer}”`);
  return found[1];
}

/** Sends letters one after the other on one connection; gives the letter ids. Throws at the first refusal. */
export async function send(destination: Destination, ...letters: readonly Letter[]): Promise<string[]> {
  const transport = connect(destination, 1);
  try {
    const ids: string[] = [];
    for (const { from, to, recipients = [to], bytes } of letters) {
      const envelope = { from, to: [...recipients] };
      ids.push(letterIdOf((await transport.sendMail({ envelope, raw: bytes })).response));
    }
    return ids;
  } finally {
    transport.close();
  }
}

/** What became of a stubborn sending. */
export interface Delivery {
  /** Letters answered 250, by Message-ID. */
  readonly accepted: Map<string, string>;
  /** Answers other than 250 with a code, in order; connection troubles are 0. */
  readonly refusals: number[];
}

/**
 * Sends every letter until it has its 250, however often the server dies or says "later"; `onAccepted` hears of each
 * 250 with the count so far. A permanent refusal is an error.
 */
export async function sendStubbornly(
  destination: Destination,
  letters: readonly Letter[],
  options: { connections: number; onAccepted?: (count: number) => void; paceMs?: number },
): Promise<Delivery> {
  const delivery: Delivery = { accepted: new Map(), refusals: [] };
  const waiting = [...letters];
  const worker = async (): Promise<void> => {
    let transport = connect(destination, 1);
    for (let letter = waiting.shift(); letter !== undefined; letter = waiting.shift()) {
      try {
        const { from, to, recipients = [to], bytes } = letter;
        const { response } = await transport.sendMail({ envelope: { from, to: [...recipients] }, raw: bytes });
        delivery.accepted.set(letter.messageId, letterIdOf(response));
        options.onAccepted?.(delivery.accepted.size);
        if (options.paceMs !== undefined) await pause(options.paceMs);
      } catch (error) {
        const code = (error as { responseCode?: number }).responseCode ?? 0;
        if (code >= 500) throw error;
        delivery.refusals.push(code);
        waiting.push(letter);
        transport.close();
        transport = connect(destination, 1);
        await pause(RESEND_PAUSE_MS);
      }
    }
    transport.close();
  };
  await Promise.all(Array.from({ length: options.connections }, worker));
  return delivery;
}

/** Sends a letter with swaks over STARTTLS; gives the letter id. */
export async function sendWithSwaks(destination: Destination, letter: Letter): Promise<string> {
  const words = ['--server', `127.0.0.1:${destination.port}`, '--tls', '--from', letter.from, '--to', letter.to];
  const { code, output } = await runCommand('swaks', [...words, '--timeout', '120s', '--data', '-'], {
    input: letter.bytes,
  });
  const answer = /<~\s+(250 .*ltr_.*)/.exec(output.toString())?.[1];
  if (code !== 0 || answer === undefined) throw new Error(`swaks ended with ${code}:\n${output.toString()}`);
  return letterIdOf(answer);
}
