/**
 * A mail on its way out: its sealed bytes lie in the safe, its state in the database, its next attempt in a queue. A
 * reply to several people is several mails; several replies typed in a row are one. Part of ports.ts.
 */
import type { FailureCode } from '@estafette/contracts/failure';

/** `reply`: written by a person. `filing`: what a person files in the patient's record. The others are automatic, leave with the null sender and are never answered. */
export type MailKind = 'reply' | 'filing' | 'notice' | 'disposition' | 'delivery-report' | 'absence';

/** `held` and `dropped` are the operator's doing (`estafette queue`). */
export type MailState =
  | 'sealed'
  | 'delayed'
  | 'held'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'unknown'
  | 'dropped';

export interface OutgoingMail {
  /** `mai_…`, derived from what it carries and whom it goes to: a repeated step makes the same mail. */
  readonly id: string;
  readonly kind: MailKind;
  readonly mailboxId: string;
  /** Null for what answers no conversation. */
  readonly conversationId: string | null;
  /** What it is about, for the trace: the first reply it carries, or the letter. */
  readonly subject: string;
  /** Keyed digest of the recipient's address. */
  readonly recipientIndex: Buffer;
  /** The recipient's address, sealed where it rests; null when it was forgotten, long after the mail was finished. */
  readonly to: string | null;
  /** Trust space it leaves into. */
  readonly space: string;
  readonly state: MailState;
  /** Code of the failure catalogue. */
  readonly failure: string | null;
  readonly certain: boolean;
  /** Counts the changes of state. */
  readonly revision: number;
  readonly attempts: number;
  /** An attempt began and nobody has written down how it ended: it runs, or its process died in it. */
  readonly hasOpenAttempt: boolean;
  readonly urgent: boolean;
  /** A delivery report or a disposition report was asked for: silence means `unknown` after a while. */
  readonly asksReports: boolean;
  /** Milliseconds since 1970. */
  readonly sealedAt: number;
  readonly sentAt: number | null;
  readonly changedAt: number;
  /** When it may be tried next, as long as it has not left. */
  readonly nextAttemptAt: number;
  /** What the operator asked and the gateway has not done yet. */
  readonly wish: MailWish | null;
}

/** What an operator may ask of a mail that has not left (`estafette queue`). */
export type MailWish = 'retry' | 'hold' | 'release' | 'drop';

/** A mail to be posted: complete, sealed, addressed. */
export interface NewMail
  extends Pick<
    OutgoingMail,
    'id' | 'kind' | 'mailboxId' | 'conversationId' | 'subject' | 'recipientIndex' | 'space' | 'urgent' | 'asksReports'
  > {
  /** Replies it carries; empty for automatic mail. */
  readonly replyIds: readonly string[];
  /** SMTP envelope sender; empty for automatic mail (RFC 5321 §4.5.5). */
  readonly from: string;
  readonly to: string;
  readonly messageId: string;
  readonly bytes: Uint8Array;
}

/** A mail that will not be made: its recipient cannot be reached as the policy asks. */
export type RefusedMail = Omit<NewMail, 'bytes'>;

export interface RefusedCopy {
  readonly mail: RefusedMail;
  readonly failure: FailureCode;
}

/** Where finished mails are posted. */
export interface Outbox {
  /** Whether this mail was posted before: it is not sealed again, so that its bytes stay the same. */
  has(id: string): Promise<boolean>;
  /** Resolves when the mail is durable and will leave; the same id again changes nothing. */
  post(mail: NewMail): Promise<void>;
  /**
   * The mails of one reply, or of several typed in a row: posted together or not at all, and with them those that could
   * not be made for a recipient, `failed` from the start. The replies they carry are `sealed` (and told so) with it.
   */
  postTogether(mails: readonly NewMail[], refused: readonly RefusedCopy[]): Promise<void>;
}

/** What a report (RFC 3464, RFC 8098) says became of a mail. */
export interface MailReport {
  readonly state: 'delivered' | 'read' | 'failed' | 'delayed';
  readonly failure?: FailureCode;
  /** Whether the report can be relied upon. */
  readonly certain: boolean;
}

/** This part of what lasts. */
export interface MailStore {
  /** False when it is already known. Remembers which replies it carries, and its Message-ID by keyed digest. */
  addMail(mail: OutgoingMail, replyIds: readonly string[], messageIdIndex: Buffer): Promise<boolean>;
  mail(id: string): Promise<OutgoingMail | null>;
  /** Mails that carry a reply, in the order they were posted. */
  mailsOfReply(replyId: string): Promise<OutgoingMail[]>;
  repliesOfMail(mailId: string): Promise<string[]>;
  mailsByMessageId(messageIdIndex: Buffer): Promise<OutgoingMail[]>;
  /** A change of state; `revision` grows by one. With `from`, only from that revision: else the row as it is. */
  changeMail(
    id: string,
    change: Pick<OutgoingMail, 'state' | 'failure' | 'certain'> & {
      readonly sentAt?: number;
      readonly nextAttemptAt?: number;
      readonly from?: number;
    },
    now: number,
  ): Promise<OutgoingMail>;
  /**
   * Writes down, before anything is offered, that a mail is being attempted until then by nobody but `by`, and counts
   * the attempt. Null when it may not be tried: it has left, is held, or another attempt runs. In the answer
   * `hasOpenAttempt` speaks of the attempts before this one.
   */
  beginMailAttempt(
    id: string,
    attempt: { readonly by: string; readonly now: number; readonly until: number },
  ): Promise<OutgoingMail | null>;
  /**
   * The attempt of `by` goes on until then; null: how it ended is written down. Does nothing when the mark is another's.
   */
  keepMailAttempt(id: string, attempt: { readonly by: string; readonly until: number | null }): Promise<void>;
  /** Next attempt of a mail that was not tried, because its domain rests. */
  putOffMail(id: string, nextAttemptAt: number): Promise<void>;
  /** Mails that have not left and may be tried now. */
  dueMails(now: number): Promise<string[]>;
  /**
   * Mails that were to be confirmed by now: sent before, reports asked for, none came; or said to be late, after they had
   * left, before `delayed`, and nothing since.
   */
  unconfirmedMails(before: {
    readonly urgent: number;
    readonly other: number;
    readonly delayed: number;
  }): Promise<OutgoingMail[]>;
  /** Mails with something left to do: to be sent, or to be confirmed. */
  unfinishedMails(): Promise<OutgoingMail[]>;
  /** Newest first, for the operator. */
  mailsInState(states: readonly MailState[], limit: number): Promise<OutgoingMail[]>;
  /** False when the mail has left or ended: nothing can be asked of it any more. */
  wishForMail(id: string, wish: MailWish): Promise<boolean>;
  /** Mails with a wish. */
  wishedMails(): Promise<OutgoingMail[]>;
  /** Unless something else was asked meanwhile. */
  endMailWish(id: string, wish: MailWish): Promise<void>;
  /** Addresses of recipients of mails that ended before. */
  forgetRecipients(endedBefore: number): Promise<void>;
  /** A job that was given up; the newest are kept. */
  noteGivenUp(job: GivenUpJob): Promise<void>;
  /** Newest first. */
  givenUpJobs(limit: number): Promise<GivenUpJob[]>;
}

/** A job that can never succeed, and why: no content, only what the code says of it. */
export interface GivenUpJob {
  readonly queue: string;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
