/**
 * Makes the message of a letter: photos and files sealed into blobs under the conversation key, the original letter
 * kept beside them, text bounded so that the event fits the relay's limit, and what an answer will need kept sealed.
 * Ids come from what is named; a second run writes the same things again.
 */
import { createHash } from 'node:crypto';
import type { Bytes } from '@estafette/contracts/bytes';
import { openBytes, sealBlob, sealBytes } from '@estafette/contracts/conversation-seal';
import type { Document } from '@estafette/contracts/document';
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
import { originalName } from './kept-original.ts';
import type { KnownSender } from './know-sender.ts';
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

/** First lines of what was written, for the quote of an answer. */
function quoteOf({ documents }: OpenedLetter): string[] {
  const text = documents.find((document) => document.kind === 'text')?.text ?? '';
  const lines = text.split('\n').filter((line) => line.trim() !== '');
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

/** Shortens what may be shortened, longest text first, until the documents fit beside the rest of the message; the whole stays in the original. */
function fit(documents: Document[], roomBytes: number): Document[] {
  let fitting = documents;
  while (fitting.length > 0 && sizeOf(fitting) > roomBytes) {
    const sizes = fitting.map(sizeOf);
    const largest = sizes.indexOf(Math.max(...sizes));
    fitting = fitting.flatMap((document, at) => (at === largest ? shorten(document) : [document]));
  }
  return fitting;
}

/** Half of a text, a report without its prose, then with half of its results (critical ones come first); else nothing. */
function shorten(document: Document): Document[] {
  if (document.kind === 'text' && document.text.length > 1) {
    return [{ ...document, text: document.text.slice(0, document.text.length >> 1), truncated: true }];
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
}): LetterKeeper {
  const { store, blobs, events } = options;

  const keepBlob = async (routed: Routed, name: string, bytes: Uint8Array): Promise<string> => {
    const { id, mailboxId } = routed.conversation;
    const blobId = events.idFor('blob', `${name} ${mailboxId}`);
    await store.addBlob({ blobId, mailboxId, conversationId: id });
    await blobs.put(`blobs/${mailboxId}/${blobId}`, await sealBlob(routed.key.key, id, blobId, toBytes(bytes)));
    return blobId;
  };

  const toDocument = async (routed: Routed, name: string, document: ReadDocument): Promise<Document> => {
    if (document.kind === 'report') return document;
    if (document.kind === 'text') {
      const text = document.text.slice(0, CONTENT_LIMITS.inlineTextMaxCharacters);
      return { ...document, text, truncated: document.truncated || text.length < document.text.length };
    }
    const { bytes, ...facts } = document;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { ...facts, blobId: await keepBlob(routed, name, bytes), bytes: bytes.length, sha256 };
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
      for (const [index, document] of opened.documents.entries())
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
      } as const;
      return { ...letter, documents: fit(documents, MESSAGE_MAX_BYTES - sizeOf(letter)) };
    },
  };
}
