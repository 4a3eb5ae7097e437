/**
 * How far a reply has come, from the moment it is typed. The device's own states come first (`writing-to-disk`,
 * `uploading` while its photos and files go first, `waiting`, `queued`, and `held` when it needs the person's word), then the states of the gateway, in the
 * order of their revisions, whatever order they come in; forward only where an event has none. A success after a failure is marked `corrected`, so that it is shown and not slipped in (design: outbound).
 */
import type { StatusMessage } from '@estafette/contracts/message';
import { isProof, mayFollow, REPLY_STATES, type ReplyState } from '@estafette/contracts/status';

export type LocalReplyState = 'writing-to-disk' | 'uploading' | 'waiting' | 'queued' | 'held';

export type RecipientState = NonNullable<StatusMessage['recipients']>[number];

export interface ReplyProgress {
  readonly state: LocalReplyState | ReplyState;
  /** Code of the failure catalogue when `awaiting-key`, `delayed`, `failed` or `unknown`; else null. */
  readonly failure: string | null;
  /** False when the outcome is not known for sure. */
  readonly certain: boolean;
  /** True when this state takes back what had been shown: a success after a failure, or what the gateway says is one. */
  readonly corrected: boolean;
  /** When the present state was reached, ISO 8601, by the gateway; null for the device's own states. */
  readonly at: string | null;
  /** One by one, where it went to several people. */
  readonly recipients?: readonly RecipientState[];
  /** Of the gateway's last word on it. */
  readonly revision?: number;
  /** Photos and files sent so far, while `uploading`. */
  readonly upload?: { readonly sent: number; readonly total: number };
}

/** One step told by the gateway or the relay. */
export interface ReplyStep {
  readonly state: ReplyState;
  readonly failure: string | null;
  readonly certain: boolean;
  readonly at: string;
  readonly recipients?: readonly RecipientState[] | undefined;
  readonly correction?: boolean | undefined;
  readonly revision?: number | undefined;
}

export function localProgress(state: LocalReplyState, upload?: ReplyProgress['upload']): ReplyProgress {
  return { state, failure: null, certain: true, corrected: false, at: null, ...(upload && { upload }) };
}

/** Whether the gateway has told a state of the reply. */
export function hasGatewaySpoken(progress: ReplyProgress | undefined): boolean {
  return progress !== undefined && isGatewayState(progress.state);
}

function isGatewayState(state: ReplyProgress['state']): state is ReplyState {
  return (REPLY_STATES as readonly string[]).includes(state);
}

/** Whether `to` can be reached from `from`, through states that this device may not have been told. */
function reachable(from: ReplyState, to: ReplyState): boolean {
  const seen = new Set<ReplyState>([from]);
  const open: ReplyState[] = [from];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (mayFollow(state, to)) return true;
    for (const next of REPLY_STATES) {
      if (seen.has(next) || !mayFollow(state, next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}

/** Whether a step without a revision leads on: forward, or where the gateway itself says that it takes something back. */
function leadsOn(from: ReplyState, progress: ReplyProgress, step: ReplyStep): boolean {
  return step.correction === true || isProof(progress, step) || reachable(from, step.state);
}

/**
 * The progress after a step of the gateway; the same object when the step tells nothing new. A lower or equal revision
 * is old and changes nothing; a higher one is how it is now, what it says of single recipients too.
 */
export function advance(progress: ReplyProgress | undefined, step: ReplyStep): ReplyProgress {
  const { state, failure, certain, at, correction, recipients, revision } = step;
  const more = { ...(recipients && { recipients }), ...(revision && { revision }) };
  if (progress === undefined || !isGatewayState(progress.state)) {
    return { state, failure, certain, corrected: correction === true, at, ...more };
  }
  if (revision !== undefined && revision <= (progress.revision ?? 0)) return progress;
  const isSame =
    !correction && state === progress.state && failure === progress.failure && certain === progress.certain;
  if (isSame || (revision === undefined && !leadsOn(progress.state, progress, step)))
    return recipients || revision ? { ...progress, ...more } : progress;
  const success = state === 'sent' || state === 'delivered' || state === 'read';
  const corrected = correction === true || (success && (progress.corrected || progress.state === 'failed'));
  return { ...progress, state, failure, certain, corrected, at, ...more };
}

/** The progress after a step of the device itself; never overrides what the gateway has said. */
export function advanceLocally(
  progress: ReplyProgress | undefined,
  state: LocalReplyState,
  upload?: ReplyProgress['upload'],
): ReplyProgress {
  return progress !== undefined && isGatewayState(progress.state) ? progress : localProgress(state, upload);
}

/** Whether the gateway has spoken, so that the device need not offer the reply again. */
export function isSettled(progress: ReplyProgress | undefined): boolean {
  return progress !== undefined && isGatewayState(progress.state);
}
