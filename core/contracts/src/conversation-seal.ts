/**
 * Sealing under a conversation key, the same code on gateway and phone: AES-256-GCM, a random 96-bit IV, and
 * AAD that binds kind, conversation, id and author. A blob (photo, file, original letter) is sealed the same
 * way with its IV in front.
 */
import { type Bytes, base64url, fromBase64url, fromUtf8, utf8 } from './bytes.ts';

export type SealKind = 'message' | 'status' | 'reply' | 'blob' | 'context';

/** What the ciphertext is bound to. */
export interface SealBinding {
  readonly kind: SealKind;
  readonly conversationId: string;
  readonly id: string;
  readonly author: string;
}

const IV_BYTES = 12;

function associated(binding: SealBinding): Bytes {
  return utf8(JSON.stringify(['estafette', 1, binding.kind, binding.conversationId, binding.id, binding.author]));
}

/** A conversation key from its 32 bytes. `extractable` only in gateway custody. */
export function importConversationKey(raw: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/** Seals bytes; gives IV and ciphertext with its tag. */
export async function sealBytes(key: CryptoKey, binding: SealBinding, clear: Bytes): Promise<{ iv: Bytes; ct: Bytes }> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const ct = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: associated(binding) }, key, clear);
  return { iv, ct: new Uint8Array(ct) };
}

/** Opens bytes; throws an OperationError when key, binding or bytes are not the ones that were sealed. */
export async function openBytes(key: CryptoKey, binding: SealBinding, iv: Bytes, ct: Bytes): Promise<Bytes> {
  const clear = await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: associated(binding) }, key, ct);
  return new Uint8Array(clear);
}

/** Seals a JSON value for an event or a reply frame. */
export async function sealJson(
  key: CryptoKey,
  binding: SealBinding,
  value: unknown,
): Promise<{ iv: string; ct: string }> {
  const { iv, ct } = await sealBytes(key, binding, utf8(JSON.stringify(value)));
  return { iv: base64url(iv), ct: base64url(ct) };
}

/** Opens what `sealJson` sealed; the caller validates the value with its schema. */
export async function openJson(
  key: CryptoKey,
  binding: SealBinding,
  sealed: { iv: string; ct: string },
): Promise<unknown> {
  const clear = await openBytes(key, binding, fromBase64url(sealed.iv), fromBase64url(sealed.ct));
  return JSON.parse(fromUtf8(clear));
}

/** A blob as stored: IV, then ciphertext and tag. */
export async function sealBlob(key: CryptoKey, conversationId: string, blobId: string, clear: Bytes): Promise<Bytes> {
  const { iv, ct } = await sealBytes(key, { kind: 'blob', conversationId, id: blobId, author: 'gateway' }, clear);
  const stored = new Uint8Array(iv.length + ct.length);
  stored.set(iv);
  stored.set(ct, iv.length);
  return stored;
}

/** Opens a stored blob. */
export function openBlob(key: CryptoKey, conversationId: string, blobId: string, stored: Bytes): Promise<Bytes> {
  const binding: SealBinding = { kind: 'blob', conversationId, id: blobId, author: 'gateway' };
  return openBytes(key, binding, stored.slice(0, IV_BYTES), stored.slice(IV_BYTES));
}

/** The bytes a device signs with its reply: everything the relay could otherwise pass off as another's. */
export function replySignatureInput(
  deviceId: string,
  reply: { replyId: string; conversationId: string; iv: string; ct: string },
): Bytes {
  return utf8(
    JSON.stringify([
      'estafette',
      1,
      'reply-signature',
      deviceId,
      reply.replyId,
      reply.conversationId,
      reply.iv,
      reply.ct,
    ]),
  );
}

/** The bytes a device signs to say that a letter was read. */
export function receiptSignatureInput(
  deviceId: string,
  receipt: { letterId: string; conversationId: string; readAt: number },
): Bytes {
  return utf8(
    JSON.stringify([
      'estafette',
      1,
      'receipt-signature',
      deviceId,
      receipt.letterId,
      receipt.conversationId,
      receipt.readAt,
    ]),
  );
}
