/**
 * How far a reply has come, from the moment it is typed. The device's own states come first (`writing-to-disk`,
 * `waiting`, `queued`, and `held` when it needs the person's word), then the states of the gateway, forward only.
 * A success after a failure is marked `corrected`, so that it is shown and not slipped in (design: outbound).
 */
import { mayFollow, REPLY_STATES, type ReplyState } from '@estafette/contracts/status';

export type LocalReplyState = 'writing-to-disk' | 'waiting' | 'queued' | 'held';

export interface ReplyProgress {
  readonly state: LocalReplyState | ReplyState;
  /** Code of the failure catalogue when `awaiting-key`, `delayed`, `failed` or `unknown`; else null. */
  readonly failure: string | null;
  /** False when the outcome is not known for sure. */
  readonly certain: boolean;
  /** True when this success came after a failure had been shown. */
  readonly corrected: boolean;
  /** When the present state was reached, ISO 8601, by the gateway; null for the device's own states. */
  readonly at: string | null;
}

/** One step told by the gateway or the relay. */
export interface ReplyStep {
  readonly state: ReplyState;
  readonly failure: string | null;
  readonly certain: boolean;
  readonly at: string;
}

export function localProgress(state: LocalReplyState): ReplyProgress {
  return { state, failure: null, certain: true, corrected: false, at: null };
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

/** The progress after a step of the gateway; the same object when the step does not lead forward. */
export function advance(progress: ReplyProgress | undefined, step: ReplyStep): ReplyProgress {
  const { state, failure, certain, at } = step;
  if (progress === undefined || !isGatewayState(progress.state))
    return { state, failure, certain, corrected: false, at };
  if (!reachable(progress.state, state)) return progress;
  const success = state === 'sent' || state === 'delivered' || state === 'read';
  const corrected = success && (progress.corrected || progress.state === 'failed');
  return { state, failure, certain, corrected, at };
}

/** The progress after a step of the device itself; never overrides what the gateway has said. */
export function advanceLocally(progress: ReplyProgress | undefined, state: LocalReplyState): ReplyProgress {
  return progress !== undefined && isGatewayState(progress.state) ? progress : localProgress(state);
}

/** Whether the gateway has spoken, so that the device need not offer the reply again. */
export function isSettled(progress: ReplyProgress | undefined): boolean {
  return progress !== undefined && isGatewayState(progress.state);
}
