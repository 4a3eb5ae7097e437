/**
 * Mail that a machine wrote, as the reports stage read it, and what lasts of automatic mail in both directions. Part of
 * ports.ts. Nothing here is believed by itself: what a report says counts only for a mail that we sent, and only as far
 * as its teller can know it (docs/decisions).
 */
import type { FailureCode } from '@estafette/contracts/failure';

/**
 * `report`: what became of a mail on its way (DSN). `disposition`: what its reader or his software did with it (MDN).
 * `absence`: an out-of-office. `list`: passed on to many. `automatic`: whatever else no person wrote.
 */
export type AutomaticKind = 'report' | 'disposition' | 'absence' | 'list' | 'automatic';

/** What a report says of one recipient. `relayed` and `expanded` are told apart from `delivered`: they prove less. */
export interface RecipientReport {
  readonly action: 'failed' | 'delayed' | 'relayed' | 'expanded' | 'delivered' | 'read';
  /** Of the failure catalogue; null where nothing went wrong. */
  readonly failure: FailureCode | null;
  /** Lower case; empty where it does not say. */
  readonly finalRecipient: string;
  readonly originalRecipient: string;
}

/** A letter that a machine wrote, or that looks like it. */
export interface AutomaticMail {
  readonly kind: AutomaticKind;
  /** Only its words look like it: it stays a letter where it is verified, or quotes no id that we issued. */
  readonly guessed: boolean;
  /** A report by its words alone: no part of it is made for programs. */
  readonly inWords: boolean;
  /** It was written because another mail came: marked so (RFC 3834 `auto-replied`), or made like a report. */
  readonly isResponse: boolean;
  readonly reports: readonly RecipientReport[];
  /** Envelope id of the mail it speaks of (RFC 3461 §4.4): the id of our mail; empty where it does not say. */
  readonly envelopeId: string;
  /** Message-IDs that it quotes, those it speaks of first. */
  readonly ids: readonly string[];
  /** ISO 8601 day when an absence ends, where that is certain. */
  readonly until: string | null;
  /** Its first lines. */
  readonly text: string;
}

/** What stands on the outside of a letter and decides how machines treat it. */
export interface LetterOutside {
  /** Received fields: hosts it came through. */
  readonly hops: number;
  /** It asks that no machine answer it (X-Auto-Response-Suppress): no sign that a machine wrote it. */
  readonly suppresses: boolean;
}

/** When nobody reads a mailbox, and what its correspondents are told. */
export interface Absence {
  readonly mailboxId: string;
  /** Milliseconds since 1970: the first moment, and the first after it. */
  readonly from: number;
  readonly until: number;
  readonly text: string;
}

/** This part of what lasts. */
export interface AutomaticStore {
  /** Writes down that automatic mail came; false when this letter was written down for this mailbox before. */
  addAutomaticLetter(letter: {
    letterId: string;
    mailboxId: string;
    senderIndex: Buffer;
    kind: AutomaticKind;
    shown: boolean;
    at: number;
  }): Promise<boolean>;
  /** Automatic letters since a time that were shown: of one sender, or of everybody. */
  countShownAutomatic(mailboxId: string, senderIndex: Buffer | null, since: number): Promise<number>;
  /** Whether this letter was shown as a line of its conversation; null when it is not written down. */
  wasAutomaticShown(letterId: string, mailboxId: string): Promise<boolean | null>;
  /**
   * Takes the right to send this automatic mail: false when another mail has it. One mail has it for each `claim`; the
   * same mail asks again and is told the same.
   */
  claimAutomaticMail(mail: {
    claim: string;
    mailId: string;
    mailboxId: string;
    recipientIndex: Buffer;
    at: number;
  }): Promise<boolean>;
  /** Automatic mails since a time: to one correspondent, or to everybody. */
  countAutomaticMails(mailboxId: string, recipientIndex: Buffer | null, since: number): Promise<number>;
  /** Letters of one correspondent in his conversations with a mailbox since a time. */
  countLettersOf(mailboxId: string, correspondentIndex: Buffer, since: number): Promise<number>;

  setAbsence(absence: Absence): Promise<void>;
  /** False when there was none. */
  clearAbsence(mailboxId: string): Promise<boolean>;
  absence(mailboxId: string): Promise<Absence | null>;
  absences(): Promise<Absence[]>;

  /** Whether the mailbox tells that its letters were read, where that is asked; it does unless it was set otherwise. */
  setReceipts(mailboxId: string, sends: boolean): Promise<void>;
  sendsReceipts(mailboxId: string): Promise<boolean>;
  /** Forgets what came and went before that time. */
  forgetAutomatic(before: number): Promise<void>;
}
