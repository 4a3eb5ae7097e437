/**
 * The national number in line 8 of an HPRIM header (clinical-formats A.1.2): written with spaces, dots or none, with its
 * key or without. Laboratories write the number of the insured parent beside the name of a child: the sex that a number
 * tells is believed only when key and birth do not speak against it.
 */

import { hasRightKey, mayBeHisOwn } from '../../ports.ts';

/** NIR: sex, year, month (also 20, 30–42, 50–99), department (2A, 2B), six digits, key. */
const NIR = /^[1-478]\d{2}(?:0[1-9]|1[0-2]|20|3\d|4[0-2]|[5-9]\d)(?:\d\d|2[AB])\d{6}(?:\d{2})?$/;

/** The number in a line, without the spaces and dots people put in it; empty when there is none. */
export function nirOf(line: string): string {
  const plain = line.length > 40 ? '' : line.replaceAll(/[\s.]/g, '').toUpperCase();
  return NIR.test(plain) ? plain : '';
}

/** Whether the key does not belong to the number; `00` is a key left out. */
export const hasWrongKey = (nir: string): boolean => !nir.slice(13).startsWith('00') && !hasRightKey(nir);

/** The sex that the number tells of a patient born on that day (ISO date); null when it may be somebody else's. */
export function sexOfNir(nir: string, birthDate: string | null): 'M' | 'F' | null {
  if (nir === '' || hasWrongKey(nir) || (birthDate !== null && !mayBeHisOwn(nir, birthDate))) return null;
  return '137'.includes(nir.charAt(0)) ? 'M' : 'F';
}
