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
  readonly #words = new Map<string, string>();
  #nodesLeft: number = CDA_LIMITS.referenceNodesMax;

  constructor(body: Element | null) {
    if (!body) return;
    for (const section of descendantsNamed(body, 'section')) {
      const narrative = childAt(section, 'text');
      if (narrative) this.#collect(narrative);
    }
  }

  /** The words behind a reference; empty when it leads nowhere. */
  wordsOf(target: string): string {
    const id = target.trim().replace(/^#/, '');
    const known = this.#words.get(id);
    if (known !== undefined) return known;
    const element = this.#elements.get(id);
    if (!element || this.#nodesLeft <= 0) return '';
    const { words, nodes } = wordsWithin(element, {
      charactersMax: CDA_LIMITS.referenceMaxCharacters,
      nodesMax: this.#nodesLeft,
    });
    this.#nodesLeft -= nodes;
    this.#words.set(id, words);
    return words;
  }

  /** Own words of an element, or those its `reference` leads to (`originalText`, `text`). */
  wordsAt(element: Element | null): string {
    if (!element) return '';
    const own = textOf(element).replace(/\s+/g, ' ').trim();
    if (own !== '') return own;
    const reference = childAt(element, 'reference');
    return reference ? this.wordsOf(attributeOf(reference, 'value')) : '';
  }

  #collect(narrative: Element): void {
    const open: Element[] = [narrative];
    for (let element = open.pop(); element; element = open.pop()) {
      const id = (attributeOf(element, 'ID') || attributeOf(element, 'id')).trim();
      // The first of several with the same name, as everywhere in XML.
      if (id !== '' && !this.#elements.has(id)) this.#elements.set(id, element);
      for (const child of childElements(element).toReversed()) open.push(child);
    }
  }
}
