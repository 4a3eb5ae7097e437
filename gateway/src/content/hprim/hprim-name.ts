/**
 * What may be a name in lines 2 and 3 of an HPRIM header (clinical-formats A.1.2), and what stands in their place: the words
 * of a letterhead, of a letter, an address. The danger is a doctor or a street taken for the patient.
 */

import { decodeEntities } from '../text/html-entities.ts';

const NAME = /^[\p{L}\p{M}][\p{L}\p{M} \u00a0\u202f\t.,/'’`´_()‐‑–-]{0,69}$/u;
/** Words in a name: more only where something says HPRIM. */
const NAME_WORDS = { marked: 10, unmarked: 6 };
/** `JUMEAU 2`: how twins are called before they have a name. */
export const isRankOfTwin = (line: string): boolean =>
  /^(?:jumeau|jumelle|bebe|bébé|enfant|rn)\s{1,3}[1-9]$/i.test(line);
/** Family names that are also the words of a letterhead: names only where a national number says that a patient is told. */
export const isFamilyNameAlso = (line: string): boolean => /^(?:CHU|MEDECIN)$/.test(line);
/** Who writes rather than who is cared for, and titles: the first words of a letterhead. */
const LETTERHEAD =
  /^(?:dr|pr|docteur|professeur|cabinet|clinique|h[oô]pital|chu|ehpad|pharmacie|laboratoire|selarl|scp|m[eé]decin|infirmi[eè]re?|biologiste|kin[eé]sith[eé]rapeute|dermatologue|cardiologue|sp[eé]cialiste|g[eé]n[eé]raliste|compte[ -]?rendu|r[eé]sultats?|examens?|analyses?)(?!\p{L})/iu;
/** Words that open a letter; some are family names too, so they count only where nothing else says HPRIM. */
const LETTER_OPENING =
  /^(?:m|mr|mme|mlle|monsieur|madame|mademoiselle|cher|chère|bonjour|bonsoir|objet|centre|ch|labo|service|sage|ma[iî]son|date|nom|pr[eé]nom)(?!\p{L})|,/iu;

/** How the line of an address begins, which may stand below a name as a given name does. */
const ADDRESS =
  /^(?:rue|avenue|av|bd|bld|boulevard|place|pl|r[eé]sidence|impasse|all[eé]e|chemin|route|quai|cours|square|b[aâ]t|b[aâ]timent|lot|lotissement|hameau|lieu|za|zi|bp)(?!\p{L})/iu;

/** A name in capitals, and another name below it. */
export function namesSomebody(lines: readonly string[], index: number): boolean {
  const [family, given] = [(lines[index] ?? '').trim(), (lines[index + 1] ?? '').trim()];
  return family === family.toUpperCase() && isName(family, false) && isName(given, false) && !ADDRESS.test(given);
}

export const isAddress = (line: string): boolean => ADDRESS.test(line) && /\s/.test(line);

export function isName(text: string, marked: boolean): boolean {
  if (!NAME.test(decodeEntities(text)) || LETTERHEAD.test(text)) return false;
  if (text.split(/\s+/).length > NAME_WORDS[marked ? 'marked' : 'unmarked']) return false;
  return marked || !LETTER_OPENING.test(text);
}
