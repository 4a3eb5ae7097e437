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

const NULL_ELEMENT = Buffer.from([0x05, 0x00]);

/** Parameters that say nothing: senders write NULL or leave them out (RFC 5754 §2, §3.2). */
export function isNullOrAbsent(parameters: Buffer | null): boolean {
  return parameters === null || parameters.equals(NULL_ELEMENT);
}
