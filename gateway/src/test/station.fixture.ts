/**
 * For tests: a whole gateway in one process, without sockets and threads: spool, opening, the branch of automatic mail,
 * routing, keeping, courtesies, outbox, all of them real, with the keys of the test authority. What it posts lies in
 * `posted` until a test carries it on.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openJson } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import type { Message } from '@estafette/contracts/message';
import { silentLog } from '@estafette/runtime/log';
import { assembleAutomatic } from '../assemble-automatic.ts';
import { createTrail } from '../audit/trail.ts';
import { conversationExtender } from '../conversation/extend-conversation.ts';
import { createLetterKeeper } from '../conversation/letter-message.ts';
import { createReplyStatus } from '../conversation/reply-status.ts';
import { createMailLife } from '../dispatch/mail-life.ts';
import { openMailSafe } from '../dispatch/mail-safe.ts';
import { createOutbox } from '../dispatch/outbox.ts';
import { sealMail } from '../envelope/seal-mail.ts';
import { type Party, PHARMACY_ADDRESS, pem, root, rootList } from '../envelope/test-authority.fixture.ts';
import { createInbound } from '../inbound.ts';
import { openSpool, type SpoolFacts } from '../intake/spool.ts';
import { newLearnt } from '../lasting/rows.conformance.ts';
import { openLetter } from '../letter-worker.ts';
import { correspondentIndexOf, type LastingStore, type NewMail, type Outbox, type TrustSpace } from '../ports.ts';
import { learntOf, ownKey } from './sealing.fixture.ts';
import { spacesOf } from './spaces.fixture.ts';
import { openWorld, type World } from './world.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-station-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const trust = { anchors: join(folder, 'anchors.pem'), lists: join(folder, 'lists.pem') };
writeFileSync(trust.anchors, pem('CERTIFICATE', root.certificate));
writeFileSync(trust.lists, pem('X509 CRL', rootList));

export interface StationWish {
  readonly address: string;
  readonly party: Party;
  readonly space: TrustSpace;
  /** Correspondents whose certificate is known. */
  readonly knows?: Readonly<Record<string, Party>>;
}

/** A mail on its way between stations. */
export type Posted = Pick<NewMail, 'kind' | 'from' | 'to' | 'messageId' | 'bytes' | 'id' | 'space'>;

export interface Station {
  readonly world: World;
  readonly mailboxId: string;
  readonly address: string;
  readonly posted: Posted[];
  readonly automatic: ReturnType<typeof assembleAutomatic>;
  readonly outbox: Outbox;
  /** Takes a letter all the way; gives its id. */
  receive(letter: { bytes: Buffer; mailFrom: string } & Partial<SpoolFacts>, letterId?: string): Promise<string>;
  /** What the inbox was given, opened, in order and each event once, as the relay keeps it. */
  inbox(): Promise<Message[]>;
  events(letterId: string): Promise<string[]>;
  close(): Promise<void>;
}

async function mailboxOf(world: World, address: string): Promise<string> {
  if (address === PHARMACY_ADDRESS) return world.mailboxId;
  const id = newId('mailbox');
  await world.store.addMailbox({ id, address, name: `Cabinet ${address.slice(0, 1)}`, kind: 'PER' });
  return id;
}

async function inboxOf({ store, custody, delivered }: World): Promise<Message[]> {
  const seen = new Set<string>();
  const messages: Message[] = [];
  for (const job of delivered()) {
    if (job.kind !== 'append') continue;
    for (const event of job.events) {
      if ((event.kind !== 'message' && event.kind !== 'status') || seen.has(event.id)) continue;
      seen.add(event.id);
      const conversation = await store.conversation(event.conversationId);
      const key = conversation === null ? null : await custody.unwrap(conversation);
      if (key === null) continue;
      const { kind, id, conversationId, author } = event;
      messages.push((await openJson(key.key, { kind, conversationId, id, author }, event)) as Message);
    }
  }
  return messages;
}

/** A new station; `close` it after the test. */
export async function openStation({ address, party, space, knows = {} }: StationWish): Promise<Station> {
  const world = await openWorld();
  const { store, vault, clock, custody, events, tokens, queues, blobs, trail } = world;
  const mailboxId = await mailboxOf(world, address);
  for (const [known, his] of Object.entries(knows))
    await store.saveCorrespondent(newLearnt(correspondentIndexOf(vault, known), learntOf(his)), clock.ms);
  const spaces = spacesOf([space], ['cabinet.example', 'officine.example']);
  const messageIdIndex = (id: string) => world.indexOf('message-id', id);
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const status = createReplyStatus(world);
  const mails = openMailSafe({ safe: blobs, vault });
  const life = createMailLife({ store, trailOf, replies: status, clock, log: silentLog, ended: mails.remove });
  const parts = { store, queues, messageIdIndex, clock, log: silentLog };
  const lasting = { giveUpAfterHoursOf: () => 48, extend: conversationExtender(custody) };
  const real = createOutbox({ ...parts, ...lasting, mails, life, replies: status, trailOf });
  const posted: Posted[] = [];
  const outbox: Outbox = {
    ...real,
    post: async (mail) => {
      const isNew = !(await real.has(mail.id));
      await real.post(mail);
      if (isNew) posted.push(mail);
    },
  };
  const own = ownKey(party);
  const automatic = assembleAutomatic(
    {
      ...{
        config: { ESTAFETTE_MAIL_DOMAIN: `gateway.${address.split('@')[1]}` },
        store,
        custody,
        events,
        tokens,
        queues,
      },
      ...{ vault, trust, spaces, messageIdIndex, trail, clock, log: silentLog },
      waiters: { onCompleted: () => {}, delivered: async () => {} },
      ownKeys: {
        forSealing: async () => ({ signing: [own], encryption: own }),
        mayTry: async () => true,
        refused: async () => {},
        worked: () => {},
      },
      seal: async (task) => sealMail({ kind: 'seal', ...task }),
    },
    { outbox, reported: life.reported },
  );
  const spool = openSpool(blobs, vault);
  const inbound = createInbound({
    ...{ spool, store, queues, vault, clock, events, spaces, log: silentLog, route: world.route },
    open: ({ bytes, receivedAt, mailFrom }) =>
      openLetter({
        ...{ letter: bytes, trust, at: receivedAt, letters: space.letters, nullSender: mailFrom === '' },
        keys: [{ certificate: party.certificate, privateKey: party.privateKey }],
      }),
    automatic: automatic.take,
    courtesies: automatic.courtesies,
    waits: { mustWait: async () => false, hasWaited: () => false, forget: () => {} },
    certificates: world.certificates,
    know: world.know,
    keeper: createLetterKeeper({ store, blobs, events }),
    quarantine: { hold: async () => {} },
    notify: async () => {},
    delivered: async () => {},
  });
  return {
    ...{ world, mailboxId, address, posted, automatic, outbox },
    async receive({ bytes, ...facts }, letterId = newId('letter')) {
      const content = (async function* () {
        yield bytes;
      })();
      await spool.store(
        letterId,
        { receivedAt: clock.ms, mailboxIds: [mailboxId], space: space.name, ...facts },
        content,
      );
      await inbound(letterId);
      return letterId;
    },
    inbox: () => inboxOf(world),
    events: async (letterId) =>
      (await store.trace(letterId)).map(({ event, detail }) => `${event} ${detail ?? ''}`.trim()),
    close: world.close,
  };
}
