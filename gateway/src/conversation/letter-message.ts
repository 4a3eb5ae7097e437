/**
 * Makes the message of a letter: photos and files sealed into blobs under the conversation key, the original letter
 * kept beside them, text bounded so that the event fits the relay's limit, and what an answer will need kept sealed.
 * Ids come from what is named; a second run writes the same things again.
 */
import type { Bytes } from '@estafette/contracts/bytes';
import { openBytes, sealBlob, sealBytes } from '@estafette/contracts/conversation-seal';
import type { Document, TextRange } from '@estafette/contracts/document';
import { CONTENT_LIMITS, CONVERSATION_LIMITS, RELAY_LIMITS } from '@estafette/contracts/limits';
import type { LetterMessage, Message } from '@estafette/contracts/message';
import type {
  AnsweredLetter,
  BlobStore,
  Carrier,
  Conversation,
  LastingStore,
  LetterMark,
  OpenedLetter,
  ReadDocument,
} from '../ports.ts';
import type { ConversationKey } from './custody.ts';
import { keepDocument, withLessPreview } from './keep-documents.ts';
import { originalName } from './kept-original.ts';
import type { KnownSender } from './know-sender.ts';
import { letterUrgency } from './letter-urgency.ts';
import type { Routing } from './route-letter.ts';
import type { EventMaker } from './sealed-events.ts';
import { messageIdsIn } from './thread-token.ts';

type Routed = Extract<Routing, { outcome: 'routed' }>;

const toBytes = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);

/** JSON of a message, in bytes: sealed and in base64url it still fits an event with its routing facts. */
const MESSAGE_MAX_BYTES = Math.floor((RELAY_LIMITS.eventMaxBytes * 3) / 4) - 2_048;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** What is said of a letter beside what stands in it. */
export interface LetterFacts {
  readonly receivedAt: string;
  readonly sender: KnownSender;
  readonly carrier?: Carrier | undefined;
  readonly senderCertificateChanged?: true;
}

export interface LetterKeeper {
  /** Seals the letter as it came: the conversation's original. */
  keepOriginal(routed: Routed, letterId: string, letter: Uint8Array): Promise<void>;
  /**
   * Keeps what an answer or a receipt will need: whom it goes to, subject, ids, quote, space. Sealed under the
   * conversation key and gone with it.
   */
  keepContext(
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    facts: LetterFacts & { readonly space: string },
  ): Promise<void>;
  /** The message to deliver; a quarantined letter gives a notice without content. */
  message(routed: Routed, letterId: string, opened: OpenedLetter, facts: LetterFacts): Promise<Message>;
}

/** Opens what `keepContext` kept; throws when it was sealed under another key. */
export async function openContext(
  key: ConversationKey,
  conversation: Conversation,
  letterId: string,
  sealed: Buffer,
): Promise<AnsweredLetter> {
  const clear = await openBytes(
    key.key,
    contextBinding(conversation.id, letterId),
    toBytes(sealed.subarray(0, 12)),
    toBytes(sealed.subarray(12)),
  );
  return JSON.parse(Buffer.from(clear).toString()) as AnsweredLetter;
}

const contextBinding = (conversationId: string, letterId: string) =>
  ({ kind: 'context', conversationId, id: letterId, author: 'gateway' }) as const;

/** First lines of what was newly written, for the quote of an answer. */
function quoteOf({ documents }: OpenedLetter): string[] {
  const found = documents.find((document) => document.kind === 'text');
  const text = found?.text ?? '';
  const fresh = found?.fresh ?? [{ from: 0, to: text.length }];
  const lines = fresh
    .map(({ from, to }) => text.slice(from, to))
    .join('\n')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.slice(0, CONVERSATION_LIMITS.quotedLinesMax);
}

function contextOf(
  opened: OpenedLetter,
  { sender, receivedAt, space }: LetterFacts & { readonly space: string },
): AnsweredLetter {
  const { headers, layers } = opened;
  const { from, fromName, subject, subjectHidden, dispositionTo } = headers;
  return {
    from,
    fromName,
    subject,
    subjectHidden,
    messageId: messageIdsIn(headers.messageId)[0] ?? '',
    references: messageIdsIn(headers.references),
    receivedAt,
    quote: quoteOf(opened),
    people: [{ name: fromName, address: from, role: 'from' }, ...headers.people],
    wasEncrypted: layers.some((layer) => layer.kind === 'encrypted'),
    space,
    ...(sender.answerTo === null ? {} : { answerTo: sender.answerTo }),
    ...(headers.urgent ? { urgent: true } : {}),
    ...(dispositionTo === '' ? {} : { receiptTo: dispositionTo }),
  };
}

/** What is shown beside the words of a letter; what does not apply is absent. */
function marksOf(
  { headers }: OpenedLetter,
  { sender, carrier, senderCertificateChanged }: LetterFacts,
  marks: readonly LetterMark[],
): Partial<LetterMessage> {
  const { people } = sender;
  const isCarried = carrier?.kind === 'operator' && carrier.domain !== '';
  return {
    ...(senderCertificateChanged === true ? { senderCertificateChanged } : {}),
    ...(isCarried ? { operator: { name: carrier.name, domain: carrier.domain } } : {}),
    ...(people.length > 0 ? { people: [...people] } : {}),
    ...(headers.peopleLeftOut > 0 ? { peopleLeftOut: headers.peopleLeftOut } : {}),
    ...(marks.includes('same-message-id') ? { sameMessageId: true } : {}),
    ...(marks.includes('subject-changed') ? { subjectChanged: true } : {}),
    ...(headers.urgent ? { urgent: true } : {}),
    // Nobody is told that his letter was read unless it is proven to be his.
    ...(headers.dispositionTo !== '' && sender.proof !== null ? { asksReceipt: true } : {}),
  };
}

/**
 * Shortens what may be shortened until the documents fit beside the rest of the message; the whole stays in the original.
 * The words of PDFs first, which stand in the PDFs; then what is largest. Each is measured once, however many there are.
 */
function fit(documents: Document[], roomBytes: number): Document[] {
  const measured = new WeakMap<Document, number>();
  const measure = (document: Document): number => {
    const size = measured.get(document) ?? sizeOf(document);
    measured.set(document, size);
    return size;
  };
  const isTooMuch = (all: readonly Document[]): boolean =>
    all.reduce((sum, document) => sum + measure(document) + COMMA, BRACKETS) > roomBytes;
  let fitting = documents;
  while (isTooMuch(fitting)) {
    const less = withLessPreview(fitting);
    if (less === null) break;
    fitting = less;
  }
  while (fitting.length > 0 && isTooMuch(fitting)) {
    const sizes = fitting.map(measure);
    const largest = sizes.indexOf(Math.max(...sizes));
    fitting = fitting.flatMap((document, at) => (at === largest ? shorten(document) : [document]));
  }
  return fitting;
}
const COMMA = 1;
const BRACKETS = 2;

type Text = Extract<Document, { kind: 'text' }>;

/** The beginning of a text. Of what is new in it, as much as is left; when that is nothing, all of it is shown. */
function beginning(document: Text, length: number): Text {
  if (document.text.length <= length) return document;
  const { fresh, ...whole } = document;
  const left: TextRange[] = (fresh ?? [])
    .filter(({ from }) => from < length)
    .map(({ from, to }) => ({ from, to: Math.min(to, length) }));
  return {
    ...whole,
    text: document.text.slice(0, length),
    truncated: true,
    ...(left.length > 0 ? { fresh: left } : {}),
  };
}

/** Half of a text, a report without its prose, then with half of its results (critical ones come first); else nothing. */
function shorten(document: Document): Document[] {
  if (document.kind === 'text' && document.text.length > 1) {
    return [beginning(document, document.text.length >> 1)];
  }
  if (document.kind !== 'report') return [];
  const { report } = document;
  const warnings = [...new Set([...report.warnings, 'report-shortened'])];
  if (report.text.length > 0) return [{ kind: 'report', report: { ...report, text: '', warnings } }];
  if (report.results.length > 1)
    return [
      { kind: 'report', report: { ...report, results: report.results.slice(0, report.results.length >> 1), warnings } },
    ];
  return [];
}

/** Keeps letters in their conversations. */
export function createLetterKeeper(options: {
  store: LastingStore;
  blobs: BlobStore;
  events: EventMaker;
  /** Adds what is shown of pictures and PDFs; absent: they are shown as they came. */
  addViews?: (documents: OpenedLetter['documents']) => Promise<OpenedLetter['documents']>;
}): LetterKeeper {
  const { store, blobs, events, addViews = async (documents) => documents } = options;

  const keepBlob = async (routed: Routed, name: string, bytes: Uint8Array): Promise<string> => {
    const { id, mailboxId } = routed.conversation;
    const blobId = events.idFor('blob', `${name} ${mailboxId}`);
    await store.addBlob({ blobId, mailboxId, conversationId: id });
    await blobs.put(`blobs/${mailboxId}/${blobId}`, await sealBlob(routed.key.key, id, blobId, toBytes(bytes)));
    return blobId;
  };

  const toDocument = async (routed: Routed, name: string, document: ReadDocument): Promise<Document> => {
    if (document.kind === 'report') return document;
    if (document.kind === 'text') return beginning(document, CONTENT_LIMITS.inlineTextMaxCharacters);
    return keepDocument(document, name, (blobName, bytes) => keepBlob(routed, blobName, bytes));
  };

  return {
    keepOriginal: async (routed, letterId, letter) => void (await keepBlob(routed, originalName(letterId), letter)),

    async keepContext(routed, letterId, opened, facts) {
      const context = contextOf(opened, facts);
      const clear = toBytes(Buffer.from(JSON.stringify(context)));
      const { iv, ct } = await sealBytes(routed.key.key, contextBinding(routed.conversation.id, letterId), clear);
      await store.saveLetterContext(letterId, routed.conversation.mailboxId, Buffer.concat([iv, ct]));
    },

    async message(routed, letterId, opened, facts) {
      const { headers, verdict } = opened;
      // A verified letter is shown under the name the certificate gives, never under the one it gives itself.
      const name = verdict.show === 'verified' && verdict.signer !== null ? verdict.signer.name : headers.fromName;
      const from = { name, address: headers.from };
      if (verdict.show === 'quarantine')
        return { type: 'quarantine', letterId, from, receivedAt: facts.receivedAt, verdict };
      const documents: Document[] = [];
      for (const [index, document] of (await addViews(opened.documents)).entries())
        documents.push(await toDocument(routed, `${letterId} ${index}`, document));
      const { subject, subjectProtected } = headers;
      const { route, marks } = routed;
      const { receivedAt, sender } = facts;
      const told = { letterId, from, subject, subjectProtected, receivedAt, verdict, route };
      const letter = {
        type: 'letter',
        ...told,
        answerable: sender.answerable,
        ...marksOf(opened, facts, marks),
        ...(await letterUrgency(store, { mailboxId: routed.conversation.mailboxId, opened, sender })),
        ...((await store.filingSettings(routed.conversation.mailboxId)) === null ? {} : { fileable: true }),
      } as const;
      return { ...letter, documents: fit(documents, MESSAGE_MAX_BYTES - sizeOf(letter)) };
    },
  };
}
