/**
 * Puts a letter into a conversation, once. Which one, find-thread.ts knows; none found, or none that its sender may
 * join, opens a new one, in the trust space the letter came through. The sender of a proven letter takes part from then
 * on, and so do the people his letter names: what nobody proved names nobody. The unique row of (mailbox, letter
 * identity) decides whether this letter was seen before; it outlives what the letter said. A repeated run finds its own
 * row and goes on; of two deliveries at once one row is written, and the other is the duplicate.
 */
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { Route } from '@estafette/contracts/message';
import type { Conversation, LastingStore, LetterMark, LetterRow } from '../ports.ts';
import type { ConversationKey, Custody } from './custody.ts';
import { extendConversation } from './extend-conversation.ts';
import { findThread } from './find-thread.ts';
import type { RoutingQuestion } from './routing-question.ts';
import { canonicalSubject, messageIdsIn, type ThreadTokens } from './thread-token.ts';

export type Routing =
  | {
      readonly outcome: 'routed';
      readonly conversation: Conversation;
      readonly key: ConversationKey;
      readonly route: Route;
      readonly isNew: boolean;
      readonly marks: readonly LetterMark[];
    }
  | { readonly outcome: 'duplicate'; readonly letterId: string }
  | { readonly outcome: 'delivered-before' };

export interface RouterOptions {
  readonly store: LastingStore;
  readonly custody: Custody;
  readonly tokens: ThreadTokens;
  readonly conversationTtlSeconds: number;
  /** Keyed digest of a Message-ID within a mailbox, and of a subject. */
  readonly indexOf: (kind: 'message-id' | 'subject', value: string) => Buffer;
}

/** Subjects that programs write where there is none to show: another one after them is no change. */
const NO_SUBJECT: readonly string[] = ['', '...', '[...]', 'votre courrier'];

/** Marks of a letter, found before it is remembered itself. */
async function marksOf(
  inside: LastingStore,
  { indexOf }: Pick<RouterOptions, 'indexOf'>,
  { mailboxId, headers }: RoutingQuestion,
  joined: Conversation | null,
): Promise<LetterMark[]> {
  const marks: LetterMark[] = [];
  const [messageId] = messageIdsIn(headers.messageId);
  if (messageId !== undefined && (await inside.knowsMessageId(mailboxId, indexOf('message-id', messageId))))
    marks.push('same-message-id');
  const subject = canonicalSubject(headers.subject);
  if (joined === null || NO_SUBJECT.includes(subject)) return marks;
  const isKnown = await inside.conversationKnows(mailboxId, indexOf('subject', `${joined.id} ${subject}`), joined.id);
  return isKnown ? marks : [...marks, 'subject-changed'];
}

/** Remembers by what later letters will find this one: its Message-ID, its subject. */
async function remember(
  inside: LastingStore,
  { indexOf }: Pick<RouterOptions, 'indexOf'>,
  { mailboxId, headers, letterId }: RoutingQuestion,
  conversationId: string,
): Promise<void> {
  const entry = { mailboxId, conversationId, subject: letterId, direction: 'in' as const };
  const [messageId] = messageIdsIn(headers.messageId);
  if (messageId !== undefined)
    await inside.rememberMessageId({ ...entry, messageIdIndex: indexOf('message-id', messageId) });
  const subject = canonicalSubject(headers.subject);
  if (subject === '') return;
  const messageIdIndex = indexOf('subject', `${conversationId} ${subject}`);
  await inside.rememberMessageId({ ...entry, messageIdIndex, subject: '' });
}

/** Those who take part from this letter on: its proven writer first, then the people it names. */
async function admit(inside: LastingStore, question: RoutingQuestion, conversationId: string): Promise<void> {
  if (question.proof === null) return;
  const writer = { addressIndex: question.correspondentIndex, role: 'from' } as const;
  for (const { addressIndex, role } of [writer, ...question.people])
    await inside.addParticipant(
      { conversationId, addressIndex, role, since: question.now },
      CONVERSATION_LIMITS.participantsMax,
    );
}

type Placed = { row: LetterRow; conversation: Conversation; isNew: boolean };

/** The router of letters into conversations. */
export function createRouter(options: RouterOptions): (question: RoutingQuestion) => Promise<Routing> {
  const { store, custody } = options;

  const open = async (inside: LastingStore, question: RoutingQuestion): Promise<Conversation> => {
    const { epoch, endsAt } = custody.epochFor(question.now + options.conversationTtlSeconds * 1_000);
    const id = newId('conversation');
    const wrappedKey = await custody.wrap(id, epoch, await custody.make());
    const { mailboxId, correspondentIndex, space } = question;
    const made = { id, mailboxId, correspondentIndex, epoch, wrappedKey, expiresAt: endsAt, erasedAt: null, space };
    await inside.addConversation(made, question.now);
    await inside.audit({ subject: id, event: 'conversation-opened', related: mailboxId }, question.now);
    return made;
  };

  const extend = (inside: LastingStore, conversation: Conversation, now: number): Promise<Conversation> =>
    extendConversation(inside, custody, conversation, now + options.conversationTtlSeconds * 1_000);

  /** A letter that waited so long for its delivery that its conversation expired gets another one. */
  const move = async (inside: LastingStore, question: RoutingQuestion, seen: LetterRow): Promise<Placed> => {
    const conversation = await open(inside, question);
    await inside.moveLetter(seen.letterId, seen.mailboxId, conversation.id);
    await remember(inside, options, question, conversation.id);
    await admit(inside, question, conversation.id);
    return { row: { ...seen, conversationId: conversation.id, route: 'new-expired' }, conversation, isNew: true };
  };

  const findAgain = async (inside: LastingStore, question: RoutingQuestion, seen: LetterRow): Promise<Placed> => {
    const conversation = await inside.conversation(seen.conversationId);
    if (conversation === null) throw new Error('a letter without its conversation');
    const isOver = (await custody.unwrap(conversation)) === null;
    if (isOver && seen.state === 'routed') return move(inside, question, seen);
    return { row: seen, conversation, isNew: true };
  };

  const place = async (inside: LastingStore, question: RoutingQuestion): Promise<Placed> => {
    const { conversation: joined, route } = await findThread(inside, options, question);
    const marks = await marksOf(inside, options, question, joined);
    const conversation = joined === null ? await open(inside, question) : await extend(inside, joined, question.now);
    const { letterId, mailboxId, dedupeIndex, answerable } = question;
    const conversationId = conversation.id;
    const row: LetterRow = {
      letterId,
      mailboxId,
      conversationId,
      dedupeIndex,
      state: 'routed',
      answerable,
      route,
      marks,
    };
    await inside.addLetter(row, question.now);
    await question.alongside?.(inside);
    await remember(inside, options, question, conversationId);
    await admit(inside, question, conversationId);
    const line = { subject: letterId, event: 'letter-routed', detail: route, related: conversationId } as const;
    await inside.audit(line, question.now);
    return { row, conversation, isNew: joined === null };
  };

  const routeOnce = async (inside: LastingStore, question: RoutingQuestion): Promise<Placed | LetterRow> => {
    // Its own row first: a second run may see the same bytes as another letter (it was too slow to be opened before).
    const rows = await inside.lettersOf(question.letterId);
    const own = rows.find(({ mailboxId }) => mailboxId === question.mailboxId);
    const seen = own ?? (await inside.letterByDedupe(question.mailboxId, question.dedupeIndex));
    if (seen === null) return place(inside, question);
    return seen.letterId === question.letterId ? findAgain(inside, question, seen) : seen;
  };

  /** Two deliveries of one letter at the same moment: the row of one stands, and the other finds it. */
  const routeRaced = async (question: RoutingQuestion): Promise<Placed | LetterRow> => {
    try {
      return await store.transaction((inside) => routeOnce(inside, question));
    } catch (error) {
      const first = await store.letterByDedupe(question.mailboxId, question.dedupeIndex);
      if (first === null || first.letterId === question.letterId) throw error;
      return first;
    }
  };

  return async (question) => {
    const routed = await routeRaced(question);
    if ('letterId' in routed) {
      const line = { subject: question.letterId, event: 'letter-duplicate', related: routed.letterId } as const;
      await store.audit(line, question.now);
      return { outcome: 'duplicate', letterId: routed.letterId };
    }
    const { row, conversation, isNew } = routed;
    const key = await custody.unwrap(conversation);
    if (key === null && row.state === 'delivered') return { outcome: 'delivered-before' };
    // Its epoch ended this very moment: the next run finds it another conversation.
    if (key === null) throw new Error('the conversation expired while the letter was routed');
    return { outcome: 'routed', conversation, key, route: row.route as Route, isNew, marks: row.marks };
  };
}
