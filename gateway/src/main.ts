/**
 * Builds the gateway from its adapters and starts it: lasting store, vault, spool, workers, queues, SMTP door, the way
 * in, the way out, and the sweeps that keep the promises (nothing forgotten, expired means unreadable).
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { exportPublicKey } from '@estafette/contracts/device-keys';
import {
  type DeliverJob,
  type InboundJob,
  QUEUES,
  type ReplyJob,
  ReplyJobSchema,
  type SendJob,
} from '@estafette/contracts/queues';
import type { Config } from '@estafette/runtime/config';
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { type BlobStore, type Clock, GiveUp, type Log, type Queues, type Vault } from '@estafette/runtime/ports';
import { openPostgres } from '@estafette/runtime/postgres-database';
import { createShutdown } from '@estafette/runtime/shutdown';
import { openSqlite } from '@estafette/runtime/sqlite-database';
import * as v from 'valibot';
import { createTrail } from './audit/trail.ts';
import { openCertificateStatus } from './certificate-status/open-certificate-status.ts';
import { openCertificateBook } from './conversation/certificate-book.ts';
import { openCustody } from './conversation/custody.ts';
import { createDeliveryWaiters } from './conversation/delivery-waiters.ts';
import { createEnrolmentDesk } from './conversation/enrol-device.ts';
import { createEraser } from './conversation/erase.ts';
import { createLetterKeeper } from './conversation/letter-message.ts';
import { createQuarantine } from './conversation/quarantine.ts';
import { createReplyStatus } from './conversation/reply-status.ts';
import { createRouter } from './conversation/route-letter.ts';
import { createEventMaker } from './conversation/sealed-events.ts';
import { openThreadTokens } from './conversation/thread-token.ts';
import { createDeviceNews } from './device-news.ts';
import { openNextHop } from './dispatch/next-hop.ts';
import { createNoticeSender } from './dispatch/send-notice.ts';
import { createSender } from './dispatch/send-reply.ts';
import { keyUsesOf } from './envelope/key-uses.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import { createInbound } from './inbound.ts';
import { openIntake } from './intake/smtp-intake.ts';
import { openSpool, type SpooledLetter } from './intake/spool.ts';
import { createCertificateAlarms, serverCertificate } from './keys/certificate-alarms.ts';
import { openOwnKeys } from './keys/own-keys.ts';
import { openWrappingKeys } from './keys/wrapping-keys.ts';
import { openLastingStore } from './lasting/lasting-store.ts';
import { migrate } from './lasting/migrations.ts';
import type { Schema } from './lasting/schema.ts';
import { startLetterWorkers } from './letter-workers.ts';
import { createOutbound } from './outbound.ts';
import type { LastingStore, TrustPaths } from './ports.ts';
import { createNotifier } from './reply/refusal-notice.ts';
import { createReplySealer } from './reply/seal-reply.ts';

/** Opens (and migrates) the lasting store the settings name; also used by commands that need no server. */
export async function openStore(config: Config, vault: Vault): Promise<LastingStore> {
  const url = config.ESTAFETTE_DATABASE_URL;
  const database =
    url === null ? openSqlite<Schema>(join(config.ESTAFETTE_HOME, 'estafette.sqlite')) : openPostgres<Schema>(url);
  await migrate(database, url === null ? 'sqlite' : 'postgres');
  return openLastingStore(database, vault, { oneWriter: url === null });
}

export interface GatewayParts {
  readonly config: Config;
  readonly vault: Vault;
  readonly store: LastingStore;
  /** Sealed attachments and originals: the relay serves them to devices. */
  readonly blobs: BlobStore;
  /** Spool, sealed mails on their way out, keys: only the gateway reads them. */
  readonly safe: BlobStore;
  readonly queues: Queues;
  readonly log: Log;
  readonly clock: Clock;
  readonly trust: TrustPaths;
  readonly tls: { readonly certificateFile: string; readonly keyFile: string };
  readonly nextHop: { readonly host: string; readonly port: number; readonly authoritiesFile: string };
}

export interface Gateway {
  readonly smtpPort: number;
  close(): Promise<void>;
}

const INBOUND_CONCURRENCY = 16;
const REPLY_CONCURRENCY = 8;
const SEND_CONCURRENCY = 4;
const SWEEP_EVERY_MS = 5_000;
/** A spooled letter older than this without having been delivered is queued again: Redis may have forgotten it. */
const SPOOL_OVERDUE_MS = 10_000;
/** Starts the gateway; resolves when it accepts mail. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, vault, store, blobs, safe, queues, log, clock, trust } = parts;
  const shutdown = createShutdown(log);
  const workers = startLetterWorkers(config.ESTAFETTE_OPEN_WORKERS || Math.max(1, availableParallelism() - 1));
  shutdown.add('workers', () => workers.close());

  const keys = await openWrappingKeys(safe, vault);
  const epochs = await openEpochKeyFiles(join(config.ESTAFETTE_HOME, 'keys', 'epochs'), vault);
  const custody = openCustody(epochs, { epochSeconds: config.ESTAFETTE_EPOCH_SECONDS });
  const events = createEventMaker({ vault, gatewayKeys: keys });
  const tokens = openThreadTokens(vault, config.ESTAFETTE_MAIL_DOMAIN);
  const trail = createTrail(store, clock);
  const spool = openSpool(safe, vault);
  const indexOf = (kind: 'message-id' | 'subject', value: string) =>
    vault.index('message-id-index', `${kind} ${value}`);
  const route = createRouter({
    store,
    custody,
    tokens,
    indexOf,
    conversationTtlSeconds: config.ESTAFETTE_CONVERSATION_TTL_SECONDS,
  });
  const waiters = createDeliveryWaiters();
  const nextHop = openNextHop({
    host: parts.nextHop.host,
    port: parts.nextHop.port,
    authorities: readFileSync(parts.nextHop.authoritiesFile, 'utf8'),
    ownName: config.ESTAFETTE_MAIL_DOMAIN,
  });
  shutdown.add('next hop', () => nextHop.close());

  let backlog = 0;
  const enqueue = (letterId: string): void => {
    queues.add(QUEUES.inbound, letterId, { letterId } satisfies InboundJob).catch((error: unknown) => {
      log.warn('letter not queued yet, the sweep will', { letterId, error });
    });
  };
  const certificateStatus = await openCertificateStatus({
    folder: join(config.ESTAFETTE_HOME, 'revocation'),
    allowed: config.ESTAFETTE_REVOCATION_HOSTS,
    trust,
    holdHours: TRUST_SPACES[config.ESTAFETTE_TRUST_SPACE].revocationHoldHours,
    readStatus: workers.readStatus,
    readLists: workers.readLists,
    comeBack: enqueue,
    store,
    clock,
    log,
  });
  shutdown.add('certificate status', () => certificateStatus.close());
  const { waits } = certificateStatus;
  const space = config.ESTAFETTE_TRUST_SPACE;
  const seal = certificateStatus.sealing((task) => workers.seal({ ...task, space }));

  const openWith = async (mailboxId: string, task: { letter: Uint8Array; at: number; released?: boolean }) => {
    const keys = (await store.keysOf(mailboxId)).map(({ certificate, privateKey }) => ({ certificate, privateKey }));
    const statusAt = clock.now().getTime();
    return workers.open({ ...task, statusAt, keys, trust: certificateStatus.trust(), space });
  };
  const open = ({ bytes, receivedAt }: SpooledLetter, mailboxId: string) =>
    openWith(mailboxId, { letter: bytes, at: receivedAt });
  const certificates = openCertificateBook({ store, vault, trailOf: (inside) => createTrail(inside, clock), clock });
  const keeper = createLetterKeeper({ store, blobs, events });
  const { delivered } = waiters;
  const ownKeys = openOwnKeys({ store, usesOf: keyUsesOf, clock });
  const messageIdIndex = (messageId: string) => indexOf('message-id', messageId);
  const quarantine = createQuarantine({
    store,
    blobs,
    custody,
    events,
    keeper,
    certificates,
    queues,
    log,
    delivered,
    trailOf: (inside) => createTrail(inside, clock),
    openReleased: (bytes, mailboxId) =>
      openWith(mailboxId, { letter: bytes, at: clock.now().getTime(), released: true }),
  });
  const notices = createNoticeSender({ store, safe, vault, queues, nextHop, trail });
  const notify = createNotifier({
    store,
    ownKeys,
    seal,
    trust,
    clock,
    log,
    trail,
    messageIdFor: ({ letterId, mailboxId, conversationId }) =>
      tokens.messageIdFor(conversationId, events.idFor('message', `notice ${letterId} ${mailboxId}`)),
    messageIdIndex,
    keep: notices.keep,
  });
  const inbound = createInbound({
    spool,
    open,
    waits,
    route,
    certificates,
    keeper,
    quarantine,
    notify,
    events,
    store,
    queues,
    vault,
    clock,
    log,
    delivered,
  });
  const status = createReplyStatus({ store, custody, events, queues, clock });
  const { messageIdFor } = tokens;
  const sealReply = createReplySealer({ store, ownKeys, seal, trust, clock, messageIdFor });
  const sender = createSender({ store, safe, vault, queues, nextHop, trail, change: status.change });
  const outbound = createOutbound({
    store,
    custody,
    status,
    sealReply,
    ownKeys,
    sender,
    messageIdIndex,
    trail,
    clock,
    log,
  });
  const lookAtCertificates = createCertificateAlarms({
    store,
    usesOf: keyUsesOf,
    servers: [serverCertificate('smtp', readFileSync(parts.tls.certificateFile))],
    trail,
    clock,
    log,
  });
  const enrol = createEnrolmentDesk({
    store,
    custody,
    events,
    gatewayKey: await exportPublicKey(keys.publicKey),
    clock,
  });
  const eraseOver = createEraser({ store, custody, blobs, trail, clock });

  const answerDevice = async (given: ReplyJob): Promise<void> => {
    const checked = v.safeParse(ReplyJobSchema, given);
    if (!checked.success) throw new GiveUp('a job of the relay does not fit its schema');
    const job = checked.output;
    if (job.kind === 'reply') return outbound.accept(job);
    const answer: DeliverJob = await enrol(job.request);
    await queues.add(QUEUES.deliver, `${job.request.deviceId}.${randomUUID()}`, answer);
  };

  // Stops after the consumers: a letter under way still hears that it was delivered.
  const deliveries = await queues.onCompleted(QUEUES.deliver, waiters.onCompleted);
  shutdown.add('deliveries', () => deliveries.close());
  const deviceNews = createDeviceNews({ store, queues, clock, toldEveryMs: SWEEP_EVERY_MS });
  const sweep = async (overdueMs: number): Promise<void> => {
    const waiting = await spool.waiting();
    backlog = waiting.length - waits.asideCount();
    const overdue = waiting.filter(({ storedAt }) => storedAt <= clock.now().getTime() - overdueMs);
    for (const { letterId } of overdue) if (!waits.isAside(letterId)) enqueue(letterId);
    await certificateStatus.sweep();
    await eraseOver();
    await deviceNews.revocations();
    await outbound.retell();
    await notices.retell();
    await lookAtCertificates();
  };
  const sendOne = (job: SendJob): Promise<void> =>
    'replyId' in job ? sender.attempt(job.replyId) : notices.attempt(job);
  await deviceNews.introduce();
  await outbound.resume();
  await notices.retell({ again: true });
  const consumers = [
    await queues.consume<InboundJob>(QUEUES.inbound, (job) => inbound(job.letterId), {
      concurrency: INBOUND_CONCURRENCY,
    }),
    await queues.consume<ReplyJob>(QUEUES.reply, answerDevice, { concurrency: REPLY_CONCURRENCY }),
    await queues.consume<SendJob>(QUEUES.send, (job) => sendOne(job), { concurrency: SEND_CONCURRENCY }),
  ];
  shutdown.add('consumers', async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))));

  // Not awaited: a release waits for the relay, and mail must not wait for a release.
  const fulfilWishes = (): Promise<void> =>
    quarantine.fulfil().catch((error: unknown) => log.warn('quarantine could not be looked through', { error }));
  await sweep(0);
  void fulfilWishes();
  const sweeper = setInterval(() => {
    void sweep(SPOOL_OVERDUE_MS).catch((error: unknown) => log.warn('sweep failed', { error }));
    void fulfilWishes();
  }, SWEEP_EVERY_MS);
  shutdown.add('sweep', async () => {
    clearInterval(sweeper);
    await quarantine.close();
  });

  const intake = await openIntake({
    host: config.ESTAFETTE_HOST,
    port: config.ESTAFETTE_SMTP_PORT,
    serverName: config.ESTAFETTE_MAIL_DOMAIN,
    tls: { certificate: readFileSync(parts.tls.certificateFile, 'utf8'), key: readFileSync(parts.tls.keyFile, 'utf8') },
    requiresTls: TRUST_SPACES[config.ESTAFETTE_TRUST_SPACE].requiresTls,
    store,
    spool,
    log,
    clock,
    onSpooled: enqueue,
    backlog: () => backlog,
  }).catch(async (error: unknown) => {
    await shutdown.run();
    throw error;
  });
  shutdown.add('intake', () => intake.close());
  return { smtpPort: intake.port, close: () => shutdown.run() };
}
