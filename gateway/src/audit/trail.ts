/**
 * The one voice of the audit trail: a method per event, so that what may be written stands here and nowhere else.
 * Ids, codes and counts; never content, never an address.
 */
import type { AuditEventName } from '@estafette/contracts/audit-events';
import type { Verdict } from '@estafette/contracts/verdict';
import type { Clock, LastingStore, OutgoingMail, ReplyRow } from '../ports.ts';

const wordsOf = (verdict: Verdict): string =>
  [
    verdict.show,
    `signature ${verdict.signature}`,
    `identity ${verdict.identity}`,
    `encryption ${verdict.encryption}`,
    ...verdict.reasons,
  ].join(', ');

type MailFacts = Pick<OutgoingMail, 'id' | 'kind' | 'subject' | 'state' | 'failure' | 'attempts'>;

const MAIL_EVENTS = {
  sealed: 'mail-released',
  delayed: 'mail-delayed',
  held: 'mail-held',
  sent: 'mail-sent',
  delivered: 'mail-delivered',
  read: 'mail-read',
  failed: 'mail-failed',
  unknown: 'mail-unknown',
  dropped: 'mail-dropped',
} as const satisfies Record<OutgoingMail['state'], AuditEventName>;

const REPLY_EVENTS = {
  accepted: 'reply-accepted',
  'awaiting-key': 'reply-held',
  sealed: 'reply-sealed',
  delayed: 'reply-delayed',
  sent: 'reply-sent',
  delivered: 'reply-delivered',
  read: 'reply-read',
  failed: 'reply-failed',
  unknown: 'reply-unknown',
} as const satisfies Record<ReplyRow['state'], AuditEventName>;

const detailed = (code: string | null) => (code === null ? {} : { detail: code });

type FollowedFacts = Pick<ReplyRow, 'id' | 'state' | 'failure' | 'purpose' | 'conversationId'>;

/** A filing is found by its conversation. */
const filedIn = ({ purpose, conversationId }: Pick<ReplyRow, 'purpose' | 'conversationId'>) =>
  purpose === 'filing' ? { related: conversationId } : {};

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
    letterAutomatic: (letterId: string, mailboxId: string, what: string) =>
      store.audit({ subject: letterId, event: 'letter-automatic', related: mailboxId, detail: what }, now()),
    letterRead: (letterId: string, mailboxId: string, at: number) =>
      store.audit({ subject: letterId, event: 'letter-read', related: mailboxId }, at),
    automaticWithheld: (letterId: string, mailboxId: string, why: string) =>
      store.audit({ subject: letterId, event: 'automatic-withheld', related: mailboxId, detail: why }, now()),
    letterDelivered: (letterId: string, mailboxId: string) =>
      store.audit({ subject: letterId, event: 'letter-delivered', related: mailboxId }, now()),
    letterQuarantined: (letterId: string, mailboxId: string, reasons: Verdict['reasons']) =>
      store.audit(
        { subject: letterId, event: 'letter-quarantined', related: mailboxId, detail: reasons.join(', ') },
        now(),
      ),
    letterUnscanned: (letterId: string, code: string) =>
      store.audit({ subject: letterId, event: 'letter-unscanned', detail: code }, now()),
    virusFound: (letterId: string, mailboxId: string, name: string) =>
      store.audit({ subject: letterId, event: 'virus-found', related: mailboxId, detail: name }, now()),
    letterOpposed: (letterId: string, oppositionId: string) =>
      store.audit({ subject: letterId, event: 'letter-opposed', related: oppositionId }, now()),
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
    replySignedOnly: (replyId: string, recipients: number) =>
      store.audit({ subject: replyId, event: 'reply-signed-only', detail: String(recipients) }, now()),
    replyHeld: (replyId: string, code: string) =>
      store.audit({ subject: replyId, event: 'reply-held', detail: code }, now()),
    replyFailed: ({ id, ...facts }: Pick<ReplyRow, 'id' | 'purpose' | 'conversationId'>, code: string) =>
      store.audit({ subject: id, event: 'reply-failed', detail: code, ...filedIn(facts) }, now()),
    /** The reply followed its mails. */
    replyFollowed: ({ id, state, failure, ...facts }: FollowedFacts) =>
      store.audit({ subject: id, event: REPLY_EVENTS[state], ...detailed(failure), ...filedIn(facts) }, now()),
    filingAccepted: (id: string, conversationId: string, what: string) =>
      store.audit({ subject: id, event: 'filing-accepted', related: conversationId, detail: what }, now()),
    conversationReminded: (conversationId: string, mailboxId: string, end: string) =>
      store.audit({ subject: conversationId, event: 'conversation-reminded', related: mailboxId, detail: end }, now()),
    mailPosted: ({ id, kind, subject }: MailFacts) =>
      store.audit({ subject: id, event: 'mail-posted', related: subject, detail: kind }, now()),
    mailAttempted: ({ id, subject, attempts }: MailFacts) =>
      store.audit({ subject: id, event: 'mail-attempted', related: subject, detail: String(attempts) }, now()),
    mailPutOff: ({ id, subject }: MailFacts, code: string) =>
      store.audit({ subject: id, event: 'mail-put-off', related: subject, detail: code }, now()),
    mailRetried: ({ id, subject }: MailFacts) =>
      store.audit({ subject: id, event: 'mail-retried', related: subject }, now()),
    mailChanged: ({ id, subject, state, failure }: MailFacts) =>
      store.audit({ subject: id, event: MAIL_EVENTS[state], related: subject, ...detailed(failure) }, now()),
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
