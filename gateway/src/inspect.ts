/**
 * Opens a mail without delivering it, by the very code of the inbound flow, outside any worker: the operator's answer
 * to "why was this refused".
 */
import { toWireLines } from './envelope/mime-entity.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import { type OpenTask, openLetter } from './letter-worker.ts';
import type { OpenedLetter } from './ports.ts';

export type SpaceName = keyof typeof TRUST_SPACES;

/** Names of the trust spaces this version knows. */
export const SPACE_NAMES = Object.keys(TRUST_SPACES) as SpaceName[];

/** Opens a mail as it lies in a file: line ends of a Unix tool are read as mail's. */
export function inspectMail(
  mail: Omit<OpenTask, 'kind' | 'letter'> & { readonly file: Buffer },
): Promise<OpenedLetter> {
  const { file, ...task } = mail;
  return openLetter({ ...task, letter: toWireLines(file) });
}
