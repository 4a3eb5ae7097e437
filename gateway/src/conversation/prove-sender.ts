/**
 * What proves that a letter comes from its From address, and which conversations that proof opens (design, sections 5
 * and 8). A verified signature proves it everywhere. Where a trust space asks for no S/MIME, the operator that carried
 * the letter proves it too, for its own domain, and so does the account of one's own software; that proof holds in its
 * own space only.
 *
 * Danger: an operator answers for its domain, not for each of its users. Whoever sits inside another listed operator
 * cannot use the domain (the list is asked for MAIL FROM and From at the door, and both must be the same here). Whoever
 * sits inside the same operator could, if that one let him write under another's name; so in a space that asks for
 * S/MIME an operator proves nothing, and in the others the letter carries the operator's mark, never `verified`.
 */
import { type Carrier, canonicalDomain, domainOf, type OpenedLetter, type TrustSpace } from '../ports.ts';

export type SenderProof =
  | { readonly kind: 'certificate' }
  | { readonly kind: 'operator' | 'account'; readonly space: string };

/** The part of a trust space that says who proves what. */
export type ProvingSpace = Pick<TrustSpace, 'name' | 'letters' | 'door'>;

/** Whether the letter itself speaks against who it says it is from. */
function isContradicted({ show, signature, identity, reasons }: OpenedLetter['verdict']): boolean {
  if (show === 'quarantine' || signature === 'invalid' || identity === 'mismatch') return true;
  return reasons.includes('address-confusable');
}

/** What proves the sender of a letter; null: nothing does. */
export function proofOf(
  { verdict, headers }: Pick<OpenedLetter, 'verdict' | 'headers'>,
  carrier: Carrier | undefined,
  { name: space, letters, door }: ProvingSpace,
): SenderProof | null {
  if (verdict.show === 'verified') return { kind: 'certificate' };
  if (carrier === undefined || letters.requires !== 'nothing' || isContradicted(verdict)) return null;
  const domain = domainOf(headers.from);
  if (domain === '') return null;
  if (carrier.kind === 'account') return door?.admits === 'accounts' ? { kind: 'account', space } : null;
  const isHis = domain === canonicalDomain(carrier.domain);
  return door?.admits === 'listed-operators' && isHis ? { kind: 'operator', space } : null;
}

/** Whether a proof counts in a conversation of that space; the participant still has to be one. */
export const countsIn = (proof: SenderProof, space: string | null): boolean =>
  proof.kind === 'certificate' || proof.space === space;
