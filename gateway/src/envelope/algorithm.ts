/** An AlgorithmIdentifier (RFC 5280 §4.1.1.2): which algorithm, with its parameters as they stand. */
import { BerError, type BerNode, oidOf, rawOf, sequenceOf } from './ber.ts';

export interface Algorithm {
  readonly oid: string;
  /** The parameters as one whole element, or null when absent. */
  readonly parameters: Buffer | null;
}

/** Reads an AlgorithmIdentifier; throws `BerError`. */
export function readAlgorithm(node: BerNode | undefined): Algorithm {
  const [type, parameters, ...more] = sequenceOf(node);
  if (more.length > 0) throw new BerError('algorithm with too many parameters');
  return { oid: oidOf(type), parameters: parameters === undefined ? null : rawOf(parameters) };
}
