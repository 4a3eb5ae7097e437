/**
 * What lasts of filing in the patient's record: where the conversations of a mailbox are filed and in whose name, what was
 * filed of which conversation, and which are to be recalled before they end. No word of what was filed stands here. Part
 * of ports.ts.
 */
import type { FilingMessage } from '@estafette/contracts/message';
import type { Conversation, LetterRow } from './conversation-store.ts';

/** Where a mailbox files, and in whose name. */
export interface FilingSettings {
  readonly mailboxId: string;
  /** Its own practice software, or an application mailbox. */
  readonly to: string;
  /** Type that is used where the request names none. */
  readonly documentType: NonNullable<FilingMessage['documentType']>;
  /** Name of the professional who answers for what is filed, whoever asks. */
  readonly professional: string;
  /** His RPPS. */
  readonly rpps: string;
  /** His profession: code of the TRE_G15 list (`21` pharmacist). */
  readonly profession: string;
  readonly organisation: { readonly name: string; readonly finess: string };
}

/** A filing that was accepted; what became of it stands in the reply of the same id. */
export interface FilingRow {
  /** `rep_…`. */
  readonly id: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  /** Who asked. */
  readonly deviceId: string;
  readonly what: FilingMessage['what']['kind'];
  /** The letter it is about; null for a whole conversation. */
  readonly letterId: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Up to when the conversation is in it; null where it holds only a part. */
  readonly coversUntil: number | null;
}

/** This part of what lasts. */
export interface FilingStore {
  setFiling(settings: FilingSettings): Promise<void>;
  /** False when nothing was set. */
  clearFiling(mailboxId: string): Promise<boolean>;
  filingSettings(mailboxId: string): Promise<FilingSettings | null>;
  /** Nothing happens when it is known. */
  addFiling(filing: FilingRow): Promise<void>;
  filingsOf(conversationId: string): Promise<FilingRow[]>;
  /** Letters of a conversation in the order they came, with that time. */
  lettersOfConversation(conversationId: string): Promise<(LetterRow & { readonly createdAt: number })[]>;
  /** Whose device it is or was, when it is known. */
  personOfDevice(deviceId: string): Promise<string | null>;
  /**
   * Conversations that end within `leadMs`, or are in the last of `lifeParts` parts of their life where that is shorter; that
   * hold a letter that was shown, and something newer than their last filing; whose end was not told before.
   */
  unfiledConversations(question: {
    readonly now: number;
    readonly leadMs: number;
    readonly lifeParts: number;
    readonly limit: number;
  }): Promise<Conversation[]>;
  /** That this end was told. */
  markReminded(conversationId: string, expiresAt: number): Promise<void>;
}
