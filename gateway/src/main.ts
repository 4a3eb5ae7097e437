/**
 * Builds the gateway from its adapters and starts it: lasting store, epoch keys, workers, next hop, SMTP doors; then the
 * way in, the way out, and the sweeps that keep the promises (nothing forgotten, expired means unreadable). A reload
 * reads the trust spaces again, wholly or not at all.
 */
import { randomUUID } from 'node:crypto';
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
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { GiveUp } from '@estafette/runtime/ports';
import { createShutdown, type Shutdown } from '@estafette/runtime/shutdown';
import * as v from 'valibot';
import { clamdAt } from './antivirus/clamd.ts';
import { openAntivirus } from './antivirus/open-antivirus.ts';
import { assembleAutomatic } from './assemble-automatic.ts';
import { assembleDoors, ownTlsCertificates } from './assemble-doors.ts';
import {
  assembleGround,
  type GatewayAdapters,
  type GatewayParts,
  type Ground,
  SWEEP_EVERY_MS,
} from './assemble-ground.ts';
import { assembleInbound, type WayIn } from './assemble-inbound.ts';
import { assembleOutbound, type WayOut } from './assemble-outbound.ts';
import { openSpaceTrustList } from './assemble-trustlist.ts';
import { createEnrolmentDesk } from './conversation/enrol-device.ts';
import { createEraser } from './conversation/erase.ts';
import { keyUsesOf } from './envelope/key-uses.ts';
import { everyStep } from './every-step.ts';
import { createCertificateAlarms } from './keys/certificate-alarms.ts';
import { startLetterWorkers } from './letter-workers.ts';
import { notingGivenUp } from './note-given-up.ts';
import type { Spaces, TrustSpace } from './ports.ts';
import { openStudio } from './studio/picture-studio.ts';
import type { DoorAddress } from './trust-spaces/doors.ts';
import { createHeldLists, type HeldLists } from './trust-spaces/held-lists.ts';
import { createReload, listPathsOf } from './trust-spaces/reload.ts';
import { type SpacesInForce, spacesInForce } from './trust-spaces/spaces-in-force.ts';

export interface Gateway {
  /** Of the first door; 0 when there is none. */
  readonly smtpPort: number;
  doors(): readonly DoorAddress[];
  /** Puts the trust spaces in force as they are set now; rejects, and changes nothing, when they are wrong. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

const INBOUND_CONCURRENCY = 16;
const REPLY_CONCURRENCY = 8;
const SEND_CONCURRENCY = 4;
/** A spooled letter older than this without having been delivered is queued again: Redis may have forgotten it. */
const SPOOL_OVERDUE_MS = 10_000;

async function openAdapters(
  { config, vault, clock, log }: GatewayParts,
  spaces: Spaces,
  shutdown: Shutdown,
): Promise<GatewayAdapters & { readonly giveUpScans: () => void }> {
  const workers = startLetterWorkers(config.ESTAFETTE_OPEN_WORKERS || Math.max(1, availableParallelism() - 1));
  shutdown.add('workers', () => workers.close());
  const epochs = await openEpochKeyFiles(join(config.ESTAFETTE_HOME, 'keys', 'epochs'), vault);
  const place = config.ESTAFETTE_ANTIVIRUS;
  const antivirus = place === null ? null : openAntivirus({ clamd: clamdAt(place), clock, log });
  const studio = openStudio({ log });
  shutdown.add('studio', async () => studio.close());
  const giveUpScans = (): void => {
    antivirus?.close();
    studio.close();
  };
  return { workers, epochs, spaces, antivirus, studio, giveUpScans };
}

/** Answers what devices say: replies, letters read, enrolments; and a relay that does not know them any more. */
async function createReplyDesk(
  ground: Ground,
  { outbound }: WayOut,
  { read }: WayIn,
): Promise<(job: ReplyJob) => Promise<void>> {
  const { store, custody, events, queues, clock } = ground;
  const gatewayKey = await exportPublicKey(ground.wrappingKeys.publicKey);
  const enrol = createEnrolmentDesk({ store, custody, events, gatewayKey, clock });
  return async (given) => {
    const checked = v.safeParse(ReplyJobSchema, given);
    if (!checked.success) throw new GiveUp('a job of the relay does not fit its schema');
    const job = checked.output;
    if (job.kind === 'reply') return outbound.accept(job);
    if (job.kind === 'read') return read(job);
    if (job.kind === 'introduce') return ground.deviceNews.introduce();
    const answer: DeliverJob = await enrol(job.request);
    await queues.add(QUEUES.deliver, `${job.request.deviceId}.${randomUUID()}`, answer);
  };
}

/** Consumes the three queues of the gateway until it stops; letters under way still hear that they were delivered. */
async function consumeQueues(ground: Ground, wayIn: WayIn, wayOut: WayOut, shutdown: Shutdown): Promise<void> {
  const { queues, waiters } = ground;
  const deliveries = await queues.onCompleted(QUEUES.deliver, waiters.onCompleted);
  shutdown.add('deliveries', () => deliveries.close());
  const answerDevice = await createReplyDesk(ground, wayOut, wayIn);
  await wayOut.adopt();
  await wayOut.outbound.resume();
  shutdown.add('way out', wayOut.close);
  const consumers = [
    await queues.consume<InboundJob>(QUEUES.inbound, (job) => wayIn.inbound(job.letterId), {
      concurrency: INBOUND_CONCURRENCY,
    }),
    await queues.consume<ReplyJob>(QUEUES.reply, notingGivenUp(QUEUES.reply, answerDevice, ground), {
      concurrency: REPLY_CONCURRENCY,
    }),
    await queues.consume<SendJob>(QUEUES.send, wayOut.send, { concurrency: SEND_CONCURRENCY }),
  ];
  shutdown.add('consumers', async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))));
}

/** What is looked at every few seconds, so that nothing is forgotten; gives how many letters wait. */
async function startSweeps(
  ground: Ground,
  { quarantine }: WayIn,
  { outbound, steps }: WayOut,
  shutdown: Shutdown,
): Promise<() => number> {
  const { store, custody, blobs, spool, trail, clock, log, certificateStatus, deviceNews } = ground;
  const { waits } = certificateStatus;
  const eraseOver = createEraser({ store, custody, blobs, trail, clock });
  const servers = () => ownTlsCertificates(ground.spaces);
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
        ...steps,
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

/** Reads the trust spaces, and the revocation lists they name for TLS peers: a worker must be able to read them. */
const readChecked =
  ({ readSpaces, workers }: Ground) =>
  async (): Promise<readonly TrustSpace[]> => {
    const spaces = await readSpaces();
    for (const path of listPathsOf(spaces)) await workers.readLists(path);
    return spaces;
  };

/** Opens the doors; gives them, and what a reload does. */
async function openDoors(
  ground: Ground,
  given: { spaces: SpacesInForce; lists: HeldLists; backlog: () => number },
  shutdown: Shutdown,
): Promise<Pick<Gateway, 'doors' | 'reload'>> {
  const { peers, store, clock, log } = ground;
  const { spaces, lists } = given;
  const doors = assembleDoors(ground, given.backlog);
  shutdown.add('doors', () => doors.close());
  await doors.apply(spaces.all(), async () => {});
  const changed = async (next: readonly TrustSpace[]): Promise<void> => {
    peers.forget();
    const detail = next.map(({ name }) => name).join(', ');
    await store.audit({ subject: 'trust-spaces', event: 'trust-spaces-reloaded', detail }, clock.now().getTime());
  };
  const reload = createReload({ read: readChecked(ground), spaces, lists, doors, changed, log });
  return { doors: () => doors.addresses(), reload };
}

/** Starts the gateway; resolves when it accepts mail. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const shutdown = createShutdown(parts.log);
  try {
    const { config, store, clock, log } = parts;
    const first = await parts.readSpaces();
    const lists = createHeldLists((space, policy) =>
      openSpaceTrustList({ space, policy, home: config.ESTAFETTE_HOME, store, clock, log }),
    );
    shutdown.add('trust lists', () => lists.close());
    await (await lists.prepare(first)).putInForce();
    const spaces = spacesInForce(first, (name) => lists.of(name));
    const adapters = await openAdapters(parts, spaces, shutdown);
    const ground = await assembleGround(parts, adapters, shutdown);
    const wayOut = assembleOutbound(ground);
    const automatic = assembleAutomatic(ground, wayOut);
    const wayIn = assembleInbound(ground, wayOut.outbox, automatic);
    // First of all: a relay that lost its memory would turn its devices away.
    await ground.deviceNews.introduce();
    await consumeQueues(ground, wayIn, wayOut, shutdown);
    const steps = { ...wayOut.steps, 'trust lists': () => lists.sweep() };
    const backlog = await startSweeps(ground, wayIn, { ...wayOut, steps }, shutdown);
    // Before consumers and releases are waited for: a scan or a picture may take minutes, and its letter comes again.
    shutdown.add('scans', adapters.giveUpScans);
    for (const path of listPathsOf(first)) await ground.workers.readLists(path);
    const { doors, reload } = await openDoors(ground, { spaces, lists, backlog }, shutdown);
    return { smtpPort: doors()[0]?.port ?? 0, doors, reload, close: () => shutdown.run() };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
