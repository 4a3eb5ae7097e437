/**
 * A mail that files something in a patient's record, as the composer takes it: what stands in its subject and text, what
 * goes with it, and what its `X-MSS-*` headers say of that (ANS, Ref#2 ECO.2.1.1, ECO.2.4.1, ECO.2.4.2).
 *
 * Made by `fileExchange` (a conversation) and `fileOriginal` (a document or a letter as it came). The same exchange makes
 * the same mail, byte for byte, so that a job may be tried again. Clear text: it lives in the memory of one step.
 */

export interface FiledAttachment {
  readonly name: string;
  /** Never a `message/` type: the bytes go as base64, so that they arrive as they were. */
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface FiledMail {
  /** One line, for the inside of the envelope; it names the patient. */
  readonly subject: string;
  /** Plain words, lines ended by `\n`. */
  readonly text: string;
  readonly attachments: readonly FiledAttachment[];
  /** What the archive holds, for `X-MSS-CODECDA` and `X-MSS-INS`; null when there is no archive. */
  readonly documents: {
    /** `code/@code` of each document. */
    readonly codes: readonly string[];
    readonly hasQualifiedIdentity: boolean;
  } | null;
}
