/**
 * Walks the coded entries of a CDA and gathers the laboratory's results under their headings: chapter, sub-chapter,
 * germ, antibiogram (clinical-formats A.2.4). Acts, organizers, procedures and observations nest in any order and depth;
 * the walk has no recursion and visits each once.
 *
 * The danger is a number that is not what it seems: a former result (REFR), one about somebody else (subject), one only
 * planned (moodCode), one that says what kind of file is attached. None of them becomes a result of this patient now.
 */

import type { LabResult } from '@estafette/contracts/document';
import { CDA_LIMITS } from '@estafette/contracts/limits';
import {
  attributeOf,
  childAt,
  childElements,
  childrenNamed,
  descendantsNamed,
  localNameOf,
  textOf,
} from '../xml/safe-xml.ts';
import * as codes from './cda-codes.ts';
import { observedValue } from './observed-value.ts';
import type { ActStatus } from './read-observation.ts';
import { actStatusOf, labelOf, readObservation } from './read-observation.ts';
import type { References } from './references.ts';
import { printStamp } from './time-stamp.ts';

export type ReadResults = {
  /** In the order of the document. */
  results: LabResult[];
  /** Words of the coded part that stand nowhere in the narrative. */
  loose: string[];
  /** Points in time at which samples were taken. */
  sampled: string[];
  isUnderWay: boolean;
  /** Sections of which results were read. */
  sections: Set<Element>;
  warnings: Set<string>;
};

type Visit = {
  statement: Element;
  headings: readonly string[];
  status: ActStatus;
  isLaboratory: boolean;
  /** The result that this stands in. */
  parent: LabResult | null;
};

const STATEMENTS: ReadonlySet<string> = new Set(['act', 'observation', 'organizer', 'procedure', 'encounter']);
const LINKS: ReadonlySet<string> = new Set(['entryRelationship', 'component', 'entry']);
/** Of `YYYYMMDD…`. */
const DAY_CHARACTERS = 8;
const MOODS: ReadonlySet<string> = new Set(['', 'EVN']);

export function readResults(
  body: Element,
  { references, typeCode }: { references: References; typeCode: string },
): ReadResults {
  const walk = new ResultWalk(references);
  const sections = descendantsNamed(body, 'section');
  const isMarked = sections.some((section) => childrenNamed(section, 'entry').some(isLaboratoryEntry));
  const isPlainLaboratory = !isMarked && codes.LABORATORY_TYPES.includes(typeCode);
  const headings = new Map<Element, readonly string[]>();
  for (const section of sections) {
    const above = headings.get(sectionAround(section) ?? section) ?? [];
    const own = walk.withSubject(section, headingsWith(above, sectionTitle(section)));
    headings.set(section, own);
    if (codes.NO_RESULT_CODES.includes(attributeOf(childAt(section, 'code'), 'code').trim())) continue;
    const before = walk.found.results.length;
    for (const entry of childrenNamed(section, 'entry')) {
      walk.visitEntry(entry, { headings: own, isLaboratory: isPlainLaboratory || isLaboratoryEntry(entry) });
    }
    if (walk.found.results.length > before) walk.found.sections.add(section);
  }
  walk.tellDays(codes.LABORATORY_TYPES.includes(typeCode));
  return walk.found;
}

const hasTemplate = (element: Element, templates: readonly string[]): boolean =>
  childrenNamed(element, 'templateId').some((template) => templates.includes(attributeOf(template, 'root').trim()));

const isLaboratoryEntry = (entry: Element): boolean =>
  hasTemplate(entry, codes.LABORATORY_ENTRY_TEMPLATES) ||
  childElements(entry).some((act) => hasTemplate(act, codes.LABORATORY_ENTRY_TEMPLATES));

/** `section/component/section`. */
function sectionAround(section: Element): Element | null {
  const around = section.parentNode?.parentNode ?? null;
  return around?.nodeType === 1 ? (around as Element) : null;
}

function sectionTitle(section: Element): string {
  const title = textOf(childAt(section, 'title'));
  return title.trim() !== '' ? title : attributeOf(childAt(section, 'code'), 'displayName');
}

/** `BIOCHIMIE` under `Biochimie` says nothing new. */
function headingsWith(above: readonly string[], title: string): readonly string[] {
  const written = title.replace(/\s+/g, ' ').trim().slice(0, CDA_LIMITS.headingMaxCharacters);
  const last = above.at(-1) ?? '';
  if (written === '' || above.length >= CDA_LIMITS.headingsMax || fold(written) === fold(last)) return above;
  return [...above, written];
}

const fold = (words: string): string => words.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

class ResultWalk {
  readonly found: ReadResults = {
    results: [],
    loose: [],
    sampled: [],
    isUnderWay: false,
    sections: new Set(),
    warnings: new Set(),
  };
  readonly #references: References;
  readonly #open: Visit[] = [];
  readonly #days = new Map<LabResult, string>();

  constructor(references: References) {
    this.#references = references;
  }

  visitEntry(entry: Element, { headings, isLaboratory }: { headings: readonly string[]; isLaboratory: boolean }): void {
    this.#follow(entry, { headings, status: 'completed', isLaboratory, parent: null });
    for (let visit = this.#open.pop(); visit; visit = this.#open.pop()) this.#visit(visit);
  }

  /** Puts the statements directly inside on the pile, so that the first comes off first. */
  #follow(link: Element, visit: Omit<Visit, 'statement'>): void {
    const statements = childElements(link).filter((element) => STATEMENTS.has(localNameOf(element)));
    for (const statement of statements.toReversed()) this.#open.push({ ...visit, statement });
  }

  #visit(visit: Visit): void {
    const { statement } = visit;
    const name = localNameOf(statement);
    const code = childAt(statement, 'code');
    if (isComment(statement, code)) {
      this.#comment(statement, visit.parent);
      return;
    }
    if (codes.NO_RESULT_CODES.includes(attributeOf(code, 'code').trim())) return;
    if (!MOODS.has(attributeOf(statement, 'moodCode').trim())) return;
    const status = actStatusOf(statement, visit.status);
    const isLaboratory = visit.isLaboratory || hasTemplate(statement, codes.LABORATORY_OBSERVATION_TEMPLATES);
    let headings = this.withSubject(statement, visit.headings);
    let parent = visit.parent;
    if (isLaboratory && status === 'active' && name !== 'procedure') this.found.isUnderWay = true;
    if (name === 'organizer') headings = this.#withOrganizer(statement, headings);
    if (name === 'procedure') this.#sample(statement);
    if (name === 'observation' && isLaboratory) {
      const isPanel = !childAt(statement, 'value') && status !== 'aborted' && holdsObservation(statement);
      if (isPanel) headings = headingsWith(headings, labelOf(code, this.#references));
      else parent = this.#result(statement, { headings, status });
    }
    const links = childElements(statement).filter((link) => LINKS.has(localNameOf(link)));
    for (const link of links.toReversed()) {
      if (attributeOf(link, 'typeCode').trim() === 'REFR') this.#formerResults(link, parent);
      else this.#follow(link, { headings, status, isLaboratory, parent });
    }
  }

  #result(observation: Element, { headings, status }: Pick<Visit, 'headings' | 'status'>): LabResult | null {
    const { result, warnings } = readObservation(observation, { headings, status, references: this.#references });
    const isEmpty = result.label === '' && result.first.value === '' && result.interpretation === '';
    if (isEmpty) return null;
    for (const warning of warnings) this.found.warnings.add(warning);
    if (warnings.includes('value-in-text'))
      this.found.loose.push(`${result.label} : ${observedValue(observation, this.#references).value}`);
    this.found.results.push(result);
    this.#days.set(result, stampOf(childAt(observation, 'effectiveTime')).slice(0, DAY_CHARACTERS));
    return result;
  }

  /** A synopsis holds results of many days; so may a report of a laboratory. Then each says its day. */
  tellDays(isLaboratoryReport: boolean): void {
    const days = new Set([...this.#days.values()].filter((day) => day !== ''));
    if (isLaboratoryReport && days.size <= 1) return;
    for (const [result, day] of this.#days) if (day !== '') result.comments.unshift(`Résultat du ${printStamp(day)}`);
  }

  #comment(act: Element, parent: LabResult | null): void {
    const text = childAt(act, 'text');
    const words = this.#references.wordsAt(text);
    if (words === '') return;
    const isLong = words.length > CDA_LIMITS.valueMaxCharacters;
    if (parent && !isLong && parent.comments.length < CDA_LIMITS.commentsMax) parent.comments.push(words);
    else if (textOf(text).trim() !== '') this.found.loose.push(`Commentaire : ${words}`);
  }

  /** A former result stands beside the one of today as words, with its date; never as a result of its own. */
  #formerResults(link: Element, parent: LabResult | null): void {
    for (const observation of descendantsNamed(link, 'observation')) {
      const { value, unit } = observedValue(observation, this.#references);
      if (value === '') continue;
      const stamp = stampOf(childAt(observation, 'effectiveTime'));
      const label = parent ? '' : ` ${labelOf(childAt(observation, 'code'), this.#references)}`;
      const words = `Antériorité${label}${stamp === '' ? '' : ` ${printStamp(stamp)}`} : ${value} ${unit}`.trim();
      if (parent && words.length <= CDA_LIMITS.valueMaxCharacters && parent.comments.length < CDA_LIMITS.commentsMax)
        parent.comments.push(words);
      else this.found.loose.push(words);
    }
  }

  #withOrganizer(organizer: Element, headings: readonly string[]): readonly string[] {
    const germ = childAt(organizer, 'specimen/specimenRole/specimenPlayingEntity');
    const code = childAt(germ, 'code');
    // What the laboratory wrote before what a terminology calls it (`Genus Streptococcus (organism)`).
    const name =
      this.#references.wordsAt(childAt(code, 'originalText')) ||
      attributeOf(code, 'displayName').replace(/ \(organism\)$/, '') ||
      textOf(childAt(germ, 'name'));
    return headingsWith(headingsWith(headings, name), labelOf(childAt(organizer, 'code'), this.#references));
  }

  /** A result about the mother, the child, a donor: said above it, and warned of. */
  withSubject(statement: Element, headings: readonly string[]): readonly string[] {
    const subject = childAt(statement, 'subject');
    if (!subject) return headings;
    this.found.warnings.add('other-subject');
    const name = labelOf(childAt(subject, 'relatedSubject/code'), this.#references);
    return headingsWith(headings, `Concerne : ${name || 'une autre personne'}`);
  }

  #sample(procedure: Element): void {
    const stamp = stampOf(childAt(procedure, 'effectiveTime'));
    if (stamp !== '') this.found.sampled.push(stamp);
  }
}

/** A point in time, or where a span begins or ends. */
const stampOf = (time: Element | null): string =>
  [time, childAt(time, 'low'), childAt(time, 'high')]
    .map((at) => attributeOf(at, 'value').trim())
    .find((value) => value !== '') ?? '';

function isComment(statement: Element, code: Element | null): boolean {
  if (localNameOf(statement) !== 'act') return false;
  return attributeOf(code, 'code').trim() === codes.COMMENT_CODE || hasTemplate(statement, codes.COMMENT_TEMPLATES);
}

const holdsObservation = (statement: Element): boolean =>
  childElements(statement)
    .filter((link) => LINKS.has(localNameOf(link)) && attributeOf(link, 'typeCode').trim() !== 'REFR')
    .some((link) => childElements(link).some((element) => localNameOf(element) === 'observation'));
