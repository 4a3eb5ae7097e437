/**
 * Silence has an end: a mail that asked for a report and got none is `unknown` ("non confirmé") five minutes after it
 * was sent when it is urgent, an hour after otherwise; one that a report said to be late, and of which nothing more was
 * heard, after some days. Counted from the 250 or the report, whatever was restarted in between. A report that comes
 * later corrects it.
 */
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { Clock, MailStore } from '../ports.ts';
import type { MailLife } from './mail-life.ts';

/** The step that ends the waiting for reports; run often. */
export function createConfirmationWatch(options: {
  store: Pick<MailStore, 'unconfirmedMails'>;
  life: Pick<MailLife, 'change'>;
  clock: Clock;
}): () => Promise<void> {
  const { store, life, clock } = options;
  return async () => {
    const now = clock.now().getTime();
    const due = await store.unconfirmedMails({
      urgent: now - DISPATCH_LIMITS.confirmationUrgentMs,
      other: now - DISPATCH_LIMITS.confirmationMs,
      delayed: now - DISPATCH_LIMITS.reportedDelayMaxMs,
    });
    for (const mail of due) await life.change(mail, { state: 'unknown', certain: false });
  };
}
