/**
 * One relay node, put together from its parts: HTTP, sockets, deliveries, sweep and heartbeat, and the order in
 * which they start and stop. Nodes share nothing but Redis; any node serves any device.
 */
import type { Consumer } from '@estafette/runtime/ports';
import { consumeDeliveries } from './deliver-consumer.ts';
import { buildHttpServer, type WebSettings } from './http-server.ts';
import { createMemoryWatch } from './memory-watch.ts';
import type { RelayContext } from './relay-context.ts';
import { openSocketGate } from './socket-gate.ts';
import { Switchboard } from './switchboard.ts';
import { sweepUploads } from './upload-route.ts';

/** Beats per heartbeat: how exactly silence is noticed. */
const BEATS_PER_HEARTBEAT = 5;
/** How long closed sockets may take to say goodbye when the node stops. */
const GOODBYE_MS = 1_000;
const GOODBYE_STEP_MS = 10;

export interface RelaySettings extends WebSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly sweepEveryMs: number;
}

export interface Relay {
  readonly address: { readonly host: string; readonly port: number };
  /** Redis went away: phones are sent off and come back by themselves. */
  sendAllAway(): void;
  /** Stops taking requests and sockets, says 1001 to those that are open, waits for running jobs. Idempotent. */
  close(): Promise<void>;
}

/** Starts a node; rejects when the port cannot be had. */
export async function openRelay(context: RelayContext, settings: RelaySettings): Promise<Relay> {
  const switchboard = new Switchboard(context);
  const app = await buildHttpServer(context, settings);
  const gate = openSocketGate({ server: app.server, context, switchboard, origins: settings.origins });
  await app.listen({ host: settings.host, port: settings.port });
  const timers = startTimers(context, switchboard, settings.sweepEveryMs);
  let consumer: Consumer;
  try {
    consumer = await consumeDeliveries(context);
  } catch (error) {
    timers.stop();
    await app.close();
    throw error;
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : settings.port;
  context.log.info('relay open', { port });
  let closing: Promise<void> | null = null;
  const close = async () => {
    gate.close();
    timers.stop();
    await Promise.all([consumer.close(), sayGoodbye(switchboard).then(() => app.close()), timers.swept()]);
    context.log.info('relay closed', { port });
  };
  return {
    address: { host: settings.host, port },
    sendAllAway: () => switchboard.closeAll(1013),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function startTimers(context: RelayContext, switchboard: Switchboard, sweepEveryMs: number) {
  const beatMs = (context.limits.heartbeatSeconds * 1_000) / BEATS_PER_HEARTBEAT;
  const lookForMemory = createMemoryWatch(context, () => switchboard.closeAll(1013));
  const heart = setInterval(() => {
    switchboard.beat(performance.now());
    void lookForMemory();
  }, beatMs);
  let sweeping: Promise<void> = sweepOnce(context);
  const broom = setInterval(() => {
    sweeping = sweeping.then(() => sweepOnce(context));
  }, sweepEveryMs);
  return {
    stop() {
      clearInterval(heart);
      clearInterval(broom);
    },
    swept: () => sweeping,
  };
}

/** Never throws: what was not swept now is swept next time. */
async function sweepOnce(context: RelayContext): Promise<void> {
  try {
    const swept = await sweepUploads(context);
    if (swept > 0) context.log.info('uploads that nobody took swept', { count: swept });
    if (!(await context.access.isReachable())) return;
    const { conversations, events } = await context.inbox.sweep();
    if (conversations > 0) context.log.info('expired conversations swept', { count: events });
  } catch (error) {
    context.log.warn('the sweep failed', { error });
  }
}

async function sayGoodbye(switchboard: Switchboard): Promise<void> {
  switchboard.closeAll(1001);
  for (let waited = 0; waited < GOODBYE_MS && switchboard.openConnections > 0; waited += GOODBYE_STEP_MS) {
    await new Promise((resolve) => setTimeout(resolve, GOODBYE_STEP_MS));
  }
  switchboard.terminateAll();
}
