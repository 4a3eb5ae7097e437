/**
 * Header words that were written in raw bytes above ASCII and reach us undecoded, or one character to a byte (mailparser): the bytes say which
 * charset they were (charset.ts), as they do in a text. Words that were decoded rightly never hold C1 controls, which is
 * what the letters of cp1252, cp850 and MacRoman look like when they were not.
 */
import { undecodedBytes } from '../../ports.ts';
import { decodeClinicalText } from './charset.ts';

const UNDECODED = /[\u0080-\u009f]/;
const BEYOND_A_BYTE = /[\u0100-\uffff]/;

export const isOneByteEach = (words: string): boolean => !BEYOND_A_BYTE.test(words);

export function decodeRawWords(words: string): string {
  const kept = undecodedBytes(words);
  const isRaw = kept === null && UNDECODED.test(words) && isOneByteEach(words);
  const bytes = isRaw ? Buffer.from(words, 'latin1') : kept;
  return bytes === null ? words : decodeClinicalText(bytes).text;
}
