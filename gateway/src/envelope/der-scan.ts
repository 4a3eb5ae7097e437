/**
 * Walks DER (ITU-T X.690 §10) element by element without building a tree: for what is too long for one. Lengths must
 * be minimal and definite and stay within their parent; everything else is a `BerError`.
 */
import { BerError } from './ber.ts';

export interface DerElement {
  /** The identifier octet: class, form and tag. */
  readonly identifier: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** The element that begins at `at` and must end at or before `limit`. */
export function elementAt(source: Buffer, at: number, limit: number): DerElement {
  if (at + 2 > limit) throw new BerError('element missing');
  const identifier = source[at] as number;
  const first = source[at + 1] as number;
  if ((identifier & 0x1f) === 0x1f) throw new BerError('multi-byte tag');
  let length = first;
  let contentStart = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || contentStart + octets > limit) throw new BerError('length not DER');
    length = source.readUIntBE(contentStart, octets);
    contentStart += octets;
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw new BerError('length not minimal in DER');
  }
  if (contentStart + length > limit) throw new BerError('element passes the end of its parent');
  return { identifier, start: at, contentStart, end: contentStart + length };
}

/** The elements that fill `from` to `to` exactly, at most `max`. */
export function elementsBetween(source: Buffer, from: number, to: number, max: number): DerElement[] {
  const found: DerElement[] = [];
  for (let at = from; at < to; ) {
    if (found.length === max) throw new BerError('too many elements');
    const element = elementAt(source, at, to);
    found.push(element);
    at = element.end;
  }
  return found;
}

/** Whether the content octets of an INTEGER are as few as they can be (X.690 §8.3.2). */
export function isMinimalInteger(content: Buffer): boolean {
  const [first, second] = content;
  if (first === undefined) return false;
  if (second === undefined) return true;
  return !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
}
