/**
 * The canonical form (Exclusive XML Canonicalization 1.0, without comments) of a list without its one signature: the
 * octets that were signed if the signature is right, and the only thing the list is read from. xml-crypto brings its
 * own, over a DOM and XPath: quadratic, half a minute for ten thousand rows. Nothing rests on this one being right:
 * what it gives is what is digested and what is read, so a mistake can only refuse a good list.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { ListRefused } from './list-refused.ts';
import { normalizedXml, scanXml, type XmlAttribute, type XmlElement, type XmlListener } from './xml-scan.ts';

export const LIST_NAMESPACE = 'https://listeblanche.mssante.fr/schema';
export const LIST_ROOT = 'ListeBlancheMSSante';
export const SIGNATURE_NAMESPACE = 'http://www.w3.org/2000/09/xmldsig#';

export interface CanonicalList {
  readonly canonical: string;
  /** The root element with nothing in it but the signature, as they came; null: the list is not signed. */
  readonly signatureAlone: string | null;
}

/** Namespaces written on the way down to an element, by prefix. */
type Rendered = ReadonlyMap<string, string>;

const TEXT_SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' };
const VALUE_SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

const SPECIAL = /[&<>\r]/;
const canonicalText = (text: string): string => text.replace(/[&<>\r]/g, (sign) => TEXT_SIGNS[sign] ?? sign);
const canonicalValue = (text: string): string => text.replace(/[&<"\t\n\r]/g, (sign) => VALUE_SIGNS[sign] ?? sign);
const qualified = ({ prefix, local }: { prefix: string; local: string }): string =>
  prefix === '' ? local : `${prefix}:${local}`;
const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Writes the canonical form of what it is told, leaving the signature out. What is canonical already is taken over in
 * long runs: a million little pieces would cost more than reading them.
 */
class CanonicalWriter implements XmlListener {
  readonly #xml: string;
  #written = '';
  #runStart = 0;
  #runEnd = 0;
  root: XmlElement | null = null;
  signature: { readonly start: number; readonly end: number } | null = null;
  readonly #rendered: Rendered[] = [new Map([['', '']])];
  #depth = 0;
  #signatureDepth: number | null = null;

  constructor(xml: string) {
    this.#xml = xml;
  }

  canonical(): string {
    this.#write('');
    return this.#written;
  }

  #take(start: number, end: number): void {
    if (start !== this.#runEnd) {
      this.#write('');
      this.#runStart = start;
    }
    this.#runEnd = end;
  }

  #write(text: string): void {
    this.#written += this.#xml.slice(this.#runStart, this.#runEnd) + text;
    this.#runStart = this.#runEnd;
  }

  open(element: XmlElement): void {
    this.#depth += 1;
    if (this.#depth === 1) this.root = element;
    if (element.local === 'Signature' && element.namespace === SIGNATURE_NAMESPACE) this.#enterSignature();
    if (this.#signatureDepth !== null) return;
    const parent = this.#rendered.at(-1) as Rendered;
    if (element.attributes.length === 0 && parent.get(element.prefix) === element.namespace) {
      this.#rendered.push(parent);
      const { start, contentStart, local } = element;
      // `<name>` as it stands, with no space and nothing declared that is not used.
      if (element.prefix === '' && contentStart - start === local.length + 2) this.#take(start, contentStart);
      else this.#write(`<${qualified(element)}>`);
      return;
    }
    this.#openWithMore(element, parent);
  }

  text(piece: string, start: number, end: number): void {
    if (this.#signatureDepth !== null) return;
    // As long as it came, and with nothing in it to be escaped: neither a reference nor a CDATA section.
    if (piece.length === end - start && !SPECIAL.test(piece)) this.#take(start, end);
    else this.#write(canonicalText(piece));
  }

  close(element: XmlElement, start: number, end: number): void {
    const isSignature = this.#signatureDepth === this.#depth;
    this.#depth -= 1;
    if (isSignature) {
      this.#signatureDepth = null;
      this.signature = { start: element.start, end };
    } else if (this.#signatureDepth === null) {
      this.#rendered.pop();
      const name = qualified(element);
      if (end - start === name.length + 3) this.#take(start, end);
      else this.#write(`</${name}>`);
    }
  }

  #enterSignature(): void {
    if (this.#depth !== 2 || this.signature !== null || this.#signatureDepth !== null)
      throw new ListRefused('list-signature-form', 'a signature elsewhere than once, directly in the list');
    this.#signatureDepth = this.#depth;
  }

  /** Namespaces that are visibly used and not written yet (§3), then the attributes by namespace and name. */
  #openWithMore(element: XmlElement, parent: Rendered): void {
    const rendered = new Map(parent);
    const used = new Map([element, ...element.attributes.filter(({ prefix }) => prefix !== '')].map(prefixed));
    this.#write(`<${qualified(element)}`);
    for (const [prefix, namespace] of [...used].sort(([a], [b]) => byCodePoint(a, b))) {
      if (prefix === 'xml' || rendered.get(prefix) === namespace) continue;
      rendered.set(prefix, namespace);
      this.#write(` xmlns${prefix === '' ? '' : `:${prefix}`}="${canonicalValue(namespace)}"`);
    }
    for (const attribute of [...element.attributes].sort(byName))
      this.#write(` ${qualified(attribute)}="${canonicalValue(attribute.value)}"`);
    this.#write('>');
    this.#rendered.push(rendered);
  }
}

const prefixed = ({ prefix, namespace }: XmlElement | XmlAttribute): [string, string] => [prefix, namespace];
const byName = (a: XmlAttribute, b: XmlAttribute): number =>
  byCodePoint(a.namespace, b.namespace) || byCodePoint(a.local, b.local);

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  if (bytes.length > TRUST_LIST_LIMITS.listMaxBytes) throw new ListRefused('list-too-large');
  try {
    return normalizedXml(utf8.decode(bytes));
  } catch (error) {
    if (error instanceof ListRefused) throw error;
    throw new ListRefused('list-malformed', 'not UTF-8');
  }
}

/** Takes a list apart into what was signed and its signature; throws `ListRefused` for what the bytes contain. */
export function canonicalList(bytes: Uint8Array): CanonicalList {
  const xml = textOf(bytes);
  const writer = new CanonicalWriter(xml);
  try {
    scanXml(xml, writer);
  } catch (error) {
    if (!(error instanceof ListRefused) || error.code !== 'list-cut-off' || writer.signature !== null) throw error;
    throw new ListRefused('list-cut-off', `${error.detail}, and up to there it carries no signature`);
  }
  const { root, signature } = writer;
  if (root === null || root.local !== LIST_ROOT || root.namespace !== LIST_NAMESPACE)
    throw new ListRefused('list-malformed', `the outermost element is not ${LIST_ROOT} of its namespace`);
  const canonical = writer.canonical();
  if (signature === null) return { canonical, signatureAlone: null };
  if (signature.end - signature.start > TRUST_LIST_LIMITS.signatureMaxCharacters)
    throw new ListRefused('list-signature-form', 'the signature is too large');
  const start = xml.slice(root.start, root.contentStart);
  return {
    canonical,
    signatureAlone: `${start}${xml.slice(signature.start, signature.end)}</${qualified(root)}>`,
  };
}
