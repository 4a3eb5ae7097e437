/**
 * Custody of conversation keys. A conversation key is 32 random bytes, wrapped (AES-256-GCM) under the key of the
 * epoch in which the conversation expires. When the epoch is over its key is destroyed, and with it everything sealed
 * in those conversations, wherever copies lie. Extending a conversation wraps its key under a later epoch.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Bytes } from '@estafette/contracts/bytes';
import { importConversationKey } from '@estafette/contracts/conversation-seal';
import type { Conversation, EpochKeys } from '../ports.ts';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A conversation key, raw for wrapping to devices and imported for sealing. */
export interface ConversationKey {
  readonly raw: Bytes;
  readonly key: CryptoKey;
}

export interface Custody {
  /** The epoch that ends at or after `expiresAt`; its name is its end, `YYYYMMDDTHHMMSSZ`. */
  epochFor(expiresAt: number): { epoch: string; endsAt: number };
  make(): Promise<ConversationKey>;
  wrap(conversationId: string, epoch: string, key: ConversationKey): Promise<Buffer>;
  /** The key, or null when its epoch was destroyed. */
  unwrap(conversation: Pick<Conversation, 'id' | 'epoch' | 'wrappedKey'>): Promise<ConversationKey | null>;
  /** Destroys the key of every epoch that is over. */
  destroyOver(now: number): Promise<void>;
  /** Epochs whose key was destroyed, ever. */
  destroyed(): Promise<string[]>;
}

function endOf(epoch: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(epoch) ?? [];
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

async function imported(raw: Buffer): Promise<ConversationKey> {
  const own = new Uint8Array(raw);
  return { raw: own, key: await importConversationKey(own) };
}

/** Custody over the epoch keys, with epochs of the given width. */
export function openCustody(epochs: EpochKeys, options: { epochSeconds: number }): Custody {
  const widthMs = options.epochSeconds * 1_000;
  const context = (conversationId: string) => Buffer.from(`estafette/1 conversation ${conversationId}`);
  return {
    epochFor(expiresAt) {
      const endsAt = Math.ceil(expiresAt / widthMs) * widthMs;
      return { epoch: new Date(endsAt).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, ''), endsAt };
    },
    make: () => imported(randomBytes(KEY_BYTES)),
    async wrap(conversationId, epoch, { raw }) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', await epochs.getOrMake(epoch), iv).setAAD(context(conversationId));
      return Buffer.concat([iv, cipher.update(raw), cipher.final(), cipher.getAuthTag()]);
    },
    async unwrap({ id, epoch, wrappedKey }) {
      const epochKey = await epochs.get(epoch);
      if (epochKey === null || wrappedKey.length !== IV_BYTES + KEY_BYTES + TAG_BYTES) return null;
      const decipher = createDecipheriv('aes-256-gcm', epochKey, wrappedKey.subarray(0, IV_BYTES)).setAAD(context(id));
      decipher.setAuthTag(wrappedKey.subarray(IV_BYTES + KEY_BYTES));
      return imported(
        Buffer.concat([decipher.update(wrappedKey.subarray(IV_BYTES, IV_BYTES + KEY_BYTES)), decipher.final()]),
      );
    },
    async destroyOver(now) {
      for (const epoch of await epochs.list()) if (endOf(epoch) <= now) await epochs.destroy(epoch);
    },
    destroyed: () => epochs.destroyed(),
  };
}
