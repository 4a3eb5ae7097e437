/**
 * Mail domains as the trust list is asked for them: A-labels in lower case (RFC 5890), whole names, never a suffix.
 * The danger is a name that becomes another on its way (UTS #46 drops and folds signs): what does not come back as it
 * went is no domain.
 */
import { canonicalDomain, losesLetters } from '../ports.ts';

/** Letters, digits, hyphens (RFC 1123 §2.1); a last label of digits only would be an address. */
const LABELS =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_MAX_CHARACTERS = 253;

/** The domain in the form it is compared in; null for what is no domain of at least two labels. */
export function comparableDomain(name: string): string | null {
  if (name.length > NAME_MAX_CHARACTERS) return null;
  // Composed forms make other letters of the same signs.
  const ascii = losesLetters(name) ? null : canonicalDomain(name.normalize('NFC'));
  return ascii !== null && LABELS.test(ascii) ? ascii : null;
}
