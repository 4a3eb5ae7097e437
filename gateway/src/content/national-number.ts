/** The French national identity number (NIR, matricule INS): thirteen characters and, mostly, a key of two digits. */

/** As it stands in documents: with or without its key. */
export const NATIONAL_NUMBER = /^[0-9]{5}[0-9AB]{2}[0-9]{6}(?:[0-9]{2})?$/;
const SHOWN_START = 5;
const LENGTH_WITH_KEY = 15;

/** `279035121518989` as a card shows it: `2 79 03 … 89`. Enough to compare with a paper, too little to copy. */
export function maskNumber(number: string): string {
  const plain = number.replaceAll(/\s/g, '');
  const [sex = '', ...rest] = [plain.slice(0, 1), plain.slice(1, 3), plain.slice(3, SHOWN_START)];
  const key = plain.length >= LENGTH_WITH_KEY ? plain.slice(13, LENGTH_WITH_KEY) : '';
  return [sex, ...rest, '…', key].filter((part) => part !== '').join(' ');
}
