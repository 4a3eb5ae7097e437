/**
 * Reads XML 1.0 with namespaces (fifth edition) into a DOM tree (of xmldom), in one pass without recursion, in linear
 * time. The reading is ours and only the tree is xmldom's, so there is no second parser to understand the bytes otherwise.
 *
 * Refused: document types and with them every entity declaration (§2.8, §4.2: no expansion, nothing external), tags that
 * do not match, more depth, elements or attributes than the limits allow. Processing instructions (`xml-stylesheet`) and
 * comments are passed over. Mended, because real software writes it: characters that XML forbids (U+FFFD instead) and
 * entities that nobody declared (they stay as written).
 */

import { XML_LIMITS } from '@estafette/contracts/limits';
import { DOMImplementation } from '@xmldom/xmldom';
import { isXmlCharacter } from '../../ports.ts';

export type XmlRefusal =
  | 'xml-too-large'
  | 'xml-encoding'
  | 'xml-doctype'
  | 'xml-malformed'
  | 'xml-too-deep'
  | 'xml-too-many-elements';

/** Namespaces in XML §6: those that an element declares, and those in force around it. */
type Prefixes = { declared: ReadonlyMap<string, string>; outer: Prefixes | null; count: number };
type Open = { element: Element; qualified: string; prefixes: Prefixes };
type Attribute = { name: string; value: string };

const NAME =
  /[A-Za-z_\u00c0-\ufffd][A-Za-z0-9_.\-\u00b7-\ufffd]*(?::[A-Za-z_\u00c0-\ufffd][A-Za-z0-9_.\-\u00b7-\ufffd]*)?/y;
const REFERENCE = /&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));/g;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** What no XML document may hold (production 2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const XML_ITSELF: Prefixes = {
  declared: new Map([['xml', 'http://www.w3.org/XML/1998/namespace']]),
  outer: null,
  count: 1,
};

/** The tree of a text that is already decoded, without its byte order mark. */
export function xmlTree(text: string): Document | { refused: XmlRefusal } {
  for (const mark of ['<', '&'])
    if (isMoreThan(text, mark, XML_LIMITS.marksMax)) return { refused: 'xml-too-many-elements' };
  const normalized = text.replace(/\r\n?/g, '\n').replace(FORBIDDEN, '\ufffd').toWellFormed();
  return new TreeReader(normalized).read();
}

function isMoreThan(text: string, mark: string, max: number): boolean {
  let count = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    count += 1;
    if (count > max) return true;
  }
  return false;
}

class TreeReader {
  readonly #xml: string;
  readonly #document: Document = new DOMImplementation().createDocument(null, null);
  readonly #open: Open[] = [];
  #at = 0;
  #words = '';
  #elements = 0;
  #attributes = 0;
  #refused: XmlRefusal | null = null;

  constructor(xml: string) {
    this.#xml = xml;
  }

  read(): Document | { refused: XmlRefusal } {
    while (this.#refused === null && this.#at < this.#xml.length) this.#step();
    const isWhole = this.#open.length === 0 && this.#elements > 0;
    if (this.#refused === null && !isWhole) this.#refused = 'xml-malformed';
    return this.#refused === null ? this.#document : { refused: this.#refused };
  }

  #step(): void {
    const xml = this.#xml;
    const next = xml.indexOf('<', this.#at);
    const end = next < 0 ? xml.length : next;
    if (end > this.#at) this.#text(decoded(xml.slice(this.#at, end)));
    this.#at = end;
    if (next < 0) return;
    if (xml.startsWith('<!--', next)) this.#passOver('-->', 4);
    else if (xml.startsWith('<![CDATA[', next)) this.#plainSection();
    else if (xml.startsWith('<!', next)) this.#refused = 'xml-doctype';
    else if (xml.startsWith('<?', next)) this.#passOver('?>', 2);
    else if (xml.startsWith('</', next)) this.#endTag();
    else this.#startTag();
  }

  #text(words: string): void {
    if (this.#open.length > 0) this.#words += words;
    else if (words.trim() !== '') this.#refused = 'xml-malformed';
  }

  #passOver(mark: string, from: number): void {
    const end = this.#xml.indexOf(mark, this.#at + from);
    if (end < 0) this.#refused = 'xml-malformed';
    else this.#at = end + mark.length;
  }

  #plainSection(): void {
    const start = this.#at + '<![CDATA['.length;
    const end = this.#xml.indexOf(']]>', start);
    if (end < 0) {
      this.#refused = 'xml-malformed';
      return;
    }
    if (this.#open.length === 0) this.#refused = 'xml-malformed';
    this.#text(this.#xml.slice(start, end));
    this.#at = end + 3;
  }

  #endTag(): void {
    const open = this.#open.pop();
    const start = this.#at + 2;
    if (!open || !this.#xml.startsWith(open.qualified, start)) {
      this.#refused = 'xml-malformed';
      return;
    }
    this.#writeWords(open.element);
    this.#at = start + open.qualified.length;
    this.#skipSpace();
    if (this.#xml[this.#at] !== '>') this.#refused = 'xml-malformed';
    this.#at += 1;
  }

  #startTag(): void {
    this.#at += 1;
    const qualified = this.#name();
    const attributes = qualified === null ? null : this.#readAttributes();
    if (qualified === null || attributes === null) {
      this.#refused ??= 'xml-malformed';
      return;
    }
    const isEmpty = this.#xml[this.#at] === '/';
    if (isEmpty) this.#at += 1;
    if (this.#xml[this.#at] !== '>') this.#refused = 'xml-malformed';
    this.#at += 1;
    this.#elements += 1;
    const isSecondRoot = this.#open.length === 0 && this.#elements > 1;
    if (isSecondRoot) this.#refused = 'xml-malformed';
    if (this.#elements > XML_LIMITS.elementsMax) this.#refused = 'xml-too-many-elements';
    if (this.#open.length >= XML_LIMITS.depthMax) this.#refused = 'xml-too-deep';
    if (this.#refused === null) this.#addElement(qualified, attributes, isEmpty);
  }

  #addElement(qualified: string, attributes: readonly Attribute[], isEmpty: boolean): void {
    const parent = this.#open.at(-1);
    const prefixes = prefixesWith(attributes, parent?.prefixes ?? XML_ITSELF);
    if (prefixes.count > XML_LIMITS.prefixesMax) {
      this.#refused = 'xml-malformed';
      return;
    }
    const element = this.#document.createElementNS(namespaceOf(prefixOf(qualified), prefixes), qualified);
    for (const { name, value } of attributes) {
      const prefix = prefixOf(name);
      const namespace = prefix === '' || prefix === 'xmlns' ? null : namespaceOf(prefix, prefixes);
      const attribute = this.#document.createAttributeNS(namespace, name);
      attribute.value = value;
      attribute.nodeValue = value;
      element.setAttributeNode(attribute);
    }
    if (parent) this.#writeWords(parent.element);
    (parent?.element ?? this.#document).appendChild(element);
    if (!isEmpty) this.#open.push({ element, qualified, prefixes });
  }

  #writeWords(parent: Element): void {
    if (this.#words === '') return;
    parent.appendChild(this.#document.createTextNode(this.#words));
    this.#words = '';
  }

  /** Up to the `/` or `>` of the tag; null when it is malformed. */
  #readAttributes(): Attribute[] | null {
    const attributes: Attribute[] = [];
    const seen = new Set<string>();
    for (;;) {
      const before = this.#at;
      this.#skipSpace();
      const character = this.#xml[this.#at];
      if (character === '>' || character === '/') return attributes;
      if (this.#at === before) return null;
      const attribute = this.#attribute();
      if (attribute === null || seen.has(attribute.name)) return null;
      seen.add(attribute.name);
      attributes.push(attribute);
      this.#attributes += 1;
      const isTooMany =
        attributes.length > XML_LIMITS.attributesPerElementMax || this.#attributes > XML_LIMITS.attributesMax;
      if (isTooMany) {
        this.#refused = 'xml-too-many-elements';
        return null;
      }
    }
  }

  #attribute(): Attribute | null {
    const name = this.#name();
    this.#skipSpace();
    if (name === null || this.#xml[this.#at] !== '=') return null;
    this.#at += 1;
    this.#skipSpace();
    const quote = this.#xml[this.#at];
    if (quote !== '"' && quote !== "'") return null;
    const end = this.#xml.indexOf(quote, this.#at + 1);
    if (end < 0) return null;
    // §3.3.3: white space in a value is a space, unless it is written as a reference.
    const value = decoded(this.#xml.slice(this.#at + 1, end).replace(/[\t\n]/g, ' '));
    this.#at = end + 1;
    return { name, value };
  }

  #name(): string | null {
    NAME.lastIndex = this.#at;
    const found = NAME.exec(this.#xml)?.[0] ?? null;
    if (found === null || found.length > XML_LIMITS.nameMaxCharacters) return null;
    this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    while (isSpace(this.#xml.charCodeAt(this.#at))) this.#at += 1;
  }
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x09 || code === 0x0d;

const prefixOf = (qualified: string): string => {
  const colon = qualified.indexOf(':');
  return colon < 0 ? '' : qualified.slice(0, colon);
};

function prefixesWith(attributes: readonly Attribute[], outer: Prefixes): Prefixes {
  const isDeclaration = ({ name }: Attribute): boolean => name === 'xmlns' || name.startsWith('xmlns:');
  const declarations = attributes.filter(isDeclaration);
  if (declarations.length === 0) return outer;
  const declared = new Map(declarations.map(({ name, value }) => [name.slice('xmlns:'.length), value]));
  return { declared, outer, count: outer.count + declared.size };
}

function namespaceOf(prefix: string, prefixes: Prefixes): string | null {
  for (let at: Prefixes | null = prefixes; at; at = at.outer) {
    const found = at.declared.get(prefix);
    if (found !== undefined) return found === '' ? null : found;
  }
  return null;
}

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (_all, named?: string, decimal?: string, hexadecimal?: string) => {
    if (named !== undefined) return NAMED[named] ?? '';
    return characterOf(decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number.parseInt(decimal, 10));
  });
}

const characterOf = (code: number): string => (isXmlCharacter(code) ? String.fromCodePoint(code) : '\ufffd');
