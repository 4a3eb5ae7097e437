/**
 * Hands sealed mail to the next hop over SMTP with STARTTLS required, on kept connections. The outcome is a fact,
 * not an error text: accepted, refused for good (a true 5xx other than 503), or later (everything else). Nothing
 * here looks into the mail; it takes bytes only, so that nodemailer has nothing to fetch or to build.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { createTransport } from 'nodemailer';

export interface NextHopOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities the next hop's certificate must chain to. */
  readonly authorities: string;
  /** Name we say in EHLO. */
  readonly ownName: string;
  /** Name the certificate must carry, where it is not the host. */
  readonly serverName?: string;
}

export type SendOutcome =
  | { readonly outcome: 'sent' }
  | {
      readonly outcome: 'later';
      readonly failure: 'next-hop-unreachable' | 'next-hop-deferred';
      readonly smtpCode: number | null;
    }
  | { readonly outcome: 'refused'; readonly smtpCode: number };

export interface NextHop {
  send(mail: { from: string; to: string; bytes: Buffer }): Promise<SendOutcome>;
  close(): void;
}

/** The commands whose answer is about the mail; a 5xx to the greeting, EHLO or STARTTLS is about the connection. */
const COMMANDS_OF_THE_MAIL: readonly (string | undefined)[] = ['MAIL FROM', 'RCPT TO', 'DATA'];

function outcomeOf(error: unknown): SendOutcome {
  const { responseCode: smtpCode = null, command } = error as { responseCode?: number; command?: string };
  const isOfTheMail = COMMANDS_OF_THE_MAIL.includes(command);
  if (isOfTheMail && smtpCode !== null && smtpCode >= 500 && smtpCode !== 503) return { outcome: 'refused', smtpCode };
  return { outcome: 'later', failure: smtpCode === null ? 'next-hop-unreachable' : 'next-hop-deferred', smtpCode };
}

/** A pool of connections to the next hop. */
export function openNextHop(options: NextHopOptions): NextHop {
  const transport = createTransport({
    pool: true,
    host: options.host,
    port: options.port,
    name: options.ownName,
    secure: false,
    requireTLS: true,
    tls: {
      ca: options.authorities,
      minVersion: 'TLSv1.2',
      ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    },
    maxConnections: DISPATCH_LIMITS.poolConnectionsMax,
    maxMessages: Number.POSITIVE_INFINITY,
    connectionTimeout: DISPATCH_LIMITS.connectionTimeoutMs,
    socketTimeout: DISPATCH_LIMITS.socketTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ from, to, bytes }) {
      try {
        await transport.sendMail({ envelope: { from, to: [to] }, raw: bytes });
        return { outcome: 'sent' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    close: () => transport.close(),
  };
}

/** Pause before the next attempt, in milliseconds: doubling from the first, at most an hour, with jitter. */
export function pauseBeforeAttempt(attempt: number): number {
  const base = Math.min(DISPATCH_LIMITS.firstRetryMs * 2 ** Math.max(attempt - 1, 0), 3_600_000);
  return Math.round(base * (0.8 + Math.random() * 0.4));
}
