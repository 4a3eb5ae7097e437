/**
 * Photos and files of a reply, before the reply itself: sealed when it was written, sent one by one, each kept as sent
 * on the disk, so that a cut repeats at most one of them. What the relay took long ago is sent again, because it
 * sweeps what nobody fetched within a day. Loaded only when a reply brings something.
 */
import type { DeviceStore, KeptUpload } from './device-store.ts';
import type { RelayHttp } from './relay-http.ts';

/** Well before the relay's uploadKeptSeconds. */
const TAKEN_FOR_MS = 12 * 3_600_000;

/** `later`: nothing is wrong with it. `refused`: the relay will never take it. */
export type UploadOutcome = 'taken' | 'later' | 'refused';

export interface ReplyUpload {
  readonly replyId: string;
  /** How many it brings. */
  readonly total: number;
  readonly relay: RelayHttp;
  readonly store: DeviceStore;
  /** Bearer of the present connection; null while there is none. */
  session(): string | null;
  now(): number;
  onProgress(sent: number): void;
}

export async function uploadReply(parts: ReplyUpload): Promise<UploadOutcome> {
  const { store, total, now, onProgress } = parts;
  const uploads = await store.uploadsOf(parts.replyId);
  if (uploads.length < total) return 'refused';
  const isTaken = ({ uploadedAt }: KeptUpload): boolean => uploadedAt !== null && now() - uploadedAt < TAKEN_FOR_MS;
  let sent = uploads.filter(isTaken).length;
  for (const upload of uploads) {
    if (isTaken(upload)) continue;
    onProgress(sent);
    const outcome = await uploadOne(upload, parts);
    if (outcome !== 'taken') return outcome;
    await store.keepUpload({ ...upload, uploadedAt: now() });
    sent += 1;
  }
  return 'taken';
}

async function uploadOne({ blobId, stored }: KeptUpload, { relay, session }: ReplyUpload): Promise<UploadOutcome> {
  const token = session();
  if (token === null) return 'later';
  const status = await relay.putBlob(blobId, stored, token).catch(() => null);
  if (status === 200 || status === 201) return 'taken';
  // The request itself is wrong, or other bytes lie there: it would be so again.
  return status === 400 || status === 409 || status === 413 ? 'refused' : 'later';
}
