/**
 * One lasting conversation with the relay over sockets that come and go: ticket, socket, hello, frames, heartbeat,
 * and again. A mobile socket may look open and be dead, so silence counts as loss, and `wake` drops the socket
 * without asking it (facts/peers.md section 6). What to do after a close is in CLOSE_CODES, not decided here.
 *
 * How it works: every try has a number; whatever arrives from an older try is ignored. A try ends in `lost`,
 * which either plans the next one or stops for good.
 */
import { adviceFor } from '@estafette/contracts/close-codes';
import { type DeviceFrame, PROTOCOL_VERSION, type RelayFrame, RelayFrameSchema } from '@estafette/contracts/frames';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';
import { type ReconnectPolicy, reconnectPauseMs } from './reconnect-pause.ts';

export type StopReason = 'revoked' | 'replaced' | 'outdated' | 'closed';

export type ConnectionState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'catching-up' }
  | { readonly phase: 'live' }
  /** Not connected; the next try comes by itself. */
  | { readonly phase: 'offline'; readonly attempt: number }
  /** Not connected, and no try will come by itself. */
  | { readonly phase: 'stopped'; readonly reason: StopReason };

/** What the connection needs from the session. */
export interface ConnectionParts {
  readonly policy: ReconnectPolicy;
  readonly WebSocket: typeof WebSocket;
  readonly random?: () => number;
  /** Address with a fresh ticket; null when the relay does not know this device any more. Throws when unreachable. */
  socketAddress(): Promise<string | null>;
  /** Where we stand, read only after everything received on earlier sockets was kept. */
  position(): Promise<{ epoch: string | null; cursor: number }>;
  onFrame(frame: RelayFrame, attempt: number): void;
  onState(state: ConnectionState): void;
}

/** A socket that has not said welcome by then is dead. */
const WELCOME_TIMEOUT_MS = 10_000;
/** Times the relay may say that it does not know us before we believe it. */
const UNKNOWN_TRIES = 4;
/** How long after a ping the relay may stay silent. */
const PONG_GRACE_MS = 10_000;

export class RelayConnection {
  readonly #parts: ConnectionParts;
  #state: ConnectionState = { phase: 'stopped', reason: 'closed' };
  #try = 0;
  #failures = 0;
  #socket: WebSocket | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The number of the present try; frames of older ones are void. */
  get attempt(): number {
    return this.#try;
  }

  /** Connects, dropping whatever socket there was. */
  connect(): void {
    this.#drop();
    this.#become({ phase: 'connecting' });
    void this.#open(this.#try);
  }

  /** Says goodbye; no more tries. */
  close(): void {
    this.#drop();
    this.#become({ phase: 'stopped', reason: 'closed' });
  }

  /** Gives up this socket because of trouble on our side (for instance the disk); comes back later. */
  fail(): void {
    if (this.#state.phase !== 'stopped') this.#lost('retry-later');
  }

  /** Sends a frame; false when nobody has welcomed us on an open socket (the caller keeps what matters). */
  send(frame: DeviceFrame): boolean {
    const isWelcome = this.#state.phase === 'live' || this.#state.phase === 'catching-up';
    if (this.#socket?.readyState !== 1 || (frame.t !== 'hello' && !isWelcome)) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #open(attempt: number): Promise<void> {
    let address: string | null;
    try {
      address = await this.#parts.socketAddress();
    } catch {
      if (attempt === this.#try) this.#lost('retry-now');
      return;
    }
    if (attempt !== this.#try) return;
    if (address === null) {
      // A relay that lost its memory knows no device until the gateway has told it again.
      if (this.#failures < UNKNOWN_TRIES) this.#lost('retry-later');
      else this.#stop('revoked');
      return;
    }
    const socket = new this.#parts.WebSocket(address);
    this.#socket = socket;
    this.#watch(WELCOME_TIMEOUT_MS);
    socket.addEventListener('open', () => void this.#greet(socket, attempt));
    socket.addEventListener('message', (event) => {
      if (socket === this.#socket) this.#receive(event.data, attempt);
    });
    socket.addEventListener('close', (event) => {
      if (socket === this.#socket) this.#closed(event.code);
    });
    socket.addEventListener('error', () => {
      if (socket === this.#socket && socket.readyState !== 1) this.#lost('retry-now');
    });
  }

  async #greet(socket: WebSocket, attempt: number): Promise<void> {
    const { epoch, cursor } = await this.#parts.position();
    if (socket === this.#socket && attempt === this.#try) this.send({ t: 'hello', v: PROTOCOL_VERSION, epoch, cursor });
  }

  #receive(text: unknown, attempt: number): void {
    const parsed = typeof text === 'string' ? parseFrame(text) : null;
    if (parsed === null) return;
    if (parsed.t === 'welcome') {
      this.#become({ phase: 'catching-up' });
      this.#beat(parsed.heartbeatSeconds * 1_000);
    } else {
      this.#beat();
    }
    if (parsed.t === 'live') {
      this.#failures = 0;
      this.#become({ phase: 'live' });
    }
    this.#parts.onFrame(parsed, attempt);
  }

  #heartbeatMs: number = RELAY_LIMITS.heartbeatSeconds * 1_000;

  /** Something was heard: the next silence is counted from now. */
  #beat(heartbeatMs?: number): void {
    if (heartbeatMs !== undefined) {
      this.#heartbeatMs = heartbeatMs;
      clearInterval(this.#pingTimer);
      this.#pingTimer = setInterval(() => this.send({ t: 'ping' }), heartbeatMs);
    }
    if (this.#pingTimer !== undefined) this.#watch(this.#heartbeatMs + PONG_GRACE_MS);
  }

  #watch(ms: number): void {
    clearTimeout(this.#watchTimer);
    this.#watchTimer = setTimeout(() => this.#lost('retry-now'), ms);
  }

  #closed(code: number): void {
    const advice = adviceFor(code);
    if (advice === 'never' && code !== 1000) this.#stop(stopReason(code));
    else this.#lost(advice === 'retry-later' ? 'retry-later' : 'retry-now');
  }

  #lost(advice: 'retry-now' | 'retry-later'): void {
    this.#drop();
    this.#failures += 1;
    this.#become({ phase: 'offline', attempt: this.#failures });
    const pause = reconnectPauseMs(this.#parts.policy, this.#failures, advice, this.#parts.random ?? Math.random);
    this.#retryTimer = setTimeout(() => this.connect(), pause);
  }

  #stop(reason: StopReason): void {
    this.#drop();
    this.#become({ phase: 'stopped', reason });
  }

  /** Ends the present try without waiting for the socket's own close, which may never come. */
  #drop(): void {
    this.#try += 1;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchTimer);
    clearInterval(this.#pingTimer);
    this.#pingTimer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null && socket.readyState <= 1) socket.close(1000);
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    this.#parts.onState(state);
  }
}

/** A frame this version knows; null for others, which leaves the relay room to grow. */
function parseFrame(text: string): RelayFrame | null {
  try {
    const parsed = v.safeParse(RelayFrameSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function stopReason(code: number): StopReason {
  if (code === 4403) return 'revoked';
  if (code === 4409) return 'replaced';
  return 'outdated';
}
