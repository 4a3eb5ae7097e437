/**
 * Speaks to ClamAV's daemon over its socket (clamd(8), commands zINSTREAM, zPING, zVERSION): one connection for each
 * file, sent in chunks with their length before them, one answer that ends with a NUL. Only `stream: OK`, given after
 * the whole file was sent, is clean. Every exchange has a deadline and its answer a largest size, so a peer that is slow,
 * silent or talks without end costs one scan and no memory.
 * Danger: clamd sees the clear text and writes it into its TemporaryDirectory for the time of a scan; a TCP socket
 * carries it in clear (docs/operations.md).
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { ANTIVIRUS_LIMITS } from '@estafette/contracts/limits';
import { NotScanned } from '../ports.ts';

/** Where clamd listens. */
export type ClamdPlace = { readonly path: string } | { readonly host: string; readonly port: number };

export interface Clamd {
  /** The name of what was found, or null; throws `NotScanned`, at once when `closing` ends it. */
  scan(file: Uint8Array, closing?: AbortSignal): Promise<string | null>;
  /** What it says of itself: program, number and date of its signatures; throws `NotScanned`. */
  version(): Promise<string>;
}

/** The file in chunks, each behind its length (32 bits, network order), and the empty chunk that ends it. */
function* chunksOf(file: Uint8Array, allRead: () => void): Generator<Uint8Array> {
  const { chunkBytes } = ANTIVIRUS_LIMITS;
  for (let at = 0; at < file.length; at += chunkBytes) {
    const chunk = file.subarray(at, at + chunkBytes);
    yield lengthOf(chunk.length);
    yield chunk;
  }
  allRead();
  yield lengthOf(0);
}

function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

interface Answer {
  /** Without its NUL. */
  readonly text: string;
  readonly wasAllSent: boolean;
}

const away = (detail: string, cause: unknown) =>
  new NotScanned('antivirus-unavailable', detail, { isAway: true, cause });

/** The connection ended in the middle of a file: an answer may have been lost with it. */
class BrokenOff extends NotScanned {
  constructor(cause: unknown) {
    super('antivirus-unavailable', 'it ended in the middle of a file', { cause });
  }
}

/** Resolves with the one answer on this socket. */
function answerOn(socket: Socket, wasAllSent: () => boolean): Promise<Answer> {
  let received = Buffer.alloc(0);
  let trouble: unknown;
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf(0);
      if (end >= 0) resolve({ text: received.toString('latin1', 0, end), wasAllSent: wasAllSent() });
      else if (received.length > ANTIVIRUS_LIMITS.answerMaxBytes) reject(new Error('an answer without end'));
    });
    // clamd answers and closes while a file that is too large still comes: the answer counts, not the broken pipe.
    socket.on('error', (error) => {
      trouble = error;
    });
    socket.on('close', () => reject(trouble ?? new Error('no answer')));
  });
}

async function exchange(place: ClamdPlace, command: string, file?: Uint8Array, closing?: AbortSignal): Promise<Answer> {
  const givenUp = new NotScanned('antivirus-unavailable', 'the gateway stops');
  if (closing?.aborted === true) throw givenUp;
  const options: NetConnectOpts = { ...place };
  const socket = connect(options);
  let isConnected = false;
  let isAllSent = file === undefined;
  const limits = ANTIVIRUS_LIMITS;
  const connecting = setTimeout(() => isConnected || socket.destroy(), limits.connectTimeoutMs);
  const tooSlow = new NotScanned('antivirus-unavailable', 'no answer in time');
  const giveUp = (): void => void socket.destroy(givenUp);
  closing?.addEventListener('abort', giveUp);
  const answerMs = file === undefined ? limits.wordTimeoutMs : limits.scanTimeoutMs;
  const answering = setTimeout(() => socket.destroy(tooSlow), answerMs);
  try {
    const answer = answerOn(socket, () => isAllSent);
    socket.once('connect', () => {
      isConnected = true;
      socket.write(`z${command}\0`);
      if (file === undefined) return;
      const chunks = chunksOf(file, () => {
        isAllSent = true;
      });
      Readable.from(chunks, { objectMode: true, highWaterMark: 1 }).pipe(socket, { end: false });
    });
    return await answer;
  } catch (error) {
    if (error === givenUp) throw givenUp;
    if (!isConnected) throw away('it does not take the connection', error);
    if (error === tooSlow) throw tooSlow;
    // Whoever took the connection is there, however badly it went: others may try.
    throw isAllSent ? new NotScanned('antivirus-unavailable', 'no answer', { cause: error }) : new BrokenOff(error);
  } finally {
    clearTimeout(connecting);
    clearTimeout(answering);
    closing?.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

/** What an answer to zINSTREAM says. */
function findingIn({ text, wasAllSent }: Answer): string | null {
  const found = /^stream: (\S.*) FOUND$/s.exec(text)?.[1];
  if (found !== undefined) return signatureName(found);
  if (text === 'stream: OK' && wasAllSent) return null;
  if (text === 'INSTREAM size limit exceeded. ERROR')
    throw new NotScanned('antivirus-too-large', 'larger than the StreamMaxLength of clamd');
  throw new NotScanned('antivirus-unavailable', 'an answer that says neither clean nor found');
}

/** The name clamd gives, as it may stand in a trail. */
const signatureName = (found: string): string =>
  found.replace(/[^\w.:()+-]/g, '_').slice(0, ANTIVIRUS_LIMITS.nameMaxCharacters);

/** clamd answers and closes in the middle of a file that is too large; a write into that loses the answer, now and then. */
async function scanOf(place: ClamdPlace, file: Uint8Array, closing?: AbortSignal): Promise<Answer> {
  for (let again: number = ANTIVIRUS_LIMITS.brokenOffMax; ; again -= 1) {
    try {
      return await exchange(place, 'INSTREAM', file, closing);
    } catch (error) {
      if (again === 0 || !(error instanceof BrokenOff)) throw error;
    }
  }
}

/** The daemon at a place. */
export const clamdAt = (place: ClamdPlace): Clamd => ({
  scan: async (file, closing) => findingIn(await scanOf(place, file, closing)),
  async version() {
    const { text } = await exchange(place, 'VERSION');
    if (!/^ClamAV [\x20-\x7e]+$/.test(text)) throw new NotScanned('antivirus-unavailable', 'it is not ClamAV');
    return text;
  },
});
