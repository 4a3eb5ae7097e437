/**
 * Builds the gateway from its adapters and starts it: lasting store, vault, spool, workers, queues, SMTP door, the way
 * in, the way out, and the sweeps that keep the promises (nothing forgotten, expired means unreadable).
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { exportPublicKey, makeWrappingKeys } from '@estafette/contracts/device-keys';
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
import { openCertificateBook } from './conversation/certificate-book.ts';
import { openCustody } from './conversation/custody.ts';
import { createDeliveryWaiters } from './conversation/delivery-waiters.ts';
import { createEnrolmentDesk } from './conversation/enrol-device.ts';
import { createEraser } from './conversation/erase.ts';
import { createLetterKeeper } from './conversation/letter-message.ts';
import { createReplyStatus } from './conversation/reply-status.ts';
import { createRouter } from './conversation/route-letter.ts';
import { createEventMaker } from './conversation/sealed-events.ts';
import { openThreadTokens } from './conversation/thread-token.ts';
import { openNextHop } from './dispatch/next-hop.ts';
import { createSender } from './dispatch/send-reply.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import { createInbound } from './inbound.ts';
import { openIntake } from './intake/smtp-intake.ts';
import { openSpool, type SpooledLetter } from './intake/spool.ts';
import { openLastingStore } from './lasting/lasting-store.ts';
import { migrate } from './lasting/migrations.ts';
import type { Schema } from './lasting/schema.ts';
import { startLetterWorkers } from './letter-workers.ts';
import { createOutbound } from './outbound.ts';
import type { LastingStore, TrustPaths } from './ports.ts';
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
/** At start the relay hears again of devices revoked this recently: it may not have been told. */
const REVOCATIONS_RETOLD_MS = 24 * 3_600_000;

/** The gateway's HPKE key pair, made on first start and kept in the safe under the vault. */
async function gatewayKeys(safe: BlobStore, vault: Vault): Promise<CryptoKeyPair> {
  const name = 'keys/gateway-wrapping';
  const stored = await safe.get(name);
  if (stored !== null) {
    const { privateKey, publicKey } = JSON.parse(vault.open('gateway-key', name, stored).toString()) as Record<
      'privateKey' | 'publicKey',
      JsonWebKey
    >;
    const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
    return {
      privateKey: await crypto.subtle.importKey('jwk', privateKey, algorithm, true, ['deriveBits', 'deriveKey']),
      publicKey: await crypto.subtle.importKey('jwk', publicKey, algorithm, true, []),
    };
  }
  const pair = await makeWrappingKeys(true);
  const [privateKey, publicKey] = [
    await crypto.subtle.exportKey('jwk', pair.privateKey),
    await crypto.subtle.exportKey('jwk', pair.publicKey),
  ];
  await safe.put(name, vault.seal('gateway-key', name, Buffer.from(JSON.stringify({ privateKey, publicKey }))));
  return pair;
}

/** Starts the gateway; resolves when it accepts mail. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, vault, store, blobs, safe, queues, log, clock, trust } = parts;
  const shutdown = createShutdown(log);
  const workers = startLetterWorkers(config.ESTAFETTE_OPEN_WORKERS || Math.max(1, availableParallelism() - 1));
  shutdown.add('workers', () => workers.close());

  const keys = await gatewayKeys(safe, vault);
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

  const open = async (letter: SpooledLetter, mailboxId: string) => {
    const keys = (await store.keysOf(mailboxId)).map(({ certificate, privateKey }) => ({ certificate, privateKey }));
    return workers.open({
      letter: letter.bytes,
      keys,
      trust,
      space: config.ESTAFETTE_TRUST_SPACE,
      at: letter.receivedAt,
    });
  };
  const certificates = openCertificateBook({ store, vault, trail, clock });
  const keeper = createLetterKeeper({ store, blobs, events });
  const { delivered } = waiters;
  const inbound = createInbound({
    spool,
    open,
    route,
    certificates,
    keeper,
    events,
    store,
    queues,
    vault,
    clock,
    log,
    delivered,
  });
  const status = createReplyStatus({ store, custody, events, queues, clock });
  const sealReply = createReplySealer({ store, seal: workers.seal, trust, clock, messageIdFor: tokens.messageIdFor });
  const sender = createSender({ store, safe, vault, queues, nextHop, trail, change: status.change });
  const messageIdIndex = (messageId: string) => indexOf('message-id', messageId);
  const outbound = createOutbound({ store, custody, status, sealReply, sender, messageIdIndex, trail, clock, log });
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
  let backlog = 0;
  const enqueue = (letterId: string): void => {
    queues.add(QUEUES.inbound, letterId, { letterId } satisfies InboundJob).catch((error: unknown) => {
      log.warn('letter not queued yet, the sweep will', { letterId, error });
    });
  };
  let revokedSince = clock.now().getTime() - REVOCATIONS_RETOLD_MS;
  const tellRevocations = async (): Promise<void> => {
    const now = clock.now().getTime();
    for (const { id, mailboxId } of await store.devicesRevokedSince(revokedSince)) {
      const job: DeliverJob = { kind: 'device-revoked', mailboxId, deviceId: id };
      await queues.add(QUEUES.deliver, `${id}.revoked`, job);
    }
    revokedSince = now - SWEEP_EVERY_MS;
  };
  const sweep = async (overdueMs: number): Promise<void> => {
    const waiting = await spool.waiting();
    backlog = waiting.length;
    for (const { letterId, storedAt } of waiting) if (storedAt <= clock.now().getTime() - overdueMs) enqueue(letterId);
    await eraseOver();
    await tellRevocations();
    await outbound.retell();
  };
  const introduceDevices = async (): Promise<void> => {
    for (const { id, mailboxId, signingKey, validUntil } of await store.liveDevices(clock.now().getTime())) {
      await queues.add(QUEUES.deliver, `${id}.known`, {
        kind: 'device-known',
        mailboxId,
        deviceId: id,
        signingKey,
        validUntil,
      } satisfies DeliverJob);
    }
  };
  await introduceDevices();
  await outbound.resume();
  const consumers = [
    await queues.consume<InboundJob>(QUEUES.inbound, (job) => inbound(job.letterId), {
      concurrency: INBOUND_CONCURRENCY,
    }),
    await queues.consume<ReplyJob>(QUEUES.reply, answerDevice, { concurrency: REPLY_CONCURRENCY }),
    await queues.consume<SendJob>(QUEUES.send, (job) => sender.attempt(job.replyId), { concurrency: SEND_CONCURRENCY }),
  ];
  shutdown.add('consumers', async () => void (await Promise.all(consumers.map((consumer) => consumer.close()))));

  await sweep(0);
  const sweeper = setInterval(
    () => void sweep(SPOOL_OVERDUE_MS).catch((error: unknown) => log.warn('sweep failed', { error })),
    SWEEP_EVERY_MS,
  );
  shutdown.add('sweep', () => clearInterval(sweeper));

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
