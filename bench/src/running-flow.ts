/**
 * What the benches of the whole flow share: the server child, its next hop, kept SMTP connections and one live device.
 */
import { readFileSync } from 'node:fs';
import { BenchDevice } from './bench-device.ts';
import { type NextHop, openNextHop } from './next-hop.ts';
import { type ServerChild, startServer } from './server-child.ts';
import { connectPeers, type SmtpPeer } from './smtp-peer.ts';
import type { Stage } from './stage.ts';

export interface RunningFlow {
  readonly stage: Stage;
  readonly server: ServerChild;
  readonly device: BenchDevice;
  readonly peers: readonly SmtpPeer[];
  readonly nextHop: NextHop;
  close(): Promise<void>;
}

const CONNECTIONS = 8;

/** Starts everything; what had started is stopped again when something fails. */
export async function startFlow(stage: Stage, nodeFlags: readonly string[]): Promise<RunningFlow> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
  };
  try {
    const nextHop = await openNextHop(stage);
    closing.push(() => nextHop.close());
    const server = await startServer(stage, { nextHopPort: nextHop.port, nodeFlags });
    closing.push(() => server.stop());
    const device = await BenchDevice.join(server.enrolLink, server.web);
    closing.push(() => device.close());
    const peers = await connectPeers(CONNECTIONS, server.smtpPort, readFileSync(stage.files.anchors, 'utf8'));
    for (const peer of peers) closing.push(() => peer.close());
    return { stage, server, device, peers, nextHop, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rejects when `work` takes longer than `seconds`. */
export function within<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`${what} took longer than ${seconds} s`)), seconds * 1_000);
  return Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
