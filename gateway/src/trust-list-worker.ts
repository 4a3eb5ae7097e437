/**
 * Runs in a worker thread of its own: reads and verifies one trust list, so that the event loop that speaks SMTP does
 * not stand still for it, and hands back what the list says, compact.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type ListRefusal, ListRefused } from './trust-list/list-refused.ts';
import type { SignerPolicy } from './trust-list/list-signer.ts';
import { readList, type VerifiedList } from './trust-list/read-list.ts';

export interface ReadListTask {
  readonly bytes: Uint8Array;
  readonly policy: SignerPolicy;
  readonly at: number | null;
}

export type ReadListOutcome =
  | { readonly list: VerifiedList }
  | { readonly refused: { readonly code: ListRefusal; readonly detail: string | null } };

function outcomeOf({ bytes, policy, at }: ReadListTask): ReadListOutcome {
  try {
    return { list: readList(bytes, policy, at) };
  } catch (error) {
    if (!(error instanceof ListRefused)) throw error;
    return { refused: { code: error.code, detail: error.detail } };
  }
}

if (!isMainThread) parentPort?.postMessage(outcomeOf(workerData as ReadListTask));
