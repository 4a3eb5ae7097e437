/**
 * A port of the loopback for servers under test that cannot choose one and tell it, or that start again on theirs.
 * Below those that the system gives to whoever asks for any, and from a part that this process holds by its first port:
 * no other test is given it, even while nothing listens there.
 */
import { createServer } from 'node:net';

const FIRST = 20_000;
const PART = 100;
const PARTS = 120;

/** Whether the port could be taken; held for as long as this process lives, or let go at once. */
function take(port: number, { isHeld }: { isHeld: boolean }): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.unref().listen({ port, host: '127.0.0.1' }, () => {
      if (isHeld) resolve(true);
      else probe.close(() => resolve(true));
    });
  });
}

async function takePart(): Promise<number> {
  for (let at = process.pid % PARTS; ; at = (at + 1) % PARTS)
    if (await take(FIRST + at * PART, { isHeld: true })) return FIRST + at * PART;
}

let own: Promise<number> | undefined;
let given = 0;

/** A port that was free a moment ago, another one at each call. */
export async function freePort(): Promise<number> {
  own ??= takePart();
  const first = await own;
  for (;;) {
    given = (given % (PART - 1)) + 1;
    const port = first + given;
    if (await take(port, { isHeld: false })) return port;
  }
}
