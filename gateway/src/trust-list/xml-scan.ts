/**
 * Reads XML 1.0 (fifth edition) with namespaces, strictly and in linear time, as far as a trust list needs it: elements,
 * attributes, text, CDATA sections, comments. Refuses document types and with them every entity (no expansion, nothing
 * external), processing instructions, and what lenient parsers mend: a name, a quote or a tag that is missing.
 * The danger is a second parser (xmldom, under xml-crypto) that understands the same bytes otherwise: it is given only
 * what came through here. Apart from content/xml on purpose: that reader forgives what clinical software writes, and must.
 */
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import { isXmlCharacter } from '../ports.ts';
import { ListRefused } from './list-refused.ts';

export interface XmlName {
  /** Empty: none. */
  readonly prefix: string;
  readonly local: string;
  readonly namespace: string;
}

export interface XmlAttribute extends XmlName {
  readonly value: string;
}

export interface XmlElement extends XmlName {
  /** Without namespace declarations. */
  readonly attributes: readonly XmlAttribute[];
  /** Places in the text that is read: of its first character, and behind its start tag. */
  readonly start: number;
  readonly contentStart: number;
}

/** Told what is read, in order. Comments are not told. */
export interface XmlListener {
  open(element: XmlElement): void;
  /** Decoded, with its place; one run of text may come in several pieces. */
  text(piece: string, start: number, end: number): void;
  /** With the place of its end tag, which is empty for an empty-element tag. */
  close(element: XmlElement, start: number, end: number): void;
}

type Namespaces = ReadonlyMap<string, string>;

interface OpenElement {
  readonly element: XmlElement;
  readonly qualified: string;
  readonly namespaces: Namespaces;
}

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
const NAME = '[A-Za-z_][A-Za-z0-9_.-]*';
const DECLARATION = /<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.0"|'1\.0')([^<>?]*)\?>/y;
const ENCODING =
  /^(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*["'](?:utf-8)["'])?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*["'](?:yes|no)["'])?[ \t\n]*$/i;
const START = new RegExp(`<(?:(${NAME}):)?(${NAME})`, 'y');
const ATTRIBUTE = new RegExp(`[ \\t\\n]+(?:(${NAME}):)?(${NAME})[ \\t\\n]*=[ \\t\\n]*(?:"([^"<]*)"|'([^'<]*)')`, 'y');
/** A start tag with nothing but its name, as nearly all are. */
const PLAIN_START = new RegExp(`<(${NAME})>`, 'y');
const START_END = /[ \t\n]*(\/?)>/y;
const END = new RegExp(`</((?:${NAME}:)?${NAME})[ \\t\\n]*>`, 'y');
/** What no XML document may hold (production 2); surrogates cannot come out of UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const REFERENCE = /&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g;
const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const ONLY_SPACE = /^[ \t\n\r]*$/;

const malformed = (detail: string): ListRefused => new ListRefused('list-malformed', detail);

function characterOf(code: number): string {
  if (!isXmlCharacter(code)) throw malformed('a character reference to no character');
  return String.fromCodePoint(code);
}

function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (_all, named?: string, decimal?: string, hexadecimal?: string) => {
    if (named !== undefined) return NAMED[named] ?? '';
    if (decimal !== undefined) return characterOf(Number.parseInt(decimal, 10));
    if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16));
    throw malformed('an entity that XML itself does not define');
  });
}

/** The text with line ends as XML has them (§2.11), checked for characters that may not be there. */
export function normalizedXml(text: string): string {
  if (FORBIDDEN.test(text)) throw malformed('a control character');
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

class Scan {
  readonly #xml: string;
  readonly #listener: XmlListener;
  readonly #stack: OpenElement[] = [];
  #at = 0;
  #elements = 0;
  #isOver = false;

  constructor(xml: string, listener: XmlListener) {
    this.#xml = xml;
    this.#listener = listener;
  }

  run(): void {
    this.#declaration();
    while (this.#at < this.#xml.length) this.#step();
    const open = this.#stack.at(-1);
    if (open !== undefined) throw new ListRefused('list-cut-off', `<${open.qualified}> is never closed`);
    if (!this.#isOver) throw malformed('no element at all');
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#xml);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  #declaration(): void {
    if (!this.#xml.startsWith('<?xml')) return;
    const found = this.#match(DECLARATION);
    if (found === null || !ENCODING.test(found[1] ?? '')) throw malformed('an XML declaration other than of UTF-8');
  }

  #step(): void {
    if (this.#xml[this.#at] !== '<') this.#text();
    else if (this.#xml[this.#at + 1] === '/') this.#close();
    else if (this.#xml[this.#at + 1] === '!') this.#special();
    else if (this.#xml[this.#at + 1] === '?') throw malformed('a processing instruction');
    else this.#open();
  }

  #text(): void {
    const next = this.#xml.indexOf('<', this.#at);
    const end = next < 0 ? this.#xml.length : next;
    const start = this.#at;
    const raw = this.#xml.slice(start, end);
    this.#at = end;
    if (this.#stack.length === 0) {
      if (!ONLY_SPACE.test(raw)) throw malformed('text outside the list');
      return;
    }
    if (raw.includes(']]>')) throw malformed(']]> in text');
    this.#listener.text(decode(raw), start, end);
  }

  #special(): void {
    if (this.#xml.startsWith('<!--', this.#at)) this.#comment();
    else if (this.#xml.startsWith('<![CDATA[', this.#at)) this.#cdata();
    else throw malformed('a document type or an entity declaration');
  }

  #comment(): void {
    const xml = this.#xml;
    const end = xml.indexOf('--', this.#at + 4);
    if (end < 0) throw new ListRefused('list-cut-off', 'a comment is never closed');
    if (xml[end + 2] !== '>') throw malformed('-- within a comment');
    this.#at = end + 3;
  }

  #cdata(): void {
    const xml = this.#xml;
    if (this.#stack.length === 0) throw malformed('text outside the list');
    const end = xml.indexOf(']]>', this.#at);
    if (end < 0) throw new ListRefused('list-cut-off', 'a CDATA section is never closed');
    const start = this.#at;
    this.#at = end + 3;
    this.#listener.text(xml.slice(start + 9, end), start, this.#at);
  }

  #open(): void {
    if (this.#isOver) throw malformed('a second element after the list');
    this.#elements += 1;
    if (this.#elements > TRUST_LIST_LIMITS.elementsMax) throw new ListRefused('list-too-large', 'too many elements');
    if (this.#stack.length >= TRUST_LIST_LIMITS.depthMax) throw malformed('elements nested too deeply');
    const start = this.#at;
    const plain = this.#match(PLAIN_START)?.[1];
    if (plain === undefined) this.#openWithMore(start);
    else this.#opened(this.#elementOf({ prefix: '', local: plain }, start, []), false);
  }

  #openWithMore(start: number): void {
    const found = this.#match(START);
    if (found === null) throw malformed('a tag without a name');
    const [, prefix = '', local = ''] = found;
    const attributes = this.#attributes();
    const end = this.#match(START_END);
    if (end === null) {
      const isCut = this.#xml.indexOf('>', this.#at) < 0;
      throw isCut ? new ListRefused('list-cut-off', `in the tag of <${local}>`) : malformed(`the tag of <${local}>`);
    }
    this.#opened(this.#elementOf({ prefix, local }, start, attributes), end[1] === '/');
  }

  #elementOf(name: RawName, start: number, attributes: readonly RawAttribute[]): OpenElement {
    const { prefix, local } = name;
    const scope = this.#stack.at(-1)?.namespaces ?? NO_NAMESPACES;
    const namespaces = attributes.length === 0 ? scope : scopeWith(scope, attributes);
    const element: XmlElement = {
      prefix,
      local,
      namespace: namespaceOf(prefix, namespaces),
      attributes: attributes.length === 0 ? NO_ATTRIBUTES : ownAttributes(attributes, namespaces),
      start,
      contentStart: this.#at,
    };
    return { element, qualified: prefix === '' ? local : `${prefix}:${local}`, namespaces };
  }

  #opened(open: OpenElement, isEmpty: boolean): void {
    this.#listener.open(open.element);
    if (isEmpty) this.#ended(open.element, this.#at);
    else this.#stack.push(open);
  }

  #attributes(): RawAttribute[] {
    const found: RawAttribute[] = [];
    for (let one = this.#match(ATTRIBUTE); one !== null; one = this.#match(ATTRIBUTE)) {
      if (found.length >= TRUST_LIST_LIMITS.attributesMax) throw malformed('too many attributes');
      const [, prefix = '', local = '', double, single = ''] = one;
      // Attribute-value normalization (§3.3.3): a literal tab or line end is a space, a reference to one is not.
      const value = decode((double ?? single).replace(/[\t\n]/g, ' '));
      if (found.some((other) => other.prefix === prefix && other.local === local))
        throw malformed(`the attribute ${local} twice`);
      found.push({ prefix, local, value });
    }
    return found;
  }

  #close(): void {
    const start = this.#at;
    const open = this.#stack.pop();
    if (open === undefined) throw malformed('an end tag that closes nothing');
    const { qualified, element } = open;
    if (this.#xml.startsWith(`${qualified}>`, start + 2)) this.#at = start + qualified.length + 3;
    else this.#matchEnd(qualified);
    this.#ended(element, start);
  }

  #matchEnd(wanted: string): void {
    if (this.#match(END)?.[1] === wanted) return;
    if (this.#xml.indexOf('>', this.#at) < 0) throw new ListRefused('list-cut-off', 'in an end tag');
    throw malformed(`an end tag that does not close <${wanted.slice(0, 40)}>`);
  }

  #ended(element: XmlElement, start: number): void {
    this.#listener.close(element, start, this.#at);
    if (this.#stack.length === 0) this.#isOver = true;
  }
}

type RawName = Pick<XmlName, 'prefix' | 'local'>;
type RawAttribute = RawName & Pick<XmlAttribute, 'value'>;

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];
const NO_NAMESPACES: Namespaces = new Map([['xml', XML_NAMESPACE]]);

const isDeclaration = ({ prefix, local }: RawAttribute): boolean =>
  prefix === 'xmlns' || (prefix === '' && local === 'xmlns');

/** The namespaces in scope with those an element declares (Namespaces in XML 1.0, §5, §6). */
function scopeWith(scope: Namespaces, attributes: readonly RawAttribute[]): Namespaces {
  const declared = attributes.filter(isDeclaration);
  if (declared.length === 0) return scope;
  const inner = new Map(scope);
  for (const { prefix, local, value } of declared) {
    const name = prefix === '' ? '' : local;
    const isReserved =
      name.toLowerCase().startsWith('xml') || value === XML_NAMESPACE || value.endsWith('/2000/xmlns/');
    if (isReserved || (name !== '' && value === '')) throw malformed('a namespace that may not be declared');
    inner.set(name, value);
  }
  return inner;
}

function namespaceOf(prefix: string, namespaces: Namespaces): string {
  const found = namespaces.get(prefix);
  if (found === undefined && prefix !== '') throw malformed('a prefix without its namespace');
  return found ?? '';
}

function ownAttributes(attributes: readonly RawAttribute[], namespaces: Namespaces): XmlAttribute[] {
  const own = attributes
    .filter((attribute) => !isDeclaration(attribute))
    // The default namespace is not that of attributes.
    .map((one) => ({ ...one, namespace: one.prefix === '' ? '' : namespaceOf(one.prefix, namespaces) }));
  const count = new Set(own.map(({ namespace, local }) => `${namespace} ${local}`)).size;
  if (count < own.length) throw malformed('the same attribute under two prefixes');
  return own;
}

/** Reads a text that `normalizedXml` gave; throws `ListRefused` for what it contains. */
export function scanXml(xml: string, listener: XmlListener): void {
  new Scan(xml, listener).run();
}
