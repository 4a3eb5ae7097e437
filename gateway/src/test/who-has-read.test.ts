/** Two people of one mailbox: each is told who has read a letter, once, whatever runs twice; nobody is told what no device signed. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { ReadMessage } from '@estafette/contracts/message';
import { mail, multipartSigned, OUTER, signedData, TEXT_ENTITY } from '../envelope/letters.fixture.ts';
import { DOCTOR_ADDRESS, PHARMACY_ADDRESS, pharmacy } from '../envelope/test-authority.fixture.ts';
import { plainMail } from '../reports/mails.fixture.ts';
import { readerOf } from './reading.fixture.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openStation, type Station } from './station.fixture.ts';
import { HOUR_MS, START } from './world.fixture.ts';

const ASKS = `Disposition-Notification-To: <${DOCTOR_ADDRESS}>`;
const MINUTE_MS = 60_000;
const at = (ms: number): string => new Date(ms).toISOString();

let station: Station;
let letters = 0;
afterEach(() => station.close());

/** A station with a letter of the doctor in it. */
async function withLetter(...fields: string[]): Promise<string> {
  station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf('mssante') });
  letters += 1;
  const outer = OUTER.map((line) =>
    line.startsWith('Message-ID') ? `Message-ID: <r${letters}@cabinet.example>` : line,
  );
  const bytes = mail(multipartSigned(TEXT_ENTITY, signedData(TEXT_ENTITY)), [...outer, ...fields]);
  const letterId = await station.receive({ bytes, mailFrom: DOCTOR_ADDRESS });
  station.world.clock.ms = START + 30 * MINUTE_MS;
  return letterId;
}

const readings = async (): Promise<ReadMessage[]> =>
  (await station.inbox()).flatMap((message) => (message.type === 'read' ? [message] : []));

test('the other device sees who has read a letter and when, once, however often it is told and by how many devices', async () => {
  const letterId = await withLetter();
  const [camille, tablet, noe] = [
    await readerOf(station, 'Camille'),
    await readerOf(station, 'Camille'),
    await readerOf(station, 'Noé'),
  ];
  await camille(letterId, { readAt: START + MINUTE_MS });
  await camille(letterId, { readAt: START + 5 * MINUTE_MS });
  await tablet(letterId, { readAt: START + 6 * MINUTE_MS });
  await noe(letterId, { readAt: START + 8 * MINUTE_MS });
  assert.deepEqual(await readings(), [
    { type: 'read', letterId, person: 'Camille', at: at(START + MINUTE_MS) },
    { type: 'read', letterId, person: 'Noé', at: at(START + 8 * MINUTE_MS) },
  ]);
  assert.deepEqual(station.posted, [], 'nobody asked to be told');
  // What a queue and the relay see of it: ids, times and sealed bytes, as of a status of an answer.
  const events = station.world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
  const statuses = events.filter(({ kind }) => kind === 'status').map(({ id }) => id);
  const jobs = station.world.jobs.filter(({ jobId }) => statuses.includes(jobId));
  assert.equal(new Set(jobs.map(({ jobId }) => jobId)).size, 2);
  assert.equal(jobs.length, statuses.length, 'each job bears the name of its event, as that of an answer does');
  assert.doesNotMatch(JSON.stringify(jobs), /Camille|Noé|ltr_|read/);
});

test('the length of what is told names nobody, whatever the name and whether the sender was told', async () => {
  const letterId = await withLetter(ASKS);
  for (const person of ['Éva', 'Maximilienne DE LA ROCHEFOUCAULD']) {
    await (await readerOf(station, person))(letterId);
    await station.world.store.setReceipts(station.mailboxId, false);
  }
  const sealed = station.world
    .delivered()
    .flatMap((job) => (job.kind === 'append' ? job.events : []))
    .flatMap((event) => (event.kind === 'status' ? [Buffer.from(event.ct, 'base64url').length] : []));
  const tagBytes = 16;
  assert.deepEqual(sealed, [256 + tagBytes, 256 + tagBytes]);
  assert.deepEqual(
    (await readings()).map(({ person, toldSender }) => [person, toldSender]),
    [
      ['Éva', true],
      ['Maximilienne DE LA ROCHEFOUCAULD', undefined],
    ],
  );
});

test('who read before the mailbox told senders, and tells it again after, is told of again: now its sender knows', async () => {
  const letterId = await withLetter(ASKS);
  const [phone, tablet] = [await readerOf(station, 'Camille'), await readerOf(station, 'Camille')];
  await station.world.store.setReceipts(station.mailboxId, false);
  await phone(letterId);
  await tablet(letterId, { readAt: START + 2 * MINUTE_MS });
  assert.deepEqual(
    (await readings()).map(({ toldSender }) => toldSender),
    [undefined],
  );
  await station.world.store.setReceipts(station.mailboxId, true);
  await tablet(letterId, { readAt: START + 2 * MINUTE_MS });
  await phone(letterId);
  assert.deepEqual(await readings(), [
    { type: 'read', letterId, person: 'Camille', at: at(START + MINUTE_MS) },
    { type: 'read', letterId, person: 'Camille', at: at(START + 2 * MINUTE_MS), toldSender: true },
  ]);
  assert.equal(station.posted.length, 1);
});

test('a crash between the receipt and the telling changes neither: the same event, and one mail to the doctor', async () => {
  const letterId = await withLetter(ASKS);
  const camille = await readerOf(station, 'Camille');
  const { queues } = station.world;
  const { add } = queues;
  queues.add = async (queue, ...rest) => {
    if (queue === 'deliver') throw new Error('Redis is away');
    return add(queue, ...rest);
  };
  await assert.rejects(camille(letterId), /Redis is away/);
  assert.deepEqual(await readings(), []);
  queues.add = add;
  await camille(letterId);
  await camille(letterId);
  assert.deepEqual(await readings(), [
    { type: 'read', letterId, person: 'Camille', at: at(START + MINUTE_MS), toldSender: true },
  ]);
  assert.deepEqual(
    (await station.events(letterId)).filter((event) => event === 'letter-read'),
    ['letter-read'],
  );
  await (await readerOf(station, 'Noé'))(letterId);
  assert.deepEqual(
    station.posted.map(({ kind }) => kind),
    ['disposition'],
    'who reads second sends none',
  );
  const ids = station.world.delivered().flatMap((job) => (job.kind === 'append' ? job.events : []));
  assert.equal(new Set(ids.filter(({ kind }) => kind === 'status').map(({ id }) => id)).size, 2);
});

test('where the mailbox tells nobody, its people still see who has read, and that nothing was sent', async () => {
  const letterId = await withLetter(ASKS);
  await station.world.store.setReceipts(station.mailboxId, false);
  await (await readerOf(station, 'Camille'))(letterId);
  assert.deepEqual(
    (await readings()).map((reading) => [reading.person, 'toldSender' in reading]),
    [['Camille', false]],
  );
  assert.deepEqual(station.posted, []);
});

test('a sender whom nothing proves is not told, whatever he asks', async () => {
  await withLetter();
  const bytes = plainMail('Bonjour', { from: 'inconnu@cabinet.example' });
  const asking = Buffer.concat([Buffer.from('Disposition-Notification-To: inconnu@cabinet.example\r\n'), bytes]);
  const letterId = await station.receive({ bytes: asking, mailFrom: 'inconnu@cabinet.example' });
  await (await readerOf(station, 'Camille'))(letterId);
  assert.equal((await readings()).length, 1);
  assert.deepEqual(station.posted, []);
});

test('what no device of the mailbox signed for this letter announces nothing', async () => {
  const letterId = await withLetter(ASKS);
  const camille = await readerOf(station, 'Camille');
  const other = newId('letter');
  await camille(letterId, { signedFor: other });
  await camille(other);
  await camille(letterId, { conversationId: newId('conversation') });
  await camille(letterId, { mailboxId: newId('mailbox') });
  assert.deepEqual([await readings(), station.posted], [[], []]);
});

test('a clock that is wrong says neither a time to come nor one before the letter', async () => {
  const letterId = await withLetter();
  await (await readerOf(station, 'Camille'))(letterId, { readAt: 0 });
  await (await readerOf(station, 'Noé'))(letterId, { readAt: START + 1_000 * HOUR_MS });
  assert.deepEqual(
    (await readings()).map(({ person, at: when }) => [person, when]),
    [
      ['Camille', at(START)],
      ['Noé', at(START + 30 * MINUTE_MS)],
    ],
  );
});

test('nothing is announced for a conversation that is over', async () => {
  const letterId = await withLetter();
  const [row] = await station.world.store.lettersOf(letterId);
  const conversation = await station.world.store.conversation(row?.conversationId ?? '');
  station.world.clock.ms = conversation?.expiresAt ?? 0;
  await (await readerOf(station, 'Camille'))(letterId);
  assert.deepEqual(await readings(), []);
});
