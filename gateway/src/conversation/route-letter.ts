/**
 * Puts a letter into a conversation, once. The order of the rules is the design's: our signed token, then
 * In-Reply-To to a mail we sent, then References of the same canonical subject, each only for a sender who is proven
 * and a participant; else a new conversation. A quoted id from a stranger never joins. The unique row of
 * (mailbox, letter identity) decides whether this letter was seen before; a repeated run finds its own row and goes on.
 */
import { newId } from '@estafette/contracts/ids';
import type { Route } from '@estafette/contracts/message';
import type { Conversation, LastingStore, LetterRow } from '../ports.ts';
import type { ConversationKey, Custody } from './custody.ts';
import { canonicalSubject, messageIdsIn, type ThreadTokens } from './thread-token.ts';

export interface RoutingQuestion {
  readonly letterId: string;
  readonly mailboxId: string;
  /** Keyed digest of what makes the letter itself (Message-ID and body): the same letter gives the same. */
  readonly dedupeIndex: Buffer;
  readonly correspondentIndex: Buffer;
  /** Whether the sender is proven by a verified signature. */
  readonly proven: boolean;
  readonly answerable: boolean;
  readonly headers: {
    readonly messageId: string;
    readonly inReplyTo: string;
    readonly references: string;
    readonly subject: string;
  };
  readonly now: number;
  /** Written in the same transaction, when the letter is new to the mailbox: all of it is kept, or nothing. */
  readonly alongside?: (inside: LastingStore) => Promise<void>;
}

export type Routing =
  | {
      readonly outcome: 'routed';
      readonly conversation: Conversation;
      readonly key: ConversationKey;
      readonly route: Route;
      readonly isNew: boolean;
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

/** The router of letters into conversations. */
export function createRouter(options: RouterOptions): (question: RoutingQuestion) => Promise<Routing> {
  const { store, custody, tokens, indexOf } = options;

  /** A live conversation of this mailbox in which the proven sender takes part. */
  const joinable = async (
    inside: LastingStore,
    question: RoutingQuestion,
    id: string | null,
  ): Promise<Conversation | 'expired' | null> => {
    if (id === null) return null;
    const conversation = await inside.conversation(id);
    if (conversation === null || conversation.mailboxId !== question.mailboxId) return null;
    if (!question.proven || !conversation.correspondentIndex.equals(question.correspondentIndex)) return null;
    return conversation.erasedAt !== null || conversation.expiresAt <= question.now ? 'expired' : conversation;
  };

  const findThread = async (
    inside: LastingStore,
    question: RoutingQuestion,
  ): Promise<{ conversation: Conversation | null; route: Route }> => {
    const { headers, mailboxId } = question;
    const references = [...messageIdsIn(headers.references), ...messageIdsIn(headers.inReplyTo)].reverse();
    const byId = (id: string, direction: 'out' | 'any') =>
      inside.conversationByMessageId(mailboxId, indexOf('message-id', id), direction);
    const rules: { route: Route; candidates: () => Promise<(string | null)[]> }[] = [
      { route: 'thread-token', candidates: async () => references.map((id) => tokens.conversationOf(id)) },
      {
        route: 'in-reply-to',
        candidates: () => Promise.all(messageIdsIn(headers.inReplyTo).map((id) => byId(id, 'out'))),
      },
      { route: 'references', candidates: () => Promise.all(references.map((id) => bySubject(inside, question, id))) },
    ];
    let expired = false;
    for (const { route, candidates } of rules) {
      for (const id of await candidates()) {
        const found = await joinable(inside, question, id);
        if (found === 'expired') expired = true;
        else if (found !== null) return { conversation: found, route };
      }
    }
    if (expired) return { conversation: null, route: 'new-expired' };
    return { conversation: null, route: references.length > 0 && !question.proven ? 'new-unproven' : 'new' };
  };

  /** A conversation that knows the id, if one of its letters has the same canonical subject. */
  const bySubject = async (inside: LastingStore, question: RoutingQuestion, id: string): Promise<string | null> => {
    const subject = canonicalSubject(question.headers.subject);
    const conversationId = await inside.conversationByMessageId(question.mailboxId, indexOf('message-id', id), 'any');
    if (conversationId === null || subject === '') return null;
    const mark = await inside.conversationByMessageId(
      question.mailboxId,
      indexOf('subject', `${conversationId} ${subject}`),
      'any',
    );
    return mark === conversationId ? conversationId : null;
  };

  const open = async (inside: LastingStore, question: RoutingQuestion): Promise<Conversation> => {
    const { epoch, endsAt } = custody.epochFor(question.now + options.conversationTtlSeconds * 1_000);
    const id = newId('conversation');
    const wrappedKey = await custody.wrap(id, epoch, await custody.make());
    const conversation: Conversation = {
      id,
      mailboxId: question.mailboxId,
      correspondentIndex: question.correspondentIndex,
      epoch,
      wrappedKey,
      expiresAt: endsAt,
      erasedAt: null,
    };
    await inside.addConversation(conversation, question.now);
    await inside.audit({ subject: id, event: 'conversation-opened', related: question.mailboxId }, question.now);
    return conversation;
  };

  const extend = async (inside: LastingStore, conversation: Conversation, now: number): Promise<Conversation> => {
    const { epoch, endsAt } = custody.epochFor(now + options.conversationTtlSeconds * 1_000);
    if (endsAt <= conversation.expiresAt) return conversation;
    const key = await custody.unwrap(conversation);
    if (key === null) return conversation;
    const change = { epoch, wrappedKey: await custody.wrap(conversation.id, epoch, key), expiresAt: endsAt };
    await inside.extendConversation(conversation.id, change);
    return { ...conversation, ...change };
  };

  const remember = async (inside: LastingStore, question: RoutingQuestion, conversationId: string): Promise<void> => {
    const { mailboxId, headers, letterId } = question;
    const entry = { mailboxId, conversationId, subject: letterId, direction: 'in' as const };
    const [messageId] = messageIdsIn(headers.messageId);
    if (messageId !== undefined)
      await inside.rememberMessageId({ ...entry, messageIdIndex: indexOf('message-id', messageId) });
    const subject = canonicalSubject(headers.subject);
    if (subject !== '')
      await inside.rememberMessageId({
        ...entry,
        messageIdIndex: indexOf('subject', `${conversationId} ${subject}`),
        subject: '',
      });
  };

  /** A letter that waited so long for its delivery that its conversation expired gets another one. */
  const move = async (inside: LastingStore, question: RoutingQuestion, seen: LetterRow) => {
    const conversation = await open(inside, question);
    await inside.moveLetter(seen.letterId, seen.mailboxId, conversation.id);
    await remember(inside, question, conversation.id);
    return { row: { ...seen, conversationId: conversation.id, route: 'new-expired' }, conversation, isNew: true };
  };

  const routeOnce = async (
    inside: LastingStore,
    question: RoutingQuestion,
  ): Promise<{ row: LetterRow; conversation: Conversation; isNew: boolean } | LetterRow> => {
    // Its own row first: a second run may see the same bytes as another letter (it was too slow to be opened before).
    const rows = await inside.lettersOf(question.letterId);
    const own = rows.find(({ mailboxId }) => mailboxId === question.mailboxId);
    const seen = own ?? (await inside.letterByDedupe(question.mailboxId, question.dedupeIndex));
    if (seen !== null && seen.letterId !== question.letterId) return seen;
    if (seen !== null) {
      const conversation = await inside.conversation(seen.conversationId);
      if (conversation === null) throw new Error('a letter without its conversation');
      const isOver = (await custody.unwrap(conversation)) === null;
      return isOver && seen.state === 'routed'
        ? move(inside, question, seen)
        : { row: seen, conversation, isNew: true };
    }
    const thread = await findThread(inside, question);
    const conversation =
      thread.conversation === null
        ? await open(inside, question)
        : await extend(inside, thread.conversation, question.now);
    const row: LetterRow = {
      letterId: question.letterId,
      mailboxId: question.mailboxId,
      conversationId: conversation.id,
      dedupeIndex: question.dedupeIndex,
      state: 'routed',
      answerable: question.answerable,
      route: thread.route,
    };
    await inside.addLetter(row, question.now);
    await question.alongside?.(inside);
    await remember(inside, question, conversation.id);
    await inside.audit(
      { subject: question.letterId, event: 'letter-routed', detail: thread.route, related: conversation.id },
      question.now,
    );
    return { row, conversation, isNew: thread.conversation === null };
  };

  return async (question) => {
    const routed = await store.transaction((inside) => routeOnce(inside, question));
    if ('letterId' in routed) {
      await store.audit(
        { subject: question.letterId, event: 'letter-duplicate', related: routed.letterId },
        question.now,
      );
      return { outcome: 'duplicate', letterId: routed.letterId };
    }
    const key = await custody.unwrap(routed.conversation);
    if (key === null && routed.row.state === 'delivered') return { outcome: 'delivered-before' };
    // Its epoch ended this very moment: the next run finds it another conversation.
    if (key === null) throw new Error('the conversation expired while the letter was routed');
    return {
      outcome: 'routed',
      conversation: routed.conversation,
      key,
      route: routed.row.route as Route,
      isNew: routed.isNew,
    };
  };
}
