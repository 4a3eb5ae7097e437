/**
 * XML from a letter (CDA, METADATA.XML), read safely: decoded by its byte order mark or declaration, bounded in size,
 * depth and number of elements, without document type, entities, network or style sheets (xml-tree.ts).
 * And the few ways to find something in the tree by local name, since prefixes vary from one software to the other;
 * all of them iterative. Never throws for anything in the bytes.
 */

import { XML_LIMITS } from '@estafette/contracts/limits';
import { decodeClinicalText } from '../text/charset.ts';
import type { XmlRefusal } from './xml-tree.ts';
import { xmlTree } from './xml-tree.ts';

export type { XmlRefusal };

const DECLARED_ENCODING = /^\s{0,1000}<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}["']([A-Za-z0-9._-]{1,40})["']/;
/** NUL, tab, line ends, SUB, space, byte order mark. */
const FILLING: readonly number[] = [0x00, 0x09, 0x0a, 0x0d, 0x1a, 0x20, 0xfeff];
const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

export function readXml(bytes: Buffer): Document | { refused: XmlRefusal } {
  if (bytes.length > XML_LIMITS.documentMaxBytes) return { refused: 'xml-too-large' };
  const text = decodeXml(bytes);
  if (text === null) return { refused: 'xml-encoding' };
  // Before the declaration nothing may stand (§2.8); spaces and byte order marks do.
  return xmlTree(withoutEnd(text.replace(/^[\s\ufeff]+/, '')));
}

/** Without the zero bytes and the end-of-file of DOS that old software leaves behind the root. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && FILLING.includes(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** What is written so is UTF-8: a declaration that could be read byte by byte is no UTF-16, whatever it says (.NET). */
const UNICODE_NAME = /^(?:utf-?8|utf-?16(?:[bl]e)?|ucs-?2|unicode|us-ascii|ascii)$/;
/** IANA's names, and those of Java. */
const LATIN_NAME = /^(?:iso[-_]?8859[-_]?(?:1|15)|latin-?[19]|(?:windows|cp)-?1252)$/;
const OTHER_NAME = /^(?:macintosh|x-mac-roman|macroman|(?:ibm|cp)-?850)$/;

/** XML 1.0 appendix F, for what is seen in practice: UTF-8, UTF-16, Latin. Null for any other. */
function decodeXml(bytes: Buffer): string | null {
  const byMark = utf16Of(bytes);
  if (byMark) return new TextDecoder(byMark).decode(bytes);
  const isMarkedUtf8 = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  const declared = DECLARED_ENCODING.exec(bytes.toString('latin1', isMarkedUtf8 ? 3 : 0, 2_048))?.[1]?.toLowerCase();
  if (isMarkedUtf8 || declared === undefined || UNICODE_NAME.test(declared)) return utf8Of(bytes);
  if (OTHER_NAME.test(declared)) return decodeClinicalText(bytes, declared).text;
  if (!LATIN_NAME.test(declared)) return null;
  // Software that writes UTF-8 under a Latin name is common; Latin that happens to be UTF-8 is not.
  return soundUtf8(bytes) ?? new TextDecoder(/(?:15|9)$/.test(declared) ? 'iso-8859-15' : 'windows-1252').decode(bytes);
}

function utf16Of(bytes: Buffer): 'utf-16le' | 'utf-16be' | null {
  const start = bytes.toString('hex', 0, 4);
  if (start.startsWith('fffe') || start === '3c003f00') return 'utf-16le';
  return start.startsWith('feff') || start === '003c003f' ? 'utf-16be' : null;
}

/** What says UTF-8 and is not is decoded by evidence, as every clinical text. */
const utf8Of = (bytes: Buffer): string => soundUtf8(bytes) ?? decodeClinicalText(bytes, 'utf-8').text;

function soundUtf8(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const isElement = (node: Node): node is Element => node.nodeType === ELEMENT_NODE;

/** A name without its prefix. */
export const localNameOf = (node: Element | Attr): string => node.localName ?? node.nodeName;

/** The elements directly inside, of any name. */
export function childElements(parent: Node): Element[] {
  const found: Element[] = [];
  for (let child = parent.firstChild; child; child = child.nextSibling) if (isElement(child)) found.push(child);
  return found;
}

/** The elements of this name directly inside. */
export const childrenNamed = (parent: Node, local: string): Element[] =>
  childElements(parent).filter((child) => localNameOf(child) === local);

/** The first element down a path of local names (`patientRole/patient/name`); null when there is none. */
export function childAt(parent: Node | null, path: string): Element | null {
  return parent === null ? null : (childrenAt(parent, path)[0] ?? null);
}

/** All elements down a path of local names, in the order of the document. */
export function childrenAt(parent: Node, path: string): Element[] {
  let found: Node[] = [parent];
  for (const local of path.split('/')) found = found.flatMap((node) => childrenNamed(node, local));
  return found.filter(isElement);
}

/** All elements of this name inside at any depth (itself not), in the order of the document. */
export function descendantsNamed(root: Node, local: string): Element[] {
  const found: Element[] = [];
  for (let node = following(root, root); node; node = following(node, root))
    if (isElement(node) && localNameOf(node) === local) found.push(node);
  return found;
}

/** The next node in the order of the document, as long as it is inside the root. */
function following(node: Node, root: Node): Node | null {
  if (node.firstChild) return node.firstChild;
  for (let at: Node | null = node; at && at !== root; at = at.parentNode) if (at.nextSibling) return at.nextSibling;
  return null;
}

/** An attribute by its local name, the one without a prefix before others; empty when there is none. */
export function attributeOf(element: Element | null, local: string): string {
  if (!element) return '';
  if (element.hasAttribute(local)) return element.getAttribute(local) ?? '';
  for (let index = 0; index < element.attributes.length; index += 1) {
    const attribute = element.attributes.item(index);
    if (attribute?.prefix && attribute.prefix !== 'xmlns' && localNameOf(attribute) === local) return attribute.value;
  }
  return '';
}

/** All text inside, as it stands; empty for no element. */
export function textOf(element: Element | null): string {
  if (!element) return '';
  const pieces: string[] = [];
  for (let node = following(element, element); node; node = following(node, element))
    if (node.nodeType === TEXT_NODE) pieces.push(node.nodeValue ?? '');
  return pieces.join('');
}
