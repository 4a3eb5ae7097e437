/**
 * What both ways through the gateway stand on: workers, keys and custody, names and tokens, the trail, the certificate
 * status. Puts stages together and decides nothing; `main.ts` gives the adapters.
 */
import { join } from 'node:path';
import type { InboundJob } from '@estafette/contracts/queues';
import { QUEUES } from '@estafette/contracts/queues';
import type { Config } from '@estafette/runtime/config';
import type { Shutdown } from '@estafette/runtime/shutdown';
import { passed } from '@estafette/runtime/steps';
import { createTrail } from './audit/trail.ts';
import { type CertificateStatus, openCertificateStatus } from './certificate-status/open-certificate-status.ts';
import { type Custody, openCustody } from './conversation/custody.ts';
import { createDeliveryWaiters } from './conversation/delivery-waiters.ts';
import { createEventMaker, type EventMaker } from './conversation/sealed-events.ts';
import { openThreadTokens, type ThreadTokens } from './conversation/thread-token.ts';
import { createDeviceNews, type DeviceNews } from './device-news.ts';
import { keyUsesOf } from './envelope/key-uses.ts';
import { openSpool, type Spool } from './intake/spool.ts';
import { createPeerJudge, type PeerJudge } from './judge-peers.ts';
import { openOwnKeys } from './keys/own-keys.ts';
import { openWrappingKeys } from './keys/wrapping-keys.ts';
import type { LetterWorkers } from './letter-workers.ts';
import type {
  Antivirus,
  BlobStore,
  Clock,
  EpochKeys,
  LastingStore,
  Log,
  OwnKeys,
  Queues,
  SealMail,
  Spaces,
  Studio,
  TrustPaths,
  TrustSpace,
  Vault,
} from './ports.ts';
import { listPathsOf } from './trust-spaces/reload.ts';

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
  /** For letters: what S/MIME certificates must chain to. */
  readonly trust: TrustPaths;
  /** The trust spaces as they are set now, checked, at least one; throws a sentence for what is wrong with them. */
  readonly readSpaces: () => Promise<readonly TrustSpace[]>;
}

/** How often the gateway looks at what could be forgotten. */
export const SWEEP_EVERY_MS = 5_000;

/** The adapters that `main.ts` opened. */
export interface GatewayAdapters {
  readonly workers: LetterWorkers;
  readonly epochs: EpochKeys;
  readonly spaces: Spaces;
  /** Null: nothing is scanned. */
  readonly antivirus: Antivirus | null;
  /** Decodes pictures and PDFs. */
  readonly studio: Studio;
}

export interface Ground extends GatewayParts, GatewayAdapters {
  readonly wrappingKeys: CryptoKeyPair;
  readonly custody: Custody;
  readonly events: EventMaker;
  readonly tokens: ThreadTokens;
  readonly trail: ReturnType<typeof createTrail>;
  readonly spool: Spool;
  readonly deviceNews: DeviceNews;
  readonly waiters: ReturnType<typeof createDeliveryWaiters>;
  readonly certificateStatus: CertificateStatus;
  /** Judges TLS peers, with memory. */
  readonly peers: PeerJudge;
  readonly ownKeys: OwnKeys;
  readonly seal: SealMail;
  /** Keyed digest of a Message-ID, or of a subject. */
  readonly indexOf: (kind: 'message-id' | 'subject', value: string) => Buffer;
  readonly messageIdIndex: (messageId: string) => Buffer;
  /** Queues a spooled letter; what cannot be queued now, the sweep finds. */
  readonly enqueue: (letterId: string) => void;
}

function openStatus(
  parts: GatewayParts,
  { workers, spaces }: GatewayAdapters,
  enqueue: Ground['enqueue'],
): Promise<CertificateStatus> {
  const { config, trust, store, clock, log } = parts;
  return openCertificateStatus({
    folder: join(config.ESTAFETTE_HOME, 'revocation'),
    allowed: config.ESTAFETTE_REVOCATION_HOSTS,
    trust,
    peerLists: () => listPathsOf(spaces.all()),
    holdHoursOf: (space) => spaces.judging(space).letters.revocationHoldHours,
    readStatus: workers.readStatus,
    readLists: workers.readLists,
    comeBack: enqueue,
    store,
    clock,
    log,
  });
}

/** Lays the ground; what it opens is closed by `shutdown`. */
export async function assembleGround(
  parts: GatewayParts,
  adapters: GatewayAdapters,
  shutdown: Shutdown,
): Promise<Ground> {
  const { config, vault, store, safe, queues, log, clock } = parts;
  const { workers, epochs } = adapters;
  const wrappingKeys = await openWrappingKeys(safe, vault);
  const indexOf: Ground['indexOf'] = (kind, value) => vault.index('message-id-index', `${kind} ${value}`);
  const enqueue = (letterId: string): void => {
    queues.add(QUEUES.inbound, letterId, { letterId } satisfies InboundJob).then(
      () => passed('letter-queued'),
      (error: unknown) => log.warn('letter not queued yet, the sweep will', { letterId, error }),
    );
  };
  const certificateStatus = await openStatus(parts, adapters, enqueue);
  shutdown.add('certificate status', () => certificateStatus.close());
  return {
    ...parts,
    ...adapters,
    wrappingKeys,
    custody: openCustody(epochs, { epochSeconds: config.ESTAFETTE_EPOCH_SECONDS }),
    events: createEventMaker({ vault, gatewayKeys: wrappingKeys }),
    tokens: openThreadTokens(vault, config.ESTAFETTE_MAIL_DOMAIN),
    trail: createTrail(store, clock),
    spool: openSpool(safe, vault),
    deviceNews: createDeviceNews({ store, queues, clock, toldEveryMs: SWEEP_EVERY_MS }),
    waiters: createDeliveryWaiters(),
    certificateStatus,
    peers: createPeerJudge({ judge: workers.judgePeer, status: certificateStatus, clock }),
    ownKeys: openOwnKeys({ store, usesOf: keyUsesOf, clock }),
    seal: certificateStatus.sealing(workers.seal),
    indexOf,
    messageIdIndex: (messageId) => indexOf('message-id', messageId),
    enqueue,
  };
}
