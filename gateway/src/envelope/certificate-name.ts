/**
 * Distinguished names (RFC 5280 §4.1.2.4) in a form in which equal names are equal strings (§7.1): letter case and
 * runs of spaces do not count, nor does the string type. The danger is a name that only looks like another: nothing
 * invisible is dropped (zero width, soft hyphen), no look-alike is folded onto a letter (KELVIN SIGN is no K), and text
 * that cannot be decoded for certain is compared as bytes.
 */
import { foldedText } from '../ports.ts';
import { BerError, type BerNode, contentOf, isUniversal, oidOf, rawOf, sequenceOf, setOf, TAG } from './ber.ts';

export interface NamePart {
  readonly type: string;
  readonly text: string;
}

export interface Name {
  readonly parts: readonly NamePart[];
  /** Equal for equal names, and only for them. */
  readonly key: string;
  /** The same for each relative distinguished name, in order. */
  readonly rdnKeys: readonly string[];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a directory string or IA5String; null for a type that is not text. */
function textOf(node: BerNode): string | null {
  if (node.tagClass !== 0 || node.constructed) return null;
  const content = contentOf(node);
  switch (node.tag) {
    case TAG.utf8String:
      return content.toString('utf8');
    case TAG.printableString:
    case TAG.ia5String:
    case TAG.t61String:
      return content.toString('latin1');
    case TAG.bmpString:
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : null;
    default:
      return null;
  }
}

/** Text of a directory string if it can be decoded for certain; null otherwise, also for what is not text. */
function certainTextOf(value: BerNode): string | null {
  const content = contentOf(value);
  if (isUniversal(value, TAG.utf8String)) {
    try {
      return utf8.decode(content);
    } catch {
      return null;
    }
  }
  const text = textOf(value);
  if (text === null) return null;
  if (isUniversal(value, TAG.bmpString)) return text.isWellFormed() ? text : null;
  // What T61String means beyond ASCII depends on who wrote it; the others are ASCII.
  return content.every((octet) => octet < 0x80) ? text : null;
}

const comparableText = (text: string): string =>
  foldedText(text)
    .replace(/^ +| +$/g, '')
    .replace(/ {2,}/g, ' ');

function readAttribute(attribute: BerNode): { part: NamePart | null; key: string } {
  const [type, value, ...more] = sequenceOf(attribute);
  if (value === undefined || more.length > 0) throw new BerError('attribute without its one value');
  const oid = oidOf(type);
  const text = certainTextOf(value);
  const shown = text ?? textOf(value);
  if (shown?.includes('\0') === true) throw new BerError('NUL in a name');
  const comparable = text === null ? `#${rawOf(value).toString('hex')}` : JSON.stringify(comparableText(text));
  return { part: shown === null ? null : { type: oid, text: shown }, key: `${oid}=${comparable}` };
}

function readRdn(rdn: BerNode): { parts: NamePart[]; key: string } {
  const attributes = setOf(rdn).map(readAttribute);
  if (attributes.length === 0) throw new BerError('relative name without attribute');
  return {
    parts: attributes.flatMap(({ part }) => (part === null ? [] : [part])),
    key: attributes
      .map(({ key }) => key)
      .sort()
      .join('+'),
  };
}

const nameOf = (rdns: readonly { parts: NamePart[]; key: string }[]): Name => {
  const rdnKeys = rdns.map(({ key }) => key);
  return { parts: rdns.flatMap(({ parts }) => parts), rdnKeys, key: rdnKeys.join(',') };
};

/** Reads a Name; throws `BerError`, also for a NUL in it. */
export function readName(node: BerNode | undefined): Name {
  return nameOf(sequenceOf(node).map(readRdn));
}

/** The key of a name below another by one relative name (nameRelativeToCRLIssuer; the SET is implicitly tagged). */
export function relativeNameKey(base: Name, rdn: BerNode): string {
  if (!rdn.constructed || rdn.children.length === 0) throw new BerError('relative name malformed');
  const attributes = rdn.children.map((attribute) => readAttribute(attribute).key);
  return [...base.rdnKeys, attributes.sort().join('+')].join(',');
}
