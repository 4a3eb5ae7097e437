/**
 * Expired means unreadable: destroys the keys of epochs that are over, marks their conversations as erased and removes
 * their sealed blobs. The key goes first; whatever a crash leaves behind is already noise.
 */
import type { BlobStore, Clock, LastingStore } from '../ports.ts';
import type { Custody } from './custody.ts';

/** What is written of a destruction. */
interface EpochTrail {
  epochDestroyed(epoch: string, conversations: number): Promise<void>;
}

/** The step that erases what is over; run often, idempotent. */
export function createEraser(options: {
  store: LastingStore;
  custody: Custody;
  blobs: BlobStore;
  trail: EpochTrail;
  clock: Clock;
}): () => Promise<void> {
  const { store, custody, blobs, trail, clock } = options;
  return async () => {
    const now = clock.now().getTime();
    const destroyed = await custody.destroyOver(now);
    const erased = await store.eraseExpired(now);
    for (const conversationId of erased) {
      for (const { blobId, mailboxId } of await store.blobsOf(conversationId))
        await blobs.delete(`blobs/${mailboxId}/${blobId}`);
      await store.forgetBlobs(conversationId);
    }
    for (const epoch of destroyed) await trail.epochDestroyed(epoch, erased.length);
  };
}
