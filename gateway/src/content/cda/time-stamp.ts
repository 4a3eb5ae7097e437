/**
 * Points in time of HL7 (`20210104160527+0100`, ITS R1 §2.22) as ISO dates and as people write them. The day is the one
 * written, in the zone of the writer. Nothing is invented: `202101` is a month, not its first day, and has no ISO date.
 */

import { attributeOf, childAt } from '../xml/safe-xml.ts';

const STAMP = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(\d{2})?)?)?)?(?:\d{2})?(?:\.\d{1,9})?(?:[+-]\d{2,4}|Z)?$/;

/** ISO 8601 with its signs is no HL7 time, but plain. */
const SIGNED = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::\d{2})?(?:\.\d{1,9})?(?:[+-]\d{2}:?\d{2}|Z)?)?$/;

/** A point in time, or where a span begins or ends; without the signs of ISO 8601, so that its start is the day. */
export function stampOf(time: Element | null): string {
  const written = [time, childAt(time, 'low'), childAt(time, 'high')]
    .map((at) => attributeOf(at, 'value').trim())
    .find((value) => value !== '');
  const [, ...signed] = SIGNED.exec(written ?? '') ?? [];
  return signed.length === 0 ? (written ?? '') : signed.join('');
}

/** Of `YYYYMMDD…`. */
export const dayOf = (stamp: string): string => stamp.slice(0, 8);

const read = (stamp: string): RegExpExecArray | null => STAMP.exec(stamp.trim()) ?? SIGNED.exec(stamp.trim());

/** ISO `YYYY-MM-DD` of a stamp that names a day of the calendar; null for any other. */
export function isoDateOf(stamp: string): string | null {
  const [, year, month, day] = read(stamp) ?? [];
  if (year === undefined || month === undefined || day === undefined) return null;
  const iso = `${year}-${month}-${day}`;
  const found = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(found.getTime()) && found.toISOString().startsWith(iso) ? iso : null;
}

/** `04/01/2021 07:35`, `01/2021`, `2021`: as much as the stamp says; as it stands when it is no stamp. */
export function printStamp(stamp: string): string {
  const [, year, month, day, hour, minute] = read(stamp) ?? [];
  if (year === undefined) return stamp.trim();
  const date = [day, month, year].filter((part) => part !== undefined).join('/');
  return hour !== undefined && minute !== undefined ? `${date} ${hour}:${minute}` : date;
}
