/** What is asked of the router about one letter for one mailbox. Who wrote it, and what proves that, was judged before. */
import type { LastingStore, Participant } from '../ports.ts';
import type { SenderProof } from './prove-sender.ts';

export interface RoutingQuestion {
  readonly letterId: string;
  readonly mailboxId: string;
  /** Keyed digest of what makes the letter itself (Message-ID and body): the same letter gives the same. */
  readonly dedupeIndex: Buffer;
  readonly correspondentIndex: Buffer;
  /** What proves its sender; null: nothing does. */
  readonly proof: SenderProof | null;
  readonly answerable: boolean;
  /** Trust space it came through. */
  readonly space: string;
  /** The others it is addressed to, who take part when its sender is proven. */
  readonly people: readonly Pick<Participant, 'addressIndex' | 'role'>[];
  readonly headers: {
    readonly messageId: string;
    readonly inReplyTo: string;
    readonly references: string;
    readonly subject: string;
  };
  readonly now: number;
  /** Written in the same transaction, when the letter is new to the mailbox: all of it is kept, or nothing. */
  readonly alongside?: (inside: LastingStore) => Promise<void>;
}
