/**
 * Who files, in the identifiers of the French directory (clinical-formats A.2.3): the person by the RPPS number, the
 * structure by FINESS, the profession and the kind of place by the national lists. What is not known is not made up.
 *
 * The danger is a signature that is not his: whoever asked bears the number and the profession of the responsible
 * professional only when he is that professional by name.
 */
import { nameWords } from '../ports.ts';
import type { FilingAuthor } from './exchange.ts';
import { uuidOid } from './filed-ids.ts';

export const PROFESSIONAL_OID = '1.2.250.1.71.4.2.1';
export const STRUCTURE_OID = '1.2.250.1.71.4.2.2';
export const PROFESSION_OID = '1.2.250.1.213.1.1.4.5';
export const FACILITY_OID = '1.2.250.1.71.4.2.4';
export const PRACTICE_OID = '1.2.250.1.213.1.1.4.9';

export interface Code {
  readonly code: string;
  readonly name: string;
}

/** Care given in the city (TRE_A01). */
export const PRACTICE: Code = { code: 'AMBULATOIRE', name: 'Ambulatoire' };

/** A person whom a document names, with what is known of him. */
export interface FilingPerson {
  readonly name: string;
  readonly rpps: string;
  readonly profession: Code | null;
}

/** A name without the titles before it, whatever the order of its words. */
function plainName(name: string): string[] {
  const words = nameWords(name);
  const first = words.findIndex((word) => !TITLES.test(word));
  return first < 0 ? [] : words.slice(first).toSorted();
}

/** Whether who asked is the responsible professional: every word of the one name is in the other; one word is no name. */
export function asksHimself({ person, responsible }: FilingAuthor): boolean {
  const [asking, answering] = [plainName(person), plainName(responsible.name)];
  return asking.length > 1 && asking.join(' ') === answering.join(' ');
}

/** Who asked: the author of the document. */
export const askingPerson = (author: FilingAuthor): FilingPerson =>
  asksHimself(author) ? author.responsible : { name: author.person, rpps: '', profession: null };

/** `8` and the RPPS number of eleven digits; null when there is none. */
export const professionalId = ({ rpps }: Pick<FilingPerson, 'rpps'>): string | null =>
  /^\d{11}$/.test(rpps) ? `8${rpps}` : null;

/** `1` and the FINESS number of nine characters; null when there is none. */
export const structureId = ({ organisation }: FilingAuthor): string | null =>
  /^[0-9A-Z]{9}$/.test(organisation.finess) ? `1${organisation.finess}` : null;

/** `G15_21`: the list of author specialties (JDV_J01) puts its table before the code. */
export const professionCode = ({ code, name }: Code): Code => ({
  code: code.startsWith('G15_') ? code : `G15_${code}`,
  name,
});

/** Kind of place (TRE_R02): a pharmacist's is a pharmacy; of the others a practice is assumed. */
export const facilityCode = ({ responsible }: FilingAuthor): Code =>
  /^(?:G15_)?21(?:\/|$)/.test(responsible.profession.code)
    ? { code: 'SA33', name: "Pharmacie d'officine" }
    : { code: 'SA07', name: 'Cabinet individuel' };

/** Where the submission comes from, as an OID; FINESS numbers of Corsica hold a letter and cannot be part of one. */
export function sourceOid(author: FilingAuthor): string {
  const id = structureId(author);
  return id !== null && /^\d+$/.test(id) ? `${STRUCTURE_OID}.${id}` : uuidOid('structure', author.address);
}

const TITLES = /^(?:dr|docteur|pr|professeur|m|mr|mme|mlle|monsieur|madame)\.?$/i;
const isUpper = (word: string): boolean => /\p{Lu}/u.test(word) && !/\p{Ll}/u.test(word);

/** Family name in capitals where it is written so, else the last word. */
export function splitName(person: string): { readonly family: string; readonly given: string } {
  const words = person.split(/\s+/).filter((word) => word !== '' && !TITLES.test(word));
  const capitals = words.filter((word) => isUpper(word) && word.replace(/\P{L}/gu, '').length > 1);
  const family = capitals.length > 0 && capitals.length < words.length ? capitals : words.slice(-1);
  const given = words.filter((word) => !family.includes(word));
  return { family: family.join(' ') || person.trim(), given: given.join(' ') };
}
