/**
 * The French national number of a patient (NIR or NIA, the matricule of the INS): thirteen characters, A or B in them
 * for Corsica, and a key of two digits that not everybody writes.
 */

const NUMBER = /^[1-478]\d{4}(?:\d{2}|2[AB])\d{6}(?:\d{2})?$/;
const LENGTH = 13;

/** The number with or without its key, without spaces, in capitals; null when it is none. */
export function insuredNumber(text: string): string | null {
  const plain = text.replace(/[\s.\u00a0-]/gu, '').toUpperCase();
  return NUMBER.test(plain) ? plain : null;
}

/** The thirteen characters that name the patient. */
export const withoutKey = (number: string): string => number.slice(0, LENGTH);

/** Whether the key, where there is one, belongs to the number: 97 − (number mod 97), with 2A as 19 and 2B as 18 (INSEE). */
export function hasRightKey(number: string): boolean {
  const key = number.slice(LENGTH);
  if (key === '') return true;
  const digits = withoutKey(number).replace('2A', '19').replace('2B', '18');
  return Number(key) === 97 - (Number(digits) % 97);
}

/**
 * Whether somebody born on this day can have this number as his own: it tells year and month of birth. Laboratories
 * write the number of the insured parent beside the name of a child. Months above 12 say that it is not known.
 */
export function mayBeHisOwn(number: string, birthDate: string): boolean {
  const [year, month] = [number.slice(1, 3), number.slice(3, 5)];
  if (birthDate.slice(2, 4) !== year) return false;
  return Number(month) < 1 || Number(month) > 12 || birthDate.slice(5, 7) === month;
}
