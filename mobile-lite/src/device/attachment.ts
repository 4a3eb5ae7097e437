/**
 * A photo or a file of a letter or a reply: taken from this device when it was written here and has not left, else
 * fetched sealed from the relay with the bearer of the present connection; opened under the conversation key, which
 * binds it to its id, and given only if its SHA-256 is the one the letter says.
 */
import { type Bytes, hex } from '@estafette/contracts/bytes';
import { openBlob } from '@estafette/contracts/conversation-seal';
import type { Document } from '@estafette/contracts/document';
import type { DeviceStore } from './device-store.ts';
import { type RelayHttp, RelayUnreachable } from './relay-http.ts';

export type AttachedDocument = Extract<Document, { kind: 'photo' | 'file' }>;

/** What must be known to open it; a reply names no digest. */
export type AttachedBlob = Pick<AttachedDocument, 'blobId'> & Partial<Pick<AttachedDocument, 'sha256'>>;

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
  document: AttachedBlob;
  store: DeviceStore;
}): Promise<Bytes> {
  const { key, conversationId, document, store } = parts;
  if (key === undefined) throw new AttachmentError('no-key');
  const stored = (await store.upload(document.blobId))?.stored ?? (await fetchSealed(parts));
  let clear: Bytes;
  try {
    clear = await openBlob(key, conversationId, document.blobId, stored);
  } catch (cause) {
    throw new AttachmentError('altered', { cause });
  }
  const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', clear)));
  if (document.sha256 !== undefined && digest !== document.sha256.toLowerCase()) throw new AttachmentError('altered');
  return clear;
}

async function fetchSealed(parts: {
  relay: RelayHttp;
  session: string | null;
  document: AttachedBlob;
}): Promise<Bytes> {
  if (parts.session === null) throw new AttachmentError('offline');
  const stored = await parts.relay.fetchBlob(parts.document.blobId, parts.session).catch((cause: unknown) => {
    throw cause instanceof RelayUnreachable ? new AttachmentError('offline', { cause }) : cause;
  });
  if (stored === null) throw new AttachmentError('gone');
  return stored;
}
