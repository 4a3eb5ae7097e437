/**
 * The way in: accepted → opened → read → routed → delivered, in one job, idempotent from end to end. The spool keeps
 * the letter until the relay has stored its message; whatever dies in between, the job runs again and makes the same
 * rows, the same blobs and the same events. This file knows the order of the stages and nothing else.
 */

import { createHash } from 'node:crypto';
import type { Bytes } from '@estafette/contracts/bytes';
import { sealBlob, sealBytes } from '@estafette/contracts/conversation-seal';
import type { Document } from '@estafette/contracts/document';
import { CONTENT_LIMITS, CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { LetterMessage, Message, QuarantineMessage } from '@estafette/contracts/message';
import { type DeliverJob, QUEUES } from '@estafette/contracts/queues';
import type { Trail } from './audit/trail.ts';
import type { Routing, RoutingQuestion } from './conversation/route-letter.ts';
import type { EventMaker } from './conversation/sealed-events.ts';
import { messageIdsIn } from './conversation/thread-token.ts';
import type { TRUST_SPACES } from './envelope/trust-space.ts';
import type { Spool, SpooledLetter } from './intake/spool.ts';
import type { OpenedLetter, TrustPaths } from './letter-worker.ts';
import type { LetterWorkers } from './letter-workers.ts';
import type { BlobStore, Clock, LastingStore, Log, Queues, Vault } from './ports.ts';
import type { AnsweredLetter } from './reply/compose-reply.ts';

export interface InboundOptions {
  readonly spool: Spool;
  readonly store: LastingStore;
  readonly workers: LetterWorkers;
  readonly route: (question: RoutingQuestion) => Promise<Routing>;
  readonly events: EventMaker;
  readonly blobs: BlobStore;
  readonly queues: Queues;
  readonly vault: Vault;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly log: Log;
  readonly trust: TrustPaths;
  readonly space: keyof typeof TRUST_SPACES;
  /** Resolves when the relay has done the deliver job of this id; rejects after a while. */
  readonly delivered: (jobId: string) => Promise<void>;
}

type Routed = Extract<Routing, { outcome: 'routed' }>;

const toBytes = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);

/** Makes the job that takes one spooled letter all the way. */
export function createInbound(options: InboundOptions): (letterId: string) => Promise<void> {
  const { spool, store, workers, events, blobs, queues, vault, trail } = options;

  /** Seals a blob of the conversation; its id is decided by what it is, so that a second run replaces it. */
  const keepBlob = async (routed: Routed, name: string, bytes: Uint8Array): Promise<string> => {
    const blobId = events.idFor('blob', name);
    const { id, mailboxId } = routed.conversation;
    await store.addBlob({ blobId, mailboxId, conversationId: id });
    await blobs.put(`blobs/${mailboxId}/${blobId}`, await sealBlob(routed.key.key, id, blobId, toBytes(bytes)));
    return blobId;
  };

  const toDocument = async (
    routed: Routed,
    letterId: string,
    index: number,
    document: OpenedLetter['documents'][number],
  ): Promise<Document> => {
    if (document.kind === 'hprim') return document;
    if (document.kind === 'text') {
      const text = document.text.slice(0, CONTENT_LIMITS.inlineTextMaxCharacters);
      return { ...document, text, truncated: document.truncated || text.length < document.text.length };
    }
    const { bytes, ...facts } = document;
    const blobId = await keepBlob(routed, `${letterId} ${routed.conversation.mailboxId} ${index}`, bytes);
    return { ...facts, blobId, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  };

  const learnCertificate = async (
    letterId: string,
    correspondentIndex: Buffer,
    opened: OpenedLetter,
  ): Promise<void> => {
    if (opened.senderCertificate === null) return;
    const { der, fingerprint } = opened.senderCertificate;
    const known = await store.correspondent(correspondentIndex);
    if (known?.fingerprint === fingerprint) return;
    await store.saveCorrespondent(
      { addressIndex: correspondentIndex, certificate: Buffer.from(der), fingerprint },
      options.clock.now().getTime(),
    );
    await trail.certificateLearnt(letterId, fingerprint, known !== null);
  };

  /** What an answer will need, sealed under the conversation key and gone with it. */
  const keepContext = async (
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    receivedAt: string,
  ): Promise<void> => {
    const { headers } = opened;
    const text = opened.documents.find((document) => document.kind === 'text');
    const context: AnsweredLetter = {
      from: headers.from,
      fromName: headers.fromName,
      subject: headers.subjectProtected ? '' : headers.subject,
      messageId: messageIdsIn(headers.messageId)[0] ?? '',
      references: messageIdsIn(headers.references),
      receivedAt,
      quote:
        text === undefined
          ? []
          : text.text
              .split('\n')
              .filter((line) => line.trim() !== '')
              .slice(0, CONVERSATION_LIMITS.quotedLinesMax),
    };
    const binding = {
      kind: 'context',
      conversationId: routed.conversation.id,
      id: letterId,
      author: 'gateway',
    } as const;
    const { iv, ct } = await sealBytes(routed.key.key, binding, toBytes(Buffer.from(JSON.stringify(context))));
    await store.saveLetterContext(letterId, routed.conversation.mailboxId, Buffer.concat([iv, ct]));
  };

  const messageFor = async (
    routed: Routed,
    letterId: string,
    opened: OpenedLetter,
    facts: { answerable: boolean; receivedAt: string },
  ): Promise<Message> => {
    const from = { name: opened.headers.fromName, address: opened.headers.from };
    if (opened.verdict.show === 'quarantine') {
      return {
        type: 'quarantine',
        letterId,
        from,
        receivedAt: facts.receivedAt,
        verdict: opened.verdict,
      } satisfies QuarantineMessage;
    }
    const documents: Document[] = [];
    for (const [index, document] of opened.documents.entries())
      documents.push(await toDocument(routed, letterId, index, document));
    return {
      type: 'letter',
      letterId,
      from,
      subject: opened.headers.subject,
      subjectProtected: opened.headers.subjectProtected,
      documents,
      verdict: opened.verdict,
      route: routed.route,
      ...facts,
    } satisfies LetterMessage;
  };

  const deliver = async (routed: Routed, letterId: string, message: Message): Promise<void> => {
    const { conversation, key } = routed;
    const devices = routed.isNew ? await store.devicesOf(conversation.mailboxId, options.clock.now().getTime()) : [];
    const wrapped = await events.keys(conversation, key, devices);
    const id = events.idFor('message', `${letterId} ${conversation.mailboxId}`);
    const job: DeliverJob = {
      kind: 'append',
      mailboxId: conversation.mailboxId,
      events: [...wrapped, await events.message({ conversation, key, id }, message)],
    };
    const jobId = `${letterId}.${conversation.mailboxId}`;
    const done = options.delivered(jobId);
    await queues.add(QUEUES.deliver, jobId, job);
    await done;
    await store.markDelivered(letterId, conversation.mailboxId);
    await trail.letterDelivered(letterId, conversation.mailboxId);
  };

  const openFor = async (letter: SpooledLetter, mailboxId: string): Promise<OpenedLetter> => {
    const keys = (await store.keysOf(mailboxId)).map(({ certificate, privateKey }) => ({ certificate, privateKey }));
    return workers.open({
      letter: letter.bytes,
      keys,
      trust: options.trust,
      space: options.space,
      at: letter.receivedAt,
    });
  };

  const takeTo = async (letterId: string, letter: SpooledLetter, mailboxId: string): Promise<void> => {
    const opened = await openFor(letter, mailboxId);
    const correspondentIndex = vault.index('address-index', opened.headers.from.toLowerCase());
    const proven = opened.verdict.show === 'verified';
    const answerable =
      proven && (opened.senderCertificate !== null || (await store.correspondent(correspondentIndex)) !== null);
    const routed = await options.route({
      letterId,
      mailboxId,
      correspondentIndex,
      proven,
      answerable,
      headers: opened.headers,
      now: letter.receivedAt,
      dedupeIndex: vault.index('letter-identity', opened.identity),
    });
    if (routed.outcome !== 'routed') return;
    await trail.letterOpened(letterId, mailboxId, opened.verdict);
    if (opened.verdict.show === 'quarantine') await trail.letterQuarantined(letterId, mailboxId, opened.verdict);
    await learnCertificate(letterId, correspondentIndex, opened);
    const receivedAt = new Date(letter.receivedAt).toISOString();
    await keepBlob(routed, `${letterId} ${mailboxId} original`, letter.bytes);
    if (answerable) await keepContext(routed, letterId, opened, receivedAt);
    await deliver(routed, letterId, await messageFor(routed, letterId, opened, { answerable, receivedAt }));
  };

  return async (letterId) => {
    const letter = await spool.read(letterId);
    if (letter === null) return;
    await trail.letterAccepted(letterId, letter.receivedAt);
    for (const mailboxId of letter.mailboxIds) await takeTo(letterId, letter, mailboxId);
    await spool.remove(letterId);
    options.log.info('letter delivered', {
      letterId,
      count: letter.mailboxIds.length,
      ms: options.clock.now().getTime() - letter.receivedAt,
    });
  };
}
