/**
 * Times in ASN.1: UTCTime and GeneralizedTime in the one form that DER and RFC 5280 §4.1.2.5 leave of them, in seconds and
 * in Z. Anything else (fractions, zones, no seconds, the 30th of February) is a `BerError`: a date read otherwise by
 * somebody else would make a certificate good for one and expired for the other.
 */
import { BerError, type BerNode, contentOf, TAG } from './ber.ts';

const UTC_TIME = /^\d{12}Z$/;
const GENERALIZED_TIME = /^\d{14}Z$/;

/** UTCTime or GeneralizedTime in the DER form of RFC 5280 §4.1.2.5 (seconds, Z). */
export function timeOf(node: BerNode | undefined): Date {
  if (node === undefined || node.tagClass !== 0 || node.constructed) throw new BerError('a time was expected');
  const text = contentOf(node).toString('latin1');
  const isShort = node.tag === TAG.utcTime;
  const form = isShort ? UTC_TIME : node.tag === TAG.generalizedTime ? GENERALIZED_TIME : null;
  if (form === null || !form.test(text)) throw new BerError('time malformed');
  const pair = (at: number): number => Number(text.slice(at, at + 2));
  const at = isShort ? 2 : 4;
  const year = isShort ? pair(0) : pair(0) * 100 + pair(2);
  const fullYear = isShort ? (year < 50 ? 2000 + year : 1900 + year) : year;
  const [month, day, hour, minute, second] = [pair(at), pair(at + 2), pair(at + 4), pair(at + 6), pair(at + 8)];
  const time = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second));
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60)
    throw new BerError('time out of range');
  return time;
}
