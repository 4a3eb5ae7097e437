/**
 * The branch that automatic mail takes on its way in: it becomes a status of the mail it speaks of, or a line in that
 * conversation, or nothing; it is never a letter there and never answered (RFC 3834 §2, design section 5). What looks
 * automatic and may be clinical goes on as a letter, which no machine of ours will answer. Counters stop what rules
 * miss. Each step may run twice: the row of (letter, mailbox) says once what is shown, and what follows is idempotent.
 */
import { CONVERSATION_LIMITS, REPORT_LIMITS } from '@estafette/contracts/limits';
import type { NoticeMessage } from '@estafette/contracts/message';
import {
  type AutomaticKind,
  type AutomaticMail,
  type Carrier,
  type Clock,
  canonicalAddress,
  type LastingStore,
  type MailReport,
  type OpenedLetter,
  type OutgoingMail,
} from '../ports.ts';
import { type BindingParts, changesOf, mailsNamed, tellerOf } from './bind-report.ts';

/** A letter as the desk sees it. */
export interface LetterSeen {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly opened: OpenedLetter;
  /** Empty for the null sender. */
  readonly mailFrom: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly carrier: Carrier | undefined;
}

/** What is written of automatic mail. */
interface AutomaticTrail {
  letterAccepted(letterId: string, at: number): Promise<void>;
  letterAutomatic(letterId: string, mailboxId: string, what: string): Promise<void>;
}

export interface AutomaticDeskOptions extends Omit<BindingParts, 'store'> {
  readonly store: LastingStore;
  /** Tells a mail of ours what became of it. */
  readonly reported: (mailId: string, report: MailReport) => Promise<unknown>;
  /** Puts a line into a conversation, once for each name; does nothing when the conversation is over. */
  readonly show: (conversationId: string, name: string, notice: NoticeMessage) => Promise<void>;
  readonly trailOf: (store: LastingStore) => AutomaticTrail;
  readonly clock: Clock;
}

const HOUR_MS = 3_600_000;

/** What of ours it speaks of. */
interface Spoken {
  /** A mail of this mailbox. */
  readonly isBound: boolean;
  /** And the conversation of that mail is not over: a line can stand there. */
  readonly isPlaced: boolean;
}

const isReport = ({ kind }: AutomaticMail): boolean => kind === 'report' || kind === 'disposition';

/** Signed, or of a proven carrier and with a return path: real bounces and receipts have neither. */
const isWritten = ({ opened, carrier, mailFrom }: LetterSeen): boolean =>
  opened.verdict.show === 'verified' || (carrier !== undefined && mailFrom !== '');

/** Whether it brings documents. Pictures come with the signature of every out-of-office, which nobody has signed. */
const isClinical = ({ documents, verdict }: OpenedLetter, isResponse: boolean): boolean =>
  documents.some(
    ({ kind }) =>
      kind === 'report' || kind === 'file' || (kind === 'photo' && (!isResponse || verdict.show === 'verified')),
  );

const textsOf = ({ documents }: OpenedLetter): string[] =>
  documents.flatMap((document) => (document.kind === 'text' ? [document.text] : []));

/** What a line says, as the letter would: its text and its subject, but for the subject that programs give an absence. */
function lineOf(opened: OpenedLetter, { kind, text }: AutomaticMail): string {
  // What must not be shown as a letter is not shown as words of a notice either.
  if (opened.verdict.show === 'quarantine') return '';
  const [strict = ''] = textsOf(opened);
  const words = strict.trim() || text;
  if (kind === 'absence' && words !== '') return words;
  return [opened.headers.subject.trim(), words].filter((part) => part !== '').join('\n');
}

/** Whether it says more than a line shows. */
function exceedsLine(opened: OpenedLetter, automatic: AutomaticMail): boolean {
  if (opened.verdict.show === 'quarantine') return false;
  const longest = Math.max(automatic.text.length, lineOf(opened, automatic).length);
  return textsOf(opened).length > 1 || longest > CONVERSATION_LIMITS.noticeTextMaxCharacters;
}

/** Whether a line shows its words. A real report has none that are not in the state it brings. */
const hasLine = (seen: LetterSeen, automatic: AutomaticMail, { isPlaced }: Spoken): boolean =>
  isPlaced &&
  (isReport(automatic)
    ? automatic.inWords && !automatic.guessed && isWritten(seen)
    : automatic.kind === 'absence' || automatic.kind === 'automatic');

/**
 * Whether it goes on as a letter: it only looks automatic and speaks of nothing of ours; or a proven sender wrote it, by
 * software (a laboratory's, say) or to a list, with a return path and not because our mail came; or no line can show
 * what a proven sender wrote, whatever its marks; or it brings documents, or more words than a line holds. Only a real
 * report of a proven sender may come to nothing.
 */
function isLetterAfterAll(seen: LetterSeen, automatic: AutomaticMail, spoken: Spoken): boolean {
  const { kind, guessed, inWords, isResponse } = automatic;
  const { isBound, isPlaced } = spoken;
  const { verdict, layers } = seen.opened;
  const isVerified = verdict.show === 'verified';
  const isLong = exceedsLine(seen.opened, automatic);
  // Programs that answer do not sign; a person who signed and has an odd subject must be read.
  if (isVerified ? guessed || (inWords && isLong) : guessed && !isBound) return true;
  const isProven = isVerified || seen.carrier !== undefined;
  if (isProven && !isResponse && seen.mailFrom !== '') return true;
  if (isReport(automatic)) {
    if (!inWords || guessed) return false;
    return (isProven && !isBound) || (isWritten(seen) && (!isPlaced || isClinical(seen.opened, isResponse)));
  }
  if (isLong || isClinical(seen.opened, isResponse)) return true;
  // What must not be shown waits in quarantine, where people see it; of a stranger only what was sealed.
  const isHeld = verdict.show === 'quarantine';
  if (isProven) return isHeld || !hasLine(seen, automatic, spoken);
  if (guessed) return !isPlaced;
  if (isBound) return kind === 'list';
  return !isResponse && isHeld && layers.some(({ kind: layer }) => layer !== 'compressed');
}

/** The letter without the wish for a receipt where that must not be fulfilled by machine (RFC 8098 §2.1, MSSanté). */
function withoutStrangeReceipt({ opened, mailFrom }: LetterSeen, isAutomatic: boolean): OpenedLetter {
  const { dispositionTo, from } = opened.headers;
  const wanted = canonicalAddress(dispositionTo);
  const isHis = wanted === canonicalAddress(from) && wanted === canonicalAddress(mailFrom);
  if (wanted === '' || (isHis && !isAutomatic)) return opened;
  return { ...opened, headers: { ...opened.headers, dispositionTo: '' } };
}

const asLooping = (opened: OpenedLetter): OpenedLetter => ({
  ...opened,
  documents: [],
  senderCertificate: null,
  verdict: {
    ...opened.verdict,
    show: 'quarantine',
    reasons: [...new Set([...opened.verdict.reasons, 'looping' as const])],
  },
});

/** Takes automatic mail; gives back the letter that goes on, or null when everything is done. */
export function createAutomaticDesk(options: AutomaticDeskOptions): (seen: LetterSeen) => Promise<OpenedLetter | null> {
  const { store, clock } = options;
  let forgottenAt = 0;

  /** A mail that we sent from this mailbox, or one that came through too many hosts (RFC 5321 §6.3). */
  const isLooping = async ({ mailboxId, opened }: LetterSeen): Promise<boolean> => {
    if ((opened.outside?.hops ?? 0) > REPORT_LIMITS.hopsMax) return true;
    const own = /<[^<>\s]{1,250}>/.exec(opened.headers.messageId)?.[0];
    if (own === undefined) return false;
    const mails = await store.mailsByMessageId(options.messageIdIndex(own));
    return mails.some((mail) => mail.mailboxId === mailboxId);
  };

  const mayShow = async (mailboxId: string, senderIndex: Buffer): Promise<boolean> => {
    const since = clock.now().getTime() - HOUR_MS;
    const ofPair = await store.countShownAutomatic(mailboxId, senderIndex, since);
    if (ofPair >= REPORT_LIMITS.noticesPerPairAndHourMax) return false;
    return (await store.countShownAutomatic(mailboxId, null, since)) < REPORT_LIMITS.noticesPerMailboxAndHourMax;
  };

  /** Writes it down, once, and says whether it is shown. */
  const writeDown = async (seen: LetterSeen, kind: AutomaticKind, told: { wantsLine: boolean; words: string }) => {
    const { letterId, mailboxId, receivedAt, opened } = seen;
    const before = await store.wasAutomaticShown(letterId, mailboxId);
    if (before !== null) return before;
    const senderIndex = options.correspondentIndex(opened.headers.from);
    const shown = told.wantsLine && (await mayShow(mailboxId, senderIndex));
    const at = clock.now().getTime();
    await store.transaction(async (inside) => {
      if (!(await inside.addAutomaticLetter({ letterId, mailboxId, senderIndex, kind, shown, at }))) return;
      const trail = options.trailOf(inside);
      await trail.letterAccepted(letterId, receivedAt);
      const end = told.wantsLine && !shown ? 'limit' : told.words;
      await trail.letterAutomatic(letterId, mailboxId, `${kind}, ${end}`);
    });
    return (await store.wasAutomaticShown(letterId, mailboxId)) ?? shown;
  };

  const showLine = async (seen: LetterSeen, automatic: AutomaticMail, mail: OutgoingMail): Promise<void> => {
    const { letterId, mailboxId, opened, receivedAt } = seen;
    if (mail.conversationId === null) return;
    const { from, fromName } = opened.headers;
    const [replyId = null] = await store.repliesOfMail(mail.id);
    // Named by what it says: the same mail delivered twice is one line.
    await options.show(mail.conversationId, `automatic ${opened.identity} ${mailboxId}`, {
      type: 'notice',
      letterId,
      kind: automatic.kind === 'absence' ? 'absent' : 'automatic',
      from: { name: fromName, address: from },
      receivedAt: new Date(receivedAt).toISOString(),
      replyId,
      until: automatic.until,
      text: lineOf(opened, automatic).slice(0, CONVERSATION_LIMITS.noticeTextMaxCharacters),
    });
  };

  const forgetOld = async (): Promise<void> => {
    const now = clock.now().getTime();
    if (now - forgottenAt < HOUR_MS) return;
    forgottenAt = now;
    await store.forgetAutomatic(now - CONVERSATION_LIMITS.lettersRememberedMs);
  };

  /** Whether the conversation of a mail can still show something. */
  const isOpen = async ({ conversationId }: OutgoingMail): Promise<boolean> => {
    const found = conversationId === null ? null : await store.conversation(conversationId);
    return found !== null && found.erasedAt === null && found.expiresAt > clock.now().getTime();
  };

  const take = async (
    seen: LetterSeen,
    automatic: AutomaticMail,
    mails: readonly OutgoingMail[],
    wantsLine: boolean,
  ): Promise<void> => {
    const changes = changesOf(options, mails, automatic, tellerOf(seen.opened, seen.carrier));
    const [mail] = mails;
    const states = changes.map(({ report }) => report.state).join(' ');
    const words = states || (wantsLine ? 'shown' : 'dropped');
    const shown = await writeDown(seen, automatic.kind, { wantsLine, words });
    for (const { mailId, report } of changes) await options.reported(mailId, report);
    if (shown && mail !== undefined) await showLine(seen, automatic, mail);
    await forgetOld();
  };

  return async (seen) => {
    const automatic = seen.opened.automatic ?? null;
    const loops = await isLooping(seen);
    if (automatic !== null) {
      const mails = loops ? [] : await mailsNamed(options, seen.mailboxId, automatic);
      const [mail] = mails;
      const spoken = { isBound: mail !== undefined, isPlaced: mail !== undefined && (await isOpen(mail)) };
      if (!isLetterAfterAll(seen, automatic, spoken)) {
        await take(seen, automatic, mails, hasLine(seen, automatic, spoken));
        return null;
      }
    }
    const letter = withoutStrangeReceipt(seen, automatic !== null && !automatic.guessed);
    return loops ? asLooping(letter) : letter;
  };
}
