/** A verified list as the port answers from it: maps in memory, exact domains, nothing to parse but the peer's name. */
import type { ListAnswer, NamePart } from '../ports.ts';
import { nameKey } from './distinguished-name.ts';
import { comparableDomain } from './domain-name.ts';
import type { ListRows } from './list-rows.ts';

export interface ListedPeers {
  check(domain: string, subject: readonly NamePart[]): Exclude<ListAnswer, 'list-unavailable'>;
  lists(domain: string): boolean;
  listsName(subject: readonly NamePart[]): boolean;
  /** The names of a domain as the list prints them; null: it is not listed. */
  namesOf(domain: string): readonly string[] | null;
}

/** Indexes what was read from a list. */
export function indexPeers({ keys, names, domains, namesOf }: ListRows): ListedPeers {
  const placeOfKey = new Map(keys.map((key, place) => [key, place]));
  const placesOfDomain = new Map(domains.map((domain, at) => [domain, namesOf[at] ?? []]));
  const placesFor = (domain: string): readonly number[] | undefined => {
    const comparable = comparableDomain(domain);
    return comparable === null ? undefined : placesOfDomain.get(comparable);
  };
  const placeFor = (subject: readonly NamePart[]): number | undefined => {
    const key = nameKey(subject);
    return key === null ? undefined : placeOfKey.get(key);
  };
  return {
    check(domain, subject) {
      const places = placesFor(domain);
      if (places === undefined) return 'domain-not-listed';
      const place = placeFor(subject);
      return place !== undefined && places.includes(place) ? 'listed' : 'name-not-listed';
    },
    lists: (domain) => placesFor(domain) !== undefined,
    listsName: (subject) => placeFor(subject) !== undefined,
    namesOf: (domain) => placesFor(domain)?.map((place) => names[place] ?? '') ?? null,
  };
}
