/**
 * What the coded part of a laboratory report says beside its values: method, specimen, site, who did it for the
 * laboratory, its own words. The narrative should hold all of it (CDA R2 §4.3.4.2) and often does not; what it does not
 * hold is put behind it, so that nothing is lost.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';
import {
  attributeOf,
  childAt,
  childElements,
  childrenAt,
  childrenNamed,
  localNameOf,
  textOf,
} from '../xml/safe-xml.ts';
import * as codes from './cda-codes.ts';
import { partyName, personName } from './people.ts';
import type { References } from './references.ts';

export type Beside = { kind: string; words: string };

const SPECIMEN = 'specimen/specimenRole/specimenPlayingEntity';
const PRODUCT = 'participantRole/playingEntity';

/** Of one statement, not of what nests in it. Words that a reference leads to are in the narrative already. */
export function besideOf(statement: Element, references: References): Beside[] {
  const named = (kind: string, codes: readonly Element[]): Beside[] =>
    codes.map((code) => ({
      kind,
      words: attributeOf(code, 'displayName').trim() || ownWords(childAt(code, 'originalText')),
    }));
  const products = childrenNamed(statement, 'participant')
    .filter((participant) => attributeOf(participant, 'typeCode').trim() === 'PRD')
    .flatMap((participant) => childrenAt(participant, PRODUCT));
  const authors = childrenAt(statement, 'author/assignedAuthor').map(partyName);
  const validators = childrenNamed(statement, 'participant')
    .filter((participant) => attributeOf(participant, 'typeCode').trim() === 'AUTHEN')
    .map((participant) => personName(childAt(participant, `${PRODUCT}/name`)));
  const found = [
    ...authors.map((words) => ({ kind: 'Auteur', words })),
    ...validators.map((words) => ({ kind: 'Validé par', words })),
    ...childrenNamed(statement, 'text').map((text) => ({ kind: '', words: ownWords(text) })),
    ...named('Méthode', childrenNamed(statement, 'methodCode')),
    ...named('Site', childrenNamed(statement, 'targetSiteCode')),
    ...products.map((product) => ({ kind: 'Prélèvement', words: entityName(product, references) })),
    ...childrenAt(statement, 'performer/assignedEntity').map((party) => ({
      kind: 'Réalisé par',
      words: partyName(party),
    })),
  ];
  return found.filter(({ words }) => words !== '');
}

/** The specimen an observation was made of, where it says so itself. */
export const specimenOf = (observation: Element, references: References): string =>
  childrenAt(observation, SPECIMEN)
    .map((entity) => entityName(entity, references))
    .filter((name) => name !== '')
    .join(', ');

/** What the laboratory wrote before what a terminology calls it (`Genus Streptococcus (organism)`). */
function entityName(entity: Element | null, references: References): string {
  const code = childAt(entity, 'code');
  return (
    references.wordsAt(childAt(code, 'originalText')) ||
    attributeOf(code, 'displayName').replace(/ \(organism\)$/, '') ||
    textOf(childAt(entity, 'name'))
  ).trim();
}

const ownWords = (element: Element | null): string => textOf(element).replace(/\s+/g, ' ').trim();

export const hasTemplate = (element: Element, templates: readonly string[]): boolean =>
  childrenNamed(element, 'templateId').some((template) => templates.includes(attributeOf(template, 'root').trim()));

export function isComment(statement: Element): boolean {
  if (localNameOf(statement) !== 'act') return false;
  const code = attributeOf(childAt(statement, 'code'), 'code').trim();
  return code === codes.COMMENT_CODE || hasTemplate(statement, codes.COMMENT_TEMPLATES);
}

/** What a statement that is told holds beside other statements: told with it. */
const TOLD_WITHIN: ReadonlySet<string> = new Set(['text', 'value', 'referenceRange']);

/** The own words of everything coded in a section, but of the statements that are told as results. */
export function ownTexts(section: Element, told: ReadonlySet<Element>): string[] {
  const found: string[] = [];
  const open = childrenNamed(section, 'entry').toReversed();
  for (let element = open.pop(); element; element = open.pop()) {
    if (isLink(element) && told.has(element)) continue;
    const isText = localNameOf(element) === 'text' && attributeOf(element, 'representation') === '';
    const words = isText ? ownWords(element) : '';
    if (words !== '') found.push(words);
    // A section inside has its own turn.
    const isRead = (name: string): boolean => name !== 'section' && !(told.has(element) && TOLD_WITHIN.has(name));
    const inside = isText ? [] : childElements(element).filter((child) => isRead(localNameOf(child)));
    for (const child of inside.toReversed()) open.push(child);
  }
  return found;
}

const isLink = (element: Element): boolean => attributeOf(element, 'typeCode').trim() === 'REFR';

/** So many and more characters are said wherever they stand; fewer may be a part of another word. */
const SEARCHED_FROM = 12;

/** Whether a narrative says words: as a cell, a line or a part of one, or within a sentence. */
export function saidIn(narrative: string): (words: string) => boolean {
  const parts = new Set(narrative.split(/\n| \| | ; | : /).map(folded));
  const whole = narrative.length <= CDA_LIMITS.searchedNarrativeMaxCharacters ? folded(narrative) : '';
  let left: number = CDA_LIMITS.searchesMax;
  return (words) => {
    const wanted = folded(words);
    if (parts.has(wanted)) return true;
    if (wanted.length < SEARCHED_FROM || left <= 0) return false;
    left -= 1;
    return whole.includes(wanted);
  };
}

const folded = (words: string): string =>
  words
    .replace(/[\s.:]+/g, ' ')
    .replace(/^ ?- /, '')
    .trim()
    .toLowerCase();
