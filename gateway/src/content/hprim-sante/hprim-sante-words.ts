/**
 * Words for the text of an HPRIM Santé report: times, people, and the fields that have no place on a card. None of
 * them is dropped: each becomes a line, under its name where people have one for it, else under its number.
 */

import { rawField, repetitionsOf, type Segment, wordsOf } from './hprim-sante-segments.ts';

/** Names, labels and numbers of files are longer than any of the specification, and still bounded. */
const NAME_MAX_CHARACTERS = 200;
/** No segment has as many fields; one that does is shown as it stands. */
const FIELDS_MAX = 100;

export const nameOrNothing = (text: string): string => (text.length > NAME_MAX_CHARACTERS ? '' : text);

/** Fields that a card holds, and those of use to machines only (ranks, identifiers, dates of transport). */
const NOT_FOR_TEXT: Readonly<Record<string, readonly number[]>> = {
  H: [1, 2, 3, 4, 5, 7, 9, 10, 12, 13, 14],
  P: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  OBR: [1, 2, 3, 4, 5, 8, 26],
  OBX: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 15, 16],
  C: [1, 2, 3, 4],
};

const FIELD_WORDS: Readonly<Record<string, string>> = {
  'H.6': 'Adresse du laboratoire',
  'H.8': 'Téléphone du laboratoire',
  'H.11': 'Commentaire',
  'P.11': 'Adresse du patient',
  'P.13': 'Téléphone du patient',
  'P.14': 'Médecins',
  'P.26': 'Localisation',
  'OBR.6': 'Priorité',
  'OBR.15': 'Reçu',
  'OBR.17': 'Prescripteur',
  'OBR.18': 'Téléphone du prescripteur',
  'OBR.23': 'Rendu',
};

/** A line for each filled field that the card has no place for. */
export function leftOver(segment: Segment, shownBeside: readonly number[] = []): string[] {
  if (segment.fields.length > FIELDS_MAX) return [segment.raw];
  const lines: string[] = [];
  const silent = NOT_FOR_TEXT[segment.name] ?? [];
  for (let number = 1; number <= segment.fields.length; number += 1) {
    if (silent.includes(number) || shownBeside.includes(number)) continue;
    const words = wordsOf(segment, number);
    const name = `${segment.name}.${number}`;
    if (words !== '') lines.push(`${FIELD_WORDS[name] ?? name} : ${momentOf(words)?.words ?? words}`);
  }
  return lines;
}

/** `AAAAMMJJ` with or without a time; null when it is not a day of the calendar. */
export function momentOf(written: string): { iso: string; words: string } | null {
  const match = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:\d{2})?)?$/.exec(written);
  const [, year = '', month = '', day = '', hour, minute] = match ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const iso = `${year}-${month}-${day}`;
  if (!match || Number(year) < 1000 || date.toISOString().slice(0, 10) !== iso) return null;
  const isTime = hour !== undefined && minute !== undefined && Number(hour) < 24 && Number(minute) < 60;
  return { iso, words: `${day}/${month}/${year}${isTime ? ` à ${hour}:${minute}` : ''}` };
}

/** A person as `code~NOM~prénom` or `code~label~L`: without the code, nor the letter that names the coding. */
export function personOf(segment: Segment, number: number): string {
  const [code = '', name = '', given = ''] = repetitionsOf(segment, number)[0] ?? [];
  return [name || code, given.length > 1 ? given : ''].filter((part) => part !== '').join(' ');
}

/** Whether `personOf` tells the whole of the field: no second person, no organisation behind the name. */
export const isOnePerson = (segment: Segment, number: number): boolean =>
  repetitionsOf(segment, number).every(
    (components, at) => at === 0 && components.slice(3).every((part) => part === ''),
  );

/** Labels of a repeatable field of codes (`code~label~coding`). */
export const labelsOf = (segment: Segment, number: number): string[] =>
  repetitionsOf(segment, number)
    .map(([code = '', label = '']) => label || code)
    .filter((each) => each !== '');

/** Who sends or receives: the name, else the code. */
export const partyOf = (segment: Segment, number: number): string => nameOrNothing(labelsOf(segment, number)[0] ?? '');

export const isTooLongForName = (segment: Segment, number: number): boolean =>
  rawField(segment, number).length > NAME_MAX_CHARACTERS;
