/**
 * What the coded part of a CDA refers to in the narrative (`<reference value="#resultat-01"/>` and `ID="resultat-01"`,
 * CDA R2 §4.3.5.1). The sign # is left out by real software, and found all the same.
 *
 * Many references to one long passage could make the reading long: each is read once, up to a limit, and all of them
 * together look at so many nodes at most.
 */

import { CDA_LIMITS } from '@estafette/contracts/limits';
import { attributeOf, childAt, childElements, descendantsNamed, textOf } from '../xml/safe-xml.ts';
import { wordsWithin } from './narrative.ts';

export class References {
  readonly #elements = new Map<string, Element>();
  readonly #repeated = new Set<string>();
  readonly #words = new Map<Element, string>();
  /** By section: software that begins to count again in each gives one ID several times. */
  readonly #ofSections = new Map<Element, Map<string, Element>>();
  #nodesLeft: number = CDA_LIMITS.referenceNodesMax;

  constructor(body: Element | null) {
    if (!body) return;
    for (const section of descendantsNamed(body, 'section')) {
      const narrative = childAt(section, 'text');
      if (!narrative) continue;
      const own = new Map<string, Element>();
      this.#ofSections.set(section, own);
      this.#collect(narrative, own);
    }
  }

  /** The words behind a reference; empty when it leads nowhere. */
  #wordsOf(reference: Element): string {
    const element = this.#targetOf(reference);
    if (!element) return '';
    const known = this.#words.get(element);
    if (known !== undefined) return known;
    if (this.#nodesLeft <= 0) return '';
    const { words, nodes } = wordsWithin(element, {
      charactersMax: CDA_LIMITS.referenceMaxCharacters,
      nodesMax: this.#nodesLeft,
    });
    this.#nodesLeft -= nodes;
    this.#words.set(element, words);
    return words;
  }

  /** Own words of an element, or those its `reference` leads to (`originalText`, `text`). */
  wordsAt(element: Element | null): string {
    if (!element) return '';
    const own = textOf(element).replace(/\s+/g, ' ').trim();
    if (own !== '') return own;
    const reference = childAt(element, 'reference');
    return reference ? this.#wordsOf(reference) : '';
  }

  /** What the own section calls so, before the first of the document that is called so. */
  #targetOf(reference: Element): Element | undefined {
    const id = attributeOf(reference, 'value').trim().replace(/^#/, '');
    const first = this.#elements.get(id);
    if (!first || !this.#repeated.has(id)) return first;
    for (let at: Node | null = reference; at; at = at.parentNode) {
      const own = this.#ofSections.get(at as Element)?.get(id);
      if (own) return own;
    }
    return first;
  }

  #collect(narrative: Element, own: Map<string, Element>): void {
    const open: Element[] = [narrative];
    for (let element = open.pop(); element; element = open.pop()) {
      const id = (attributeOf(element, 'ID') || attributeOf(element, 'id')).trim();
      // The first of several with the same name, as everywhere in XML.
      if (id !== '') {
        if (this.#elements.has(id)) this.#repeated.add(id);
        else this.#elements.set(id, element);
        if (!own.has(id)) own.set(id, element);
      }
      for (const child of childElements(element).toReversed()) open.push(child);
    }
  }
}
