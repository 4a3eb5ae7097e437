/**
 * CMS CompressedData (RFC 3274), zlib only. The danger is the bomb: what comes out is bounded by a size and by a ratio to
 * what went in, and inflating stops there. A compressed layer proves nothing.
 */
import { inflateSync } from 'node:zlib';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { readAlgorithm } from './algorithm.ts';
import { BerError, type BerNode, integerOf, isContext, isUniversal, octetsOf, oidOf, sequenceOf, TAG } from './ber.ts';
import { OID } from './oids.ts';

export type Inflation =
  | { readonly outcome: 'opened'; readonly content: Buffer }
  | { readonly outcome: 'refused'; readonly reason: 'too-complex' | 'envelope-unsupported' };

/** How much may come out of so many compressed bytes. */
function inflatedMaxBytes(compressedBytes: number): number {
  const { inflatedMaxBytes: most, inflatedAlwaysBytes, inflationRatioMax } = ENVELOPE_LIMITS;
  return Math.min(most, Math.max(inflatedAlwaysBytes, compressedBytes * inflationRatioMax));
}

/** Inflates one whole zlib stream with nothing after it; null when it gives too much. Throws `BerError`. */
function inflate(compressed: Buffer): Buffer | null {
  try {
    const options = { info: true, maxOutputLength: inflatedMaxBytes(compressed.length) } as const;
    const { buffer, engine } = inflateSync(compressed, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    if (engine.bytesWritten !== compressed.length) throw new BerError('bytes after the compressed content');
    return buffer;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw new BerError('compressed content malformed', { cause: error });
  }
}

/** Opens the content of a ContentInfo of type compressedData; throws `BerError`. */
export function inflateCompressedData(node: BerNode | undefined): Inflation {
  const [version, algorithm, encapsulated] = sequenceOf(node);
  integerOf(version, 4);
  const [type, explicit] = sequenceOf(encapsulated);
  const compressed = isContext(explicit, 0) ? explicit.children[0] : undefined;
  if (!isUniversal(compressed, TAG.octetString)) throw new BerError('compressed content missing');
  if (readAlgorithm(algorithm).oid !== OID.zlib || oidOf(type) !== OID.content)
    return { outcome: 'refused', reason: 'envelope-unsupported' };
  const content = inflate(octetsOf(compressed));
  return content === null ? { outcome: 'refused', reason: 'too-complex' } : { outcome: 'opened', content };
}
