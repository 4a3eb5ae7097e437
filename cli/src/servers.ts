/**
 * The composition root: builds the roles a process plays (gateway, relay, or both with the demo's other side) on one
 * foundation, in an order in which nothing is missed, and stops them in the reverse one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, startGateway } from '@estafette/gateway/main';
import { startRelay } from '@estafette/im-relay/main';
import { buildApp, needsBuilding } from '@estafette/mobile-lite/build';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { openQueues } from '@estafette/runtime/queue';
import { connectRedis, refuseUnsafeRedis } from '@estafette/runtime/redis-connection';
import { createShutdown, type Shutdown } from '@estafette/runtime/shutdown';
import { type DemoMaterial, prepareDemo } from './demo/material.ts';
import { startDemoOperator } from './demo/operator.ts';
import { type Foundation, redisPlace } from './foundation.ts';
import { PlainError } from './plain-error.ts';
import { takeFolder } from './running-instance.ts';

export type Role = 'gateway' | 'relay';

export interface Servers {
  /** `host:port`, or null when this process does not play the role. */
  readonly smtp: string | null;
  readonly web: string | null;
  readonly demo: DemoMaterial | null;
  stop(): Promise<void>;
}

type Progress = (sentence: string) => void;

const WEB_ROOT = fileURLToPath(new URL('../../mobile-lite/dist', import.meta.url));

async function webRoot(progress: Progress): Promise<string | null> {
  if (!(await needsBuilding({ outFolder: WEB_ROOT }))) return WEB_ROOT;
  progress('Building the web app …');
  await buildApp({ outFolder: WEB_ROOT });
  return WEB_ROOT;
}

/** Waits for a Redis that loads its append-only file, then refuses one that could lose letters. */
async function checkRedis(foundation: Foundation, place: Parameters<typeof connectRedis>[0]): Promise<void> {
  const redis = connectRedis(place, { name: 'check', log: foundation.log });
  try {
    await refuseUnsafeRedis(redis);
  } catch (error) {
    if (error instanceof Error && /^Redis (may|does)/.test(error.message)) throw new PlainError(error.message);
    throw new PlainError(
      `Redis cannot be reached or asked: ${error instanceof Error ? error.message : 'unknown trouble'}.`,
      1,
      error,
    );
  } finally {
    redis.disconnect();
  }
}

/** Starts the roles; on any failure what had started is stopped again. */
export async function startServers(
  foundation: Foundation,
  roles: readonly Role[],
  progress: Progress = () => {},
): Promise<Servers> {
  const { config, home, log, clock } = foundation;
  const shutdown = createShutdown(log);
  try {
    return await build();
  } catch (error) {
    await shutdown.run();
    throw error;
  }

  async function build(): Promise<Servers> {
    const mails = roles.includes('gateway');
    if (roles.length === 1 && config.ESTAFETTE_REDIS_URL === null) {
      throw new PlainError(
        'Gateway and relay in processes of their own need one Redis between them: set ESTAFETTE_REDIS_URL.',
        2,
      );
    }
    // Relay nodes share nothing but Redis and the blobs: only the gateway owns the data folder.
    const folder = mails ? takeFolder(home) : null;
    shutdown.add('folder', () => folder?.release());
    const place = await redisPlace(foundation, shutdown);
    await checkRedis(foundation, place);
    const queues = openQueues(place, log);
    shutdown.add('queues', () => queues.close());
    const blobs = await openFileBlobStore(config.ESTAFETTE_BLOBS_FOLDER ?? join(home, 'blobs'), { sweep: mails });
    const web = roles.includes('relay') ? await startWeb() : null;
    const mail = mails ? await startMail() : { smtp: null, demo: null };
    folder?.announce({ smtp: mail.smtp, web });
    return { smtp: mail.smtp, web, demo: mail.demo, stop: () => shutdown.run() };

    async function startWeb(): Promise<string> {
      const redis = connectRedis(place, { name: 'relay', log });
      const subscriber = connectRedis(place, { name: 'relay-signals', log, forBlocking: true });
      shutdown.add('relay connections', () =>
        [redis, subscriber].forEach((connection) => void connection.disconnect()),
      );
      const relay = await startRelay({
        redis,
        subscriber,
        queues,
        blobs,
        log,
        clock,
        host: config.ESTAFETTE_HOST,
        port: config.ESTAFETTE_HTTP_PORT,
        webRoot: await webRoot(progress),
        allowedOrigins: config.ESTAFETTE_WEB_URL === null ? [] : [new URL(config.ESTAFETTE_WEB_URL).origin],
        trustProxy: config.ESTAFETTE_TRUST_PROXY === 'on',
      });
      shutdown.add('relay', () => relay.close());
      const host = ['0.0.0.0', '::'].includes(config.ESTAFETTE_HOST) ? 'localhost' : config.ESTAFETTE_HOST;
      return config.ESTAFETTE_WEB_URL ?? `http://${host.includes(':') ? `[${host}]` : host}:${relay.address.port}`;
    }

    async function startMail(): Promise<{ smtp: string; demo: DemoMaterial | null }> {
      const { vault } = foundation;
      const safe = await openFileBlobStore(join(home, 'safe'), { sweep: true });
      const store = await openStore(config, vault);
      shutdown.add('database', () => store.close());
      const demo =
        config.ESTAFETTE_DEMO === 'on' ? await prepareDemo({ home, vault, safe, store, clock, progress }) : null;
      const operator = demo === null || config.ESTAFETTE_NEXT_HOP !== null ? null : await startOperator(demo, shutdown);
      const gateway = await startGateway({
        config,
        vault,
        store,
        blobs,
        safe,
        queues,
        log,
        clock,
        ...material(demo, operator),
      });
      shutdown.add('gateway', () => gateway.close());
      return { smtp: `${config.ESTAFETTE_HOST}:${gateway.smtpPort}`, demo };
    }
  }

  async function startOperator(demo: DemoMaterial, steps: Shutdown): Promise<{ host: string; port: number }> {
    const operator = await startDemoOperator({
      host: config.ESTAFETTE_HOST,
      port: config.ESTAFETTE_DEMO_SMTP_PORT,
      demo,
    });
    steps.add('demo operator', () => operator.close());
    return { host: config.ESTAFETTE_HOST, port: operator.port };
  }

  /** Trust, TLS and next hop: from the settings, else from the demo; what neither gives is named. */
  function material(
    demo: DemoMaterial | null,
    operator: { host: string; port: number } | null,
  ): Pick<Parameters<typeof startGateway>[0], 'trust' | 'tls' | 'nextHop'> {
    const need = (name: string, value: string | null, fallback: string | undefined): string => {
      const path = value ?? fallback;
      if (path === undefined) throw new PlainError(`${name} must be set when ESTAFETTE_DEMO is off.`, 2);
      if (!existsSync(path)) throw new PlainError(`${name}: ${path} does not exist.`, 2);
      return path;
    };
    const hop = config.ESTAFETTE_NEXT_HOP ?? operator;
    if (hop === null) throw new PlainError('ESTAFETTE_NEXT_HOP must be set when ESTAFETTE_DEMO is off.', 2);
    return {
      trust: {
        anchors: need('ESTAFETTE_TRUST_ANCHORS', config.ESTAFETTE_TRUST_ANCHORS, demo?.files.authorities),
        lists: need('ESTAFETTE_CRLS', config.ESTAFETTE_CRLS, demo?.files.revocationLists),
      },
      tls: {
        certificateFile: need(
          'ESTAFETTE_SMTP_CERTIFICATE',
          config.ESTAFETTE_SMTP_CERTIFICATE,
          demo?.files.gatewayCertificate,
        ),
        keyFile: need('ESTAFETTE_SMTP_KEY', config.ESTAFETTE_SMTP_KEY, demo?.files.gatewayKey),
      },
      nextHop: {
        ...hop,
        authoritiesFile: need('ESTAFETTE_NEXT_HOP_CA', config.ESTAFETTE_NEXT_HOP_CA, demo?.files.authorities),
      },
    };
  }
}
