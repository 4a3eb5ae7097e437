/**
 * Writes XML 1.0: elements as plain values, attributes in the order given, everything escaped; the same value makes the
 * same bytes. A character that XML cannot hold (a control, half a surrogate pair) is written as its code, `[U+0007]`:
 * neither dropped, nor able to make the file unreadable.
 */

export interface XmlElement {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
  readonly children: readonly (XmlElement | string)[];
}

export type XmlChild = XmlElement | string | null | undefined | readonly XmlElement[];

/** Children that are null are left out. */
export function element(name: string, attributes: XmlElement['attributes'] = {}, ...children: XmlChild[]): XmlElement {
  const present = children.filter((child) => child !== null && child !== undefined);
  return { name, attributes, children: present.flatMap((child) => child as XmlElement | string) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML 1.0 §2.2 leaves out
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const ESCAPES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

const writable = (text: string): string =>
  text
    .toWellFormed()
    .replace(FORBIDDEN, (one) => `[U+${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
const escapeText = (text: string): string => writable(text).replace(/[&<>\r]/g, (one) => ESCAPES[one] ?? one);
const escapeValue = (text: string): string => writable(text).replace(/[&<>"\t\n\r]/g, (one) => ESCAPES[one] ?? one);

/** A document in UTF-8, with its prolog. */
export function writeXml(root: XmlElement): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${written(root, '')}\n`);
}

function written({ name, attributes, children }: XmlElement, indentation: string): string {
  const values = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeValue(value)}"`);
  const open = `${indentation}<${name}${values.join('')}`;
  if (children.length === 0) return `${open}/>`;
  // Where there are words, white space would be part of them.
  if (children.some((child) => typeof child === 'string'))
    return `${open}>${children.map((child) => (typeof child === 'string' ? escapeText(child) : written(child, ''))).join('')}</${name}>`;
  const inner = children.map((child) => (typeof child === 'string' ? '' : written(child, `${indentation}  `)));
  return `${open}>\n${inner.join('\n')}\n${indentation}</${name}>`;
}
