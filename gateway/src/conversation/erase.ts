/**
 * Expired means unreadable: destroys the keys of epochs that are over, marks their conversations as erased, removes
 * their sealed blobs, and writes the destruction into the trail. The key goes first; each later step looks at what is
 * left to do, so that a crash in between only delays it. That a letter came is remembered longer than what it said, so
 * that it is not shown again when it is delivered again; then that is forgotten too.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { BlobStore, Clock, LastingStore } from '../ports.ts';
import type { Custody } from './custody.ts';

/** What is written of a destruction. */
interface EpochTrail {
  epochDestroyed(epoch: string): Promise<void>;
}

/** The subject of an epoch in the trail. */
const epochSubject = (epoch: string): string => `epoch ${epoch}`;

/** The step that erases what is over; run often, idempotent. */
export function createEraser(options: {
  store: LastingStore;
  custody: Custody;
  blobs: BlobStore;
  trail: EpochTrail;
  clock: Clock;
}): () => Promise<void> {
  const { store, custody, blobs, trail, clock } = options;
  const told = new Set<string>();
  let forgotAt = Number.NEGATIVE_INFINITY;

  const tell = async (): Promise<void> => {
    for (const epoch of await custody.destroyed()) {
      if (told.has(epoch)) continue;
      if ((await store.trace(epochSubject(epoch))).length === 0) await trail.epochDestroyed(epoch);
      told.add(epoch);
    }
  };

  /** Every so often, or at once again when there was more than one round may take. */
  const forget = async (now: number): Promise<void> => {
    const { lettersRememberedMs, forgetEveryMs, forgottenAtOnceMax } = CONVERSATION_LIMITS;
    if (now < forgotAt + forgetEveryMs) return;
    const count = await store.forgetErased(now - lettersRememberedMs, forgottenAtOnceMax);
    if (count < forgottenAtOnceMax) forgotAt = now;
  };

  return async () => {
    const now = clock.now().getTime();
    await custody.destroyOver(now);
    await store.eraseExpired(now);
    for (const conversationId of await store.erasedWithBlobs()) {
      for (const { blobId, mailboxId } of await store.blobsOf(conversationId)) {
        await blobs.delete(`blobs/${mailboxId}/${blobId}`);
      }
      await store.forgetBlobs(conversationId);
    }
    await tell();
    await forget(now);
  };
}
