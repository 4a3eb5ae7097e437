/** For tests: a device that types replies in one conversation, the way out that takes them, and what was sealed. */
import { replySignatureInput, sealBlob, sealBytes, sealJson } from '@estafette/contracts/conversation-seal';
import { exportPublicKey, makeSigningKeys, signWithDevice } from '@estafette/contracts/device-keys';
import { newId } from '@estafette/contracts/ids';
import type { ReplyMessage } from '@estafette/contracts/message';
import { newConversation, newDevice, newLetter } from '../lasting/rows.conformance.ts';
import type { AnsweredLetter, ReplyRow } from '../ports.ts';
import type { ReplyAttachment } from '../reply/compose-reply.ts';
import { openReply } from '../reply/open-reply.ts';
import type { OpenedConversation } from '../reply/seal-reply.ts';
import { assembleOutboundIn, mailOf, PAUSE_MS } from './outbound.fixture.ts';
import { HOUR_MS, openWorld, START } from './world.fixture.ts';

const KEYS = { mayTry: async () => true, refused: async () => {}, worked: () => {} };
const signing = await makeSigningKeys();
export const PHOTO = Buffer.concat([Buffer.from('\xff\xd8\xff\xe0', 'latin1'), Buffer.alloc(2_000, 7)]);

/** A new world with a device, a conversation and a letter to answer in it. */
export async function openTyping() {
  const world = await openWorld();
  /** What was sealed: the texts of each mail, and the files with it. */
  const sealed: { texts: string[]; files: ReplyAttachment[]; ids: readonly string[] }[] = [];
  /** How many of the next steps crash in the middle. */
  const crashes = { seal: 0, post: 0 };
  const device = newDevice(world.mailboxId, { signingKey: await exportPublicKey(signing.publicKey) });
  await world.store.addDevice(device);
  const expiresAt = START + 10 * HOUR_MS;
  const draft = newConversation(world.mailboxId, { expiresAt, epoch: world.custody.epochFor(expiresAt).epoch });
  const key = await world.custody.make();
  const conversation = { ...draft, wrappedKey: await world.custody.wrap(draft.id, draft.epoch, key) };
  await world.store.addConversation(conversation, START);

  /** A letter that can be answered; with what an answer must know of it, where that is given. */
  async function addLetter(context?: Partial<AnsweredLetter>): Promise<string> {
    const letter = newLetter(world.mailboxId, conversation.id);
    await world.store.addLetter(letter, world.clock.ms);
    if (context === undefined) return letter.letterId;
    const facts = { from: '', fromName: '', subject: '', messageId: '', references: [], quote: [], ...context };
    const clear = new TextEncoder().encode(JSON.stringify({ ...facts, receivedAt: '2026-06-15T10:20:00.000Z' }));
    const binding = {
      kind: 'context',
      conversationId: conversation.id,
      id: letter.letterId,
      author: 'gateway',
    } as const;
    const { iv, ct } = await sealBytes(key.key, binding, clear);
    await world.store.saveLetterContext(letter.letterId, world.mailboxId, Buffer.concat([iv, ct]));
    return letter.letterId;
  }
  await addLetter();

  function outboundOf(pauseMs = PAUSE_MS) {
    const sealReplies = async (rows: readonly ReplyRow[], opened: OpenedConversation) => {
      if (crashes.seal-- > 0) throw new Error('a crash while sealing');
      const texts: string[] = [];
      const files: ReplyAttachment[] = [];
      const place = { mailboxId: world.mailboxId, conversationId: conversation.id, key: opened.key };
      for (const { id: replyId, conversationId, deviceId, sealed } of rows) {
        const message = await openReply(opened.key, deviceId, { replyId, conversationId, ...sealed });
        texts.push(message.text);
        files.push(...(await made.attachments.open(place, message)));
      }
      const mail = mailOf(world, rows, Buffer.from(JSON.stringify(texts)));
      const isPosted = await made.outbox.has(mail.id);
      if (!isPosted) sealed.push({ texts, files, ids: rows.map(({ id }) => id) });
      return { messageId: mail.messageId, mails: isPosted ? [] : [mail], refused: [], inClear: 0 };
    };
    const made: ReturnType<typeof assembleOutboundIn> = assembleOutboundIn(
      world,
      { sealReplies, ownKeys: KEYS },
      pauseMs,
    );
    const { postTogether } = made.outbox;
    Object.assign(made.outbox, {
      postTogether: async (...mails: Parameters<typeof postTogether>) => {
        if (crashes.post-- > 0) throw new Error('a crash before the mails are posted');
        await postTogether(...mails);
      },
    });
    return made.outbound;
  }

  /** A reply as the relay hands it over. */
  async function given(change: Partial<ReplyMessage> = {}, from = device) {
    const replyId = change.replyId ?? newId('reply');
    const message = { type: 'reply', replyId, text: 'Bien reçu', typedAt: '2026-06-15T10:25:00Z', ...change };
    const binding = { kind: 'reply', conversationId: conversation.id, id: replyId, author: from.id } as const;
    const frame = { replyId, conversationId: conversation.id, ...(await sealJson(key.key, binding, message)) };
    const signature = await signWithDevice(signing.privateKey, replySignatureInput(from.id, frame));
    return { kind: 'reply', mailboxId: world.mailboxId, deviceId: from.id, reply: { ...frame, signature } } as const;
  }

  const composeJobs = () => world.jobs.filter(({ job }) => 'kind' in job && job.kind === 'compose');
  const mailJobs = () => world.jobs.filter(({ job }) => 'kind' in job && job.kind === 'mail');
  const texts = () => sealed.map((one) => one.texts);
  const stateOf = async (replyId: string) => (await world.store.reply(replyId))?.state;
  const refusals = () =>
    world
      .delivered()
      .flatMap((job) => (job.kind === 'append' ? job.events : []))
      .flatMap((event) => (event.kind === 'refused' ? [event.failure] : []));

  /** Uploads as the phone does, and names it. */
  async function uploaded(clear: Buffer, change: { name?: string; mediaType?: string; bytes?: number } = {}) {
    const blobId = newId('blob');
    const stored = await sealBlob(key.key, conversation.id, blobId, new Uint8Array(clear));
    await world.blobs.put(`uploads/${world.mailboxId}/${blobId}`, stored);
    return { blobId, name: 'ordonnance.jpg', mediaType: 'image/jpeg', bytes: clear.length, ...change };
  }
  const kept = (place: string, blobId: string) => world.blobs.get(`${place}/${world.mailboxId}/${blobId}`);

  const lists = { sealed, crashes, composeJobs, mailJobs, texts, stateOf, refusals };
  return { world, conversation, key, device, outboundOf, given, addLetter, uploaded, kept, ...lists };
}
export type Typing = Awaited<ReturnType<typeof openTyping>>;
