/**
 * The rows of a trust list, read from the octets that were signed. Elements nobody knows yet are passed over; a row
 * whose domain or name is not understood is left out and told, and costs only itself: who is left out is not trusted.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { LIST_NAMESPACE, LIST_ROOT } from './canonical-list.ts';
import { nameKey, parseName } from './distinguished-name.ts';
import { comparableDomain } from './domain-name.ts';
import { ListRefused } from './list-refused.ts';
import { scanXml, type XmlElement } from './xml-scan.ts';

/** What a list says, as compact as it can be sent from a worker. */
export interface ListRows {
  /** DateDeGeneration, milliseconds since 1970. */
  readonly generatedAt: number;
  readonly rows: number;
  /** Each name once: what it is looked up by, and as the list first printed it. */
  readonly keys: readonly string[];
  readonly names: readonly string[];
  /** Each domain once, with the places of its names. */
  readonly domains: readonly string[];
  readonly namesOf: readonly (readonly number[])[];
  /** Rows left out, in all and the first of them. */
  readonly oddRowCount: number;
  readonly oddRows: readonly OddRow[];
}

export interface OddRow {
  /** Counted from 1. */
  readonly row: number;
  readonly oddity: 'no-domain' | 'domain-not-understood' | 'no-name' | 'name-not-understood';
}

const [ROOT_DEPTH, SECTION_DEPTH, ROW_DEPTH, FIELD_DEPTH] = [1, 2, 3, 4];
const ZONED_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

class RowReader {
  readonly dates: string[] = [];
  readonly oddRows: OddRow[] = [];
  readonly keys = new Map<string, number>();
  readonly names: string[] = [];
  readonly domains = new Map<string, number[]>();
  /** A printed name that was seen is not parsed again: hundreds of domains share one. */
  readonly #parsed = new Map<string, string | null>();
  rows = 0;
  sections = 0;
  oddRowCount = 0;
  #depth = 0;
  #isInSection = false;
  #isInRow = false;
  #fields: Record<'domains' | 'names', string[]> = { domains: [], names: [] };
  #text: string[] | null = null;

  open(element: XmlElement): void {
    this.#depth += 1;
    const local = element.namespace === LIST_NAMESPACE ? element.local : '';
    this.#text = null;
    if (this.#depth === ROOT_DEPTH && local !== LIST_ROOT) throw new ListRefused('list-malformed', 'another root');
    if (this.#depth === SECTION_DEPTH) {
      this.#isInSection = local === 'ListeDomaines';
      if (this.#isInSection) this.sections += 1;
      if (local === 'DateDeGeneration') this.#text = [];
    }
    if (this.#depth === ROW_DEPTH) {
      this.#isInRow = this.#isInSection && local === 'Domaine';
      this.#fields = { domains: [], names: [] };
    }
    if (this.#depth === FIELD_DEPTH && this.#isInRow && ['Nom', 'DNCertificatOperateur'].includes(local))
      this.#text = [];
  }

  text(piece: string): void {
    this.#text?.push(piece);
  }

  close(element: XmlElement): void {
    const text = this.#text?.join('').trim();
    this.#text = null;
    if (text !== undefined && this.#depth === SECTION_DEPTH) this.dates.push(text);
    if (text !== undefined && this.#depth === FIELD_DEPTH)
      this.#fields[element.local === 'Nom' ? 'domains' : 'names'].push(text);
    if (this.#depth === ROW_DEPTH && this.#isInRow) this.#row();
    this.#depth -= 1;
  }

  #row(): void {
    this.rows += 1;
    if (this.rows > TRUST_LIST_LIMITS.rowsMax) throw new ListRefused('list-too-large', 'too many rows');
    const { domains, names } = this.#fields;
    // Said twice in one row, nothing is certain.
    const domain = domains.length === 1 ? comparableDomain(domains[0] ?? '') : null;
    const place = names.length === 1 ? this.#placeOf(names[0] ?? '') : null;
    if (domain === null) this.#odd(domains.length === 1 ? 'domain-not-understood' : 'no-domain');
    else if (place === null) this.#odd(names.length === 1 ? 'name-not-understood' : 'no-name');
    else this.#add(domain, place);
  }

  #add(domain: string, place: number): void {
    const known = this.domains.get(domain);
    if (known === undefined) this.domains.set(domain, [place]);
    else if (!known.includes(place)) known.push(place);
  }

  #placeOf(printed: string): number | null {
    let key = this.#parsed.get(printed);
    if (key === undefined) {
      const parts = parseName(printed);
      key = parts === null ? null : nameKey(parts);
      this.#parsed.set(printed, key);
    }
    if (key === null) return null;
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    this.keys.set(key, this.names.length);
    this.names.push(printed);
    return this.names.length - 1;
  }

  #odd(oddity: OddRow['oddity']): void {
    this.oddRowCount += 1;
    if (this.oddRows.length < TRUST_LIST_LIMITS.oddRowsToldMax) this.oddRows.push({ row: this.rows, oddity });
  }
}

function timeOf(dates: readonly string[]): number {
  const [date = ''] = dates;
  const at = dates.length === 1 && ZONED_TIME.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(at)) throw new ListRefused('list-malformed', 'no DateDeGeneration that is a time with its zone');
  return at;
}

/** Reads the canonical octets of a list; throws `ListRefused`. */
export function readRows(canonical: string): ListRows {
  const reader = new RowReader();
  scanXml(canonical, reader);
  const generatedAt = timeOf(reader.dates);
  if (reader.sections !== 1) throw new ListRefused('list-malformed', 'not one ListeDomaines');
  if (reader.domains.size === 0) throw new ListRefused('list-empty');
  return {
    generatedAt,
    rows: reader.rows,
    keys: [...reader.keys.keys()],
    names: reader.names,
    domains: [...reader.domains.keys()],
    namesOf: [...reader.domains.values()],
    oddRowCount: reader.oddRowCount,
    oddRows: reader.oddRows,
  };
}
