/**
 * Builds the gateway from its adapters and starts it: lasting store, epoch keys, workers, next hop, SMTP door; then the
 * way in, the way out, and the sweeps that keep the promises (nothing forgotten, expired means unreadable).
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
import { GiveUp, type Vault } from '@estafette/runtime/ports';
import { openPostgres } from '@estafette/runtime/postgres-database';
import { createShutdown, type Shutdown } from '@estafette/runtime/shutdown';
import { openSqlite } from '@estafette/runtime/sqlite-database';
import * as v from 'valibot';
import {
  assembleGround,
  type GatewayAdapters,
  type GatewayParts,
  type Ground,
  SWEEP_EVERY_MS,
} from './assemble-ground.ts';
import { assembleInbound, type WayIn } from './assemble-inbound.ts';
import { assembleOutbound, type WayOut } from './assemble-outbound.ts';
import { createEnrolmentDesk } from './conversation/enrol-device.ts';
import { createEraser } from './conversation/erase.ts';
import { openNextHop } from './dispatch/next-hop.ts';
import { keyUsesOf } from './envelope/key-uses.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import { everyStep } from './every-step.ts';
import { type Intake, openIntake } from './intake/smtp-intake.ts';
import { createCertificateAlarms, serverCertificate } from './keys/certificate-alarms.ts';
import { openLastingStore } from './lasting/lasting-store.ts';
import { migrate } from './lasting/migrations.ts';
import type { Schema } from './lasting/schema.ts';
import { startLetterWorkers } from './letter-workers.ts';
import type { LastingStore } from './ports.ts';

/** Opens (and migrates) the lasting store the settings name; also used by commands that need no server. */
export async function openStore(config: Config, vault: Vault): Promise<LastingStore> {
  const url = config.ESTAFETTE_DATABASE_URL;
  const database =
    url === null ? openSqlite<Schema>(join(config.ESTAFETTE_HOME, 'estafette.sqlite')) : openPostgres<Schema>(url);
  await migrate(database, url === null ? 'sqlite' : 'postgres');
  return openLastingStore(database, vault, { oneWriter: url === null });
}

export interface Gateway {
  readonly smtpPort: number;
  close(): Promise<void>;
}

const INBOUND_CONCURRENCY = 16;
const REPLY_CONCURRENCY = 8;
const SEND_CONCURRENCY = 4;
/** A spooled letter older than this without having been delivered is queued again: Redis may have forgotten it. */
const SPOOL_OVERDUE_MS = 10_000;

async function openAdapters({ config, vault, nextHop }: GatewayParts, shutdown: Shutdown): Promise<GatewayAdapters> {
  const workers = startLetterWorkers(config.ESTAFETTE_OPEN_WORKERS || Math.max(1, availableParallelism() - 1));
  shutdown.add('workers', () => workers.close());
  const hop = openNextHop({
    host: nextHop.host,
    port: nextHop.port,
    authorities: readFileSync(nextHop.authoritiesFile, 'utf8'),
    ownName: config.ESTAFETTE_MAIL_DOMAIN,
  });
  shutdown.add('next hop', () => hop.close());
  const epochs = await openEpochKeyFiles(join(config.ESTAFETTE_HOME, 'keys', 'epochs'), vault);
  return { workers, epochs, hop };
}

/** Answers what devices ask: replies, and enrolments. */
async function createReplyDesk(ground: Ground, { outbound }: WayOut): Promise<(job: ReplyJob) => Promise<void>> {
  const { store, custody, events, queues, clock } = ground;
  const gatewayKey = await exportPublicKey(ground.wrappingKeys.publicKey);
  const enrol = createEnrolmentDesk({ store, custody, events, gatewayKey, clock });
  return async (given) => {
    const checked = v.safeParse(ReplyJobSchema, given);
    if (!checked.success) throw new GiveUp('a job of the relay does not fit its schema');
    const job = checked.output;
    if (job.kind === 'reply') return outbound.accept(job);
    const answer: DeliverJob = await enrol(job.request);
    await queues.add(QUEUES.deliver, `${job.request.deviceId}.${randomUUID()}`, answer);
  };
}

/** Consumes the three queues of the gateway until it stops; letters under way still hear that they were delivered. */
async function consumeQueues(ground: Ground, wayIn: WayIn, wayOut: WayOut, shutdown: Shutdown): Promise<void> {
  const { queues, waiters } = ground;
  const deliveries = await queues.onCompleted(QUEUES.deliver, waiters.onCompleted);
  shutdown.add('deliveries', () => deliveries.close());
  const answerDevice = await createReplyDesk(ground, wayOut);
  await wayOut.outbound.resume();
  await wayOut.notices.retell({ again: true });
  const consumers = [
    await queues.consume<InboundJob>(QUEUES.inbound, (job) => wayIn.inbound(job.letterId), {
      concurrency: INBOUND_CONCURRENCY,
    }),
    await queues.consume<ReplyJob>(QUEUES.reply, answerDevice, { concurrency: REPLY_CONCURRENCY }),
    await queues.consume<SendJob>(QUEUES.send, wayOut.send, { concurrency: SEND_CONCURRENCY }),
  ];
  shutdown.add('consumers', async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))));
}

/** What is looked at every few seconds, so that nothing is forgotten; gives how many letters wait. */
async function startSweeps(
  ground: Ground,
  { quarantine }: WayIn,
  { outbound, notices }: WayOut,
  shutdown: Shutdown,
): Promise<() => number> {
  const { store, custody, blobs, spool, trail, clock, log, certificateStatus, deviceNews } = ground;
  const { waits } = certificateStatus;
  const eraseOver = createEraser({ store, custody, blobs, trail, clock });
  const servers = [serverCertificate('smtp', readFileSync(ground.tls.certificateFile))];
  const lookAtCertificates = createCertificateAlarms({ store, usesOf: keyUsesOf, servers, trail, clock, log });
  let backlog = 0;
  const enqueueOverdue = async (overdueMs: number): Promise<void> => {
    const waiting = await spool.waiting();
    backlog = waiting.length - waits.asideCount();
    const overdue = waiting.filter(({ storedAt }) => storedAt <= clock.now().getTime() - overdueMs);
    for (const { letterId } of overdue) if (!waits.isAside(letterId)) ground.enqueue(letterId);
  };
  const sweep = (overdueMs: number): Promise<void> =>
    everyStep(
      {
        spool: () => enqueueOverdue(overdueMs),
        'certificate status': certificateStatus.sweep,
        expiry: eraseOver,
        devices: deviceNews.revocations,
        replies: outbound.retell,
        notices: () => notices.retell(),
        certificates: lookAtCertificates,
      },
      log,
    );
  // Not awaited: a release waits for the relay, and mail must not wait for a release.
  const fulfilWishes = (): Promise<void> =>
    quarantine.fulfil().catch((error: unknown) => log.warn('quarantine could not be looked through', { error }));
  await sweep(0);
  void fulfilWishes();
  const sweeper = setInterval(() => {
    // Each trouble is in the log by then, and the next round tries again.
    void sweep(SPOOL_OVERDUE_MS).catch(() => {});
    void fulfilWishes();
  }, SWEEP_EVERY_MS);
  shutdown.add('sweep', async () => {
    clearInterval(sweeper);
    await quarantine.close();
  });
  return () => backlog;
}

function openDoor(ground: Ground, backlog: () => number): Promise<Intake> {
  const { config, tls, store, spool, log, clock, enqueue } = ground;
  return openIntake({
    host: config.ESTAFETTE_HOST,
    port: config.ESTAFETTE_SMTP_PORT,
    serverName: config.ESTAFETTE_MAIL_DOMAIN,
    tls: { certificate: readFileSync(tls.certificateFile, 'utf8'), key: readFileSync(tls.keyFile, 'utf8') },
    requiresTls: TRUST_SPACES[config.ESTAFETTE_TRUST_SPACE].requiresTls,
    store,
    spool,
    log,
    clock,
    onSpooled: enqueue,
    backlog,
  });
}

/** Starts the gateway; resolves when it accepts mail. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const shutdown = createShutdown(parts.log);
  try {
    const ground = await assembleGround(parts, await openAdapters(parts, shutdown), shutdown);
    const wayOut = assembleOutbound(ground);
    const wayIn = assembleInbound(ground, wayOut.notices);
    // First of all: a relay that lost its memory would turn its devices away.
    await ground.deviceNews.introduce();
    await consumeQueues(ground, wayIn, wayOut, shutdown);
    const backlog = await startSweeps(ground, wayIn, wayOut, shutdown);
    const intake = await openDoor(ground, backlog);
    shutdown.add('intake', () => intake.close());
    return { smtpPort: intake.port, close: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
