/**
 * The life of a reply on its way out. States only move forward; a late success after a failure is shown as a
 * correction, never silently (design: outbound). `queued` exists on the phone and the relay only; the gateway
 * starts at `accepted`, when the reply is durable in its database. `awaiting-key` says that the mailbox has no key and
 * certificate good for signing now: the reply is kept as it came and sealed when there is one.
 */
export const REPLY_STATES = [
  'accepted',
  'awaiting-key',
  'sealed',
  'sent',
  'delivered',
  'read',
  'delayed',
  'failed',
  'unknown',
] as const;
export type ReplyState = (typeof REPLY_STATES)[number];

const NEXT: Record<ReplyState, readonly ReplyState[]> = {
  accepted: ['awaiting-key', 'sealed', 'failed'],
  'awaiting-key': ['sealed', 'failed'],
  sealed: ['sent', 'delayed', 'failed', 'unknown'],
  delayed: ['delayed', 'sent', 'failed', 'unknown'],
  unknown: ['sent', 'delivered', 'read', 'failed'],
  sent: ['delivered', 'read', 'failed', 'unknown'],
  delivered: ['read'],
  read: [],
  failed: ['sent', 'delivered', 'read'],
};

/** Whether a reply in state `from` may come into state `to`. */
export function mayFollow(from: ReplyState, to: ReplyState): boolean {
  return NEXT[from].includes(to);
}
