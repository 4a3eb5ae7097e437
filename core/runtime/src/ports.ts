/**
 * The ports of the runtime: what the parts may ask of the world, and what they may rely on. Each has one
 * conformance suite (`*.conformance.ts`) run against every adapter. Adapters are built only in a `main.ts`.
 */
import type { Readable } from 'node:stream';

/** The time. Injected, so that tests can move it. */
export interface Clock {
  now(): Date;
}

/**
 * What is large: spool, attachments, original letters. Names are slash-separated opaque ids
 * (`spool/ltr_…`). Content is sealed by the caller before it comes here.
 */
export interface BlobStore {
  /** Resolves when the bytes are durable under `name` (fsync, atomic rename); on any error nothing is kept. Replaces. */
  put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ bytes: number }>;
  /** The whole content, or null when there is none. */
  get(name: string): Promise<Buffer | null>;
  /** The content as a stream with its length, or null. */
  open(name: string): Promise<{ stream: Readable; bytes: number } | null>;
  /** Idempotent. */
  delete(name: string): Promise<void>;
  /** Names below a prefix that ends with a slash; order unspecified. */
  list(prefix: string): AsyncIterable<{ name: string; bytes: number; modifiedAt: Date }>;
}

/**
 * Queues. At-least-once: a job whose consumer dies runs again; consumers are idempotent. Jobs carry ids and
 * sealed bytes only (contracts/queues.ts).
 */
export interface Queues {
  /** Resolves when the job is stored. A job with the same id that still waits or runs is not added twice. */
  add<J extends object>(queue: string, jobId: string, job: J, options?: { delayMs?: number }): Promise<void>;
  /**
   * Consumes with at most `concurrency` jobs at a time. A handler that throws is tried again with growing
   * pauses, for ever unless it throws `GiveUp`; order between jobs is not promised.
   */
  consume<J extends object>(
    queue: string,
    handler: (job: J, attempt: number) => Promise<void>,
    options: { concurrency: number },
  ): Promise<Consumer>;
  /** Calls `listener` with the id of each job of `queue` that completed, at least while this process lives. */
  onCompleted(queue: string, listener: (jobId: string) => void): Promise<Consumer>;
  /** Jobs waiting, delayed or running. */
  depth(queue: string): Promise<number>;
  close(): Promise<void>;
}

export interface Consumer {
  /** Stops taking jobs and waits for the running ones. */
  close(): Promise<void>;
}

/** Thrown by a handler whose work can never succeed: the job ends, the handler has recorded why. */
export class GiveUp extends Error {}

/**
 * Keys of expiry epochs: what expires is wrapped under the key of its epoch, and destroying that key makes it
 * unreadable everywhere, in every backup of the rest.
 */
export interface EpochKeys {
  /** The key of an epoch, or null when it was destroyed or never made. */
  get(epoch: string): Promise<Buffer | null>;
  /** The key of an epoch, made durable first when it does not exist. Throws for an epoch that was destroyed. */
  getOrMake(epoch: string): Promise<Buffer>;
  /** Overwrites and removes the key; true when there was one. */
  destroy(epoch: string): Promise<boolean>;
  /** Epochs that have a key. */
  list(): Promise<string[]>;
  /** Epochs whose key was destroyed. */
  destroyed(): Promise<string[]>;
}

/** Seals what rests: columns, spool headers, keys. `purpose` separates keys; `context` binds the ciphertext to its place. */
export interface Vault {
  seal(purpose: VaultPurpose, context: string, clear: Uint8Array): Buffer;
  /** Throws when the bytes were not sealed by this vault for this purpose and context. */
  open(purpose: VaultPurpose, context: string, sealed: Uint8Array): Buffer;
  /** A keyed digest (HMAC-SHA256) for looking things up without storing them. */
  index(purpose: VaultPurpose, value: string): Buffer;
}

export type VaultPurpose =
  | 'spool'
  | 'mailbox-key'
  | 'person'
  | 'enrolment'
  | 'correspondent'
  | 'address-index'
  | 'account'
  | 'opposition'
  | 'message-id-index'
  | 'letter-identity'
  | 'derived-id'
  | 'thread-token'
  | 'epoch'
  | 'gateway-key'
  | 'demo';

/** Fields a log line may carry. Nothing else gets through (log.ts): no address, no subject, no content. */
export interface LogFields {
  readonly letterId?: string;
  readonly replyId?: string;
  readonly mailboxId?: string;
  readonly conversationId?: string;
  readonly deviceId?: string;
  readonly sessionId?: string;
  readonly queue?: string;
  readonly jobId?: string;
  readonly attempt?: number;
  readonly code?: string;
  readonly state?: string;
  readonly bytes?: number;
  readonly count?: number;
  readonly ms?: number;
  readonly port?: number;
  readonly reason?: string;
  /** Name and message of an error of ours or of a library; never built from letter content. */
  readonly error?: unknown;
}

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
