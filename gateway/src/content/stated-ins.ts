/**
 * Whether the sender states that the patient's INS is qualified: `X-MSS-INS: O` (ANS, ECO.2.4.2), as a field of the very
 * entity that is read. Of a signed letter that is the signed content: the fields outside it are not the signer's word.
 * Said twice, or otherwise than by `O`, it is not said.
 */

import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';

export function statesQualifiedIns(entity: Buffer): boolean {
  const head = entity.toString('latin1', 0, ENVELOPE_LIMITS.headerMaxBytes);
  const end = /\r?\n\r?\n/.exec(head)?.index ?? head.length;
  const fields = head
    .slice(0, end)
    .split('\n')
    .filter((line) => /^x-mss-ins[ \t]*:/i.test(line));
  return fields.length === 1 && /:[ \t]*o[ \t\r]*$/i.test(fields[0] ?? '');
}
