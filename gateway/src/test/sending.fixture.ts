/** For tests: outbox, life and sender of a world, with a route whose outcomes the test decides. */
import { openJson } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import { type StatusMessage, StatusMessageSchema } from '@estafette/contracts/message';
import * as v from 'valibot';
import { createTrail } from '../audit/trail.ts';
import { conversationExtender } from '../conversation/extend-conversation.ts';
import { createReplyStatus } from '../conversation/reply-status.ts';
import { createMailLife } from '../dispatch/mail-life.ts';
import { openMailSafe } from '../dispatch/mail-safe.ts';
import { createMailWishes } from '../dispatch/mail-wishes.ts';
import { createOutbox } from '../dispatch/outbox.ts';
import { smartHost } from '../dispatch/peers.fixture.ts';
import type { Route, Way } from '../dispatch/route.ts';
import { createMailSender } from '../dispatch/send-mail.ts';
import type { Sending, SendOutcome } from '../dispatch/smtp-session.ts';
import { createConfirmationWatch } from '../dispatch/unconfirmed.ts';
import { newConversation, newReply } from '../lasting/rows.conformance.ts';
import { correspondentIndexOf, type LastingStore, type Log, type NewMail, type ReplyRow } from '../ports.ts';
import type { World } from './world.fixture.ts';

export const BYTES = Buffer.from('Subject: sealed\n\r\nMIIB...\r\n');
export const TO = 'claire.martin@cabinet.example';
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The sending side; outcomes come in turn, then `sent`. A way of null: no way out. */
export function openSending(world: World, ...outcomes: SendOutcome[]) {
  const { store, vault, queues, clock, trail } = world;
  const given: Sending[] = [];
  const way: { now: Way | null } = { now: { policy: smartHost(25), list: null } };
  const during: { now: (mail: Sending) => Promise<void> } = { now: async () => {} };
  const route: Route = {
    laneOf: (_space, _way, domain) => domain,
    async send(mail) {
      given.push(mail);
      await during.now(mail);
      return outcomes.shift() ?? { outcome: 'sent' };
    },
    abort() {},
    close() {},
  };
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const status = createReplyStatus(world);
  const mails = openMailSafe({ safe: world.blobs, vault });
  const life = createMailLife({ store, trailOf, replies: status, clock, log: silent, ended: mails.remove });
  const messageIdIndex = (messageId: string) => world.indexOf('message-id', messageId);
  const parts = { store, mails, queues, life, trail, clock, log: silent };
  const extend = conversationExtender(world.custody);
  const lasting = { giveUpAfterHoursOf: () => 48, extend };
  const outbox = createOutbox({ ...parts, ...lasting, replies: status, trailOf, messageIdIndex });
  const sender = createMailSender({ ...parts, route, wayOf: () => way.now });
  const fulfil = createMailWishes({ store, life, sender, trail, clock, log: silent });
  const watch = createConfirmationWatch({ store, life, clock });
  return { given, outcomes, way, during, status, mails, life, outbox, sender, fulfil, watch };
}

/** An accepted reply of a new conversation, and what its devices are told of it. */
export async function acceptedReply(world: World): Promise<{ reply: ReplyRow; told: () => Promise<StatusMessage[]> }> {
  const { custody, store, clock } = world;
  const key = await custody.make();
  const { epoch, endsAt: expiresAt } = custody.epochFor(clock.ms + 7_200_000);
  const bare = newConversation(world.mailboxId, { epoch, expiresAt });
  const conversation = { ...bare, wrappedKey: await custody.wrap(bare.id, epoch, key) };
  await store.addConversation(conversation, clock.ms);
  const reply = newReply(world.mailboxId, conversation.id);
  await store.addReply(reply, clock.ms);
  const told = async (): Promise<StatusMessage[]> => {
    const events = world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
    const mine = events.filter((event) => event.kind === 'status' && event.conversationId === conversation.id);
    const opened: StatusMessage[] = [];
    for (const event of mine)
      if (event.kind === 'status') opened.push(v.parse(StatusMessageSchema, await openJson(key.key, event, event)));
    return opened;
  };
  return { reply, told };
}

/** A finished mail that carries a reply. */
export const mailOf = (world: World, reply: ReplyRow, change: Partial<NewMail> = {}): NewMail => ({
  id: newId('mail'),
  kind: 'reply',
  mailboxId: reply.mailboxId,
  conversationId: reply.conversationId,
  subject: reply.id,
  recipientIndex: correspondentIndexOf(world.vault, change.to ?? TO),
  space: 'mssante',
  urgent: false,
  asksReports: false,
  replyIds: [reply.id],
  from: 'pharmacie@officine.example',
  to: TO,
  messageId: `<${reply.id}@gateway.officine.example>`,
  bytes: BYTES,
  ...change,
});
