/**
 * The one voice of the audit trail: a method per event, so that what may be written stands here and nowhere else.
 * Ids, codes and counts; never content, never an address.
 */
import type { Verdict } from '@estafette/contracts/verdict';
import type { Clock, LastingStore } from '../ports.ts';

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
          detail: [
            verdict.show,
            `signature ${verdict.signature}`,
            `identity ${verdict.identity}`,
            `encryption ${verdict.encryption}`,
            ...verdict.reasons,
          ].join(', '),
        },
        now(),
      ),
    letterDelivered: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'letter-delivered', related: mailboxId }, now()),
    certificateLearnt: (letterId: string, fingerprint: string, changed: boolean) =>
      store.audit(
        { subject: letterId, event: changed ? 'certificate-changed' : 'certificate-learnt', detail: fingerprint },
        now(),
      ),
    replyAccepted: (replyId: string, conversationId: string) =>
      store.audit({ subject: replyId, event: 'reply-accepted', related: conversationId }, now()),
    replyRefused: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-refused', detail: code }, now()),
    replySealed: (replyId: string) => store.audit({ subject: replyId, event: 'reply-sealed' }, now()),
    replyAttempted: (replyId: string, attempt: number) =>
      store.audit({ subject: replyId, event: 'reply-attempted', detail: String(attempt) }, now()),
    replySent: (replyId: string) => store.audit({ subject: replyId, event: 'reply-sent' }, now()),
    replyDelayed: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-delayed', detail: code }, now()),
    replyFailed: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-failed', detail: code }, now()),
    epochDestroyed: (epoch: string) => store.audit({ subject: `epoch ${epoch}`, event: 'epoch-destroyed' }, now()),
  };
}
