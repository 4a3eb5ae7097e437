/**
 * What is decided of a login, a sender and a recipient: null, or why not. What is settled of a transaction stands for
 * its envelope only, and what is settled of a session only until TLS begins.
 */
import type { FailureCode } from '@estafette/contracts/failure';
import type { SMTPServerAddress, SMTPServerSession } from 'smtp-server';
import type { DeliveryWishes, DoorPolicy, LastingStore } from '../ports.ts';
import type { Admission, ClientChain } from './admission.ts';
import { atOnce } from './at-once.ts';
import type { DoorCounters } from './door-counters.ts';
import type { DoorLimits } from './door-limits.ts';
import { rcptOf } from './guarded-connection.ts';

export interface DecidingWorld {
  readonly policy: Pick<DoorPolicy, 'requiresTls'>;
  readonly store: Pick<LastingStore, 'mailboxByAddress'>;
  readonly backlog: () => number;
  readonly limits: DoorLimits;
  readonly counters: DoorCounters;
  readonly admit: (chain: ClientChain) => Admission;
}

type Recipient = DeliveryWishes['recipients'][number];

interface Session {
  readonly admission: Admission;
  failedLogins: number;
  hasBroughtLetter: boolean;
  /** The envelope that the recipients are of. */
  envelope: object | null;
  recipients: Recipient[];
}

export class DoorDecisions {
  readonly #world: DecidingWorld;
  readonly #sessions = new WeakMap<SMTPServerSession, Session>();
  readonly #oneOfFew: ReturnType<typeof atOnce>;

  constructor(world: DecidingWorld) {
    this.#world = world;
    this.#oneOfFew = atOnce(world.limits.loginsAtOnceMax);
  }

  /** TLS begins with these certificates, and with it the session anew; only what is counted of it is not forgotten. */
  begin(session: SMTPServerSession, chain: ClientChain): Session {
    const { failedLogins = 0, hasBroughtLetter = false } = this.#sessions.get(session) ?? {};
    const counted = { failedLogins, hasBroughtLetter };
    const begun = { admission: this.#world.admit(chain), ...counted, envelope: null, recipients: [] };
    this.#sessions.set(session, begun);
    return begun;
  }

  /** The session as it stands. */
  of(session: SMTPServerSession): Session {
    return this.#sessions.get(session) ?? this.begin(session, []);
  }

  /** Whether it has neither brought a letter nor proven who it is. */
  isStranger(session: SMTPServerSession): boolean {
    const known = this.#sessions.get(session);
    return known === undefined || (!known.hasBroughtLetter && known.admission.who() === null);
  }

  letterAccepted(session: SMTPServerSession): void {
    this.of(session).hasBroughtLetter = true;
    this.#world.counters.letterAccepted(session.remoteAddress);
  }

  login(name: string, password: string, session: SMTPServerSession): Promise<FailureCode | null> {
    const { limits, counters } = this.#world;
    const known = this.of(session);
    const address = session.remoteAddress;
    // Asked when it is its turn: many sessions may have waited for theirs together.
    return this.#oneOfFew(async () => {
      if (!counters.mayLogIn(address)) return 'logins-too-many';
      const refusal = await known.admission.login(name, password);
      if (refusal !== 'login-refused') return refusal;
      counters.loginFailed(address);
      known.failedLogins += 1;
      return known.failedLogins >= limits.failedLoginsPerSessionMax ? 'logins-too-many' : refusal;
    });
  }

  async sender(address: string, session: SMTPServerSession): Promise<FailureCode | null> {
    const { policy, backlog, limits, counters } = this.#world;
    if (policy.requiresTls && !session.secure) return 'tls-required';
    const { admission } = this.of(session);
    const refusal = await admission.sender(address);
    if (refusal !== null) return refusal;
    if (backlog() >= limits.backlogMaxLetters) return 'backlog-full';
    return counters.letterBegins(session.remoteAddress, admission.who());
  }

  async recipient(given: SMTPServerAddress, session: SMTPServerSession): Promise<FailureCode | null> {
    const { store, limits } = this.#world;
    const known = this.of(session);
    if (known.envelope !== session.envelope) {
      known.envelope = session.envelope;
      known.recipients = [];
    }
    if (known.recipients.length >= limits.recipientsMax) return 'recipients-too-many';
    const { address } = given;
    const mailbox = await store.mailboxByAddress(address);
    if (mailbox === null) return 'mailbox-unknown';
    const refusal = known.admission.recipient(mailbox.address);
    if (refusal !== null) return refusal;
    if (mailbox.closedAt !== undefined) return 'mailbox-closed';
    const { original = null, notify = [] } = rcptOf(given) ?? {};
    known.recipients.push({ mailboxId: mailbox.id, address, original, notify });
    return null;
  }
}
