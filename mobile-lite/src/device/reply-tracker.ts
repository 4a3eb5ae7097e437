/** Where every reply of the inbox stands, whoever wrote it, and who hears when one moves. */
import type { InboxEntry } from './inbox.ts';
import { Listeners } from './observable.ts';
import type { LocalReply } from './outbox.ts';
import {
  advance,
  advanceLocally,
  hasGatewaySpoken,
  type LocalReplyState,
  type ReplyProgress,
  type ReplyStep,
} from './reply-progress.ts';

/** A reply that has come into another state. */
export interface ReplyMove {
  readonly replyId: string;
  readonly conversationId: string;
  readonly progress: ReplyProgress;
}

export class ReplyTracker {
  readonly moves = new Listeners<ReplyMove>();
  readonly #progress = new Map<string, ReplyProgress>();

  get progress(): ReadonlyMap<string, ReplyProgress> {
    return this.#progress;
  }

  /** A state of this device's own. */
  local(reply: LocalReply, state: LocalReplyState, upload?: ReplyProgress['upload']): void {
    const { replyId } = reply.message;
    this.#move(replyId, reply.conversationId, advanceLocally(this.#progress.get(replyId), state, upload));
  }

  /** The relay will never take it; `at` in milliseconds since 1970. */
  refused(reply: LocalReply, failure: string, at: number): void {
    this.#step(reply.message.replyId, reply.conversationId, failed(failure, at));
  }

  /** What an event of the inbox says of a reply; gives the reply's id when the gateway has thereby spoken of it. */
  hear(entry: InboxEntry): string | null {
    const { event, at } = entry.kept;
    if (event.kind === 'refused') {
      // It is not sealed: once the gateway has spoken of the reply under the key, it counts no more.
      if (hasGatewaySpoken(this.#progress.get(event.replyId))) return event.replyId;
      this.#step(event.replyId, event.conversationId, failed(event.failure, at));
      return event.replyId;
    }
    if (entry.message?.type !== 'status') return null;
    this.#step(entry.message.replyId, event.conversationId, entry.message);
    return entry.message.replyId;
  }

  #step(replyId: string, conversationId: string, step: ReplyStep): void {
    this.#move(replyId, conversationId, advance(this.#progress.get(replyId), step));
  }

  #move(replyId: string, conversationId: string, progress: ReplyProgress): void {
    const known = this.#progress.get(replyId);
    const isSame = known?.at === null && known.state === progress.state && progress.upload === undefined;
    if (known === progress || isSame) return;
    this.#progress.set(replyId, progress);
    this.moves.tell({ replyId, conversationId, progress });
  }
}

function failed(failure: string, at: number): ReplyStep {
  return { state: 'failed', failure, certain: true, at: new Date(at).toISOString() };
}
