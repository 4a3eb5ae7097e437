/**
 * An exchange as it is filed: what was written in a conversation, by whom, when, how far each letter was to be believed,
 * and the proof values by which somebody can later tell that nothing was changed. Everything here is clear text in the
 * memory of one step; nothing of it is logged.
 */
import type { StatedPatient } from '../ports.ts';

/** Who files, as the document names its author, legal authenticator and custodian (clinical-formats A.2.3). */
export interface FilingAuthor {
  /** The person who asked for the filing, as enrolled on the device. Whoever that is has no number of somebody else's. */
  readonly person: string;
  /** The professional in whose name the mailbox files: the number and the profession are his alone. */
  readonly responsible: {
    readonly name: string;
    /** Empty when not set. */
    readonly rpps: string;
    /** Profession code of the TRE_G15 list (`21` pharmacist) with its words. */
    readonly profession: { readonly code: string; readonly name: string };
  };
  readonly organisation: { readonly name: string; readonly finess: string };
  readonly address: string;
}

export type ExchangeEntry =
  | {
      readonly kind: 'letter';
      readonly letterId: string;
      /** Name and address of who wrote it. */
      readonly from: { readonly name: string; readonly address: string };
      /** ISO 8601, UTC. */
      readonly at: string;
      readonly subject: string;
      /** What the trust mark says, in French words. */
      readonly verdict: string;
      /** Its words, and its reports as lines of text. */
      readonly text: string;
      readonly attachments: readonly ExchangeAttachment[];
      /** SHA-256 of the letter as it came, hexadecimal, and of its Message-ID header as it stands. */
      readonly proof: { readonly sha256: string; readonly messageId: string };
    }
  | {
      readonly kind: 'reply';
      readonly replyId: string;
      readonly person: string;
      readonly at: string;
      readonly text: string;
      /** What became of it, in French words (`envoyée`, `lue`). */
      readonly state: string;
      readonly attachments: readonly ExchangeAttachment[];
      /** SHA-256 of its words (UTF-8), hexadecimal, and the Message-ID of the mail it left as. */
      readonly proof: { readonly sha256: string; readonly messageId: string };
    };

export interface ExchangeAttachment {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Exchange {
  readonly conversationId: string;
  /** Identifies this filing: `rep_…`. */
  readonly filingId: string;
  /** ISO 8601, UTC. */
  readonly filedAt: string;
  readonly author: FilingAuthor;
  readonly patient: Omit<StatedPatient, 'index'>;
  /** LOINC type it is filed under. */
  readonly documentType: '61357-0' | '78601-2' | '56445-0';
  readonly title: string;
  /** In order of time. */
  readonly entries: readonly ExchangeEntry[];
}
