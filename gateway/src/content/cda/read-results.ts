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
import type { Beside } from './beside-words.ts';
import { besideOf, hasTemplate, isComment, specimenOf } from './beside-words.ts';
import * as codes from './cda-codes.ts';
import { observedValue } from './observed-value.ts';
import type { ActStatus } from './read-observation.ts';
import { actStatusOf, labelOf, readObservation } from './read-observation.ts';
import type { References } from './references.ts';
import { dayOf, printStamp, stampOf } from './time-stamp.ts';

export type ReadResults = {
  /** In the order of the document. */
  results: LabResult[];
  /** Words of the coded part that stand nowhere in the narrative. */
  loose: string[];
  /** Words of the coded part that may stand in the narrative, and of which result they are said. */
  beside: (Beside & { label: string })[];
  /** Points in time at which samples were taken. */
  sampled: string[];
  isUnderWay: boolean;
  /** Sections of which results were read. */
  sections: Set<Element>;
  /** Statements and links whose own words are among `loose`, `beside` or the results. */
  told: Set<Element>;
  warnings: Set<string>;
};

type Visit = {
  statement: Element;
  headings: readonly string[];
  status: ActStatus;
  isLaboratory: boolean;
  /** When what is inside was observed, where it says nothing itself. */
  stamp: string;
  /** The result that this stands in. */
  parent: LabResult | null;
};

const STATEMENTS: ReadonlySet<string> = new Set(
  'act observation organizer procedure encounter substanceAdministration supply'.split(' '),
);
const LINKS: ReadonlySet<string> = new Set(['entryRelationship', 'component', 'entry']);
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
    beside: [],
    sampled: [],
    isUnderWay: false,
    sections: new Set(),
    told: new Set(),
    warnings: new Set(),
  };
  readonly #references: References;
  readonly #open: Visit[] = [];
  readonly #stamps = new Map<LabResult, string>();
  readonly #isolates = new Map<string, Map<string, number>>();

  constructor(references: References) {
    this.#references = references;
  }

  visitEntry(entry: Element, { headings, isLaboratory }: { headings: readonly string[]; isLaboratory: boolean }): void {
    this.#follow(entry, { headings, status: 'completed', isLaboratory, stamp: '', parent: null });
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
    if (isComment(statement)) {
      this.#comment(statement, visit.parent);
      return;
    }
    if (codes.NO_RESULT_CODES.includes(attributeOf(code, 'code').trim())) return;
    if (!MOODS.has(attributeOf(statement, 'moodCode').trim())) return;
    const status = actStatusOf(statement, visit.status);
    const isLaboratory = visit.isLaboratory || hasTemplate(statement, codes.LABORATORY_OBSERVATION_TEMPLATES);
    const stamp = stampOf(childAt(statement, 'effectiveTime')) || visit.stamp;
    let headings = this.withSubject(statement, visit.headings);
    let parent = visit.parent;
    if (isLaboratory) this.#besides(statement, code);
    if (isLaboratory && status === 'active' && name !== 'procedure') this.found.isUnderWay = true;
    if (name === 'organizer') headings = this.#withOrganizer(statement, headings);
    if (name === 'procedure') this.#sample(statement);
    if (name === 'observation' && isLaboratory) {
      const isPanel = !childAt(statement, 'value') && status !== 'aborted' && holdsObservation(statement);
      if (isPanel) headings = headingsWith(headings, labelOf(code, this.#references));
      else parent = this.#result(statement, { headings, status, stamp });
      // What is observed of a germ stands under the germ, also where that is a result itself.
      if (!isPanel && parent !== null && holdsObservation(statement)) headings = headingsWith(headings, nameOf(parent));
    }
    const links = childElements(statement).filter((link) => LINKS.has(localNameOf(link)));
    for (const link of links.toReversed()) {
      if (attributeOf(link, 'typeCode').trim() === 'REFR') this.#formerResults(link, parent);
      else this.#follow(link, { headings, status, isLaboratory, stamp, parent });
    }
  }

  #result(
    observation: Element,
    { headings: around, status, stamp }: Pick<Visit, 'headings' | 'status' | 'stamp'>,
  ): LabResult | null {
    const headings = headingsWith(around, specimenOf(observation, this.#references));
    const { result, warnings } = readObservation(observation, { headings, status, references: this.#references });
    const isEmpty = result.label === '' && result.first.value === '' && result.interpretation === '';
    if (isEmpty) return null;
    for (const warning of warnings) this.found.warnings.add(warning);
    if (warnings.includes('value-in-text') || warnings.includes('result-negated')) {
      const { value, unit } = observedValue(observation, this.#references);
      const isDenied = warnings.includes('result-negated');
      this.found.loose.push(`${isDenied ? '[négation] ' : ''}${result.label} : ${value} ${unit}`.trim());
    }
    this.found.results.push(result);
    this.#stamps.set(result, stamp);
    return result;
  }

  /**
   * A synopsis holds results of many days; so may a report of a laboratory. Then each says its day. One analyte measured
   * again and again on a day (troponin) says the hour: only that tells one result from the other.
   */
  tellDays(isLaboratoryReport: boolean): void {
    const days = new Set([...this.#stamps.values()].filter((stamp) => stamp !== '').map(dayOf));
    const isOfManyDays = !isLaboratoryReport || days.size > 1;
    const hours = new Map<string, Set<string>>();
    const sameAs = ({ headings, label }: LabResult, stamp: string): string =>
      JSON.stringify([headings, label, dayOf(stamp)]);
    for (const [result, stamp] of this.#stamps) {
      const name = sameAs(result, stamp);
      hours.set(name, (hours.get(name) ?? new Set()).add(stamp));
    }
    for (const [result, stamp] of this.#stamps) {
      const isOfManyHours = (hours.get(sameAs(result, stamp))?.size ?? 0) > 1;
      if (stamp !== '' && (isOfManyDays || isOfManyHours))
        result.comments.unshift(`Résultat du ${printStamp(isOfManyHours ? stamp : dayOf(stamp))}`);
    }
  }

  #besides(statement: Element, code: Element | null): void {
    this.found.told.add(statement);
    const found = besideOf(statement, this.#references);
    const label = found.length === 0 ? '' : labelOf(code, this.#references);
    for (const beside of found) this.found.beside.push({ ...beside, label });
  }

  #comment(act: Element, parent: LabResult | null): void {
    this.found.told.add(act);
    const text = childAt(act, 'text');
    const words = this.#references.wordsAt(text);
    if (words === '') return;
    const isLong = words.length > CDA_LIMITS.valueMaxCharacters;
    if (parent && !isLong && parent.comments.length < CDA_LIMITS.commentsMax) parent.comments.push(words);
    else if (textOf(text).trim() !== '') this.found.loose.push(`Commentaire : ${words}`);
  }

  /** A former result stands beside the one of today as words, with its date; never as a result of its own. */
  #formerResults(link: Element, parent: LabResult | null): void {
    this.found.told.add(link);
    for (const text of descendantsNamed(link, 'text')) {
      const words = textOf(text).replace(/\s+/g, ' ').trim();
      if (words !== '') this.found.beside.push({ kind: 'Antériorité', words, label: '' });
    }
    for (const observation of descendantsNamed(link, 'observation')) {
      const { value, unit } = observedValue(observation, this.#references);
      if (value === '') continue;
      const stamp = stampOf(childAt(observation, 'effectiveTime'));
      const label = this.#formerLabel(childAt(observation, 'code'), parent);
      const words = `Antériorité${label}${stamp === '' ? '' : ` ${printStamp(stamp)}`} : ${value} ${unit}`.trim();
      if (parent && words.length <= CDA_LIMITS.valueMaxCharacters && parent.comments.length < CDA_LIMITS.commentsMax)
        parent.comments.push(words);
      else this.found.loose.push(words);
    }
  }

  /** Nothing beside the same analyte: under a battery the former result of another one may stand. */
  #formerLabel(code: Element | null, parent: LabResult | null): string {
    const label = labelOf(code, this.#references);
    return label === '' || (parent !== null && fold(label) === fold(parent.label)) ? '' : ` ${label}`;
  }

  #withOrganizer(organizer: Element, headings: readonly string[]): readonly string[] {
    const germ = this.#isolate(organizer, specimenOf(organizer, this.#references), headings);
    return headingsWith(headingsWith(headings, germ), labelOf(childAt(organizer, 'code'), this.#references));
  }

  /** Two isolates of one germ in one place, told apart by their identifiers as long as the file does. */
  #isolate(organizer: Element, germ: string, headings: readonly string[]): string {
    const id = childAt(organizer, 'specimen/specimenRole/id');
    const written = `${attributeOf(id, 'root').trim()}^${attributeOf(id, 'extension').trim()}`;
    if (germ === '' || written === '^') return germ;
    const place = JSON.stringify([headings, germ]);
    const known = this.#isolates.get(place) ?? new Map<string, number>();
    this.#isolates.set(place, known);
    const rank = known.get(written) ?? known.size + 1;
    known.set(written, rank);
    return rank === 1 ? germ : `${germ} (n° ${rank})`;
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

/** `Culture : Escherichia coli`; figures are no name. */
const nameOf = ({ label, first }: LabResult): string =>
  first.unit === '' && /^\p{L}[^\d]*$/u.test(first.value) ? `${label} : ${first.value}` : label;

const holdsObservation = (statement: Element): boolean =>
  childElements(statement)
    .filter((link) => LINKS.has(localNameOf(link)) && attributeOf(link, 'typeCode').trim() !== 'REFR')
    .some((link) => childElements(link).some((element) => localNameOf(element) === 'observation'));
