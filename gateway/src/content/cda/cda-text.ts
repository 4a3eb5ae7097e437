/**
 * The human text of a CDA, for every kind of document: the title and narrative of each section in their order, and the
 * words of a body that is plain text. This is what a reader falls back on, so it is kept whole.
 */

import { decodeClinicalText } from '../text/charset.ts';
import { cleanText } from '../text/clean-text.ts';
import { attributeOf, childElements, childrenNamed, descendantsNamed, localNameOf, textOf } from '../xml/safe-xml.ts';
import { narrativeOf } from './narrative.ts';

const TEXT_NODE = 3;
/** Elements whose `value` is a quantity for people, where others have identifiers and stamps. */
const QUANTITIES: ReadonlySet<string> = new Set([
  'value',
  'low',
  'high',
  'numerator',
  'denominator',
  'doseQuantity',
  'quantity',
]);

export type HumanText = {
  words: string;
  /** Some section had no narrative, and its codes stand in for it. */
  isCoded: boolean;
};

/** `read`: sections whose coded part is shown as results already. */
export function textOfBody(body: Element, read: ReadonlySet<Element>): HumanText {
  if (localNameOf(body) === 'nonXMLBody') {
    const plain = childrenNamed(body, 'text').filter(isPlainText).map(plainWords);
    return { words: joined(plain, '\n\n'), isCoded: false };
  }
  let isCoded = false;
  const blocks = descendantsNamed(body, 'section').map((section) => {
    const titles = childrenNamed(section, 'title').map((title) => narrativeOf(title).replaceAll('\n', ' '));
    const narrative = joined(childrenNamed(section, 'text').map(narrativeOf), '\n');
    const coded = narrative === '' && !read.has(section) ? codedWords(section) : '';
    if (coded !== '') isCoded = true;
    return joined([...titles, narrative, coded], '\n');
  });
  return { words: joined(blocks, '\n\n'), isCoded };
}

const joined = (parts: readonly string[], between: string): string => parts.filter((part) => part !== '').join(between);

/** The words beside the codes of a section without narrative, one a line: rough, but nothing is lost. */
function codedWords(section: Element): string {
  const lines: string[] = [];
  const open = childrenNamed(section, 'entry').toReversed();
  for (let element = open.pop(); element; element = open.pop()) {
    if (attributeOf(element, 'representation').trim().toUpperCase() === 'B64') continue;
    const own: string[] = [];
    for (let node = element.firstChild; node; node = node.nextSibling)
      if (node.nodeType === TEXT_NODE) own.push(node.nodeValue ?? '');
    const quantity = joined([attributeOf(element, 'value').trim(), attributeOf(element, 'unit').trim()], ' ');
    const isQuantity = QUANTITIES.has(localNameOf(element));
    const words = [attributeOf(element, 'displayName'), own.join(' '), isQuantity ? quantity : ''];
    const line = cleanText(
      joined(
        words.map((part) => part.replace(/\s+/g, ' ').trim()),
        ' ',
      ),
    );
    if (line !== '' && line !== lines.at(-1)) lines.push(line);
    for (const child of childElements(element).toReversed()) open.push(child);
  }
  return lines.join('\n');
}

/** A body in words (`mediaType="text/plain"`): it is text to read rather than a file. */
export const isPlainText = (text: Element): boolean =>
  attributeOf(text, 'mediaType').trim().toLowerCase() === 'text/plain';

function plainWords(text: Element): string {
  const isPacked = attributeOf(text, 'representation').trim().toUpperCase() === 'B64';
  const written = textOf(text);
  const words = isPacked ? decodeClinicalText(Buffer.from(written, 'base64'), 'utf-8').text : written;
  return cleanText(words).trim();
}
