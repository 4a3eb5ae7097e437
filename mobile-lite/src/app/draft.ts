/** An answer as it is being written. In memory only: it survives a look at another conversation, not the page. */
import type { ReplyFile } from '../device/write-reply.ts';

export interface PickedFile extends ReplyFile {
  readonly key: number;
  /** Address of the picture in this page; null for what is no photo. */
  readonly preview: string | null;
}

export interface Draft {
  readonly text: string;
  /** The letter it answers, from its first character or file on; null while it is empty. */
  readonly answers: string | null;
  readonly to: 'sender' | 'all';
  readonly urgent: boolean;
  readonly sendNow: boolean;
  readonly files: readonly PickedFile[];
  /** How many choices of files are being made ready: several may be at once. */
  readonly preparing: number;
}

export const EMPTY_DRAFT: Draft = {
  text: '',
  answers: null,
  to: 'sender',
  urgent: false,
  sendNow: false,
  files: [],
  preparing: 0,
};

const drafts = new Map<string, Draft>();

export function draftOf(conversationId: string): Draft {
  return drafts.get(conversationId) ?? EMPTY_DRAFT;
}

/**
 * Keeps what was written; gives it as kept. The letter it answers, `last` when it is begun, stays the same until it is
 * sent or emptied: a letter that comes meanwhile, of somebody else perhaps, does not turn the answer towards itself.
 */
export function keepDraft(conversationId: string, draft: Draft, last: string | null): Draft {
  const isBegun = draft.text !== '' || draft.files.length > 0 || draft.preparing > 0;
  const kept = { ...draft, answers: isBegun ? (draft.answers ?? last) : null };
  drafts.set(conversationId, kept);
  return kept;
}

export function forgetPreviews(files: readonly PickedFile[]): void {
  for (const { preview } of files) if (preview !== null) URL.revokeObjectURL(preview);
}
