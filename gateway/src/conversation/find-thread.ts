/**
 * Finds the conversation a letter answers. The order of the rules is the design's: our signed token, then In-Reply-To
 * to a mail we sent, then References of the same canonical subject (peers, pitfall 6); each only for a sender who is
 * proven, by a proof that counts in that conversation, and takes part in it. A quoted id from a stranger leads nowhere,
 * and a stranger's letter under the id of another's hides nothing: only conversations of the sender himself are looked at.
 * An id that leads to one of them which he cannot join now (it is over, his proof does not count there) ends the search
 * at what the letter quotes as older: what would be found behind it may have been laid there for him by somebody else.
 */
import type { Route } from '@estafette/contracts/message';
import type { Conversation, LastingStore } from '../ports.ts';
import { countsIn, type SenderProof } from './prove-sender.ts';
import type { RoutingQuestion } from './routing-question.ts';
import { canonicalSubject, messageIdsIn, type ThreadTokens } from './thread-token.ts';

export interface Thread {
  /** Null: a new one has to be opened. */
  readonly conversation: Conversation | null;
  readonly route: Route;
}

interface Finder {
  readonly tokens: ThreadTokens;
  readonly indexOf: (kind: 'message-id' | 'subject', value: string) => Buffer;
}

type ProvenQuestion = RoutingQuestion & { readonly proof: SenderProof };
type Found = Conversation | 'expired' | 'unproven';

/** A live conversation of this mailbox in which the proven sender takes part, or why it is none; null: not his at all. */
async function joinable(store: LastingStore, question: ProvenQuestion, id: string): Promise<Found | null> {
  const { proof, mailboxId, correspondentIndex, now } = question;
  const conversation = await store.conversation(id);
  if (conversation === null || conversation.mailboxId !== mailboxId) return null;
  const participants = await store.participantsOf(id);
  if (!participants.some(({ addressIndex }) => addressIndex.equals(correspondentIndex))) return null;
  if (!countsIn(proof, conversation.space)) return 'unproven';
  return conversation.erasedAt !== null || conversation.expiresAt <= now ? 'expired' : conversation;
}

async function firstOf(
  store: LastingStore,
  question: ProvenQuestion,
  conversationIds: readonly string[],
): Promise<Found | null> {
  for (const id of conversationIds) {
    const found = await joinable(store, question, id);
    if (found !== null) return found;
  }
  return null;
}

/** What leads to a conversation, rule by rule. */
function rulesFor(store: LastingStore, { tokens, indexOf }: Finder, question: RoutingQuestion) {
  const { headers, mailboxId, correspondentIndex } = question;
  const answered = messageIdsIn(headers.inReplyTo);
  const references = [...messageIdsIn(headers.references), ...answered].reverse();
  const byId = (id: string, direction: 'out' | 'any') =>
    store.conversationsByMessageId(mailboxId, indexOf('message-id', id), direction, correspondentIndex);
  const subject = canonicalSubject(headers.subject);
  const hasSubject = (id: string) => store.conversationKnows(mailboxId, indexOf('subject', `${id} ${subject}`), id);
  const ofSubject = async (id: string): Promise<string[]> => {
    const found: string[] = [];
    for (const conversationId of subject === '' ? [] : await byId(id, 'any'))
      if (await hasSubject(conversationId)) found.push(conversationId);
    return found;
  };
  const rules: readonly { route: Route; ids: readonly string[]; leadsTo: (id: string) => Promise<string[]> }[] = [
    {
      route: 'thread-token',
      ids: references,
      leadsTo: async (id) => [tokens.conversationOf(id)].filter((found) => found !== null),
    },
    { route: 'in-reply-to', ids: answered, leadsTo: (id) => byId(id, 'out') },
    { route: 'references', ids: references, leadsTo: ofSubject },
  ];
  return { rules, references };
}

/** The conversation a letter answers, or why it stands in a new one. */
export async function findThread(store: LastingStore, options: Finder, question: RoutingQuestion): Promise<Thread> {
  const { rules, references } = rulesFor(store, options, question);
  const { proof } = question;
  if (proof === null) return { conversation: null, route: references.length > 0 ? 'new-unproven' : 'new' };
  let isOver = false;
  /** How far back the letter's references are looked at, counted from the newest. */
  let reach = references.length;
  for (const { route, ids, leadsTo } of rules) {
    for (const id of ids) {
      const age = references.indexOf(id);
      const found = age < reach ? await firstOf(store, { ...question, proof }, await leadsTo(id)) : null;
      if (found === null) continue;
      if (typeof found !== 'string') return { conversation: found, route };
      isOver ||= found === 'expired';
      reach = age;
    }
  }
  return { conversation: null, route: isOver ? 'new-expired' : 'new' };
}
