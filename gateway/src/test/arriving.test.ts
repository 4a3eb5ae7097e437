/** The way in as a whole, with letters as they were opened: several mailboxes, several doors, operators, people in Cc. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openJson } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import { type LetterMessage, MessageSchema } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { createEraser } from '../conversation/erase.ts';
import { createLetterKeeper } from '../conversation/letter-message.ts';
import { createInbound } from '../inbound.ts';
import { openSpool, type Spool, type SpoolFacts } from '../intake/spool.ts';
import { letterIdentity } from '../letter-identity.ts';
import { type Carrier, type LetterHeaders, NO_HEADERS, type OpenedLetter } from '../ports.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openWorld, type World } from './world.fixture.ts';

const UNSIGNED: Verdict = {
  signature: 'none',
  identity: 'none',
  encryption: 'none',
  show: 'unverified',
  reasons: ['not-signed'],
  signer: null,
};
const HOSPITAL: Carrier = { kind: 'operator', domain: 'hopital.example', name: 'HOPITAL' };
const LABORATORY: Carrier = { kind: 'operator', domain: 'labo.example', name: 'LABO' };
const log = { debug() {}, info() {}, warn() {}, error() {} };

let world: World;
let spool: Spool;
let other: string;
/** Mailboxes whose letters cannot be opened just now. */
let troubled: string[];
/** What happens while a letter is opened. */
let meanwhile: () => void;
beforeEach(async () => {
  world = await openWorld();
  spool = openSpool(world.blobs, world.vault);
  other = newId('mailbox');
  await world.store.addMailbox({ id: other, address: 'autre@officine.example', name: 'Autre', kind: 'ORG' });
  troubled = [];
  meanwhile = () => {};
});
afterEach(() => world.close());

/** Bytes that only this test reads: what its letter is when it has been opened. */
const bytesOf = (headers: Partial<LetterHeaders>, trace = ''): Buffer =>
  Buffer.from(`${trace}Message-ID: ${headers.messageId ?? ''}\r\n\r\n${JSON.stringify(headers)}`);

function openedFrom(bytes: Buffer): OpenedLetter {
  const headers = JSON.parse(bytes.toString().split('\r\n\r\n')[1] ?? '') as Partial<LetterHeaders>;
  return {
    verdict: UNSIGNED,
    layers: [],
    headers: { ...NO_HEADERS, ...headers },
    documents: [{ kind: 'text', text: 'INR à 6,8', truncated: false }],
    wants: [],
    senderCertificate: null,
    noticeCertificate: null,
    identity: letterIdentity(bytes),
  };
}

function wayIn(): (letterId: string) => Promise<void> {
  return createInbound({
    ...world,
    spool,
    waits: { mustWait: async () => false, hasWaited: () => false, forget: () => {} },
    open: async ({ bytes }, mailboxId) => {
      if (troubled.includes(mailboxId)) throw new Error('the keys of this mailbox cannot be had');
      meanwhile();
      return openedFrom(bytes);
    },
    automatic: async ({ opened }) => opened,
    courtesies: async () => {},
    keeper: createLetterKeeper(world),
    quarantine: { hold: async () => {} },
    notify: async () => {},
    log,
    delivered: async () => {},
  });
}

async function arrive(
  headers: Partial<LetterHeaders>,
  facts: Partial<SpoolFacts> & { trace?: string } = {},
  run = wayIn(),
): Promise<string> {
  const letterId = newId('letter');
  const usual = { mailFrom: headers.from ?? '', mailboxIds: [world.mailboxId], receivedAt: world.clock.ms };
  const { trace, ...told } = facts;
  const given = { ...usual, space: 'mssante', carrier: HOSPITAL, ...told };
  await spool.store(
    letterId,
    given,
    (async function* () {
      yield bytesOf(headers, trace);
    })(),
  );
  await run(letterId);
  return letterId;
}

/** The letters that were delivered to a mailbox, opened as a phone opens them. */
async function lettersIn(mailboxId: string): Promise<(LetterMessage & { conversationId: string })[]> {
  const events = world
    .delivered()
    .flatMap((job) => (job.kind === 'append' && job.mailboxId === mailboxId ? job.events : []));
  const letters = [];
  for (const event of events) {
    if (event.kind !== 'message') continue;
    const { id, conversationId, author, iv, ct } = event;
    const conversation = await world.store.conversation(conversationId);
    const key = conversation === null ? null : await world.custody.unwrap(conversation);
    assert.ok(key !== null);
    const clear = await openJson(key.key, { kind: 'message', conversationId, id, author }, { iv, ct });
    letters.push({ ...(v.parse(MessageSchema, clear) as LetterMessage), conversationId });
  }
  return letters;
}

const FIRST = {
  from: 'a.martin@hopital.example',
  messageId: '<first@hopital.example>',
  subject: 'INR',
  people: [
    { name: '', address: 'pharmacie@officine.example', role: 'to' },
    { name: 'Autre', address: 'autre@officine.example', role: 'to' },
    { name: 'Labo', address: 'b.durand@labo.example', role: 'cc' },
  ],
} as const;

test('a letter to two mailboxes stands once in each, in a conversation of each, and names the other one', async () => {
  const letterId = await arrive(FIRST, { mailboxIds: [world.mailboxId, other] });
  const [[here, ...more], [there, ...others]] = [await lettersIn(world.mailboxId), await lettersIn(other)];
  assert.deepEqual([more.length, others.length], [0, 0]);
  assert.deepEqual([here?.letterId, there?.letterId], [letterId, letterId]);
  assert.notEqual(here?.conversationId, there?.conversationId);
  const names = (letter: LetterMessage | undefined) => letter?.people?.map(({ address }) => address);
  assert.deepEqual(names(here), ['autre@officine.example', 'b.durand@labo.example']);
  assert.deepEqual(names(there), ['pharmacie@officine.example', 'b.durand@labo.example']);
  assert.equal(await spool.read(letterId), null);
});

test('trouble with one mailbox keeps the letter from no other, and nobody gets it twice', async () => {
  troubled = [world.mailboxId];
  const run = wayIn();
  await assert.rejects(arrive(FIRST, { mailboxIds: [world.mailboxId, other] }, run), /cannot be had/);
  assert.deepEqual([(await lettersIn(world.mailboxId)).length, (await lettersIn(other)).length], [0, 1]);
  troubled = [];
  const [{ letterId } = { letterId: '' }] = await spool.waiting();
  await run(letterId);
  const events = world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
  const ids = events.filter(({ kind }) => kind === 'message').map(({ id }) => id);
  assert.equal(new Set(ids).size, 2, 'the event that was sent again has the id of the first, so the relay keeps one');
  assert.equal((await lettersIn(world.mailboxId)).length, 1);
});

test('the same letter over two doors, to one mailbox and then to both, is one message in each', async () => {
  await arrive(FIRST);
  await arrive(FIRST, { space: 'demo', carrier: undefined, mailboxIds: [world.mailboxId, other] });
  const [here, there] = [await lettersIn(world.mailboxId), await lettersIn(other)];
  assert.deepEqual([here.length, there.length], [1, 1]);
  assert.deepEqual(here[0]?.operator, { name: 'HOPITAL', domain: 'hopital.example' });
  assert.equal(there[0]?.operator, undefined);
});

test("an operator's letter is answerable, carries its mark, and the one in Cc answers into the same conversation", async () => {
  await arrive(FIRST);
  const [first] = await lettersIn(world.mailboxId);
  assert.deepEqual([first?.answerable, first?.verdict.show], [true, 'unverified']);
  assert.deepEqual(first?.operator, { name: 'HOPITAL', domain: 'hopital.example' });
  const inReplyTo = world.tokens.messageIdFor(first?.conversationId ?? '', newId('reply'));
  const answer = { from: 'b.durand@labo.example', messageId: '<second@labo.example>', subject: 'Re: INR', inReplyTo };
  await arrive(answer, { carrier: LABORATORY });
  const forged = { ...answer, messageId: '<third@labo.example>' };
  await arrive(forged, { carrier: HOSPITAL });
  const [, second, third] = await lettersIn(world.mailboxId);
  assert.deepEqual([second?.conversationId, second?.route], [first?.conversationId, 'thread-token']);
  assert.deepEqual([third?.route, third?.answerable], ['new-unproven', false]);
  assert.notEqual(third?.conversationId, first?.conversationId);
});

for (const when of ['before it is opened', 'while it is opened'] as const)
  test(`an operator's letter whose space is gone ${when} is carried by nobody, whatever space judges it`, async () => {
    const reload = (): void => world.spaces.replace([spaceOf('mssante', { name: 'autre-mssante' })]);
    if (when === 'before it is opened') reload();
    else meanwhile = reload;
    await arrive(FIRST);
    const [letter] = await lettersIn(world.mailboxId);
    assert.deepEqual([letter?.operator, letter?.answerable], [undefined, false]);
    meanwhile = () => {};
    await arrive({ ...FIRST, messageId: '<next@hopital.example>' }, { space: 'autre-mssante' });
    const [, next] = await lettersIn(world.mailboxId);
    assert.deepEqual([next?.operator?.domain, next?.answerable], ['hopital.example', true]);
  });

test('the same Message-ID with other words is another letter, and says so', async () => {
  await arrive(FIRST);
  await arrive({ ...FIRST, subject: 'INR bis' });
  const letters = await lettersIn(world.mailboxId);
  assert.deepEqual(
    letters.map(({ subject, sameMessageId }) => [subject, sameMessageId]),
    [
      ['INR', undefined],
      ['INR bis', true],
    ],
  );
});

const deliveries = fc.array(
  fc.record({
    number: fc.nat(2),
    mailboxes: fc.subarray([0, 1], { minLength: 1 }),
    space: fc.constantFrom('demo', 'mssante'),
    hops: fc.nat(2),
    /** Hours that pass before it; conversations live two. */
    hours: fc.constantFrom(0, 0, 0, 9),
    /** At the same moment as the one before. */
    together: fc.boolean(),
  }),
  { minLength: 2, maxLength: 10 },
);

test('however often, where and when letters are delivered, each is one message in each mailbox', async () => {
  const run = wayIn();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(deliveries, async (given) => {
      round += 1;
      const expected = new Set<string>();
      let last: Promise<unknown> = Promise.resolve();
      const all: Promise<unknown>[] = [];
      for (const { number, mailboxes, space, hops, hours, together } of given) {
        if (!together) await last;
        if (hours > 0) {
          await Promise.all(all);
          world.clock.ms += hours * 3_600_000;
          await createEraser(world)();
        }
        const mailboxIds = mailboxes.map((at) => (at === 0 ? world.mailboxId : other));
        for (const mailboxId of mailboxIds) expected.add(`${mailboxId} ${number}`);
        const headers = { ...FIRST, messageId: `<${number}.${round}@hopital.example>` };
        const trace = 'Received: from relay.example\r\n\tby mx.example\r\n'.repeat(hops);
        last = arrive(headers, { space, mailboxIds, trace }, run);
        all.push(last);
      }
      await Promise.all(all);
      const ids = world
        .delivered()
        .flatMap((job) =>
          job.kind === 'append' ? job.events.filter(({ kind }) => kind === 'message').map(({ id }) => id) : [],
        );
      world.jobs.length = 0;
      assert.deepEqual([ids.length, new Set(ids).size], [expected.size, expected.size]);
    }),
    { seed: 20260112, numRuns: 25 },
  );
});
