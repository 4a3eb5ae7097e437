/**
 * What is kept of a letter beside its message: the original as it came, and for a letter in quarantine who it claims to
 * come from. Both are sealed under the conversation key and end with it.
 */
import type { Bytes } from '@estafette/contracts/bytes';
import { openBlob, openBytes, sealBytes } from '@estafette/contracts/conversation-seal';
import type { BlobStore, ClaimedSender, Conversation } from '../ports.ts';
import type { ConversationKey } from './custody.ts';
import type { EventMaker } from './sealed-events.ts';

/** A conversation with its key. */
export interface OpenConversation {
  readonly conversation: Pick<Conversation, 'id' | 'mailboxId'>;
  readonly key: ConversationKey;
}

const IV_BYTES = 12;
const toBytes = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);

/** The name from which the blob id of an original is derived. */
export const originalName = (letterId: string): string => `${letterId} original`;

function originalPlace(idFor: EventMaker['idFor'], mailboxId: string, letterId: string) {
  const blobId = idFor('blob', `${originalName(letterId)} ${mailboxId}`);
  return { blobId, path: `blobs/${mailboxId}/${blobId}` };
}

/** The letter as it came, or null when it is gone. */
export async function openOriginal(
  { blobs, idFor }: { blobs: BlobStore; idFor: EventMaker['idFor'] },
  { conversation, key }: OpenConversation,
  letterId: string,
): Promise<Buffer | null> {
  const { blobId, path } = originalPlace(idFor, conversation.mailboxId, letterId);
  const stored = await blobs.get(path);
  if (stored === null) return null;
  return Buffer.from(await openBlob(key.key, conversation.id, blobId, toBytes(stored)));
}

/** Removes the original; idempotent. */
export function deleteOriginal(
  { blobs, idFor }: { blobs: BlobStore; idFor: EventMaker['idFor'] },
  mailboxId: string,
  letterId: string,
): Promise<void> {
  return blobs.delete(originalPlace(idFor, mailboxId, letterId).path);
}

const senderBinding = (conversationId: string, letterId: string) =>
  ({ kind: 'context', conversationId, id: `${letterId} claimed sender`, author: 'gateway' }) as const;

/** Seals who a quarantined letter claims to come from. */
export async function sealClaimedSender(
  { conversation, key }: OpenConversation,
  letterId: string,
  sender: ClaimedSender,
): Promise<Buffer> {
  const clear = toBytes(Buffer.from(JSON.stringify(sender)));
  const { iv, ct } = await sealBytes(key.key, senderBinding(conversation.id, letterId), clear);
  return Buffer.concat([iv, ct]);
}

/** Opens what `sealClaimedSender` sealed; throws when it was sealed for another letter or under another key. */
export async function openClaimedSender(
  { conversation, key }: OpenConversation,
  letterId: string,
  sealed: Buffer,
): Promise<ClaimedSender> {
  const clear = await openBytes(
    key.key,
    senderBinding(conversation.id, letterId),
    toBytes(sealed.subarray(0, IV_BYTES)),
    toBytes(sealed.subarray(IV_BYTES)),
  );
  return JSON.parse(Buffer.from(clear).toString()) as ClaimedSender;
}
