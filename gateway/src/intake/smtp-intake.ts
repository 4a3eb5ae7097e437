/**
 * The SMTP door. Recipients are checked at RCPT; DATA is streamed into the sealed spool; the 250 is said when the
 * letter is on disk, and everything after it happens without the peer. Each refusal is one entry of the failure
 * catalogue: generic words for the peer, the code in the log. RFC 5321, 3207 (STARTTLS), 1870 (SIZE).
 */
import { type FailureCode, failureOf, Refusal } from '@estafette/contracts/failure';
import { newId } from '@estafette/contracts/ids';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Clock, LastingStore, Log } from '../ports.ts';
import { watchedLetter } from './letter-stream.ts';
import type { Spool } from './spool.ts';

export interface IntakeOptions {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  readonly tls: { readonly certificate: string; readonly key: string };
  readonly requiresTls: boolean;
  readonly store: Pick<LastingStore, 'mailboxByAddress'>;
  readonly spool: Spool;
  readonly log: Log;
  readonly clock: Clock;
  /** Called after the letter is durable; must not throw. */
  readonly onSpooled: (letterId: string) => void;
  /** Letters accepted and not yet delivered. */
  readonly backlog: () => number;
}

export interface Intake {
  readonly port: number;
  close(): Promise<void>;
}

type Callback = (error?: Error | null) => void;

/** An error that smtp-server turns into the answer of the catalogue. Without a code it would become a 550. */
function answerFor(code: FailureCode): Error {
  const failure = failureOf(code);
  const smtp = failure.smtp ?? { code: 451, enhanced: '4.3.0' };
  return Object.assign(new Error(`${smtp.enhanced} ${failure.peer}`), { responseCode: smtp.code });
}

/** Opens the SMTP listener; rejects when the port cannot be had. */
export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { log, store, spool, clock } = options;
  const mailboxesOf = new WeakMap<object, Map<string, string>>();

  const refuse = (session: SMTPServerSession, code: FailureCode): Error => {
    log.info('smtp refusal', { sessionId: session.id, code });
    return answerFor(code);
  };
  const decide = (session: SMTPServerSession, callback: Callback, work: () => Promise<FailureCode | null>): void => {
    work().then(
      (code) => callback(code === null ? null : refuse(session, code)),
      (error: unknown) => {
        log.error('smtp step failed', { sessionId: session.id, error });
        callback(answerFor('store-unavailable'));
      },
    );
  };

  const sender = async (address: string, session: SMTPServerSession): Promise<FailureCode | null> => {
    if (options.requiresTls && !session.secure) return 'tls-required';
    if (address.length > SMTP_LIMITS.addressMaxBytes || /[\p{Cc}\s]/u.test(address)) return 'sender-address-refused';
    return options.backlog() >= SMTP_LIMITS.backlogMaxLetters ? 'backlog-full' : null;
  };

  const recipient = async (address: string, session: SMTPServerSession): Promise<FailureCode | null> => {
    const known = mailboxesOf.get(session.envelope) ?? new Map<string, string>();
    mailboxesOf.set(session.envelope, known);
    if (session.envelope.rcptTo.length >= SMTP_LIMITS.recipientsMax) return 'recipients-too-many';
    const mailbox = await store.mailboxByAddress(address);
    if (mailbox === null) return 'mailbox-unknown';
    known.set(address, mailbox.id);
    return null;
  };

  const take = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> => {
    const letterId = newId('letter');
    const mailboxIds = [...new Set(mailboxesOf.get(session.envelope)?.values())];
    const mailFrom = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address;
    const { bytes } = await spool.store(
      letterId,
      { mailFrom, mailboxIds, receivedAt: clock.now().getTime() },
      watchedLetter(stream),
    );
    log.info('letter accepted', { sessionId: session.id, letterId, bytes, count: mailboxIds.length });
    options.onSpooled(letterId);
    return letterId;
  };

  const server = new SMTPServer({
    name: options.serverName,
    banner: 'Estafette',
    key: options.tls.key,
    cert: options.tls.certificate,
    minVersion: 'TLSv1.2',
    size: SMTP_LIMITS.letterMaxBytes,
    hideENHANCEDSTATUSCODES: true,
    hideDSN: true,
    disabledCommands: ['AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    maxClients: SMTP_LIMITS.connectionsMax,
    socketTimeout: SMTP_LIMITS.idleTimeoutMs,
    closeTimeout: 2_000,
    logger: false,
    onMailFrom: (address, session, callback) => decide(session, callback, () => sender(address.address, session)),
    onRcptTo: (address, session, callback) => decide(session, callback, () => recipient(address.address, session)),
    onData: (stream, session, callback) => {
      take(stream, session).then(
        (letterId) => callback(null, `2.0.0 Accepted as ${letterId}`),
        (error: unknown) => {
          stream.resume();
          if (error instanceof Refusal) callback(refuse(session, error.code));
          else {
            if (!stream.destroyed) log.error('letter not spooled', { sessionId: session.id, error });
            callback(answerFor('store-unavailable'));
          }
        },
      );
    },
  });
  server.on('error', (error) => log.debug('smtp connection trouble', { error }));

  const port = await new Promise<number>((resolve, reject) => {
    const listening = server.listen(options.port, options.host, () => {
      listening.off('error', reject);
      const address = listening.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
    listening.once('error', reject);
  });
  return { port, close: () => new Promise((done) => server.close(() => done())) };
}
