/**
 * The human text of a CDA, for every kind of document: the title and narrative of each section in their order, and the
 * words of a body that is plain text. This is what a reader falls back on, so it is kept whole.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';
import { cleanText } from '../text/clean-text.ts';
import {
  attributeOf,
  childAt,
  childElements,
  childrenAt,
  childrenNamed,
  descendantsNamed,
  localNameOf,
} from '../xml/safe-xml.ts';
import { ownTexts, saidIn } from './beside-words.ts';
import { isPlainText, plainWords } from './encapsulated.ts';
import { narrativeOf } from './narrative.ts';
import { partyName, personName } from './people.ts';
import { printUnit } from './print-unit.ts';
import { printStamp } from './time-stamp.ts';
import { isTrue } from './truth.ts';

const TEXT_NODE = 3;
/** Elements whose `value` is a quantity for people, where others have identifiers and stamps. */
const QUANTITIES: ReadonlySet<string> = new Set([
  'value',
  'low',
  'high',
  'center',
  'width',
  'period',
  'numerator',
  'denominator',
  'doseQuantity',
  'rateQuantity',
  'repeatNumber',
  'quantity',
]);
const TIMES: ReadonlySet<string> = new Set(['effectiveTime', 'expirationTime']);

export type HumanText = {
  words: string;
  /** Some section had no narrative, and its codes stand in for it. */
  isCoded: boolean;
};

/** `sections`: those whose coded part is shown as results already; `told`: what of it (read-results.ts). */
type Shown = { sections: ReadonlySet<Element>; told: ReadonlySet<Element> };

export function textOfBody(body: Element, { sections: read, told }: Shown): HumanText {
  if (localNameOf(body) === 'nonXMLBody') {
    const plain = childrenNamed(body, 'text').filter(isPlainText).map(plainWords);
    return { words: joined(plain, '\n\n'), isCoded: false };
  }
  let isCoded = false;
  const blocks = descendantsNamed(body, 'section').map((section) => {
    const titles = childrenNamed(section, 'title').map((title) => narrativeOf(title).replaceAll('\n', ' '));
    titles.push(...ofWhom(section));
    const narrative = joined(childrenNamed(section, 'text').map(narrativeOf), '\n');
    const coded = narrative === '' && !read.has(section) ? codedWords(section) : '';
    if (coded !== '') isCoded = true;
    const isAllCoded = narrative === '' && !read.has(section);
    const beside = isAllCoded ? [] : notIn(narrative, ownTexts(section, told));
    return joined([...titles, narrative, coded, ...beside], '\n');
  });
  return { words: joined(blocks, '\n\n'), isCoded };
}

function notIn(narrative: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const isSaid = saidIn(narrative);
  return [...new Set(texts)].filter((words) => !isSaid(words)).map((words) => cleanText(words));
}

/** A section about somebody else (the mother, the child) or by somebody else says so (CDA R2 §4.3.4). */
function ofWhom(section: Element): string[] {
  const subject = childAt(section, 'subject/relatedSubject');
  const relation = attributeOf(childAt(subject, 'code'), 'displayName').trim();
  const about = joined([relation, personName(childAt(subject, 'subject/name'))], ' ');
  const authors = childrenAt(section, 'author/assignedAuthor')
    .map(partyName)
    .filter((name) => name !== '');
  return [
    about === '' ? '' : `Concerne : ${about}`,
    authors.length === 0
      ? ''
      : `Auteur de la section : ${[...new Set(authors)].slice(0, CDA_LIMITS.namesMax).join(' ; ')}`,
  ].filter((line) => line !== '');
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
    const isDenied = isTrue(attributeOf(element, 'negationInd'));
    const words = [
      isDenied ? '[négation]' : '',
      attributeOf(element, 'displayName'),
      own.join(' '),
      figuresOf(element),
    ];
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

function figuresOf(element: Element): string {
  const name = localNameOf(element);
  const isOfTime = element.parentNode?.nodeType === 1 && TIMES.has(localNameOf(element.parentNode as Element));
  const value = attributeOf(element, 'value').trim();
  const unit = attributeOf(element, 'unit').trim();
  if (TIMES.has(name) || (isOfTime && unit === '')) return printStamp(value);
  if (!QUANTITIES.has(name)) return '';
  return value === 'true' ? 'oui' : value === 'false' ? 'non' : joined([value, printUnit(unit)], ' ');
}
