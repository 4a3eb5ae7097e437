/**
 * What is kept of a letter in quarantine, and what the lasting store may be asked about it. Reason codes and counts
 * stand in clear; who it claims to come from is sealed under the key of its conversation and ends with it.
 */
import type { ReasonCode } from '@estafette/contracts/verdict';

/** What becomes of the notice to a proven sender: `sealed` waits to leave, `withheld` never will. */
export type NoticeState = 'none' | 'withheld' | 'sealed' | 'sent' | 'failed';

export interface QuarantinedLetter {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** When its conversation ends, and with it the letter. */
  readonly expiresAt: number;
  /** Size of the letter as it came. */
  readonly bytes: number;
  readonly reasons: readonly ReasonCode[];
  readonly state: 'held' | 'released' | 'deleted';
  /** What the operator asked and the gateway has not done yet. */
  readonly wish: 'release' | 'delete' | null;
  /** Why the last wish could not be fulfilled: codes, or null. */
  readonly outcome: string | null;
  /** Keyed digest of the address it claims to come from. */
  readonly senderIndex: Buffer;
  /** The claimed sender, sealed under the conversation key; null once deleted. */
  readonly sealedSender: Buffer | null;
  readonly notice: NoticeState;
  readonly noticeAttempts: number;
}

/** The claimed sender of a letter in quarantine, opened. */
export interface ClaimedSender {
  readonly name: string;
  readonly address: string;
}

/** The part of the lasting store that knows quarantine. */
export interface QuarantineStore {
  /** False when it was held before: then only its claimed sender is sealed anew. */
  quarantineLetter(
    letter: Pick<
      QuarantinedLetter,
      'letterId' | 'mailboxId' | 'receivedAt' | 'bytes' | 'reasons' | 'senderIndex' | 'sealedSender'
    >,
  ): Promise<boolean>;
  quarantinedLetter(letterId: string, mailboxId: string): Promise<QuarantinedLetter | null>;
  /** Those whose conversation lives, newest first. */
  quarantinedLetters(now: number): Promise<QuarantinedLetter[]>;
  /** Asks the gateway to release or delete a held letter; false when it is not held any more. */
  wishForQuarantined(letterId: string, mailboxId: string, wish: 'release' | 'delete'): Promise<boolean>;
  /** Those with a wish. */
  wishedLetters(): Promise<QuarantinedLetter[]>;
  /** From now on the letter may be on a screen: released, its wish not ended yet. False when another wish took its place. */
  beginRelease(letterId: string, mailboxId: string): Promise<boolean>;
  /** Ends a wish; a deleted letter loses its claimed sender as well. `held` ends only a release: a later wish stays. */
  settleQuarantined(
    letterId: string,
    mailboxId: string,
    end: { state: QuarantinedLetter['state']; outcome: string | null },
  ): Promise<void>;
  /** From one state of the notice to the next; false when it is in another. */
  moveNotice(letterId: string, mailboxId: string, from: NoticeState, to: NoticeState): Promise<boolean>;
  /** Those whose sealed notice has not left yet. */
  noticesToSend(): Promise<QuarantinedLetter[]>;
  /** Letters of a claimed sender held since a time: of one mailbox, or those that gave a notice, of any. */
  countQuarantined(
    senderIndex: Buffer,
    which: { readonly mailboxId: string } | { readonly notice: 'given' },
    since: number,
  ): Promise<number>;
}
