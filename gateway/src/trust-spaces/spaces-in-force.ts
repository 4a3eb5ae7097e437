/**
 * The trust spaces in force, for everyone who asks: replaced as a whole by a reload, never changed in part. Which space
 * a letter is judged by and which one mail leaves into is decided here and nowhere else.
 */
import { canonicalDomain } from '../address.ts';
import type { TrustList } from '../mail-peer.ts';
import type { Spaces, TrustSpace, WayOutPolicy } from '../trust-space.ts';

export interface SpacesInForce extends Spaces {
  /** From now on these; at least one. */
  replace(spaces: readonly TrustSpace[]): void;
}

/** Whether mail for the domain may leave this way; a list that cannot be asked just now does not say no. */
function isReached(domain: string, { reaches }: WayOutPolicy, list: TrustList | null): boolean {
  if (reaches === 'any-domain') return true;
  if (reaches === 'listed-domains') return list !== null && list.lists(domain) !== 'domain-not-listed';
  return reaches.includes(domain);
}

/** Holds the spaces; `listOf` gives the trust list of a space by its name. */
export function spacesInForce(first: readonly TrustSpace[], listOf: (name: string) => TrustList | null): SpacesInForce {
  let spaces = first;
  const named = (name: string): TrustSpace | null => spaces.find((space) => space.name === name) ?? null;
  const reaches = ({ name, wayOut }: TrustSpace, domain: string): boolean =>
    wayOut !== null && isReached(domain, wayOut, listOf(name));
  const defaultOne = (): TrustSpace => {
    const [space] = spaces;
    if (space === undefined) throw new Error('a gateway without a trust space');
    return space;
  };
  return {
    all: () => spaces,
    named,
    judging: (name) => (name === undefined ? null : named(name)) ?? defaultOne(),
    reaching(given, preferred) {
      const domain = canonicalDomain(given) ?? '';
      const first = preferred === undefined ? null : named(preferred);
      const inOrder = first === null ? spaces : [first, ...spaces.filter((space) => space !== first)];
      return inOrder.find((space) => reaches(space, domain)) ?? null;
    },
    listOf,
    replace(next) {
      spaces = next;
    },
  };
}
