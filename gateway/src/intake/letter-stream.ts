/**
 * What passes through DATA, watched while it streams: the size (RFC 1870) and line ends (RFC 5321 §2.3.8). A letter
 * that is too large, or holds a bare CR, a bare LF or a NUL, is read to its end and refused; only then does the peer
 * hear why. Bare line ends are how one message is smuggled inside another.
 */
import { Refusal } from '@estafette/contracts/failure';
import { SMTP_LIMITS } from '@estafette/contracts/limits';

const CR = 0x0d;
const LF = 0x0a;

/** Whether a chunk holds a bare CR, bare LF or NUL, given the last byte before it. A CR at its end is left open. */
function hasBareByte(chunk: Uint8Array, before: number): boolean {
  if (before === CR && chunk.length > 0 && chunk[0] !== LF) return true;
  if (chunk.includes(0)) return true;
  for (let at = chunk.indexOf(CR); at >= 0; at = chunk.indexOf(CR, at + 1)) {
    if (at + 1 < chunk.length && chunk[at + 1] !== LF) return true;
  }
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if ((at === 0 ? before : chunk[at - 1]) !== CR) return true;
  }
  return false;
}

/** Passes the chunks on; throws a `Refusal` at the end of the stream when the letter must not be taken. */
export async function* watchedLetter(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let bytes = 0;
  let before = 0;
  let refusal: 'letter-too-large' | 'line-ending-bare' | null = null;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > SMTP_LIMITS.letterMaxBytes) refusal = 'letter-too-large';
    if (refusal === null && hasBareByte(chunk, before)) refusal = 'line-ending-bare';
    before = chunk[chunk.length - 1] ?? before;
    if (refusal === null) yield chunk;
  }
  if (refusal === null && before === CR) refusal = 'line-ending-bare';
  if (refusal !== null) throw new Refusal(refusal);
}
