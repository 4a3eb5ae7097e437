/**
 * The spool: where a letter lies between the 250 and its delivery. A letter is streamed in sealed: AES-256-GCM under
 * a key of its own, which stands in the sealed header in front together with the SMTP envelope. Nothing is known of a
 * letter without the vault. Memory stays flat on the way in; reading takes the whole letter, and the tag is checked
 * before a byte is used.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import type { BlobStore, Carrier, DeliveryWishes, Vault } from '../ports.ts';

const MAGIC = Buffer.from('EST1');
const TAG_BYTES = 16;
const PREFIX = 'spool/';

const HeaderSchema = v.object({
  key: v.string(),
  iv: v.string(),
  mailFrom: v.string(),
  mailboxIds: v.array(v.string()),
  receivedAt: v.number(),
  space: v.optional(v.string()),
  carrier: v.optional(
    v.variant('kind', [
      v.object({ kind: v.literal('operator'), domain: v.string(), name: v.string() }),
      v.object({ kind: v.literal('account'), account: v.string() }),
    ]),
  ),
  wishes: v.optional(
    v.object({
      envelopeId: v.nullable(v.string()),
      returns: v.nullable(v.picklist(['headers', 'full'])),
      recipients: v.array(
        v.object({
          mailboxId: v.string(),
          address: v.string(),
          original: v.nullable(v.string()),
          notify: v.array(v.picklist(['never', 'success', 'failure', 'delay'])),
        }),
      ),
    }),
  ),
});

/** What SMTP said of a letter (the SMTP envelope), without the letter. */
export interface SpoolFacts {
  /** Empty for the null sender. */
  readonly mailFrom: string;
  readonly mailboxIds: readonly string[];
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Trust space of the door it came through; absent in what was spooled before doors had names. */
  readonly space?: string | undefined;
  /** Who handed it over, where that was proven. */
  readonly carrier?: Carrier | undefined;
  /** What its sender asked about its delivery. */
  readonly wishes?: DeliveryWishes | undefined;
}

export interface SpooledLetter extends SpoolFacts {
  readonly bytes: Buffer;
}

export interface Spool {
  /** Resolves when the letter is durable. Rejects, and keeps nothing, when `content` rejects. */
  store(letterId: string, facts: SpoolFacts, content: AsyncIterable<Uint8Array>): Promise<{ bytes: number }>;
  read(letterId: string): Promise<SpooledLetter | null>;
  remove(letterId: string): Promise<void>;
  /** Letters that lie here, oldest first. */
  waiting(): Promise<{ letterId: string; storedAt: number }[]>;
}

/** The spool over a blob store. */
export function openSpool(blobs: BlobStore, vault: Vault): Spool {
  async function* sealed(
    letterId: string,
    facts: SpoolFacts,
    content: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const key = randomBytes(32);
    const iv = randomBytes(12);
    const header = { key: key.toString('base64'), iv: iv.toString('base64'), ...facts };
    const sealedHeader = vault.seal('spool', letterId, Buffer.from(JSON.stringify(header)));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(sealedHeader.length);
    yield Buffer.concat([MAGIC, length, sealedHeader]);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    for await (const chunk of content) yield cipher.update(chunk);
    yield Buffer.concat([cipher.final(), cipher.getAuthTag()]);
  }

  return {
    store: (letterId, facts, content) => blobs.put(PREFIX + letterId, sealed(letterId, facts, content)),
    async read(letterId) {
      const stored = await blobs.get(PREFIX + letterId);
      if (stored === null) return null;
      if (!stored.subarray(0, 4).equals(MAGIC)) throw new Error('not a spooled letter');
      const headerEnd = 8 + stored.readUInt32BE(4);
      const header = v.parse(
        HeaderSchema,
        JSON.parse(vault.open('spool', letterId, stored.subarray(8, headerEnd)).toString()),
      );
      const decipher = createDecipheriv(
        'aes-256-gcm',
        Buffer.from(header.key, 'base64'),
        Buffer.from(header.iv, 'base64'),
      );
      decipher.setAuthTag(stored.subarray(stored.length - TAG_BYTES));
      const bytes = Buffer.concat([
        decipher.update(stored.subarray(headerEnd, stored.length - TAG_BYTES)),
        decipher.final(),
      ]);
      const { key: _key, iv: _iv, ...facts } = header;
      return { bytes, ...facts };
    },
    remove: (letterId) => blobs.delete(PREFIX + letterId),
    async waiting() {
      const found: { letterId: string; storedAt: number }[] = [];
      for await (const { name, modifiedAt } of blobs.list(PREFIX))
        found.push({ letterId: name.slice(PREFIX.length), storedAt: modifiedAt.getTime() });
      return found.sort((one, other) => one.storedAt - other.storedAt);
    },
  };
}
