/**
 * For tests: replies sealed for real, over a real store, with the certificates of the test authority; who is written to,
 * by which space, and what is known of him is the test's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { importConversationKey, sealJson } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import type { ReplyMessage } from '@estafette/contracts/message';
import { readCertificate } from '../envelope/certificate.ts';
import { type OpenedEnvelope, openEnvelope } from '../envelope/open-envelope.ts';
import { type SealTask, sealMail } from '../envelope/seal-mail.ts';
import {
  DOCTOR_ADDRESS,
  type Party,
  pem,
  pharmacy,
  policyOver,
  root,
  rootList,
  storeOf,
} from '../envelope/test-authority.fixture.ts';
import { newConversation, newLearnt, newLetter, newReply } from '../lasting/rows.conformance.ts';
import {
  type AnsweredLetter,
  correspondentIndexOf,
  type LearntCertificate,
  type MailboxKey,
  type ReplyRow,
  type SealingWishes,
  type TrustSpace,
} from '../ports.ts';
import type { AttachmentKeeper } from '../reply/reply-attachments.ts';
import { createReplySealer, type SealedReplies } from '../reply/seal-reply.ts';
import { spaceOf, spacesOf } from './spaces.fixture.ts';
import { START, type World } from './world.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-sealing-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const trust = { anchors: join(folder, 'anchors.pem'), lists: join(folder, 'lists.pem') };
writeFileSync(trust.anchors, pem('CERTIFICATE', root.certificate));
writeFileSync(trust.lists, pem('X509 CRL', rootList));

export const LETTER: AnsweredLetter = {
  from: DOCTOR_ADDRESS,
  fromName: 'Dr Claire MARTIN',
  subject: 'INR de Mme DESSAINT',
  messageId: '<letter-1@cabinet.example>',
  references: [],
  receivedAt: '2026-06-15T10:00:00.000Z',
  quote: [],
};
export const MESSAGE_ID = '<est.answer@gateway.officine.example>';
/** Listed in the trust space `mssante` of these tests. */
const LISTED = ['cabinet.example', 'labo.example', 'soins.example'];
const demo = spaceOf('demo');
/** Encrypts always, and reaches the doctor alone: the others are reached through `mssante`. */
const DEMO: TrustSpace = {
  ...demo,
  wayOut: demo.wayOut === null ? null : { ...demo.wayOut, reaches: ['cabinet.example'] },
};
const NO_WISHES: SealingWishes = { form: null, content: null, keyTransport: null };
const NO_ATTACHMENTS: Pick<AttachmentKeeper, 'open'> = { open: async () => [] };

export const learntOf = (party: Party): Partial<LearntCertificate> => ({
  certificate: party.certificate,
  fingerprint: readCertificate(party.certificate).fingerprint,
});
export const ownKey = ({ certificate, privateKey }: Party): MailboxKey => ({
  id: 'key',
  mailboxId: 'mailbox',
  certificate,
  chain: [],
  privateKey,
  notBefore: 0,
  notAfter: Number.MAX_SAFE_INTEGER,
});

export interface SealingWish {
  /** What is known of these people, by their address. */
  readonly known?: Readonly<Record<string, Partial<LearntCertificate>>>;
  readonly wishes?: Partial<SealingWishes>;
  readonly letter?: Partial<AnsweredLetter>;
  readonly messages?: readonly Partial<ReplyMessage>[];
  readonly to?: 'sender' | 'all';
  readonly signing?: readonly MailboxKey[];
  readonly encryption?: MailboxKey | null;
  readonly attachments?: Pick<AttachmentKeeper, 'open'>;
  /** Mails posted before, by id. */
  readonly posted?: ReadonlySet<string>;
}

/** Seals the replies of one group by these facts; `tasks` are what the worker was asked. */
export async function sealReplies(
  world: World,
  wish: SealingWish = {},
): Promise<SealedReplies & { readonly tasks: readonly SealTask[] }> {
  const { store, vault } = world;
  const correspondentIndex = correspondentIndexOf(vault, DOCTOR_ADDRESS);
  const conversation = newConversation(world.mailboxId, { correspondentIndex });
  await store.addConversation(conversation, START);
  const letter = newLetter(world.mailboxId, conversation.id);
  await store.addLetter(letter, START);
  await store.saveLetterContext(letter.letterId, world.mailboxId, Buffer.from('context'));
  for (const [address, learnt] of Object.entries(wish.known ?? {})) {
    const index = correspondentIndexOf(vault, address);
    await store.saveCorrespondent(newLearnt(index, learnt), START);
    await store.wishForCorrespondent(index, { ...NO_WISHES, ...wish.wishes });
  }
  const key = await importConversationKey(crypto.getRandomValues(new Uint8Array(32)));
  const rows: ReplyRow[] = [];
  const [deviceId, groupId] = [newId('device'), newId('reply')];
  for (const [at, message] of (wish.messages ?? [{}]).entries()) {
    const id = at === 0 ? groupId : newId('reply');
    const binding = { kind: 'reply', conversationId: conversation.id, id, author: deviceId } as const;
    const typed = { type: 'reply', replyId: id, text: 'Bien reçu', typedAt: '2026-06-15T10:25:00Z', ...message };
    const facts = { answers: letter.letterId, to: wish.to ?? 'sender', gatheredAt: START } as const;
    const row = { ...newReply(world.mailboxId, conversation.id), id, deviceId, groupId, ...facts };
    rows.push({ ...row, sealed: await sealJson(key, binding, typed) });
  }
  const own = ownKey(pharmacy);
  const tasks: SealTask[] = [];
  const seal = createReplySealer({
    store,
    spaces: spacesOf([DEMO, spaceOf('mssante')], LISTED),
    outbox: { has: async (id) => wish.posted?.has(id) === true },
    attachments: wish.attachments ?? NO_ATTACHMENTS,
    ownKeys: {
      forSealing: async () => ({
        signing: wish.signing ?? [own],
        encryption: wish.encryption === undefined ? own : wish.encryption,
      }),
    },
    seal: async (task) => {
      tasks.push({ kind: 'seal', ...task });
      return sealMail({ kind: 'seal', ...task });
    },
    trust,
    clock: world.clock,
    messageIdFor: () => MESSAGE_ID,
    mailIdFor: (name) => `mai_${name.slice(name.indexOf(' ') + 1)}`,
    correspondentIndex: (address) => correspondentIndexOf(vault, address),
  });
  const opened = { conversation, key, context: async () => ({ ...LETTER, ...wish.letter }) };
  return { ...(await seal(rows, opened)), tasks };
}

const anchors = storeOf([root.certificate], [rootList]);

/** The mail as its reader finds it. */
export function openedBy(party: Party, mail: Uint8Array): OpenedEnvelope {
  const keys = [{ certificate: readCertificate(party.certificate), privateKey: party.privateKey }];
  return openEnvelope(Buffer.from(mail), policyOver(anchors, { keys, at: new Date(START) }));
}
