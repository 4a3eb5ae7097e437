/**
 * The one voice of the audit trail: a method per event, so that what may be written stands here and nowhere else.
 * Ids, codes and counts; never content, never an address.
 */
import type { Verdict } from '@estafette/contracts/verdict';
import type { Clock, LastingStore } from '../ports.ts';

const wordsOf = (verdict: Verdict): string =>
  [
    verdict.show,
    `signature ${verdict.signature}`,
    `identity ${verdict.identity}`,
    `encryption ${verdict.encryption}`,
    ...verdict.reasons,
  ].join(', ');

export type Trail = ReturnType<typeof createTrail>;

/** The trail over the lasting store. */
export function createTrail(store: Pick<LastingStore, 'audit'>, clock: Clock) {
  const now = () => clock.now().getTime();
  return {
    letterAccepted: (letterId: string, at: number) => store.audit({ subject: letterId, event: 'letter-accepted' }, at),
    letterOpened: (letterId: string, mailboxId: string, verdict: Verdict) =>
      store.audit(
        {
          subject: letterId,
          event: 'letter-opened',
          related: mailboxId,
          detail: wordsOf(verdict),
        },
        now(),
      ),
    letterDelivered: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'letter-delivered', related: mailboxId }, now()),
    letterQuarantined: (letterId: string, mailboxId: string, reasons: Verdict['reasons']) =>
      store.audit(
        { subject: letterId, event: 'letter-quarantined', related: mailboxId, detail: reasons.join(', ') },
        now(),
      ),
    letterReleased: (letterId: string, mailboxId: string, verdict: Verdict) =>
      store.audit({ subject: letterId, event: 'letter-released', related: mailboxId, detail: wordsOf(verdict) }, now()),
    letterReleaseFailed: (letterId: string, mailboxId: string, codes: string) =>
      store.audit({ subject: letterId, event: 'letter-release-failed', related: mailboxId, detail: codes }, now()),
    letterDeleted: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'letter-deleted', related: mailboxId }, now()),
    letterContentTaken: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'letter-content-taken', related: mailboxId }, now()),
    noticeSent: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'notice-sent', related: mailboxId }, now()),
    noticeDelayed: (letterId: string, mailboxId: string, code: string) =>
      store.audit({ subject: letterId, event: 'notice-delayed', related: mailboxId, detail: code }, now()),
    noticeFailed: (letterId: string, mailboxId: string, code: string) =>
      store.audit({ subject: letterId, event: 'notice-failed', related: mailboxId, detail: code }, now()),
    noticeWithheld: (letterId: string, mailboxId: string, why: string) =>
      store.audit({ subject: letterId, event: 'notice-withheld', related: mailboxId, detail: why }, now()),
    certificateLearnt: (letterId: string, fingerprint: string, changed: boolean) =>
      store.audit(
        { subject: letterId, event: changed ? 'certificate-changed' : 'certificate-learnt', detail: fingerprint },
        now(),
      ),
    replyAccepted: (replyId: string, conversationId: string) =>
      store.audit({ subject: replyId, event: 'reply-accepted', related: conversationId }, now()),
    replyRefused: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-refused', detail: code }, now()),
    replyHeld: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-held', detail: code }, now()),
    replySealed: (replyId: string) => store.audit({ subject: replyId, event: 'reply-sealed' }, now()),
    replyAttempted: (replyId: string, attempt: number) =>
      store.audit({ subject: replyId, event: 'reply-attempted', detail: String(attempt) }, now()),
    replySent: (replyId: string) => store.audit({ subject: replyId, event: 'reply-sent' }, now()),
    replyDelayed: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-delayed', detail: code }, now()),
    replyFailed: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-failed', detail: code }, now()),
    certificateEnding: (subject: string, mailboxId: string | null, days: number) =>
      store.audit(
        {
          subject,
          event: 'certificate-ending',
          detail: String(days),
          ...(mailboxId === null ? {} : { related: mailboxId }),
        },
        now(),
      ),
    certificateMissing: (mailboxId: string, use: string) =>
      store.audit({ subject: mailboxId, event: 'certificate-missing', detail: use }, now()),
    epochDestroyed: (epoch: string) => store.audit({ subject: `epoch ${epoch}`, event: 'epoch-destroyed' }, now()),
  };
}
