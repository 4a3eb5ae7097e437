/**
 * Sealed bytes of mails that have not left, with their SMTP envelope, in the safe under `out/<mailId>`, encrypted once
 * more by the vault: neither the address nor the ciphertext lies open on the disk. Deleted when the mail has left or
 * ended.
 */
import type { BlobStore, Vault } from '../ports.ts';

/** The envelope of a mail (RFC 5321 §2.3.1). */
export interface MailEnvelope {
  /** Empty for automatic mail. */
  readonly from: string;
  readonly to: string;
}

export interface MailSafe {
  keep(mailId: string, envelope: MailEnvelope, bytes: Uint8Array): Promise<void>;
  /** Null when there is nothing under this id. */
  read(mailId: string): Promise<{ envelope: MailEnvelope; bytes: Buffer } | null>;
  /** Idempotent. */
  remove(mailId: string): Promise<void>;
  /** Ids of what is kept. */
  ids(): AsyncIterable<string>;
}

const OUT = 'out/';

/** The safe of sealed mails. */
export function openMailSafe({ safe, vault }: { safe: BlobStore; vault: Vault }): MailSafe {
  return {
    async keep(mailId, { from, to }, bytes) {
      const head = Buffer.from(`${JSON.stringify({ from, to })}\n`);
      await safe.put(OUT + mailId, vault.seal('spool', mailId, Buffer.concat([head, bytes])));
    },
    async read(mailId) {
      const stored = await safe.get(OUT + mailId);
      if (stored === null) return null;
      const clear = vault.open('spool', mailId, stored);
      const end = clear.indexOf(0x0a);
      const envelope = JSON.parse(clear.subarray(0, end).toString()) as MailEnvelope;
      return { envelope, bytes: clear.subarray(end + 1) };
    },
    remove: (mailId) => safe.delete(OUT + mailId),
    async *ids() {
      for await (const { name } of safe.list(OUT)) yield name.slice(OUT.length);
    },
  };
}
