/**
 * A photo or a file of a letter: fetched sealed from the relay with the bearer of the present connection, opened
 * under the conversation key, and given only if its SHA-256 is the one the letter says.
 */
import { type Bytes, hex } from '@estafette/contracts/bytes';
import { openBlob } from '@estafette/contracts/conversation-seal';
import type { Document } from '@estafette/contracts/document';
import { type RelayHttp, RelayUnreachable } from './relay-http.ts';

export type AttachedDocument = Extract<Document, { kind: 'photo' | 'file' }>;

export type AttachmentTrouble = 'offline' | 'gone' | 'altered' | 'no-key';

/** Why a document cannot be shown now; `offline` may pass. */
export class AttachmentError extends Error {
  override readonly name = 'AttachmentError';
  readonly trouble: AttachmentTrouble;
  constructor(trouble: AttachmentTrouble, options?: ErrorOptions) {
    super(trouble, options);
    this.trouble = trouble;
  }
}

/** Gives the clear bytes, or throws an AttachmentError. */
export async function fetchAttachment(parts: {
  relay: RelayHttp;
  /** Bearer of the last `welcome`; null before the first. */
  session: string | null;
  key: CryptoKey | undefined;
  conversationId: string;
  document: AttachedDocument;
}): Promise<Bytes> {
  const { relay, session, key, conversationId, document } = parts;
  if (key === undefined) throw new AttachmentError('no-key');
  if (session === null) throw new AttachmentError('offline');
  let stored: Bytes | null;
  try {
    stored = await relay.fetchBlob(document.blobId, session);
  } catch (cause) {
    if (cause instanceof RelayUnreachable) throw new AttachmentError('offline', { cause });
    throw cause;
  }
  if (stored === null) throw new AttachmentError('gone');
  let clear: Bytes;
  try {
    clear = await openBlob(key, conversationId, document.blobId, stored);
  } catch (cause) {
    throw new AttachmentError('altered', { cause });
  }
  const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', clear)));
  if (digest !== document.sha256.toLowerCase()) throw new AttachmentError('altered');
  return clear;
}
