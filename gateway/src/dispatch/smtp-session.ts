/**
 * One SMTP session over a connected socket: greeting, EHLO, STARTTLS (never without: RFC 3207, TLS 1.2 or better), our
 * certificate shown; then mails. Outcomes are facts, told by the command that was answered: refused for good is a true
 * 5xx other than 503 to MAIL, RCPT or DATA; a 5xx to the greeting, EHLO or STARTTLS is about the connection. Who the
 * other side is, peer-check.ts judges before the first mail. It takes bytes only: nodemailer has nothing to fetch.
 */
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { awaitedBy, watchEarlyAnswers } from './early-answers.ts';
import { domainOf } from './reach.ts';

export type SessionLimits = Pick<
  { [name in keyof typeof DISPATCH_LIMITS]: number },
  'setupTimeoutMs' | 'socketTimeoutMs' | 'attemptMaxMs' | 'answerMaxBytes'
>;

/** What is sent: envelope, bytes, and whether reports are asked for (RFC 3461). */
export interface Sending {
  readonly mailId: string;
  /** Empty: the null sender. */
  readonly from: string;
  readonly to: string;
  readonly bytes: Buffer;
  readonly asksReports: boolean;
}

/** Troubles that may be over the next time; `isOfDomain`: the connection or the whole domain, not this mail alone. */
export interface Later {
  readonly outcome: 'later';
  readonly failure:
    | 'next-hop-unreachable'
    | 'next-hop-deferred'
    | 'next-hop-without-tls'
    | 'outcome-unknown'
    | 'peer-untrusted'
    | 'peer-not-listed'
    | 'peer-list-unavailable'
    | 'domain-not-found'
    | 'way-out-missing';
  readonly smtpCode: number | null;
  readonly isOfDomain: boolean;
}

export type SendOutcome =
  | { readonly outcome: 'sent' }
  | Later
  | {
      readonly outcome: 'refused';
      readonly failure: 'next-hop-refused' | 'domain-takes-no-mail' | 'domain-outside-space';
      readonly smtpCode: number | null;
    };

export interface SmtpSession {
  readonly tls: TLSSocket;
  readonly isOpen: () => boolean;
  /** One mail, within that time; null when the kept connection was gone before anything of this mail was answered. */
  send(mail: Sending, withinMs: number): Promise<SendOutcome | null>;
  /** Says QUIT where it can. */
  close(): void;
}

interface SmtpError {
  readonly responseCode?: number | undefined;
  readonly command?: string | undefined;
  readonly code?: string | undefined;
}

export const later = (
  failure: Later['failure'],
  { smtpCode = null, isOfDomain = true }: { smtpCode?: number | null; isOfDomain?: boolean } = {},
): Later => ({ outcome: 'later', failure, smtpCode, isOfDomain });

/** The commands whose answer is about the mail. */
const COMMANDS_OF_THE_MAIL: readonly (string | undefined)[] = ['MAIL FROM', 'RCPT TO', 'DATA'];
/** The service closes, or takes nothing from us now (RFC 5321 §4.2.1). */
const CLOSING = 421;

function setupTrouble(error: SmtpError, isUpgrading: boolean): Later {
  const smtpCode = error.responseCode ?? null;
  if (error.code === 'ETLS' || isUpgrading) return later('next-hop-without-tls', { smtpCode });
  return later(smtpCode === null ? 'next-hop-unreachable' : 'next-hop-deferred', { smtpCode });
}

function outcomeOf({ responseCode, command }: SmtpError, isAllSent: boolean): SendOutcome {
  const smtpCode = responseCode ?? null;
  // Our own library will not even begin: an address that cannot be written on a command line.
  if (command === 'API') return { outcome: 'refused', failure: 'next-hop-refused', smtpCode: null };
  if (smtpCode === null) return later(isAllSent ? 'outcome-unknown' : 'next-hop-unreachable');
  const isOfTheMail = COMMANDS_OF_THE_MAIL.includes(command);
  if (isOfTheMail && smtpCode >= 500 && smtpCode !== 503)
    return { outcome: 'refused', failure: 'next-hop-refused', smtpCode };
  return later('next-hop-deferred', { smtpCode, isOfDomain: !isOfTheMail || smtpCode === CLOSING });
}

const PIECE_BYTES = 64 * 1_024;
const QUIT_PATIENCE_MS = 2_000;

/** In pieces, so that it is known how much of it has gone. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** An address as it stands in a command: the domain in A-labels (RFC 5890 §2.3.2.1), the local part as it is. */
function onTheLine(address: string): string {
  const domain = domainOf(address);
  return domain === '' ? address : address.slice(0, address.lastIndexOf('@') + 1) + domain;
}

/** RFC 3461 §4; automatic mail asks for nothing, so that nothing can loop. */
function reportsOf({ asksReports, mailId, from, to }: Sending) {
  if (from === '') return { notify: ['NEVER'] };
  return asksReports ? { notify: ['SUCCESS', 'FAILURE', 'DELAY'], ret: 'HDRS', envid: mailId, orcpt: to } : undefined;
}

/** Speaks until the session is secure; the trouble, when it cannot be. */
export function openSmtpSession(options: {
  readonly socket: Socket;
  /** What we call the other side in SNI; empty: nothing. */
  readonly serverName: string;
  readonly ownName: string;
  readonly ownCertificate: { readonly certificate: string; readonly key: string } | null;
  readonly limits: SessionLimits;
}): Promise<SmtpSession | Later> {
  const { socket, serverName, ownCertificate, limits } = options;
  const connection = new SMTPConnection({
    connection: socket,
    name: options.ownName,
    requireTLS: true,
    connectionTimeout: limits.setupTimeoutMs,
    greetingTimeout: limits.setupTimeoutMs,
    socketTimeout: limits.socketTimeoutMs,
    maxResponseSize: limits.answerMaxBytes,
    logger: false,
    tls: {
      minVersion: 'TLSv1.2',
      // Nothing of a mail is said before peer-check.ts has judged the certificate, by the rules of the trust space.
      rejectUnauthorized: false,
      ...(serverName === '' ? {} : { servername: serverName }),
      ...(ownCertificate === null ? {} : { cert: ownCertificate.certificate, key: ownCertificate.key }),
    },
  });
  return new Promise((resolve) => {
    let isSecure = false;
    const end = (outcome: SmtpSession | Later): void => {
      clearTimeout(patience);
      resolve(outcome);
    };
    const fail = (error: SmtpError): void => {
      if (!isSecure) end(setupTrouble(error, connection.upgrading === true));
    };
    // However busy the line: an answer that drips is none.
    const patience = setTimeout(() => {
      fail({});
      connection.close();
      socket.destroy();
    }, limits.setupTimeoutMs);
    connection.on('error', fail);
    connection.once('end', () => fail({}));
    connection.connect((error) => {
      const tls = connection._socket;
      if (error !== undefined) return fail(error);
      if (!connection.secure || !(tls instanceof TLSSocket)) {
        connection.close();
        return end(later('next-hop-without-tls'));
      }
      isSecure = true;
      end(sessionOver(connection, tls));
    });
  });
}

function sessionOver(connection: SMTPConnection, tls: TLSSocket): SmtpSession {
  let sentBefore = 0;
  /** More was answered than asked: whatever is awaited now, no other mail goes over this session. */
  let isOutOfStep = false;
  let whenEarly = (_awaited: number): void => {};
  watchEarlyAnswers(
    tls,
    () => awaitedBy(connection),
    (awaited) => {
      isOutOfStep = true;
      whenEarly(awaited);
    },
  );
  const isOpen = (): boolean => !isOutOfStep && !connection.destroyed && tls.writable;

  const sendOnce = (mail: Sending, withinMs: number): Promise<SendOutcome | null> =>
    new Promise((resolve) => {
      const message = Readable.from(piecesOf(mail.bytes));
      let isAllSent = false;
      message.once('end', () => {
        isAllSent = true;
      });
      const end = (outcome: SendOutcome | null): void => {
        clearTimeout(patience);
        if (outcome?.outcome !== 'sent') connection.close();
        resolve(outcome);
      };
      const breakOff = (): void => end(outcomeOf({}, isAllSent));
      whenEarly = (awaited) => {
        if (awaited === 0) breakOff();
        // The answer to the final dot stands, as does one that ends the mail before: it is read before the next tick.
        else if (awaited === 1 && !isAllSent) process.nextTick(breakOff);
      };
      // Where several were awaited (RFC 2920), they have been read by now and the mail may go: not over this session.
      message.once('resume', () => {
        if (isOutOfStep) breakOff();
      });
      const patience = setTimeout(breakOff, withinMs);
      const to = onTheLine(mail.to);
      const dsn = reportsOf({ ...mail, to });
      const envelope = { from: onTheLine(mail.from), to: [to], ...(dsn === undefined ? {} : { dsn }) };
      connection.send(envelope, message, (error) => {
        // A `250` before the end of the mail is no answer to it.
        if (error === null) return end(isAllSent ? { outcome: 'sent' } : later('next-hop-unreachable'));
        const { responseCode, command }: SmtpError = error;
        const wasGone = sentBefore > 0 && !isAllSent && responseCode === undefined && command !== 'API';
        end(wasGone ? null : outcomeOf(error, isAllSent));
      });
    });

  return {
    tls,
    isOpen,
    async send(mail, withinMs) {
      const outcome = isOpen() ? await sendOnce(mail, withinMs) : null;
      if (outcome?.outcome === 'sent') sentBefore += 1;
      return outcome;
    },
    close() {
      if (!isOpen()) return connection.close();
      connection.quit();
      setTimeout(() => connection.close(), QUIT_PATIENCE_MS).unref();
    },
  };
}
