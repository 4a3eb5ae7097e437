/**
 * The SMTP door of a trust space. Who may speak is decided by its admission, recipients are checked at RCPT; DATA is
 * streamed into the sealed spool; the 250 is said when the letter is on disk, and everything after it happens without
 * the peer. Each refusal is one entry of the failure catalogue: generic words for the peer, the code in the log.
 * RFC 5321, 3207 (STARTTLS), 1870 (SIZE), 3461 (DSN), 4954 (AUTH), 6531 (SMTPUTF8).
 */
import type { SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { Clock, DoorPolicy, LastingStore, Log } from '../ports.ts';
import { createAdmission } from './create-admission.ts';
import { createDoorCounters } from './door-counters.ts';
import { DoorDecisions } from './door-decisions.ts';
import type { DoorJudge } from './door-judge.ts';
import { type DoorLimits, doorLimits } from './door-limits.ts';
import { DoorServer } from './door-server.ts';
import { createDoorSteps } from './door-steps.ts';
import type { Spool } from './spool.ts';
import { tlsSettings } from './tls-suites.ts';

export interface IntakeOptions {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** PEM. */
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly policy: Pick<DoorPolicy, 'requiresTls' | 'admits' | 'allowsCbcSuites'>;
  /** Name of the trust space, kept with each letter. */
  readonly space: string;
  /** Null at a door for anyone. */
  readonly judge: DoorJudge | null;
  /** The one address of the From of a header block, or null where it cannot be read for certain. */
  readonly readFrom: (headerBlock: Buffer) => string | null;
  readonly store: Pick<LastingStore, 'mailboxByAddress'>;
  readonly spool: Spool;
  readonly log: Log;
  readonly clock: Clock;
  /** Called after the letter is durable; must not throw. */
  readonly onSpooled: (letterId: string) => void;
  /** Letters accepted and not yet delivered. */
  readonly backlog: () => number;
  /** Other numbers than those of the product, for a test or bench about something else. */
  readonly limits?: Partial<DoorLimits>;
}

export interface Intake {
  readonly port: number;
  /** Another certificate, for the sessions whose TLS begins from now on. */
  renew(tls: IntakeOptions['tls']): void;
  /** Takes no new session; those under way go on, and when the last of them has ended it resolves. */
  retire(): Promise<void>;
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 2_000;

function serverOptions(options: IntakeOptions, limits: DoorLimits): SMTPServerOptions {
  const { policy, tls } = options;
  const asksClients = policy.admits !== 'anyone';
  return {
    name: options.serverName,
    banner: 'Estafette',
    heloResponse: '%s',
    key: tls.key,
    cert: tls.certificate,
    ...tlsSettings({ allowsCbcSuites: policy.allowsCbcSuites, asksClients }),
    // Judged by us after the handshake, so that the peer reads an answer instead of a TLS alert.
    requestCert: asksClients,
    rejectUnauthorized: false,
    size: limits.letterMaxBytes,
    hideENHANCEDSTATUSCODES: false,
    hideDSN: false,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: true,
    disableReverseLookup: true,
    socketTimeout: limits.idleTimeoutMs,
    closeTimeout: CLOSE_TIMEOUT_MS,
    logger: false,
  };
}

/** Opens the SMTP listener; rejects when the port cannot be had. */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const limits = doorLimits(options.limits);
  const { log, clock, policy } = options;
  const counters = createDoorCounters(limits, clock);
  const admit = createAdmission(policy, options.judge);
  const world = { ...options, limits, counters, admit };
  const decisions = new DoorDecisions(world);
  const steps = createDoorSteps(world, decisions);
  const { requiresTls } = policy;
  const offersLogin = policy.admits === 'accounts';
  const isStranger = (session: SMTPServerSession): boolean => decisions.isStranger(session);
  const server = new DoorServer(
    { ...serverOptions(options, limits), ...steps },
    { limits, counters, requiresTls, offersLogin, isStranger, log, clock },
  );
  server.on('error', (error) => log.debug('smtp connection trouble', { error }));

  const port = await new Promise<number>((resolve, reject) => {
    const listening = server.listen(options.port, options.host, () => {
      listening.off('error', reject);
      const address = listening.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
    listening.once('error', reject);
  });
  return {
    port,
    renew: ({ certificate, key }) => server.updateSecureContext({ cert: certificate, key }),
    retire: () => new Promise((done) => server.server.close(() => done())),
    close: () => new Promise((done) => server.close(() => done())),
  };
}
