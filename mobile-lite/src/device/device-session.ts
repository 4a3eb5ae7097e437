/**
 * A device in use: what the app and the terminal both hold. It ties connection, inbox and outbox together, keeps
 * the order "check, keep, open, acknowledge, show", counts time by the server, and erases what has expired. It
 * offers a snapshot to watch, and two streams of facts: opened messages and moves of replies.
 */
import type { Bytes } from '@estafette/contracts/bytes';
import { Refusal } from '@estafette/contracts/failure';
import type { RelayFrame } from '@estafette/contracts/frames';
import type { LetterMessage } from '@estafette/contracts/message';
import { type AttachedBlob, fetchAttachment } from './attachment.ts';
import { type Clock, ServerClock, systemClock } from './clock.ts';
import { lastReadable, viewConversations } from './conversation-view.ts';
import type { DeviceSessionParts, DeviceSnapshot, OpenedMessage } from './device-snapshot.ts';
import { comparePlaces, type DeviceIdentity, type DeviceStore, type KeptState } from './device-store.ts';
import { ExpiryWatch } from './expiry-watch.ts';
import { FrameLane } from './frame-lane.ts';
import { type EventFrame, Inbox, type InboxEntry } from './inbox.ts';
import { Listeners, type Observable, type Unsubscribe } from './observable.ts';
import { Outbox } from './outbox.ts';
import { ReadMarks } from './read-marks.ts';
import { Receipts } from './receipts.ts';
import { RECONNECT_POLICY } from './reconnect-pause.ts';
import { type ConnectionState, RelayConnection } from './relay-connection.ts';
import { RelayHttp } from './relay-http.ts';
import { type ReplyMove, ReplyTracker } from './reply-tracker.ts';
import { TicketSource } from './ticket-source.ts';
import type { FilingWish, ReplyWishes, WrittenReply } from './write-reply.ts';
import { isWritten, writeFiling, writeReply } from './write-reply.ts';

export type { DeviceSnapshot, OpenedMessage };

/** Live events are acknowledged together, this long after the first of them. */
const ACK_PAUSE_MS = 150;

/** Opens the session of an enrolled device; null when the store holds no identity. Call `start` to connect. */
export async function openDeviceSession(parts: DeviceSessionParts): Promise<DeviceSession | null> {
  const state = await parts.store.load();
  if (state.identity === null) return null;
  const session = new DeviceSession(parts, state.identity, state.serverOffsetMs);
  await session.restore(state);
  return session;
}

export class DeviceSession implements Observable<DeviceSnapshot> {
  readonly #store: DeviceStore;
  readonly #identity: DeviceIdentity;
  readonly #time: ServerClock;
  readonly #relay: RelayHttp;
  readonly #connection: RelayConnection;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #receipts: Receipts;
  readonly #readMarks: ReadMarks;
  readonly #tickets: TicketSource;
  readonly #lane: FrameLane;
  readonly #expiry: ExpiryWatch;
  readonly #tracker = new ReplyTracker();
  readonly #changes = new Listeners<undefined>();
  readonly #messages = new Listeners<OpenedMessage>();
  #snapshot: DeviceSnapshot | null = null;
  #sessionToken: string | null = null;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #lostReplies = 0;
  #replaced = false;

  constructor(parts: DeviceSessionParts, identity: DeviceIdentity, serverOffsetMs: number) {
    const { store, clock = systemClock } = parts;
    this.#store = store;
    this.#readMarks = new ReadMarks(store);
    this.#identity = identity;
    this.#time = new ServerClock(clock, serverOffsetMs);
    this.#relay = new RelayHttp(parts.baseUrl, parts.fetch ?? fetch.bind(globalThis));
    this.#tickets = new TicketSource({ relay: this.#relay, identity, time: this.#time, store });
    this.#expiry = new ExpiryWatch(this.#time, (expired) => void this.#erase(expired));
    this.#inbox = new Inbox({ identity, store, onEntry: (entry) => this.#tellMessage(entry) });
    this.#connection = new RelayConnection({
      policy: parts.reconnect ?? RECONNECT_POLICY,
      WebSocket: parts.WebSocket ?? WebSocket,
      socketAddress: () => this.#tickets.socketAddress(),
      position: () => this.#lane.idle().then(() => this.#inbox.position),
      onFrame: (frame, attempt) => this.#lane.push(frame, attempt),
      onState: (state) => this.#connectionChanged(state),
    });
    this.#lane = new FrameLane({
      attempt: () => this.#connection.attempt,
      takeEvents: (burst) => this.#takeEvents(burst),
      obey: (frame) => this.#obey(frame),
      onTrouble: () => this.#connection.fail(),
    });
    const send: RelayConnection['send'] = (frame) => this.#connection.send(frame);
    this.#receipts = new Receipts({ identity, store, serverClock: this.#time, send });
    this.#outbox = this.#makeOutbox(clock);
  }

  #makeOutbox(clock: Clock): Outbox {
    const [relay, store, serverClock] = [this.#relay, this.#store, this.#time];
    const own = { relay, store, session: () => this.#sessionToken, now: () => serverClock.now() };
    return new Outbox({
      identity: this.#identity,
      store,
      clock,
      serverClock,
      send: (frame) => this.#connection.send(frame),
      upload: async (parts) => (await import('./upload-reply.ts')).uploadReply({ ...own, ...parts }),
      onLocalState: (...step) => this.#changed(() => this.#tracker.local(...step)),
      onRefused: (reply, failure) => this.#changed(() => this.#tracker.refused(reply, failure, serverClock.now())),
    });
  }

  /** Takes back what the store holds: at the start, and when another window has written to it. */
  async restore(state: KeptState): Promise<void> {
    this.#readMarks.restore(state.readMarks);
    for (const { conversationId, expiresAt } of state.keys) this.#expiry.see(conversationId, expiresAt);
    for (const { event } of state.events) this.#expiry.seeEvent(event);
    await this.#inbox.restore(state);
    this.#receipts.restore(state.receipts);
    await this.#outbox.restore(state.replies, (conversationId) => this.#inbox.key(conversationId));
    const entries = [...this.#inbox.entries()].sort((a, b) => comparePlaces(a.kept.place, b.kept.place));
    for (const entry of entries) this.#tracker.hear(entry);
    await this.eraseExpired();
  }

  start(): void {
    this.#connection.connect();
  }

  /** The app became visible, or the network came back: drops the socket, which may be dead, and resumes at once. */
  wake(): void {
    const kept = this.#replaced ? this.#store.load() : null;
    this.#replaced = false;
    if (kept === null) this.#connection.connect();
    else void kept.then((state) => this.restore(state)).then(() => this.#connection.connect());
  }

  close(): void {
    clearTimeout(this.#ackTimer);
    this.#expiry.stop();
    for (const one of [this.#outbox, this.#receipts]) one.goOffline();
    this.#connection.close();
  }

  getSnapshot(): DeviceSnapshot {
    this.#snapshot ??= {
      deviceId: this.#identity.deviceId,
      membership: this.#identity.membership,
      connection: this.#connection.state,
      lostReplies: this.#lostReplies,
      conversations: viewConversations({
        entries: this.#inbox.entries(),
        replies: this.#outbox.replies(),
        progress: this.#tracker.progress,
        readMarks: this.#readMarks.places,
        hasKey: (conversationId) => this.#inbox.key(conversationId) !== undefined,
        deviceId: this.#identity.deviceId,
        now: this.#time.now(),
      }),
    };
    return this.#snapshot;
  }

  subscribe(listener: () => void): Unsubscribe {
    return this.#changes.add(listener);
  }

  /** Messages opened from now on, each once, in order; those kept from before are in the snapshot only. */
  onMessage(listener: (opened: OpenedMessage) => void): Unsubscribe {
    return this.#messages.add(listener);
  }

  /** States of replies from now on, local ones included. */
  onReplyMove(listener: (move: ReplyMove) => void): Unsubscribe {
    return this.#tracker.moves.add(listener);
  }

  /** The server's time as known here, milliseconds since 1970. */
  serverNow(): number {
    return this.#time.now();
  }

  /**
   * Writes a reply; resolves with its id once it is on the disk. Throws a RangeError for an empty or too long one or
   * files above their limits, a Refusal `conversation-expired` when there is no key to seal it under.
   */
  sendReply(conversationId: string, text: string, wishes: ReplyWishes = {}): Promise<string> {
    return this.#write(conversationId, (now) => writeReply(conversationId, text, wishes, now));
  }

  /** Asks for a filing, as a reply is sent; throws a ValiError for one that the gateway would not take. */
  sendFiling(conversationId: string, wish: FilingWish): Promise<string> {
    return this.#write(conversationId, (now) => writeFiling(conversationId, wish, now));
  }

  /** Lets a held reply leave after all. */
  confirmReply(replyId: string): Promise<void> {
    return this.#outbox.confirm(replyId);
  }

  /** Gives up a held reply: it is erased. */
  discardReply(replyId: string): Promise<void> {
    return this.#outbox.discard(replyId).then(() => this.#changed());
  }

  /** What the conversation shows so far has been seen by the person; what still waits for its key has not. */
  async markRead(conversationId: string): Promise<void> {
    const shown = this.getSnapshot().conversations.find((one) => one.conversationId === conversationId);
    await this.#readMarks.move(conversationId, lastReadable(shown), () => this.#changed());
  }

  /** The person has really seen a letter: the gateway is told, once; it tells the mailbox, and the sender if he asked. */
  markSeen(conversationId: string, { letterId }: LetterMessage): Promise<void> {
    return this.#receipts.add({ letterId, conversationId });
  }

  /** The clear bytes of a photo or file, checked; throws an AttachmentError. */
  openAttachment(conversationId: string, document: AttachedBlob): Promise<Bytes> {
    const key = this.#inbox.key(conversationId);
    const [relay, session, store] = [this.#relay, this.#sessionToken, this.#store];
    return fetchAttachment({ relay, session, store, key, conversationId, document });
  }

  /** Erases keys, events and replies of conversations past their expiry, by the server's time. */
  eraseExpired(): Promise<void> {
    return this.#erase(this.#expiry.due());
  }

  async #write(conversationId: string, write: (now: number) => WrittenReply): Promise<string> {
    const key = this.#inbox.key(conversationId);
    if (key === undefined || this.#expiry.isOver(conversationId)) throw new Refusal('conversation-expired');
    return this.#outbox.write({ conversationId, write, key, after: this.#inbox.lastPlace() });
  }

  async #erase(conversationIds: readonly string[]): Promise<void> {
    for (const conversationId of conversationIds) {
      await this.#store.eraseConversation(conversationId);
      for (const one of [this.#inbox, this.#expiry, this.#readMarks, this.#receipts]) one.forget(conversationId);
      this.#lostReplies += this.#outbox.forget(conversationId);
    }
    this.#changed();
  }

  #connectionChanged(state: ConnectionState): void {
    if (state.phase !== 'live') for (const one of [this.#outbox, this.#receipts]) one.goOffline();
    if (state.phase === 'stopped' && state.reason === 'replaced') this.#replaced = true;
    this.#changed();
  }

  /** Keeps and opens a burst; then settles the replies it speaks of, and plans the acknowledgement. */
  async #takeEvents(burst: readonly EventFrame[]): Promise<void> {
    for (const { e } of burst) this.#expiry.seeEvent(e);
    for (const entry of await this.#inbox.take(burst)) {
      const spokenOf = this.#tracker.hear(entry);
      if (spokenOf !== null) await this.#outbox.settle(spokenOf);
      if (isWritten(entry.message)) await this.#outbox.returned(entry.message.replyId);
    }
    this.#ackTimer ??= setTimeout(() => this.#acknowledge(), ACK_PAUSE_MS);
    this.#changed();
  }

  /** Everything up to the cursor is on the disk: the relay may forget it. */
  #acknowledge(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#connection.send({ t: 'ack', cursor: this.#inbox.position.cursor });
  }

  async #obey(frame: Exclude<RelayFrame, { t: 'event' }>): Promise<void> {
    if (frame.t === 'welcome') {
      this.#sessionToken = frame.session;
      await this.#tickets.learnTime(frame.serverTime);
      this.#inbox.adoptEpoch(frame.epoch, false);
      await this.eraseExpired();
    } else if (frame.t === 'gap') {
      this.#inbox.adoptEpoch(frame.epoch, true);
    } else if (frame.t === 'live') {
      this.#acknowledge();
      await this.#outbox.goLive();
      this.#receipts.goLive();
    } else if (frame.t === 'queued') await this.#outbox.queued(frame.replyId);
    else if (frame.t === 'refused') await this.#outbox.refused(frame.replyId, frame.code, frame.retry);
    else if (frame.t === 'noted') await this.#receipts.noted(frame.letterId);
    else await this.#tickets.learnTime(frame.serverTime);
  }

  #tellMessage(entry: InboxEntry): void {
    const { message, kept } = entry;
    if (message === null) return;
    const { conversationId, author, expiresAt } = kept.event;
    this.#messages.tell({ seq: kept.place.seq, conversationId, message, author, at: kept.at, expiresAt });
  }

  #changed(by?: () => void): void {
    by?.();
    this.#snapshot = null;
    this.#changes.tell(undefined);
  }
}
