/**
 * From what was opened to what is shown; pure, so that screen and terminal agree and tests need neither.
 * Messages stand in the order of the relay's numbers, never of a clock; conversations by their last activity;
 * a conversation past its expiry, by the server's time, is not shown at all.
 */
import type { ClinicalReport, Patient, Severity } from '@estafette/contracts/document';
import type {
  FilingMessage,
  LetterMessage,
  MailPerson,
  NoticeMessage,
  QuarantineMessage,
  ReadMessage,
  ReminderMessage,
  ReplyMessage,
} from '@estafette/contracts/message';
import { comparePlaces, type Place } from './device-store.ts';
import type { InboxEntry } from './inbox.ts';
import type { LocalReply } from './outbox.ts';
import { localProgress, type ReplyProgress } from './reply-progress.ts';
import { isWritten, type WrittenMessage } from './write-reply.ts';

/** Counts of one letter's results, for the line "2 anormaux, dont 1 critique". */
export interface ResultCount {
  readonly critical: number;
  /** Abnormal ones, critical included. */
  readonly abnormal: number;
  /** Those that nobody judged. */
  readonly unknown: number;
  readonly total: number;
}

interface Shown {
  /** Stable for as long as the message is shown. */
  readonly key: string;
  readonly place: Place;
  /** When the relay stored it, or when it was written here; milliseconds since 1970. */
  readonly at: number;
}

export type ShownMessage =
  | (Shown & { readonly type: 'letter'; readonly letter: LetterMessage })
  | (Shown & { readonly type: 'quarantine'; readonly letter: QuarantineMessage })
  /** Automatic mail: a line, never unread, never what a conversation stands by in the list. */
  | (Shown & { readonly type: 'notice'; readonly notice: NoticeMessage })
  | (Shown & {
      readonly type: 'reply';
      readonly mine: boolean;
      readonly reply: ReplyMessage;
      readonly progress: ReplyProgress;
    })
  /** A wish that the conversation, or a part of it, go to the patient's record, and how far it has come. */
  | (Shown & {
      readonly type: 'filing';
      readonly mine: boolean;
      readonly filing: FilingMessage;
      readonly progress: ReplyProgress;
    })
  /** Shown until the conversation is filed. */
  | (Shown & { readonly type: 'reminder'; readonly reminder: ReminderMessage })
  /** Of a kind that only a newer app knows: a line, never unread. */
  | (Shown & { readonly type: 'newer' })
  | (Shown & { readonly type: 'waiting-for-key' })
  | (Shown & { readonly type: 'unreadable' });

/** What an answer is about, and whom it goes to. */
export interface Aim {
  /** The letter it answers: the last that can be answered, unless it was begun for another one. */
  readonly answers: string | null;
  /** The people besides its sender on that letter, whom an answer to all goes to. */
  readonly others: readonly MailPerson[];
  /** Whom an answer to the sender goes to: the writer, or where he wants answers (his Reply-To). */
  readonly answersTo: { readonly name: string; readonly address: string } | null;
}

/** Its aim is that of an answer begun now. */
export interface ConversationView extends Aim {
  readonly conversationId: string;
  readonly correspondent: { readonly name: string; readonly address: string } | null;
  /** The patient of the latest result, if a letter brought one. */
  readonly patient: Patient | null;
  /** The subject of the latest letter. */
  readonly subject: string | null;
  /**
   * The worst severity of the latest result, critical too where its letter is so by a rule of the mailbox, and its counts;
   * null when no letter brought results.
   */
  readonly result: { readonly severity: Severity; readonly count: ResultCount } | null;
  readonly messages: readonly ShownMessage[];
  /** Who has read its letters: no messages, so nothing of them is unread or moves the conversation. */
  readonly readings: readonly ReadMessage[];
  readonly unread: number;
  /** Unread and critical: what must be seen first. */
  readonly unreadCritical: boolean;
  /** Our last reply failed, or one waits for the person's word. */
  readonly needsAttention: boolean;
  /** The last filing failed. */
  readonly filingFailed: boolean;
  /** Whether it can be filed: the mailbox has said where to. */
  readonly fileable: boolean;
  /** A letter marked as urgent was not read. */
  readonly unreadUrgent: boolean;
  /** Whether an answer can be written: a letter that allows it, and the key to seal it. */
  readonly answerable: boolean;
  readonly lastActivityAt: number;
  readonly expiresAt: number;
}

export interface ViewSources {
  readonly entries: Iterable<InboxEntry>;
  readonly replies: Iterable<LocalReply>;
  readonly progress: ReadonlyMap<string, ReplyProgress>;
  readonly readMarks: ReadonlyMap<string, Place>;
  readonly hasKey: (conversationId: string) => boolean;
  readonly deviceId: string;
  /** Server time, milliseconds since 1970. */
  readonly now: number;
}

/** What belongs to one conversation, while all are gathered. */
interface Gathered {
  readonly messages: ShownMessage[];
  readonly readings: ReadMessage[];
  expiresAt: number;
}

/** Conversations that live now, the one with the latest activity first. */
export function viewConversations(sources: ViewSources): ConversationView[] {
  const conversations = new Map<string, Gathered>();
  const gatheredIn = (conversationId: string) => {
    const known = conversations.get(conversationId) ?? { messages: [], readings: [], expiresAt: 0 };
    conversations.set(conversationId, known);
    return known;
  };
  const returned = new Set<string>();
  for (const entry of sources.entries) {
    const { event } = entry.kept;
    const target = gatheredIn(event.conversationId);
    target.expiresAt = Math.max(target.expiresAt, event.expiresAt);
    if (isWritten(entry.message)) returned.add(entry.message.replyId);
    if (entry.message?.type === 'read') target.readings.push(entry.message);
    const shown = showEntry(entry, sources);
    if (shown !== null) target.messages.push(shown);
  }
  for (const local of sources.replies) {
    if (!returned.has(local.message.replyId)) gatheredIn(local.conversationId).messages.push(showLocal(local, sources));
  }
  return [...conversations]
    .filter(([, { expiresAt, messages }]) => expiresAt > sources.now && messages.length > 0)
    .map(([conversationId, gathered]) => summarise(conversationId, gathered, sources))
    .sort((a, b) => b.lastActivityAt - a.lastActivityAt || (a.conversationId < b.conversationId ? 1 : -1));
}

function showEntry(entry: InboxEntry, sources: ViewSources): ShownMessage | null {
  const { place, at, event } = entry.kept;
  const base = { key: event.id, place, at };
  // A status changes a reply, a reading is said of a letter: no message of its own, even while it cannot be read.
  if (event.kind !== 'message') return null;
  if (entry.trouble === 'no-key') return { ...base, type: 'waiting-for-key' };
  const { message } = entry;
  if (message === null) return { ...base, type: entry.trouble === 'newer' ? 'newer' : 'unreadable' };
  if (message.type === 'letter') return { ...base, type: 'letter', letter: message };
  if (message.type === 'quarantine') return { ...base, type: 'quarantine', letter: message };
  if (message.type === 'notice') return { ...base, type: 'notice', notice: message };
  if (message.type === 'reminder') return { ...base, type: 'reminder', reminder: message };
  if (message.type === 'status' || message.type === 'read') return null;
  const progress = sources.progress.get(message.replyId) ?? localProgress('queued');
  return showWritten(message, { ...base, key: message.replyId, mine: event.author === sources.deviceId, progress });
}

function showWritten(
  message: WrittenMessage,
  shown: Shown & { readonly mine: boolean; readonly progress: ReplyProgress },
): ShownMessage {
  if (message.type === 'filing') return { ...shown, type: 'filing', filing: message };
  return { ...shown, type: 'reply', reply: message };
}

function showLocal(local: LocalReply, sources: ViewSources): ShownMessage {
  const { message, after, kept } = local;
  const progress = sources.progress.get(message.replyId) ?? localProgress('waiting');
  const at = kept?.writtenAt ?? sources.now;
  return showWritten(message, { key: message.replyId, place: after, at, mine: true, progress });
}

/** Order of the relay; a local reply stands after the last event it was written under, replies in their own order. */
function compareShown(a: ShownMessage, b: ShownMessage): number {
  const byPlace = comparePlaces(a.place, b.place);
  if (byPlace !== 0) return byPlace;
  const local = (one: ShownMessage): number => ('progress' in one ? 1 : 0);
  return local(a) - local(b) || (a.key < b.key ? -1 : 1);
}

function summarise(conversationId: string, gathered: Gathered, sources: ViewSources): ConversationView {
  const { readings, expiresAt } = gathered;
  const messages = withoutMetReminders(gathered.messages.sort(compareShown));
  const letters = messages.filter((shown) => shown.type === 'letter');
  const latest = letters.at(-1)?.letter ?? null;
  const aim = aimOf(messages, null);
  const sender = latest ?? messages.findLast((shown) => shown.type === 'quarantine')?.letter ?? null;
  const reported = letters.findLast((shown) => reportsOf(shown.letter).length > 0)?.letter;
  const mark = sources.readMarks.get(conversationId);
  const spoken = messages.filter((shown) => shown.type !== 'notice' && shown.type !== 'newer');
  const unread = spoken.filter((shown) => !('progress' in shown) && (!mark || comparePlaces(shown.place, mark) > 0));
  return {
    conversationId,
    correspondent: sender?.from ?? null,
    patient: reported === undefined ? null : (reportsOf(reported).at(-1)?.patient ?? null),
    subject: latest?.subject ?? null,
    result: reported === undefined ? null : judgeLetter(reported),
    messages,
    readings,
    unread: unread.length,
    unreadCritical: unread.some(
      (shown) => shown.type === 'letter' && judgeLetter(shown.letter).severity === 'critical',
    ),
    needsAttention: repliesNeedAttention(messages),
    filingFailed: messages.findLast((shown) => shown.type === 'filing')?.progress.state === 'failed',
    fileable: latest?.fileable === true || messages.some(({ type }) => type === 'reminder'),
    ...aim,
    unreadUrgent: unread.some((shown) => shown.type === 'letter' && isUrgent(shown.letter)),
    answerable: aim.answers !== null && sources.hasKey(conversationId),
    lastActivityAt: Math.max(...(spoken.length > 0 ? spoken : messages).map((shown) => shown.at)),
    expiresAt,
  };
}

/** The aim of an answer that was begun for this letter; null: of one begun now. */
export function aimOf(messages: readonly ShownMessage[], letterId: string | null): Aim {
  const letters = messages.flatMap((shown) => (shown.type === 'letter' ? [shown.letter] : []));
  const begunFor = letters.find((letter) => letter.letterId === letterId);
  const answerable = begunFor ?? letters.findLast((letter) => letter.answerable);
  const answered = answerable ?? letters.at(-1) ?? null;
  return {
    answers: answerable?.letterId ?? null,
    others: othersOn(answered),
    answersTo: answered?.people?.find(({ role }) => role === 'from') ?? answered?.from ?? null,
  };
}

/** How far a person who looks at the conversation has read it: up to the first message that still waits for its key. */
export function lastReadable(conversation: ConversationView | undefined): Place | null {
  if (conversation === undefined) return null;
  const { messages } = conversation;
  const closed = messages.findIndex(({ type }) => type === 'waiting-for-key');
  return (closed === -1 ? messages.at(-1) : messages[closed - 1])?.place ?? null;
}

/** The letter's writer may be named among the people of it: he is not another one. */
function othersOn(letter: LetterMessage | null): MailPerson[] {
  if (letter === null) return [];
  const sender = letter.from.address.toLowerCase();
  return (letter.people ?? []).filter(({ address, role }) => role !== 'from' && address.toLowerCase() !== sender);
}

function repliesNeedAttention(messages: readonly ShownMessage[]): boolean {
  const states = messages.flatMap((shown) => (shown.type === 'reply' ? [shown.progress.state] : []));
  return states.at(-1) === 'failed' || states.includes('held');
}

/** A reminder stands until the conversation is filed after it; a part of it is not the conversation. */
function withoutMetReminders(messages: readonly ShownMessage[]): ShownMessage[] {
  const filed = messages.findLastIndex(
    (shown) =>
      shown.type === 'filing' && shown.filing.what.kind === 'conversation' && shown.progress.state !== 'failed',
  );
  return messages.filter((shown, place) => shown.type !== 'reminder' || place > filed);
}

function isUrgent({ urgent, urgency }: LetterMessage): boolean {
  return urgency === undefined ? urgent === true : urgency.level === 'urgent';
}

function reportsOf(letter: LetterMessage): ClinicalReport[] {
  return letter.documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
}

function judgeLetter(letter: LetterMessage): { severity: Severity; count: ResultCount } {
  const judged = judge(reportsOf(letter));
  return letter.urgency?.level === 'critical' ? { ...judged, severity: 'critical' } : judged;
}

/** Worst severity and counts over the results of a letter; those of a deleted report count no more. */
export function judge(reports: readonly ClinicalReport[]): { severity: Severity; count: ResultCount } {
  const standing = reports.filter(({ status }) => status !== 'deleted');
  const severities = standing.flatMap((report) => report.results.map((result) => result.severity));
  const critical = severities.filter((severity) => severity === 'critical').length;
  const abnormal = critical + severities.filter((severity) => severity === 'abnormal').length;
  const total = severities.length;
  const unknown = severities.filter((severity) => severity === 'unknown').length;
  const worst = critical > 0 ? 'critical' : abnormal > 0 ? 'abnormal' : 'normal';
  const severity = worst === 'normal' && (unknown > 0 || total === 0) ? 'unknown' : worst;
  return { severity, count: { critical, abnormal, unknown, total } };
}
