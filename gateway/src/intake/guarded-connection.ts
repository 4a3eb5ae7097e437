/**
 * The SMTP library's connection, guarded. What it does not do itself, and why each guard stands here:
 * - every refusal it makes of its own accord goes through `send`, which says it in the words of our catalogue;
 * - a command line with a bare LF, bare CR or NUL ends the connection: the library takes LF for CRLF (RFC 5321 §2.3.8);
 * - MAIL and RCPT are read by `mail-command.ts`, strictly, before the library sees them;
 * - commands, errors, letters, time and speed are limited for each session, and a stranger has little time;
 * - the greeting comes at once: the library waits 100 ms for peers who talk first, which stops no peer we must fear and
 *   holds up every honest one.
 * It rests on members the library marks with an underscore; the dialogues of e2e/door.test.ts say so when a new version
 * changes them.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { SMTPServer, SMTPServerAddress, SMTPServerSession } from 'smtp-server';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import type { Log } from '../ports.ts';
import { answerOf, failureBehind } from './door-answers.ts';
import type { DoorLimits } from './door-limits.ts';
import { GuardedStream } from './guarded-stream.ts';
import { type MailCommand, type RcptCommand, readMailCommand, readRcptCommand } from './mail-command.ts';

const OFFERED = new Set(['EHLO', 'HELO', 'MAIL', 'RCPT', 'DATA', 'RSET', 'NOOP', 'QUIT', 'VRFY', 'STARTTLS', 'AUTH']);
const WITHOUT_WORDS = new Set(['DATA', 'RSET', 'QUIT', 'STARTTLS']);
/** Commands of other servers: 502 rather than 500. */
const ELSEWHERE = new Set([
  'EXPN',
  'HELP',
  'TURN',
  'ETRN',
  'ATRN',
  'BDAT',
  'SEND',
  'SOML',
  'SAML',
  'XCLIENT',
  'XFORWARD',
]);

/** What MAIL and RCPT said, kept beside the address that the library carries about. */
const mails = new WeakMap<SMTPServerAddress, MailCommand>();
const recipients = new WeakMap<SMTPServerAddress, RcptCommand>();
export const mailOf = (address: SMTPServerAddress): MailCommand | undefined => mails.get(address);
export const rcptOf = (address: SMTPServerAddress): RcptCommand | undefined => recipients.get(address);

/** What a connection must know of its door. */
export interface GuardedServer extends SMTPServer {
  readonly door: {
    readonly limits: DoorLimits;
    readonly requiresTls: boolean;
    readonly offersLogin: boolean;
    /** Whether a session has neither brought a letter nor proven who it is. */
    isStranger(session: SMTPServerSession): boolean;
    readonly log: Log;
  };
  /** Milliseconds since 1970. */
  now(): number;
  left(connection: GuardedConnection): void;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(command: Buffer): string | null {
  try {
    return utf8.decode(command);
  } catch {
    return null;
  }
}

export class GuardedConnection extends SMTPConnection {
  declare _server: GuardedServer;
  #commands = 0;
  #errors = 0;
  #letters = 0;
  #openedAt = 0;
  #letterSince = 0;
  /** Why the connection ends, where it is the library that ends it. */
  #ending: FailureCode | null = null;
  #address: SMTPServerAddress | null = null;

  override init(): void {
    this.#openedAt = this._server.now();
    this._setListeners(() => this.connectionReady());
  }

  override _createParser(): SMTPStream {
    const { limits, offersLogin } = this._server.door;
    const parser = new GuardedStream(offersLogin ? limits.authLineMaxBytes : limits.commandLineMaxBytes, {
      bareByte: () => this.end('command-line-bare'),
      letterBytes: (bytes) => bytes > limits.refusedBytesMax && this.end('letter-too-large'),
    });
    parser.oncommand = (command, callback) => this._onCommand(command, callback);
    parser.on('error', () => this.end('command-line-too-long'));
    return parser;
  }

  /** Says why, and ends the connection. */
  end(code: FailureCode): void {
    this.send(answerOf(code).code, code);
    this.close();
  }

  override send(...[code, text, context]: Parameters<SMTPConnection['send']>): void {
    if (code < 400) super.send(code, text, context);
    else this.#refuse(code, text);
  }

  #refuse(code: number, text: unknown): void {
    const { door } = this._server;
    const failure = code === 421 && this.#ending !== null ? this.#ending : failureBehind(code, text);
    const answer = answerOf(failure);
    door.log.info('smtp refusal', { sessionId: this.id, code: failure });
    super.send(answer.code, answer.text, false);
    if (answer.code >= 500) this.#errors += 1;
    if (answer.code >= 500 && this.#errors >= door.limits.errorsPerSessionMax && !this._closing)
      this.end('errors-too-many');
  }

  override _onTimeout(): void {
    this.#ending = 'idle-too-long';
    super._onTimeout();
    this.#ending = null;
  }

  override _onClose(): void {
    const isFirst = !this._closed;
    super._onClose();
    if (isFirst) this._server.left(this);
  }

  override _onCommand(command: Buffer, callback?: () => void): void {
    this.#commands += 1;
    const text = textOf(command);
    const verb = text?.split(' ', 1)[0]?.toUpperCase() ?? '';
    const end = this.#endBefore(verb, command.length);
    // What came in clear before the handshake is forgotten there; the lines of an AUTH exchange are no commands.
    if (this._upgrading || this._closing) super._onCommand(command, callback);
    else if (end !== null) this.end(end);
    else if (this._nextHandler !== false) super._onCommand(command, callback);
    else this.#hear(verb, { command, text, callback });
  }

  /** Why the session ends instead of hearing the command. */
  #endBefore(verb: string, bytes: number): FailureCode | null {
    const { limits } = this._server.door;
    const isLogin = verb === 'AUTH' || this._nextHandler !== false;
    if (this._server._closeTimeout !== false) return 'gateway-closing';
    if (this.#commands > limits.commandsPerSessionMax) return 'session-over';
    if (bytes > limits.commandLineMaxBytes && !isLogin) return 'command-line-too-long';
    return verb === 'MAIL' && this.#letters >= limits.lettersPerSessionMax ? 'session-over' : null;
  }

  #hear(verb: string, line: { command: Buffer; text: string | null; callback: (() => void) | undefined }): void {
    const refusal = line.text === null ? 'command-unknown' : this.#refusalOf(verb, line.text);
    if (refusal === null) this.#passOn(verb, line.command, line.callback);
    else {
      this.send(answerOf(refusal).code, refusal);
      setImmediate(() => this._whenWritable(() => line.callback?.()));
    }
  }

  #passOn(verb: string, command: Buffer, callback?: () => void): void {
    super._onCommand(command, callback);
    if (verb !== 'DATA' || !this._dataStream) return;
    this.#letters += 1;
    this.#letterSince = this._server.now();
  }

  /** Why a command is refused before the library sees it; what MAIL and RCPT say is kept for it. */
  #refusalOf(verb: string, text: string): FailureCode | null {
    const { door } = this._server;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a command has none (RFC 5321 §4.1.1)
    if (/[\x00-\x1f\x7f]/.test(text)) return 'command-malformed';
    if (!OFFERED.has(verb)) return ELSEWHERE.has(verb) ? 'command-refused' : 'command-unknown';
    if (WITHOUT_WORDS.has(verb) && text.trim().length > verb.length) return 'command-malformed';
    if (verb === 'AUTH') return this.#refusalOfAuth();
    const needsHello = verb === 'MAIL' || verb === 'RCPT';
    if (!needsHello || this.hostNameAppearsAs === false) return null;
    if (verb === 'MAIL' && door.requiresTls && !this.secure) return 'tls-required';
    const { mailFrom } = this.session.envelope;
    if (verb === 'MAIL') return this.#readMail(text);
    if (mailFrom === false) return 'command-out-of-order';
    const read = readRcptCommand(text, mailOf(mailFrom)?.smtpUtf8 === true);
    if (typeof read === 'string') return read;
    this.#address = { address: read.address, args: false };
    recipients.set(this.#address, read);
    return null;
  }

  #readMail(text: string): FailureCode | null {
    const read = readMailCommand(text);
    if (typeof read === 'string') return read;
    if (read.size !== null && read.size > this._server.door.limits.letterMaxBytes) return 'letter-too-large';
    this.#address = { address: read.address, args: false };
    mails.set(this.#address, read);
    return null;
  }

  /** RFC 4954 §4: only after TLS here, and not within a transaction. */
  #refusalOfAuth(): FailureCode | null {
    if (!this._server.door.offersLogin) return 'command-refused';
    if (!this.secure) return 'tls-required';
    return this.session.envelope.mailFrom === false ? null : 'command-out-of-order';
  }

  override _parseAddressCommand(): SMTPServerAddress | false {
    const address = this.#address;
    this.#address = null;
    return address ?? false;
  }

  /** Looks whether the letter under way comes quickly enough, and whether the session has lasted too long. */
  look(now: number): void {
    const { door } = this._server;
    const { limits } = door;
    const parser = this._parser;
    if (parser !== false && parser._dataMode) {
      const tookMs = now - this.#letterSince;
      const isSlow =
        tookMs > limits.dataPatienceMs && (parser.dataBytes * 1_000) / tookMs < limits.dataMinBytesPerSecond;
      if (tookMs > limits.dataMaxMs || isSlow) this.end('data-too-slow');
    } else if (!this._dataStream && !this._handlerPending) {
      const maxMs = door.isStranger(this.session) ? limits.strangerSessionMaxMs : limits.sessionMaxMs;
      if (now - this.#openedAt > maxMs) this.end('session-over');
    }
  }
}
