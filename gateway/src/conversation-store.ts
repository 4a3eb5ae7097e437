/**
 * What lasts of conversations and letters: who takes part, which Message-IDs lead where, which blobs go with them. No
 * address and no word of a letter stands here in clear; rows of letters outlive what the letters said. Part of ports.ts.
 */

export interface Conversation {
  readonly id: string;
  readonly mailboxId: string;
  readonly correspondentIndex: Buffer;
  readonly epoch: string;
  readonly wrappedKey: Buffer;
  readonly expiresAt: number;
  readonly erasedAt: number | null;
  /** Trust space its first letter came through; null when that was before spaces had names. */
  readonly space: string | null;
}

/** A correspondent who takes part in a conversation by mail: he wrote a proven letter of it, or such a letter names him. */
export interface Participant {
  readonly conversationId: string;
  /** Keyed digest of the address; the address itself stands in the sealed letters only. */
  readonly addressIndex: Buffer;
  readonly role: 'from' | 'to' | 'cc';
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What is said of a letter beside its verdict, found when it was routed. */
export type LetterMark = 'same-message-id' | 'subject-changed';

export interface LetterRow {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly dedupeIndex: Buffer;
  readonly state: 'routed' | 'delivered';
  /** Whether an answer can go to its sender. */
  readonly answerable: boolean;
  readonly route: string;
  readonly marks: readonly LetterMark[];
}

/** This part of what lasts. */
export interface ConversationStore {
  addConversation(conversation: Conversation, now: number): Promise<void>;
  conversation(id: string): Promise<Conversation | null>;
  liveConversations(mailboxId: string, now: number): Promise<Conversation[]>;
  /** A later expiry with its wrapped key; never an earlier one. */
  extendConversation(id: string, change: { epoch: string; wrappedKey: Buffer; expiresAt: number }): Promise<void>;
  /** Marks every conversation past its expiry as erased; gives their ids. */
  eraseExpired(now: number): Promise<string[]>;
  /** Erased conversations that still have blobs. */
  erasedWithBlobs(): Promise<string[]>;
  /** Forgets what was left of conversations erased before that time, at most `limit`: letters' identities too; how many. */
  forgetErased(before: number, limit: number): Promise<number>;

  /** Nothing happens when he takes part already, or when as many as `max` do. */
  addParticipant(participant: Participant, max: number): Promise<void>;
  participantsOf(conversationId: string): Promise<Participant[]>;

  addLetter(letter: LetterRow, now: number): Promise<void>;
  letterByDedupe(mailboxId: string, dedupeIndex: Buffer): Promise<LetterRow | null>;
  /** Whether a letter with this Message-ID came to the mailbox, whatever became of its conversation. */
  knowsMessageId(mailboxId: string, messageIdIndex: Buffer): Promise<boolean>;
  lettersOf(letterId: string): Promise<LetterRow[]>;
  /** Into another conversation: the first expired before the letter was delivered. */
  moveLetter(letterId: string, mailboxId: string, conversationId: string): Promise<void>;
  markDelivered(letterId: string, mailboxId: string): Promise<void>;
  /** An answer can go to its sender after all: it was released and is verified now. */
  markAnswerable(letterId: string, mailboxId: string): Promise<void>;
  lastAnswerableLetter(conversationId: string): Promise<LetterRow | null>;
  /** What the answer to a letter needs (subject, ids, quote), sealed under the conversation key. */
  saveLetterContext(letterId: string, mailboxId: string, sealed: Buffer): Promise<void>;
  letterContext(letterId: string, mailboxId: string): Promise<Buffer | null>;

  /** Remembers a Message-ID of a conversation, and what it names (`letterId` or `replyId`). */
  rememberMessageId(entry: {
    mailboxId: string;
    messageIdIndex: Buffer;
    conversationId: string;
    subject: string;
    direction: 'in' | 'out';
  }): Promise<void>;
  /**
   * Conversations of the mailbox that know this Message-ID and in which the correspondent takes part, the first use of
   * the id first; bounded. Those that he began himself, and the others only where there is none: whoever writes under
   * the id of another's letter, and names him in Cc, must not draw his letters away.
   */
  conversationsByMessageId(
    mailboxId: string,
    messageIdIndex: Buffer,
    direction: 'in' | 'out' | 'any',
    participantIndex: Buffer,
  ): Promise<string[]>;
  /** Whether the conversation knows this index (of a subject, say). */
  conversationKnows(mailboxId: string, messageIdIndex: Buffer, conversationId: string): Promise<boolean>;
  subjectsByMessageId(messageIdIndex: Buffer): Promise<string[]>;

  addBlob(blob: { blobId: string; mailboxId: string; conversationId: string }): Promise<void>;
  blobsOf(conversationId: string): Promise<{ blobId: string; mailboxId: string }[]>;
  /** Whether a blob of this name is kept in any conversation. */
  hasBlob(blobId: string): Promise<boolean>;
  forgetBlobs(conversationId: string): Promise<void>;
}
