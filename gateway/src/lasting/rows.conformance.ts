/** Rows for the conformance suite of lasting stores: usual unless a promise wishes otherwise. */
import { randomBytes } from 'node:crypto';
import { newId } from '@estafette/contracts/ids';
import type {
  Conversation,
  Device,
  Enrolment,
  LastingStore,
  LearntCertificate,
  LetterRow,
  OutgoingMail,
  ReplyRow,
} from '../ports.ts';

export const NOW = Date.UTC(2026, 5, 15, 10);
export const HOUR_MS = 3_600_000;

export const index = (): Buffer => randomBytes(32);

export async function newMailbox(store: LastingStore): Promise<string> {
  const id = newId('mailbox');
  await store.addMailbox({ id, address: `${id}@officine.example`, name: 'Pharmacie', kind: 'ORG' });
  return id;
}

export function newConversation(mailboxId: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id: newId('conversation'),
    mailboxId,
    correspondentIndex: index(),
    epoch: '20260615T120000Z',
    wrappedKey: randomBytes(60),
    expiresAt: NOW + HOUR_MS,
    erasedAt: null,
    space: 'demo',
    ...change,
  };
}

export const newDevice = (mailboxId: string, change: Partial<Device> = {}): Device => ({
  id: newId('device'),
  mailboxId,
  person: 'Paul LEROY',
  wrappingKey: 'wrapping',
  signingKey: 'signing',
  validUntil: null,
  ...change,
});

export const newEnrolment = (mailboxId: string): Enrolment => ({
  id: newId('enrolment'),
  mailboxId,
  person: 'Paul LEROY',
  secret: randomBytes(32),
  expiresAt: NOW + HOUR_MS,
  usedBy: null,
  deviceTtlSeconds: 60,
});

export const newLearnt = (addressIndex: Buffer, change: Partial<LearntCertificate> = {}): LearntCertificate => ({
  addressIndex,
  certificate: Buffer.from('certificate'),
  chain: [],
  fingerprint: 'print',
  capabilities: null,
  signedAt: NOW,
  signer: 'print',
  letterId: newId('letter'),
  changed: false,
  ...change,
});

export const newReply = (mailboxId: string, conversationId: string): ReplyRow => ({
  id: newId('reply'),
  mailboxId,
  conversationId,
  deviceId: newId('device'),
  state: 'accepted',
  failure: null,
  certain: true,
  revision: 1,
  announcedRevision: 0,
  attempts: 0,
  sealed: { iv: 'aXY', ct: 'Y3Q' },
  createdAt: NOW,
  answers: null,
  to: 'sender',
  isPressing: false,
  bytes: 0,
  groupId: null,
  gatheredAt: null,
});

export const newMail = (mailboxId: string, change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  id: newId('mail'),
  kind: 'reply',
  mailboxId,
  conversationId: newId('conversation'),
  subject: newId('reply'),
  recipientIndex: index(),
  to: 'claire.martin@cabinet.example',
  space: 'mssante',
  state: 'sealed',
  failure: null,
  certain: true,
  revision: 1,
  attempts: 0,
  hasOpenAttempt: false,
  urgent: false,
  asksReports: false,
  sealedAt: NOW,
  sentAt: null,
  changedAt: NOW,
  nextAttemptAt: NOW,
  wish: null,
  ...change,
});

export const newLetter = (mailboxId: string, conversationId: string, change: Partial<LetterRow> = {}): LetterRow => ({
  letterId: newId('letter'),
  mailboxId,
  conversationId,
  dedupeIndex: index(),
  state: 'routed',
  answerable: true,
  route: 'new',
  marks: [],
  ...change,
});
