/**
 * The steps of an SMTP session as the library asks for them: connection, TLS, AUTH, MAIL, RCPT, DATA. A step that fails
 * through our own fault answers 451 and keeps nothing; nothing of a session before TLS counts after it.
 */
import { TLSSocket } from 'node:tls';
import { type FailureCode, Refusal } from '@estafette/contracts/failure';
import type { SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { DoorPolicy } from '../ports.ts';
import { refusalError } from './door-answers.ts';
import type { DecidingWorld, DoorDecisions } from './door-decisions.ts';
import { type LetterKeeper, takeLetter } from './take-letter.ts';
import { clientChainOf } from './tls-suites.ts';

export interface DoorWorld extends DecidingWorld, LetterKeeper {
  readonly policy: Pick<DoorPolicy, 'requiresTls' | 'admits'>;
  readonly onSpooled: (letterId: string) => void;
}

type Steps = Pick<
  Required<SMTPServerOptions>,
  'onConnect' | 'onSecure' | 'onAuth' | 'onMailFrom' | 'onRcptTo' | 'onData'
>;
type Callback = (error?: Error | null) => void;

const NO_LOGIN = ['AUTH'];

export function createDoorSteps(world: DoorWorld, decisions: DoorDecisions): Steps {
  const { log, limits, policy } = world;

  const decide = (session: SMTPServerSession, callback: Callback, work: () => Promise<FailureCode | null>): void => {
    work().then(
      (code) => callback(code === null ? null : refusalError(code)),
      (error: unknown) => {
        log.error('smtp step failed', { sessionId: session.id, error });
        callback(refusalError('store-unavailable'));
      },
    );
  };
  const refusalOf = (error: unknown, stream: SMTPServerDataStream, session: SMTPServerSession): Error => {
    if (error instanceof Refusal) return refusalError(error.code);
    // A peer that went away is nothing to tell.
    if (!stream.destroyed) log.error('letter not spooled', { sessionId: session.id, error });
    return refusalError('store-unavailable');
  };

  return {
    onConnect(session, callback) {
      session.disabledCommands = NO_LOGIN;
      callback();
    },
    onSecure(socket, session, callback) {
      session.disabledCommands = policy.admits === 'accounts' ? [] : NO_LOGIN;
      decisions.begin(session, socket instanceof TLSSocket ? clientChainOf(socket, limits.clientChainMax) : []);
      callback();
    },
    onAuth({ username = '', password, authzid, authcid }, session, callback) {
      // RFC 4616: nobody acts for another here. Asked with no password, it costs as much as any wrong one.
      const isForAnother = authzid !== undefined && authzid !== '' && authzid !== authcid;
      const given = isForAnother ? '' : (password ?? '');
      const answer: Callback = (error) => callback(error, error == null ? { user: true } : undefined);
      decide(session, answer, () => decisions.login(username, given, session));
    },
    onMailFrom: ({ address }, session, callback) => decide(session, callback, () => decisions.sender(address, session)),
    onRcptTo: (given, session, callback) => decide(session, callback, () => decisions.recipient(given, session)),
    onData(stream, session, callback) {
      takeLetter(stream, session, decisions.of(session), world).then(
        (letterId) => {
          decisions.letterAccepted(session);
          world.onSpooled(letterId);
          callback(null, `Accepted as ${letterId}`);
        },
        (error: unknown) => callback(refusalOf(error, stream, session)),
      );
    },
  };
}
