/**
 * Photos and files of a reply. The phone seals them under the conversation key and uploads them; the gateway opens them,
 * checks what they are and how large, and keeps them in the conversation, where the other devices find them and expiry
 * destroys them. Hostile input: whatever stands in `uploads/` came over the internet, so its size is looked at before it
 * is read, its name and type are cleaned, and a program is refused by its bytes and by its name. Where there is an
 * antivirus it is asked before anything is kept, and again before the mail is made: what lies there may have been changed.
 */
import { openBlob } from '@estafette/contracts/conversation-seal';
import { Refusal } from '@estafette/contracts/failure';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { ReplyMessage } from '@estafette/contracts/message';
import type { Antivirus, BlobStore, LastingStore } from '../ports.ts';
import type { ReplyAttachment } from './compose-reply.ts';

/** What the content stage knows of files. */
export interface FileRules {
  /** What the first bytes say; null when they say nothing. */
  sniff(bytes: Buffer): { readonly mediaType: string; readonly executable: boolean } | null;
  /** The media type a file may be handed on with. */
  servedType(declared: string, sniffed: { mediaType: string; executable: boolean } | null): string;
  cleanName(name: string, mediaType: string): string;
  isProgramName(name: string): boolean;
}

/** The conversation a reply stands in. */
export interface ReplyPlace {
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly key: CryptoKey;
}

type Attached = Pick<ReplyMessage, 'attachments'>;

export interface AttachmentKeeper {
  /** Looks at everything a new reply brings; gives its bytes in all, throws `Refusal` when it must not leave. */
  check(place: ReplyPlace, reply: Attached): Promise<number>;
  /** Moves what was uploaded into the conversation, whose rows name it by then; a second run does nothing. */
  take(mailboxId: string, reply: Attached): Promise<void>;
  /** In clear, for the mail. */
  open(place: ReplyPlace, reply: Attached): Promise<ReplyAttachment[]>;
}

/** IV in front, tag behind. */
const SEAL_BYTES = 28;

/** The keeper over the blobs that gateway and relay share. */
export function createAttachmentKeeper(options: {
  blobs: BlobStore;
  store: Pick<LastingStore, 'hasBlob'>;
  rules: FileRules;
  /** Absent or null: nothing is scanned. */
  antivirus?: Pick<Antivirus, 'scan'> | null;
}): AttachmentKeeper {
  const { blobs, store, rules, antivirus = null } = options;
  const uploadOf = (mailboxId: string, blobId: string) => `uploads/${mailboxId}/${blobId}`;
  const blobOf = (mailboxId: string, blobId: string) => `blobs/${mailboxId}/${blobId}`;

  /** The bytes as stored, when there are exactly so many. */
  const read = async (name: string, bytes: number): Promise<Buffer | null> => {
    const stored = await blobs.open(name);
    if (stored === null) return null;
    const chunks: Buffer[] = [];
    try {
      if (stored.bytes !== bytes + SEAL_BYTES) throw new Refusal('attachment-missing', 'another size');
      for await (const chunk of stored.stream) chunks.push(chunk as Buffer);
    } finally {
      stored.stream.destroy();
    }
    return Buffer.concat(chunks);
  };

  const opened = async (place: ReplyPlace, blobId: string, stored: Buffer | null): Promise<Buffer> => {
    if (stored === null) throw new Refusal('attachment-missing');
    const clear = await openBlob(place.key, place.conversationId, blobId, new Uint8Array(stored)).catch(
      (error: unknown) => {
        throw new Refusal('attachment-missing', 'does not open', { cause: error });
      },
    );
    return Buffer.from(clear.buffer, clear.byteOffset, clear.byteLength);
  };

  const judged = ({ name, mediaType }: { name: string; mediaType: string }, bytes: Buffer): ReplyAttachment => {
    const sniffed = rules.sniff(bytes);
    const type = rules.servedType(mediaType, sniffed);
    const clean = rules.cleanName(name, type);
    if (sniffed?.executable === true || rules.isProgramName(clean)) throw new Refusal('attachment-refused');
    return { name: clean, mediaType: type, bytes };
  };

  /** Before anything of it is kept or leaves; what is kept could be read by the other devices. */
  const refuseInfected = async ({ bytes }: ReplyAttachment): Promise<void> => {
    if (((await antivirus?.scan([bytes])) ?? null) !== null) throw new Refusal('attachment-infected');
  };

  return {
    async check(place, { attachments = [] }) {
      const total = attachments.reduce((sum, { bytes }) => sum + bytes, 0);
      if (total > CONVERSATION_LIMITS.attachmentsTotalMaxBytes) throw new Refusal('reply-too-large');
      if (new Set(attachments.map(({ blobId }) => blobId)).size < attachments.length)
        throw new Refusal('reply-malformed', 'the same attachment twice');
      for (const attachment of attachments) {
        const { blobId, bytes } = attachment;
        // What a conversation keeps under this name must not be overwritten by an upload.
        if (await store.hasBlob(blobId)) throw new Refusal('reply-malformed', 'an attachment by the name of a blob');
        const stored = await read(uploadOf(place.mailboxId, blobId), bytes);
        await refuseInfected(judged(attachment, await opened(place, blobId, stored)));
      }
      return total;
    },
    async take(mailboxId, { attachments = [] }) {
      for (const { blobId, bytes } of attachments) {
        const stored = await read(uploadOf(mailboxId, blobId), bytes);
        if (stored !== null) await blobs.put(blobOf(mailboxId, blobId), stored);
        await blobs.delete(uploadOf(mailboxId, blobId));
      }
    },
    async open(place, { attachments = [] }) {
      const files: ReplyAttachment[] = [];
      for (const attachment of attachments) {
        const { blobId, bytes } = attachment;
        const stored =
          (await read(blobOf(place.mailboxId, blobId), bytes)) ??
          (await read(uploadOf(place.mailboxId, blobId), bytes));
        const file = judged(attachment, await opened(place, blobId, stored));
        await refuseInfected(file);
        files.push(file);
      }
      return files;
    },
  };
}
