/**
 * For tests: the rooms of the gateway between mail and relay, on a real SQLite in memory and real files, with a clock
 * that the test moves and queues that only remember.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeWrappingKeys } from '@estafette/contracts/device-keys';
import { newId } from '@estafette/contracts/ids';
import type { DeliverJob } from '@estafette/contracts/queues';
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import type { Queues } from '@estafette/runtime/ports';
import { openSqlite } from '@estafette/runtime/sqlite-database';
import { openVault } from '@estafette/runtime/vault';
import { createTrail } from '../audit/trail.ts';
import { openCertificateBook } from '../conversation/certificate-book.ts';
import { openCustody } from '../conversation/custody.ts';
import { createSenderDesk } from '../conversation/know-sender.ts';
import { createRouter } from '../conversation/route-letter.ts';
import type { RoutingQuestion } from '../conversation/routing-question.ts';
import { createEventMaker } from '../conversation/sealed-events.ts';
import { openThreadTokens } from '../conversation/thread-token.ts';
import { openLastingStore } from '../lasting/lasting-store.ts';
import { migrate } from '../lasting/migrations.ts';
import type { Schema } from '../lasting/schema.ts';
import type { LastingStore } from '../ports.ts';
import { spaceOf, spacesOf } from './spaces.fixture.ts';

export const START = Date.UTC(2026, 5, 15, 10, 20);
export const HOUR_MS = 3_600_000;
export const TTL_SECONDS = 7_200;

/** Jobs as they were added, none ever run. */
export function rememberingQueues() {
  const jobs: { queue: string; jobId: string; job: object; delayMs: number | undefined }[] = [];
  const none = { close: async () => {} };
  const queues: Queues = {
    add: async (queue, jobId, job, options) => void jobs.push({ queue, jobId, job, delayMs: options?.delayMs }),
    consume: async () => none,
    onCompleted: async () => none,
    depth: async () => 0,
    close: async () => {},
  };
  const delivered = (): DeliverJob[] =>
    jobs.filter(({ queue }) => queue === 'deliver').map(({ job }) => job as DeliverJob);
  return { jobs, queues, delivered };
}

/** A new world; `close` it after the test. */
export async function openWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-world-'));
  const clock = { ms: START, now: () => new Date(clock.ms) };
  const vault = openVault(randomBytes(32));
  const database = openSqlite<Schema>(':memory:');
  await migrate(database, 'sqlite');
  const store = openLastingStore(database, vault);
  const epochs = await openEpochKeyFiles(join(folder, 'epochs'), vault);
  const custody = openCustody(epochs, { epochSeconds: 3_600 });
  const events = createEventMaker({ vault, gatewayKeys: await makeWrappingKeys(true) });
  const tokens = openThreadTokens(vault, 'gateway.officine.example');
  const blobs = await openFileBlobStore(join(folder, 'blobs'));
  const indexOf = (kind: string, value: string) => vault.index('message-id-index', `${kind} ${value}`);
  const route = createRouter({ store, custody, tokens, indexOf, conversationTtlSeconds: TTL_SECONDS });
  const mailboxId = newId('mailbox');
  await store.addMailbox({ id: mailboxId, address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' });
  const close = async (): Promise<void> => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const trail = createTrail(store, clock);
  const trailOf = (inside: LastingStore) => createTrail(inside, clock);
  const certificates = openCertificateBook({ store, vault, trailOf, clock });
  const spaces = spacesOf([spaceOf('demo'), spaceOf('mssante')], ['hopital.example', 'labo.example']);
  const know = createSenderDesk({ certificates, spaces });
  const parts = { clock, vault, store, epochs, custody, events, tokens, blobs, indexOf, route, trail };
  return { ...parts, certificates, spaces, know, ...rememberingQueues(), folder, mailboxId, close };
}
export type World = Awaited<ReturnType<typeof openWorld>>;

type Headers = RoutingQuestion['headers'];

/** A question about a new letter of the doctor, proven and answerable unless changed. */
export function questionIn(
  world: World,
  headers: Partial<Headers> = {},
  change: Partial<RoutingQuestion> = {},
): RoutingQuestion {
  return {
    letterId: newId('letter'),
    mailboxId: world.mailboxId,
    dedupeIndex: randomBytes(32),
    correspondentIndex: world.vault.index('address-index', 'claire.martin@cabinet.example'),
    proof: { kind: 'certificate' },
    answerable: true,
    space: 'demo',
    people: [],
    headers: {
      messageId: `<${newId('event')}@cabinet.example>`,
      inReplyTo: '',
      references: '',
      subject: 'INR',
      ...headers,
    },
    now: world.clock.ms,
    ...change,
  };
}
