/**
 * The patient of a filed document, and what may be said of his national identity. An INS is stated as such only when
 * the letter that brought it said so (qualified) and the traits that go with it are whole (matricule, its OID, name and
 * first name of birth, date of birth, sex: Ref#2 ECO.2.4.2, clinical-formats A.2.3). Everything else stays a number that
 * somebody wrote: printed with its quality, never a patient identifier, because a wrong patient is the worst mistake.
 */
import type { Exchange } from './exchange.ts';
import { uuidOid } from './filed-ids.ts';

export type FiledPatient = Exchange['patient'];

export interface QualifiedIns {
  /** 15 characters, with its key. */
  readonly number: string;
  readonly oid: string;
}

/** NIR, NIA, and the NIR of tests and demonstrations. */
const INS_OIDS = new Map([
  ['1.2.250.1.213.1.4.8', ''],
  ['1.2.250.1.213.1.4.9', ''],
  ['1.2.250.1.213.1.4.10', ', identité de test'],
  ['1.2.250.1.213.1.4.11', ', identité de démonstration'],
]);
const MATRICULE = /^(\d{5}(?:\d\d|2[AB])\d{6})(\d\d)?$/;
const BIRTH_DATE = /^\d{4}-\d\d-\d\d$/;

/** Key of a NIR: 97 less the rest by 97; Corsica's 2A and 2B count as 19 and 18 (clinical-formats A.1.2). */
const keyOf = (number: string): string =>
  String(97n - (BigInt(number.replace('2A', '19').replace('2B', '18')) % 97n)).padStart(2, '0');

export function qualifiedIns(patient: FiledPatient): QualifiedIns | null {
  const { ins, givenName, birthDate, sex } = patient;
  if (ins === null || ins.quality !== 'qualified' || !INS_OIDS.has(ins.oid)) return null;
  const [, number, key] = MATRICULE.exec(ins.number) ?? [];
  if (number === undefined || (key !== undefined && key !== keyOf(number))) return null;
  const isWhole = patient.birthName.trim() !== '' && givenName.trim() !== '' && sex !== null;
  if (!isWhole || birthDate === null || !BIRTH_DATE.test(birthDate)) return null;
  return { number: `${number}${keyOf(number)}`, oid: ins.oid };
}

export const birthNameOf = ({ birthName, familyName }: FiledPatient): string => birthName.trim() || familyName.trim();
export const usedNameOf = ({ birthName, familyName }: FiledPatient): string => familyName.trim() || birthName.trim();

/** `MARTIN (née DUPONT) Claire`. */
export function patientName(patient: FiledPatient): string {
  const birth = birthNameOf(patient);
  const used = usedNameOf(patient);
  const born = patient.sex === 'F' ? 'née' : patient.sex === 'M' ? 'né' : 'né(e)';
  const name = used.toUpperCase() === birth.toUpperCase() ? used : `${used} (${born} ${birth})`;
  return `${name} ${patient.givenName.trim()}`.trim() || 'inconnu';
}

/** `2 79 03 51 215 189 89 — INS qualifiée`. */
export function insWords(patient: FiledPatient): string {
  const { ins } = patient;
  if (ins === null) return 'aucune indiquée';
  const spaced = ins.number.replace(/^(.)(..)(..)(..)(...)(...)(..)?$/, '$1 $2 $3 $4 $5 $6 $7').trim();
  if (qualifiedIns(patient) !== null) return `${spaced} — INS qualifiée${INS_OIDS.get(ins.oid) ?? ''}`;
  const why = ins.quality === 'nir-only' ? 'numéro de sécurité sociale seul' : 'INS non qualifiée';
  return `${spaced} — ${why} : à vérifier, ne vaut pas identité`;
}

/** The patient's identifier: the qualified INS, or one of this exchange alone. */
export function patientNumber({ patient, conversationId }: Exchange): QualifiedIns {
  return qualifiedIns(patient) ?? { number: conversationId, oid: uuidOid('patients of exchanges', 'estafette') };
}
