/**
 * What a reply has come to by the mails it left as: one for each recipient. It is as far as its least advanced mail; a
 * failure for one of them is told at once, whatever became of the others.
 */
import type { StatusMessage } from '@estafette/contracts/message';
import type { ReplyState } from '@estafette/contracts/status';
import type { MailState, OutgoingMail } from '../ports.ts';

type MailFacts = Pick<OutgoingMail, 'state' | 'failure' | 'certain'>;

/** A mail's state as people are told it. */
const AS_TOLD: Record<MailState, ReplyState> = {
  sealed: 'sealed',
  delayed: 'delayed',
  held: 'delayed',
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'failed',
  unknown: 'unknown',
  dropped: 'failed',
};

/** The least advanced first. */
const ORDER: readonly ReplyState[] = ['failed', 'delayed', 'sealed', 'unknown', 'sent', 'delivered', 'read'];

/** State, failure and certainty of a reply; null without mails. */
export function replyOfMails(
  mails: readonly MailFacts[],
): { state: ReplyState; failure: string | null; certain: boolean } | null {
  for (const state of ORDER) {
    const found = mails.filter((mail) => AS_TOLD[mail.state] === state);
    // Of several failures the certain one says more; what is good is as certain as the least certain.
    const isGood = state === 'delivered' || state === 'read';
    const first = found.find(({ certain }) => certain !== isGood) ?? found[0];
    if (first !== undefined) return { state, failure: first.failure, certain: first.certain };
  }
  return null;
}

/** One by one, where there are several; recipients whose address is forgotten are left out. */
export function recipientsOf(
  mails: readonly (MailFacts & Pick<OutgoingMail, 'to' | 'changedAt'>)[],
): NonNullable<StatusMessage['recipients']> {
  if (mails.length < 2) return [];
  return mails.flatMap(({ to, state, failure, changedAt }) =>
    to === null ? [] : [{ address: to, state: AS_TOLD[state], failure, at: new Date(changedAt).toISOString() }],
  );
}
