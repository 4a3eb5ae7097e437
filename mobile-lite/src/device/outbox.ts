/**
 * Replies on their way from this device. A reply is sealed, signed and on the disk, with its photos and files, before
 * it is offered to the relay, and stays there until the gateway has spoken; after every reconnect it is offered again
 * under the same id, so it leaves once. What it brings is uploaded first (upload-reply.ts); what was written after it
 * in the same conversation waits for it, so that the order stays. What has waited longer than an hour is not sent behind the person's back: it is `held`
 * until confirmed or discarded. The wish to file a conversation goes the same way; it is never held, since nothing is said to
 * anybody behind the person's back and what is not filed is lost at the expiry.
 */
import { openJson } from '@estafette/contracts/conversation-seal';
import type { DeviceFrame } from '@estafette/contracts/frames';
import { FilingMessageSchema, ReplyMessageSchema } from '@estafette/contracts/message';
import type { SealedReply } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import type { Clock } from './clock.ts';
import type { DeviceIdentity, DeviceStore, KeptReply, KeptUpload, Place } from './device-store.ts';
import type { LocalReplyState, ReplyProgress } from './reply-progress.ts';
import type { ReplyUpload, UploadOutcome } from './upload-reply.ts';
import type { WrittenMessage, WrittenReply } from './write-reply.ts';

/** Replies older than this when the connection comes back need the person's word. */
const HOLD_AFTER_MS = 3_600_000;
/** Replies in a row, and one every so often after that: below the relay's framesPerSecondMax. */
const BURST = 20;
const PACE_MS = 60;
const OFFER_AGAIN_MS = 5_000;
const UPLOAD_PAUSE_MAX_MS = 300_000;

/** A reply with its text, as this device knows it. `kept` null while it is being written to the disk. */
export interface LocalReply {
  readonly message: WrittenMessage;
  readonly conversationId: string;
  readonly after: Place;
  readonly kept: KeptReply | null;
}

export interface OutboxParts {
  readonly identity: DeviceIdentity;
  readonly store: DeviceStore;
  readonly serverClock: Clock;
  readonly clock: Clock;
  send(frame: DeviceFrame): boolean;
  /** Sends what a reply brings. */
  upload(parts: Pick<ReplyUpload, 'replyId' | 'total' | 'onProgress'>): Promise<UploadOutcome>;
  onLocalState(reply: LocalReply, state: LocalReplyState, upload?: ReplyProgress['upload']): void;
  onRefused(reply: LocalReply, failure: string): void;
}

const WrittenSchema = v.variant('type', [ReplyMessageSchema, FilingMessageSchema]);

const attachmentsOf = ({ message }: LocalReply) => (message.type === 'reply' ? message.attachments : undefined);

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #replies = new Map<string, LocalReply>();
  #live = false;
  /** Offered on this connection. */
  readonly #offered = new Set<string>();
  #allowance = BURST;
  #allowanceAt = 0;
  #paceTimer: ReturnType<typeof setTimeout> | undefined;
  /** Replies whose photos and files the relay has, and the one whose are on their way. */
  readonly #uploaded = new Set<string>();
  #uploading: string | null = null;
  #uploadPauseMs = OFFER_AGAIN_MS;
  #uploadTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  replies(): IterableIterator<LocalReply> {
    return this.#replies.values();
  }

  /** Takes back the kept replies that still open. */
  async restore(kept: readonly KeptReply[], keyOf: (conversationId: string) => CryptoKey | undefined): Promise<void> {
    this.#replies.clear();
    for (const one of kept) {
      const message = await this.#reopen(one.reply, keyOf(one.reply.conversationId));
      if (message === null) continue;
      const local = { message, conversationId: one.reply.conversationId, after: one.after, kept: one };
      this.#replies.set(message.replyId, local);
      if (one.stage === 'refused') this.#parts.onRefused(local, one.failure ?? 'reply-malformed');
      else if (one.stage !== 'settled') this.#parts.onLocalState(local, one.stage);
    }
  }

  /** Seals, signs and keeps a reply with what it brings, then offers it if the connection is live. Gives its id once it is kept. */
  async write(reply: {
    conversationId: string;
    write: (now: number) => WrittenReply;
    key: CryptoKey;
    after: Place;
  }): Promise<string> {
    const { conversationId, after } = reply;
    const { identity, clock, serverClock } = this.#parts;
    const { message, seal } = reply.write(clock.now());
    const local: LocalReply = { message, conversationId, after, kept: null };
    this.#replies.set(message.replyId, local);
    this.#parts.onLocalState(local, 'writing-to-disk');
    try {
      const sealed = await seal(reply.key, identity);
      const kept: KeptReply = {
        reply: sealed.reply,
        stage: 'waiting',
        failure: null,
        writtenAt: serverClock.now(),
        after,
      };
      await this.#keep(local, kept, sealed.uploads);
    } catch (error) {
      this.#replies.delete(message.replyId);
      throw error;
    }
    this.#pump();
    return message.replyId;
  }

  /** The connection is caught up: what still waits goes, what waited too long is held. */
  async goLive(): Promise<void> {
    this.#offered.clear();
    this.#uploaded.clear();
    for (const local of [...this.#replies.values()]) {
      const { kept } = local;
      if (kept?.stage !== 'waiting' || local.message.type === 'filing') continue;
      if (this.#parts.serverClock.now() - kept.writtenAt > HOLD_AFTER_MS)
        await this.#keep(local, { ...kept, stage: 'held' });
    }
    this.#live = true;
    this.#pump();
  }

  goOffline(): void {
    this.#live = false;
    clearTimeout(this.#paceTimer);
    clearTimeout(this.#uploadTimer);
    this.#paceTimer = undefined;
    this.#uploadTimer = undefined;
  }

  /** The relay has it. */
  async queued(replyId: string): Promise<void> {
    const local = this.#replies.get(replyId);
    if (local?.kept?.stage === 'waiting' || local?.kept?.stage === 'held') {
      await this.#keep(local, { ...local.kept, stage: 'queued' });
    }
  }

  /** The relay did not take it. */
  async refused(replyId: string, code: string, retry: 'never' | 'later'): Promise<void> {
    const local = this.#replies.get(replyId);
    if (local?.kept === undefined || local.kept === null || local.kept.stage === 'settled') return;
    if (retry === 'later') {
      setTimeout(() => {
        this.#offered.delete(replyId);
        this.#pump();
      }, OFFER_AGAIN_MS);
      return;
    }
    await this.#keep(local, { ...local.kept, stage: 'refused', failure: code });
  }

  /** The gateway has spoken: no more offers. Kept until the conversation expires or comes back from the relay. */
  async settle(replyId: string): Promise<void> {
    const local = this.#replies.get(replyId);
    if (local?.kept === undefined || local.kept === null || local.kept.stage === 'settled') return;
    const kept: KeptReply = { ...local.kept, stage: 'settled' };
    this.#replies.set(replyId, { ...local, kept });
    await this.#parts.store.keepReply(kept);
    if (attachmentsOf(local)) await this.#parts.store.dropUploads(replyId);
  }

  /** The reply has come back as an event of the conversation: that one is kept from now on. */
  async returned(replyId: string): Promise<void> {
    if (this.#replies.delete(replyId)) await this.#parts.store.dropReply(replyId);
  }

  /** The person wants a held reply to leave after all. */
  async confirm(replyId: string): Promise<void> {
    const local = this.#replies.get(replyId);
    if (local?.kept?.stage !== 'held') return;
    await this.#keep(local, { ...local.kept, stage: 'waiting', writtenAt: this.#parts.serverClock.now() });
    this.#pump();
  }

  /** The person gives up a held reply. */
  async discard(replyId: string): Promise<void> {
    if (this.#replies.get(replyId)?.kept?.stage === 'held') await this.returned(replyId);
  }

  /** Forgets the replies of a conversation; gives how many had never left. */
  forget(conversationId: string): number {
    let lost = 0;
    for (const [id, local] of this.#replies) {
      if (local.conversationId !== conversationId) continue;
      this.#replies.delete(id);
      if (local.kept?.stage === 'waiting' || local.kept?.stage === 'held') lost += 1;
    }
    return lost;
  }

  async #keep(local: LocalReply, kept: KeptReply, uploads: readonly KeptUpload[] = []): Promise<void> {
    await this.#parts.store.keepReply(kept, uploads);
    const known = { ...local, kept };
    this.#replies.set(local.message.replyId, known);
    if (kept.stage === 'refused') this.#parts.onRefused(known, kept.failure ?? 'reply-malformed');
    else if (kept.stage !== 'settled') this.#parts.onLocalState(known, kept.stage);
  }

  /** Offers, oldest first, what the gateway has not confirmed, at a pace the relay accepts. */
  #pump(): void {
    if (!this.#live || this.#paceTimer !== undefined) return;
    const blocked = new Set<string>();
    for (const local of this.#replies.values()) {
      const { kept, conversationId } = local;
      if (kept === null || (kept.stage !== 'waiting' && kept.stage !== 'queued')) continue;
      if (this.#offered.has(kept.reply.replyId) || blocked.has(conversationId)) continue;
      const attachments = attachmentsOf(local);
      if (attachments && !this.#uploaded.has(kept.reply.replyId)) {
        blocked.add(conversationId);
        void this.#upload(local, attachments.length);
        continue;
      }
      if (!this.#mayOffer()) {
        this.#paceTimer = setTimeout(() => {
          this.#paceTimer = undefined;
          this.#pump();
        }, PACE_MS);
        return;
      }
      if (!this.#parts.send({ t: 'reply', reply: kept.reply })) return;
      this.#offered.add(kept.reply.replyId);
    }
  }

  /** Sends what the reply brings, one reply at a time; then the pump goes on. */
  async #upload(local: LocalReply, total: number): Promise<void> {
    if (this.#uploading !== null || this.#uploadTimer !== undefined) return;
    const { replyId } = local.message;
    this.#uploading = replyId;
    const onProgress = (sent: number): void => this.#parts.onLocalState(local, 'uploading', { sent, total });
    const outcome = await this.#parts.upload({ replyId, total, onProgress }).catch(() => 'later' as const);
    this.#uploading = null;
    const kept = this.#replies.get(replyId)?.kept;
    if (kept && kept.stage !== 'settled')
      this.#parts.onLocalState(local, kept.stage === 'queued' ? 'queued' : 'waiting');
    if (outcome === 'later') return this.#uploadLater();
    this.#uploadPauseMs = OFFER_AGAIN_MS;
    if (outcome === 'taken') this.#uploaded.add(replyId);
    else await this.refused(replyId, 'attachment-missing', 'never');
    this.#pump();
  }

  #uploadLater(): void {
    if (!this.#live) return;
    this.#uploadTimer = setTimeout(() => {
      this.#uploadTimer = undefined;
      this.#pump();
    }, this.#uploadPauseMs);
    this.#uploadPauseMs = Math.min(UPLOAD_PAUSE_MAX_MS, 2 * this.#uploadPauseMs);
  }

  /** Takes one from the allowance, which grows by one every PACE_MS. */
  #mayOffer(): boolean {
    const now = this.#parts.clock.now();
    this.#allowance = Math.min(BURST, this.#allowance + Math.abs(now - this.#allowanceAt) / PACE_MS);
    this.#allowanceAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  async #reopen(reply: SealedReply, key: CryptoKey | undefined): Promise<WrittenMessage | null> {
    if (key === undefined) return null;
    const { conversationId, replyId } = reply;
    const binding = { kind: 'reply', conversationId, id: replyId, author: this.#parts.identity.deviceId } as const;
    try {
      return v.parse(WrittenSchema, await openJson(key, binding, reply));
    } catch {
      return null;
    }
  }
}
