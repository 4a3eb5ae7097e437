/**
 * The entries of a revocation list (RFC 5280 §5.1.2.6), read where they stand: the list of a large authority has
 * hundreds of thousands of them, and a tree of them would cost more memory than a worker has. One pass checks every
 * entry; a sorted index of one number each finds a serial. An unknown critical extension of any entry makes the whole
 * list unusable (§5.3).
 */
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError, contentOf, isContext, isUniversal, readBer, sequenceOf, TAG } from './ber.ts';
import { readExtensions } from './certificate.ts';
import { readName } from './certificate-name.ts';
import { type DerElement, elementAt, isMinimalInteger } from './der-scan.ts';
import { OID } from './oids.ts';

export interface RevokedEntry {
  /** CRLReason (§5.3.1); 0 when the list does not say. */
  readonly reason: number;
}

export interface RevokedEntries {
  readonly count: number;
  /** Whether entries name issuers of their own, as only an indirect list may. */
  readonly namesIssuers: boolean;
  /** The entries for a certificate: its serial (content octets of the INTEGER) and the key of its issuer's name. */
  find(serial: Buffer, issuerKey: string): RevokedEntry[];
}

interface EntryExtensions extends RevokedEntry {
  readonly issuerKey: string | null;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const ENTRY_LIMITS = { depthMax: 12, nodesMax: 500, der: true } as const;
const UNDERSTOOD: readonly string[] = [OID.reasonCode, OID.invalidityDate, OID.certificateIssuer];
const NO_EXTENSIONS: EntryExtensions = { reason: 0, issuerKey: null };
/** Distinct encodings of entry extensions that are remembered while one list is read. */
const REMEMBERED_MAX = 256;
const SERIAL_MAX_BYTES = 64;
const HASH_RANGE = 2 ** 28;
const OFFSET_RANGE = 2 ** 25;

/** FNV-1a, cut to 28 bits: equal serials meet in the index; others that meet are told apart by their octets. */
function hashOf(source: Buffer, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (source[at] as number), 0x01000193);
  return (hash >>> 0) % HASH_RANGE;
}

/** A reason that does not exist is none given: the certificate is revoked all the same. */
function reasonOf(value: Buffer): number {
  const node = readBer(value, ENTRY_LIMITS);
  if (!isUniversal(node, TAG.enumerated) || contentOf(node).length !== 1) throw new BerError('reason malformed');
  const reason = contentOf(node)[0] as number;
  return reason > 10 ? 0 : reason;
}

function issuerOf(value: Buffer): string {
  const directory = sequenceOf(readBer(value, ENTRY_LIMITS)).find((name) => isContext(name, 4));
  if (directory === undefined) throw new BerError('certificate issuer without a name');
  return readName(directory.children[0]).key;
}

function readEntryExtensions(bytes: Buffer): EntryExtensions {
  const extensions = readExtensions(readBer(bytes, ENTRY_LIMITS));
  for (const [type, extension] of extensions)
    if (extension.critical && !UNDERSTOOD.includes(type)) throw new BerError('unknown critical entry extension');
  const reason = extensions.get(OID.reasonCode);
  const issuer = extensions.get(OID.certificateIssuer);
  return {
    reason: reason === undefined ? 0 : reasonOf(reason.value),
    issuerKey: issuer === undefined ? null : issuerOf(issuer.value),
  };
}

function checkTime(source: Buffer, time: DerElement): void {
  const digits = time.identifier === UTC_TIME ? 12 : time.identifier === GENERALIZED_TIME ? 14 : -1;
  if (time.end - time.contentStart !== digits + 1 || source[time.end - 1] !== 0x5a)
    throw new BerError('time malformed');
  for (let at = time.contentStart; at < time.end - 1; at += 1) {
    const octet = source[at] as number;
    if (octet < 0x30 || octet > 0x39) throw new BerError('time malformed');
  }
}

interface EntryParts {
  readonly serial: DerElement;
  readonly extensions: DerElement | null;
}

function partsOf(source: Buffer, entry: DerElement): EntryParts {
  if (entry.identifier !== SEQUENCE) throw new BerError('an entry was expected');
  const serial = elementAt(source, entry.contentStart, entry.end);
  const length = serial.end - serial.contentStart;
  if (serial.identifier !== INTEGER || length > SERIAL_MAX_BYTES) throw new BerError('serial malformed');
  const time = elementAt(source, serial.end, entry.end);
  if (time.end === entry.end) return { serial, extensions: null };
  const extensions = elementAt(source, time.end, entry.end);
  if (extensions.end !== entry.end) throw new BerError('entry with more than it may hold');
  return { serial, extensions };
}

/** First place in the index whose number is not below `wanted`. */
function placeOf(index: Float64Array, wanted: number): number {
  let low = 0;
  let high = index.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((index[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** From where in the list which certificate issuer applies (§5.3.3): it holds until another one is named. */
class IssuerRuns {
  readonly #from: number[] = [];
  readonly #keys: string[] = [];

  add(offset: number, key: string): void {
    if (this.#keys.at(-1) === key) return;
    if (this.#keys.length === TRUST_LIMITS.listIssuersMax) throw new BerError('too many certificate issuers');
    this.#from.push(offset);
    this.#keys.push(key);
  }

  get size(): number {
    return this.#keys.length;
  }

  at(offset: number): string | undefined {
    const after = this.#from.findIndex((from) => from > offset);
    return this.#keys[(after < 0 ? this.#keys.length : after) - 1];
  }
}

/** Checks the entries between two offsets and indexes them; throws `BerError`. */
export function readRevokedEntries(source: Buffer, from: number, to: number, listIssuerKey: string): RevokedEntries {
  if (to > OFFSET_RANGE) throw new BerError('list too large');
  const remembered = new Map<string, EntryExtensions>();
  const extensionsAt = (place: DerElement | null): EntryExtensions => {
    if (place === null) return NO_EXTENSIONS;
    const bytes = source.subarray(place.start, place.end);
    const name = bytes.toString('latin1');
    const known = remembered.get(name) ?? readEntryExtensions(bytes);
    if (remembered.size < REMEMBERED_MAX) remembered.set(name, known);
    return known;
  };
  const issuers = new IssuerRuns();
  const numbers: number[] = [];
  for (let at = from; at < to; ) {
    const entry = elementAt(source, at, to);
    const { serial, extensions } = partsOf(source, entry);
    if (!isMinimalInteger(source.subarray(serial.contentStart, Math.min(serial.contentStart + 2, serial.end))))
      throw new BerError('serial not DER');
    checkTime(source, elementAt(source, serial.end, entry.end));
    const { issuerKey } = extensionsAt(extensions);
    if (issuerKey !== null) issuers.add(at, issuerKey);
    numbers.push(hashOf(source, serial.contentStart, serial.end) * OFFSET_RANGE + at);
    at = entry.end;
  }
  const index = Float64Array.from(numbers).sort();
  remembered.clear();

  return {
    count: index.length,
    namesIssuers: issuers.size > 0,
    find(wanted, issuerKey) {
      const found: RevokedEntry[] = [];
      const hash = hashOf(wanted, 0, wanted.length);
      for (let place = placeOf(index, hash * OFFSET_RANGE); place < index.length; place += 1) {
        const number = index[place] as number;
        if (Math.floor(number / OFFSET_RANGE) !== hash) break;
        const offset = number % OFFSET_RANGE;
        const { serial, extensions } = partsOf(source, elementAt(source, offset, to));
        if (!source.subarray(serial.contentStart, serial.end).equals(wanted)) continue;
        if ((issuers.at(offset) ?? listIssuerKey) !== issuerKey) continue;
        found.push({ reason: extensionsAt(extensions).reason });
      }
      return found;
    },
  };
}
