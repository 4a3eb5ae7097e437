/**
 * The life of a reply on its way out. States only move forward; a late success after a failure is shown as a
 * correction, never silently (design: outbound). `queued` exists on the phone and the relay only; the gateway
 * starts at `accepted`, when the reply is durable in its database. `awaiting-key` says that the mailbox has no key and
 * certificate good for signing now: the reply is kept as it came and sealed when there is one. `unknown`: a report was
 * asked for and none came in time.
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

/**
 * A reply to several people is as far as its least advanced mail, so that its state may also come back from `sent` to
 * `delayed`; reports may come before our own record of the 250, and late news after a failure.
 */
const NEXT: Record<ReplyState, readonly ReplyState[]> = {
  accepted: ['awaiting-key', 'sealed', 'failed'],
  'awaiting-key': ['sealed', 'failed'],
  sealed: ['sent', 'delayed', 'failed', 'unknown', 'delivered', 'read'],
  delayed: ['delayed', 'sent', 'failed', 'unknown', 'delivered', 'read'],
  unknown: ['delayed', 'sent', 'delivered', 'read', 'failed'],
  sent: ['delayed', 'delivered', 'read', 'failed', 'unknown'],
  delivered: ['read', 'failed'],
  read: [],
  failed: ['delayed', 'unknown', 'sent', 'delivered', 'read'],
};

/** Whether a reply in state `from` may come into state `to`. */
export function mayFollow(from: ReplyState, to: ReplyState): boolean {
  return NEXT[from].includes(to);
}

interface Told {
  readonly state: string;
  readonly certain: boolean;
}

/** Whether proven news follows what nobody had proven: the same for certain, or a failure where it had been delivered or read. */
export function isProof(from: Told, to: Told): boolean {
  const isTakenBack = to.state === 'failed' && (from.state === 'delivered' || from.state === 'read');
  return to.certain && !from.certain && (from.state === to.state || isTakenBack);
}

/**
 * Whether a change takes back what was said before: good news after a failure or an unknown outcome, or a failure after
 * the delivery.
 */
export function isCorrection(from: ReplyState, to: ReplyState): boolean {
  const isGood = to === 'sent' || to === 'delivered' || to === 'read';
  if (from === 'failed') return to !== 'failed';
  if (from === 'unknown') return isGood;
  return (from === 'delivered' || from === 'read') && to === 'failed';
}
