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
import type { Message } from '@estafette/contracts/message';
import type { AnsweredLetter, BlobStore, Conversation, LastingStore, OpenedLetter, ReadDocument } from '../ports.ts';
import type { ConversationKey } from './custody.ts';
import { originalName } from './kept-original.ts';
import type { Routing } from './route-letter.ts';
import type { EventMaker } from './sealed-events.ts';
import { messageIdsIn } from './thread-token.ts';

type Routed = Extract<Routing, { outcome: 'routed' }>;

const toBytes = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);

/** JSON of a message, in bytes: sealed and in base64url it still fits an event with its routing facts. */
const MESSAGE_MAX_BYTES = Math.floor((RELAY_LIMITS.eventMaxBytes * 3) / 4) - 2_048;

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

export interface LetterKeeper {
  /** Seals the letter as it came: the conversation's original. */
  keepOriginal(routed: Routed, letterId: string, letter: Uint8Array): Promise<void>;
  /** Keeps what an answer will need: subject, ids, quote. Sealed under the conversation key and gone with it. */
  keepContext(routed: Routed, letterId: string, opened: OpenedLetter, receivedAt: string): Promise<void>;
  /** The message to deliver; a quarantined letter gives a notice without content. */
  message(
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    facts: { answerable: boolean; receivedAt: string; senderCertificateChanged?: true },
  ): Promise<Message>;
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
  if (document.kind !== 'hprim') return [];
  const { report } = document;
  const warnings = [...new Set([...report.warnings, 'report-shortened'])];
  if (report.text.length > 0) return [{ kind: 'hprim', report: { ...report, text: '', warnings } }];
  if (report.results.length > 1)
    return [
      { kind: 'hprim', report: { ...report, results: report.results.slice(0, report.results.length >> 1), warnings } },
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
    if (document.kind === 'hprim') return document;
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

    async keepContext(routed, letterId, { headers, documents }, receivedAt) {
      const text = documents.find((document) => document.kind === 'text')?.text ?? '';
      const context: AnsweredLetter = {
        from: headers.from,
        fromName: headers.fromName,
        subject: headers.subject,
        subjectHidden: headers.subjectHidden,
        messageId: messageIdsIn(headers.messageId)[0] ?? '',
        references: messageIdsIn(headers.references),
        receivedAt,
        quote: text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .slice(0, CONVERSATION_LIMITS.quotedLinesMax),
      };
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
      const { route } = routed;
      const letter = { type: 'letter', letterId, from, subject, subjectProtected, verdict, route, ...facts } as const;
      return { ...letter, documents: fit(documents, MESSAGE_MAX_BYTES - sizeOf(letter)) };
    },
  };
}
