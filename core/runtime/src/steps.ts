/**
 * The named steps of a letter and of an answer, in their order: told on a diagnostics channel as they are passed, with
 * nothing but the name. Nobody listens in production; the crash stories do, and end the process there (e2e/crash-points).
 * A step says what is already durable when it is passed: the next one may never come.
 */
import { channel } from 'node:diagnostics_channel';

export const STEPS = {
  'letter-offered': 'DATA has begun; nothing is kept',
  'letter-spooled': 'on disk, before the 250',
  'letter-queued': 'answered 250, its job is in the queue',
  'letter-opened': 'opened and read, in memory',
  'letter-routed': 'its row and its conversation are committed',
  'letter-kept': 'original and context are kept',
  'letter-posted': 'its events are in the deliver queue',
  'letter-stored': 'in the inbox, not recorded',
  'letter-recorded': 'marked as delivered, still in the spool',
  'letter-finished': 'gone from the spool',
  'reply-offered': 'the relay has it from the phone; nothing is kept',
  'reply-queued': 'in the queue of the gateway, before the phone hears it',
  'reply-accepted': 'its row is committed',
  'mail-sealed': 'sealed, in memory',
  'mail-kept': 'its bytes are in the safe, without a row',
  'mail-posted': 'its row is committed, no attempt is queued',
  'mail-attempted': 'the attempt is written down, before a byte leaves',
  'mail-answered': 'the other side has said 250, nothing is recorded',
  'mail-recorded': 'recorded as sent, its bytes still in the safe',
  'mail-finished': 'its bytes are gone from the safe',
} as const;

export type Step = keyof typeof STEPS;

const told = channel('estafette:step');

/** Tells that a step was passed. */
export function passed(step: Step): void {
  if (told.hasSubscribers) told.publish(step);
}
