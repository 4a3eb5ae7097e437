/**
 * One connection of one device: connecting → greeted → catching-up → live → closed.
 *
 * How this works:
 * 1. `hello` greets: the socket begins to listen to signals, then learns epoch and last number of the inbox.
 * 2. `welcome`, `gap` first if the device's cursor means nothing here, then everything after the cursor, then `live`.
 * 3. One serial loop reads the store after the socket's own position. Signals only wake it; they carry nothing.
 * 4. Frames of the device are answered one after the other; what they ask for is done for the device and mailbox of
 *    the ticket, never for a device or mailbox named in a frame.
 * 5. Trouble with Redis closes the socket with 1013: the phone comes back by itself and resumes by cursor.
 */
import { createHash } from 'node:crypto';
import { CLOSE_CODES } from '@estafette/contracts/close-codes';
import { type DeviceFrame, PROTOCOL_VERSION, type RelayFrame } from '@estafette/contracts/frames';
import { QUEUES, type ReplyJob } from '@estafette/contracts/queues';
import type { ReadReceipt, SealedReply } from '@estafette/contracts/sealed-event';
import { passed } from '@estafette/runtime/steps';
import type { RawData, WebSocket } from 'ws';
import type { Admission } from './access-store.ts';
import { readDeviceFrame } from './frame-reader.ts';
import type { RelayContext } from './relay-context.ts';
import type { SentCloseCode, Switchboard, SwitchedSocket } from './switchboard.ts';
import { TokenBucket } from './token-bucket.ts';

type SocketState = 'connecting' | 'greeted' | 'catching-up' | 'live' | 'closed';

/** Of the id and the signed bytes: the same reply again is one job, and other bytes under its id reach the gateway, which refuses them. */
const jobIdOf = ({ replyId, signature }: SealedReply): string =>
  `${replyId}-${createHash('sha256').update(signature).digest('hex').slice(0, 32)}`;

type Hello = Extract<DeviceFrame, { t: 'hello' }>;

export class DeviceSocket implements SwitchedSocket {
  readonly identity: Admission;
  readonly #ws: WebSocket;
  readonly #context: RelayContext;
  readonly #switchboard: Switchboard;
  readonly #bucket: TokenBucket;
  #state: SocketState = 'connecting';
  /** Number of the last event written, or passed over because it is for another device. */
  #position = 0;
  #session: string | null = null;
  #isWoken = false;
  #isReading = false;
  /** Frames of the device are answered one at a time, in order. */
  #turn: Promise<void> = Promise.resolve();
  #framesWaiting = 0;
  #heardAtMs: number;
  #pingedAtMs: number;
  /** Since when the device has left too much unread, or null. */
  #stalledSinceMs: number | null = null;

  constructor(ws: WebSocket, identity: Admission, context: RelayContext, switchboard: Switchboard) {
    const nowMs = performance.now();
    this.identity = identity;
    this.#ws = ws;
    this.#context = context;
    this.#switchboard = switchboard;
    this.#bucket = new TokenBucket(
      { perSecond: context.limits.framesPerSecondMax, burst: context.limits.framesBurstMax },
      nowMs,
    );
    this.#heardAtMs = nowMs;
    this.#pingedAtMs = nowMs;
    ws.on('message', (content, isBinary) => this.#hear(content, isBinary));
    ws.on('pong', () => this.#heard());
    ws.on('ping', () => this.#heard());
    ws.on('error', (error) => context.log.debug('socket error', { deviceId: identity.deviceId, error }));
    ws.on('close', () => {
      this.#leave();
      switchboard.remove(this);
    });
    switchboard.add(this);
  }

  /** Something may have been stored for this mailbox. */
  look(): void {
    if (this.#state !== 'catching-up' && this.#state !== 'live') return;
    this.#isWoken = true;
    if (!this.#isReading) void this.#read();
  }

  close(code: SentCloseCode): void {
    if (this.#state === 'closed') return;
    this.#ws.close(code, CLOSE_CODES[code].name);
    this.#context.log.debug('socket closed', { deviceId: this.identity.deviceId, code: CLOSE_CODES[code].name });
    this.#leave();
  }

  /** Cuts the connection of a device that does not answer the goodbye. */
  terminate(): void {
    this.#leave();
    this.#ws.terminate();
  }

  /** Heartbeat: closes what is silent, stalled or past its validity; pings what is due. */
  beat(nowMs: number): void {
    const { heartbeatSeconds, silenceSeconds } = this.#context.limits;
    const { validUntil } = this.identity;
    const isOlder = (sinceMs: number, seconds: number) => nowMs - sinceMs > seconds * 1_000;
    if (isOlder(this.#heardAtMs, silenceSeconds)) this.close(4408);
    else if (this.#stalledSinceMs !== null && isOlder(this.#stalledSinceMs, silenceSeconds)) this.close(4430);
    else if (validUntil !== null && validUntil <= this.#context.clock.now().getTime()) this.close(4403);
    else if (isOlder(this.#pingedAtMs, heartbeatSeconds) && !this.#isClosed()) {
      this.#pingedAtMs = nowMs;
      this.#ws.ping();
    }
  }

  #heard(): void {
    this.#heardAtMs = performance.now();
  }

  #leave(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#switchboard.leave(this);
    if (this.#session === null) return;
    this.#context.access.endSession(this.#session).catch((error: unknown) => {
      this.#context.log.debug('a session was left to its own end', { deviceId: this.identity.deviceId, error });
    });
  }

  #hear(content: RawData, isBinary: boolean): void {
    if (this.#isClosed()) return;
    this.#heard();
    const isTooFast = !this.#bucket.take(this.#heardAtMs) || this.#framesWaiting >= this.#context.limits.framesBurstMax;
    const frame = isBinary || isTooFast ? null : readDeviceFrame(content.toString());
    if (frame === null) this.close(isTooFast ? 4429 : 4400);
    else this.#queue(frame);
  }

  #queue(frame: DeviceFrame): void {
    this.#framesWaiting += 1;
    this.#turn = this.#turn
      .then(() => this.#answer(frame))
      .catch((error: unknown) => this.#giveUp(error))
      .finally(() => {
        this.#framesWaiting -= 1;
      });
  }

  async #answer(frame: DeviceFrame): Promise<void> {
    if (this.#isClosed()) return;
    if ((frame.t === 'hello') !== (this.#state === 'connecting')) this.close(4400);
    else if (frame.t === 'hello') await this.#greet(frame);
    else if (frame.t === 'ack') await this.#acknowledge(frame.cursor);
    else if (frame.t === 'reply') await this.#takeReply(frame.reply);
    else if (frame.t === 'read') await this.#takeReceipt(frame.receipt);
    else this.#send({ t: 'pong', serverTime: this.#context.clock.now().getTime() });
  }

  async #greet(hello: Hello): Promise<void> {
    const { access, inbox, clock, limits } = this.#context;
    const { deviceId, mailboxId } = this.identity;
    this.#state = 'greeted';
    if (!(await this.#switchboard.join(this))) return this.close(4429);
    // Asked after the signals are on: a revocation between ticket and now is seen here, a later one is signalled.
    if ((await access.findDevice(deviceId)) === null) return this.close(4403);
    const session = await access.openSession(deviceId);
    const { epoch, lastSeq } = await inbox.head(mailboxId);
    if (this.#isClosed()) return;
    this.#session = session;
    this.#send({
      t: 'welcome',
      v: PROTOCOL_VERSION,
      epoch,
      session,
      serverTime: clock.now().getTime(),
      heartbeatSeconds: limits.heartbeatSeconds,
      frameMaxBytes: limits.frameMaxBytes,
    });
    const isFresh = hello.epoch === null && hello.cursor === 0;
    const isGap = !isFresh && (hello.epoch !== epoch || hello.cursor > lastSeq);
    this.#position = isGap ? 0 : hello.cursor;
    if (isGap) this.#send({ t: 'gap', epoch });
    this.#state = 'catching-up';
    this.look();
  }

  /** A cursor beyond what was written (sent just before a gap was read, say) acknowledges nothing. */
  async #acknowledge(cursor: number): Promise<void> {
    if (cursor > this.#position) return;
    await this.#context.inbox.acknowledge(this.identity.mailboxId, this.identity.deviceId, cursor);
  }

  async #takeReply(reply: SealedReply): Promise<void> {
    const { mailboxId, deviceId } = this.identity;
    const { replyId } = reply;
    const job: ReplyJob = { kind: 'reply', mailboxId, deviceId, reply };
    passed('reply-offered');
    try {
      await this.#context.queues.add(QUEUES.reply, jobIdOf(reply), job);
    } catch (error) {
      this.#context.log.warn('a reply could not be queued', { replyId, deviceId, error });
      return this.#send({ t: 'refused', replyId, code: 'store-unavailable', retry: 'later' });
    }
    passed('reply-queued');
    this.#send({ t: 'queued', replyId });
  }

  /** One that could not be queued is not noted: the device offers it again. */
  async #takeReceipt(receipt: ReadReceipt): Promise<void> {
    const { mailboxId, deviceId } = this.identity;
    const { letterId } = receipt;
    const job: ReplyJob = { kind: 'read', mailboxId, deviceId, receipt };
    try {
      await this.#context.queues.add(QUEUES.reply, `${letterId}-${deviceId}`, job);
    } catch (error) {
      return this.#context.log.warn('a receipt could not be queued', { letterId, deviceId, error });
    }
    this.#send({ t: 'noted', letterId });
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isWoken && !this.#isClosed()) {
        this.#isWoken = false;
        await this.#sendWhatFollows();
        if (this.#state !== 'catching-up') continue;
        this.#state = 'live';
        this.#send({ t: 'live', cursor: this.#position });
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#isReading = false;
    }
  }

  async #sendWhatFollows(): Promise<void> {
    const pages = this.#switchboard.pagesOf(this.identity.mailboxId);
    for (;;) {
      const frames = await pages.after(this.#position);
      if (frames.length === 0) return;
      for (const frame of frames) {
        if (this.#isClosed()) return;
        if (frame.device === null || frame.device === this.identity.deviceId) await this.#write(frame.bytes);
        this.#position = frame.seq;
      }
    }
  }

  /** Writes, and waits while the device has half of what it may leave unread still before it. */
  async #write(bytes: Buffer): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#ws.send(bytes, { binary: false }, () => written.resolve());
    if (this.#ws.bufferedAmount < this.#context.limits.socketBacklogMaxBytes / 2) return;
    this.#stalledSinceMs = performance.now();
    await written.promise;
    this.#stalledSinceMs = null;
  }

  #send(frame: RelayFrame): void {
    if (this.#isClosed()) return;
    this.#ws.send(JSON.stringify(frame));
    if (this.#ws.bufferedAmount > this.#context.limits.socketBacklogMaxBytes) this.close(4430);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Trouble that is not the device's: it comes back later. */
  #giveUp(error: unknown): void {
    this.#context.log.warn('a socket could not be served', { deviceId: this.identity.deviceId, error });
    this.close(1013);
  }
}
