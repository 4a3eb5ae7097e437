/**
 * A port of the loopback for servers under test that cannot choose one and tell it, or that start again on theirs.
 * Below those that the system gives to whoever asks for any, and from a part that is this process's own: nobody else
 * is given it, even while nothing listens there.
 */
import { createServer } from 'node:net';

const FIRST = 20_000;
const OWN = 100;
const PARTS = 120;

let given = 0;

/** A port that was free a moment ago, another one at each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + (process.pid % PARTS) * OWN + (given % OWN);
    given += 1;
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen({ port, host: '127.0.0.1' }, () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
