/**
 * The patient of a CDA (clinical-formats A.2.3): the name in use, the name and first name of birth, date of birth, sex,
 * and the national identity number, masked. A number is an INS only by its OID; a file alone never makes it a qualified
 * one. A document about several patients is about none for us: a wrong name is worse than no name.
 */

import type { Patient } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { maskNumber, NATIONAL_NUMBER } from '../national-number.ts';
import type { Stated } from '../stated-patients.ts';
import { attributeOf, childAt, childrenNamed } from '../xml/safe-xml.ts';
import { INS_OIDS } from './cda-codes.ts';
import { familyOf, givenOf, qualifiedPart, wordOf } from './people.ts';
import { isoDateOf } from './time-stamp.ts';

export type ReadPatient = {
  patient: Patient;
  /** Everybody the document is about, with the whole number. */
  stated: Stated[];
  warnings: string[];
};

const OLDEST_YEARS = 130;
const NOBODY: Patient = { familyName: '', birthName: '', givenName: '', birthDate: null, sex: null, ins: null };

export function readPatient(document: Element, now: Date): ReadPatient {
  const targets = childrenNamed(document, 'recordTarget').slice(0, CONTENT_LIMITS.patientsPerDocumentMax);
  const read = targets.map((target) => readTarget(childAt(target, 'patientRole'), now)).filter((each) => each !== null);
  const stated = read.map((each) => each.stated);
  if (targets.length > 1) return { patient: NOBODY, stated, warnings: ['several-patients'] };
  const [only] = read;
  if (!only) return { patient: NOBODY, stated, warnings: ['patient-missing'] };
  return { patient: only.patient, stated, warnings: only.warnings };
}

type ReadTarget = { patient: Patient; stated: Stated; warnings: string[] };

function readTarget(role: Element | null, now: Date): ReadTarget | null {
  if (!role) return null;
  const person = childAt(role, 'patient');
  const warnings: string[] = [];
  const birthDate = birthDateOf(person, now, warnings);
  const sex = attributeOf(childAt(person, 'administrativeGenderCode'), 'code').trim();
  const traits = { ...namesOf(person, warnings), birthDate, sex: sex === 'M' || sex === 'F' ? sex : null } as const;
  const ins = insOf(role, warnings);
  const masked: Patient['ins'] = ins && { masked: maskNumber(ins.number), quality: ins.quality };
  return { patient: { ...traits, ins: masked }, stated: { ...traits, ...birthPlaceOf(person), ins }, warnings };
}

const OFFICIAL_PLACE = /^(?:\d{2}|2[AB])\d{3}$/;

/** COG code; a trait of the INS. */
function birthPlaceOf(person: Element | null): Pick<Stated, 'birthPlace'> {
  const place = wordOf(childAt(person, 'birthplace/place/addr/county')).toUpperCase();
  return OFFICIAL_PLACE.test(place) ? { birthPlace: place } : {};
}

/** The first name of birth is the trait of identity; another one in use is said as a warning. */
function namesOf(person: Element | null, warnings: string[]): Pick<Patient, 'familyName' | 'birthName' | 'givenName'> {
  const names = person ? childrenNamed(person, 'name') : [];
  const name = names.find((element) => attributeOf(element, 'use').trim() === 'L') ?? names[0];
  if (!name) {
    warnings.push('patient-name-missing');
    return { familyName: '', birthName: '', givenName: '' };
  }
  const familyName = familyOf(name, ['CL', 'SP', 'BR']);
  const givenName = givenOf(name, ['BR', 'CL']);
  const used = qualifiedPart(name, 'given', 'CL');
  if (used !== '' && used.toUpperCase() !== givenName.toUpperCase()) warnings.push('given-name-in-use-differs');
  const whole = familyName === '' && givenName === '' ? wordOf(name) : '';
  if (familyName === '' && whole === '') warnings.push('patient-name-missing');
  return { familyName: familyName || whole, birthName: qualifiedPart(name, 'family', 'BR'), givenName };
}

function birthDateOf(person: Element | null, now: Date, warnings: string[]): string | null {
  const stamp = attributeOf(childAt(person, 'birthTime'), 'value').trim();
  if (stamp === '') return null;
  const iso = isoDateOf(stamp);
  const oldest = now.getUTCFullYear() - OLDEST_YEARS;
  // Somewhere it is tomorrow already.
  const tomorrow = new Date(now.getTime() + 24 * 3_600_000).toISOString().slice(0, 10);
  if (iso !== null && iso <= tomorrow && Number(iso.slice(0, 4)) >= oldest) return iso;
  warnings.push('birth-date-unreadable');
  return null;
}

/** NIR before NIA, real before test; two different numbers of one kind are nobody's. */
function insOf(role: Element, warnings: string[]): Stated['ins'] {
  for (const oid of INS_OIDS) {
    const numbers = childrenNamed(role, 'id')
      .filter((id) => attributeOf(id, 'root').trim() === oid)
      .map((id) => attributeOf(id, 'extension').replaceAll(/\s/g, '').toUpperCase())
      .filter((number) => number !== '');
    const [number] = numbers;
    if (number === undefined) continue;
    if (NATIONAL_NUMBER.test(number) && new Set(numbers).size === 1) return { number, oid, quality: 'unqualified' };
    warnings.push('ins-unreadable');
    return null;
  }
  return null;
}
