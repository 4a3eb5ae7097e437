/**
 * The mail side of a server: lasting store, safe, the demo where it is on, and the gateway on top. Loaded only by a
 * process that plays the gateway; a relay node never sees this code, nor the vault.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Gateway, startGateway } from '@estafette/gateway/main';
import type { TrustPaths } from '@estafette/gateway/ports';
import { type SettingsOfSpace, settingsSpace } from '@estafette/gateway/trust-spaces/settings-space';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import type { BlobStore, Queues } from '@estafette/runtime/ports';
import type { Shutdown } from '@estafette/runtime/shutdown';
import { type DemoMaterial, prepareDemo } from './demo/material.ts';
import { startDemoOperator } from './demo/operator.ts';
import { withRecord } from './demo/record.ts';
import { type Foundation, openStoreFor } from './foundation.ts';
import { PlainError } from './plain-error.ts';
import { spacesOfFile } from './trust-spaces.ts';

export interface MailSide extends Pick<Gateway, 'doors' | 'reload'> {
  readonly demo: DemoMaterial | null;
}

type Hop = { readonly host: string; readonly port: number };

/** A file: from its setting, else from the demo; what neither gives is named. */
function need(name: string, value: string | null, fallback: string | undefined): string {
  const path = value ?? fallback;
  if (path === undefined) throw new PlainError(`${name} must be set when ESTAFETTE_DEMO is off.`, 2);
  if (!existsSync(path)) throw new PlainError(`${name}: ${path} does not exist.`, 2);
  return path;
}

/** What the certificates of letters must chain to. */
function trustOf({ config }: Foundation, demo: DemoMaterial | null): TrustPaths {
  return {
    anchors: need('ESTAFETTE_TRUST_ANCHORS', config.ESTAFETTE_TRUST_ANCHORS, demo?.files.authorities),
    lists: need('ESTAFETTE_CRLS', config.ESTAFETTE_CRLS, demo?.files.revocationLists),
  };
}

/** The one space of a gateway without a file of spaces. */
function settingsOf({ config }: Foundation, demo: DemoMaterial | null, operator: Hop | null): SettingsOfSpace {
  const hop = config.ESTAFETTE_NEXT_HOP ?? operator;
  if (hop === null) throw new PlainError('ESTAFETTE_NEXT_HOP must be set when ESTAFETTE_DEMO is off.', 2);
  const files = demo?.files;
  return {
    preset: config.ESTAFETTE_TRUST_SPACE,
    door: {
      host: config.ESTAFETTE_HOST,
      port: config.ESTAFETTE_SMTP_PORT,
      certificate: need('ESTAFETTE_SMTP_CERTIFICATE', config.ESTAFETTE_SMTP_CERTIFICATE, files?.gatewayCertificate),
      key: need('ESTAFETTE_SMTP_KEY', config.ESTAFETTE_SMTP_KEY, files?.gatewayKey),
    },
    nextHop: {
      ...hop,
      authorities: need('ESTAFETTE_NEXT_HOP_CA', config.ESTAFETTE_NEXT_HOP_CA, files?.authorities),
    },
  };
}

/** Starts the mail side; every part is registered with `shutdown` as soon as it runs. */
export async function startMailSide(
  foundation: Foundation,
  parts: { blobs: BlobStore; queues: Queues; shutdown: Shutdown; progress: (sentence: string) => void },
): Promise<MailSide> {
  const { config, home, vault, log, clock } = foundation;
  const { shutdown, progress } = parts;
  const safe = await openFileBlobStore(join(home, 'safe'), { sweep: true });
  const store = await openStoreFor(foundation);
  shutdown.add('database', () => store.close());
  const isDemo = config.ESTAFETTE_DEMO === 'on';
  const demoParts = { home, vault, safe, store, clock, progress };
  const demo = isDemo ? await withRecord(await prepareDemo(demoParts), demoParts) : null;
  let operator: Hop | null = null;
  if (demo !== null && config.ESTAFETTE_NEXT_HOP === null) {
    const place = { host: config.ESTAFETTE_HOST, port: config.ESTAFETTE_DEMO_SMTP_PORT };
    const started = await startDemoOperator({ ...place, demo });
    shutdown.add('demo operator', () => started.close());
    operator = { host: config.ESTAFETTE_HOST, port: started.port };
  }
  const trust = trustOf(foundation, demo);
  const readSpaces = async () => spacesOfFile(config) ?? [settingsSpace(settingsOf(foundation, demo, operator))];
  const { blobs, queues } = parts;
  const gateway = await startGateway({ config, vault, store, blobs, safe, queues, log, clock, trust, readSpaces });
  shutdown.add('gateway', () => gateway.close());
  return { doors: gateway.doors, reload: gateway.reload, demo };
}
