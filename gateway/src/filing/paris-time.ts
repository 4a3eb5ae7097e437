/**
 * Times as a filed document writes them: the time of Paris, with its offset from UTC, because a reader of the record
 * must not have to guess the zone; and the same moment as HL7 (CDA R2, TS with zone) and XDS (UTC) write it.
 */

export interface ParisTime {
  /** `12 janvier 2026 à 14:03:22 (UTC+01:00)`. */
  readonly words: string;
  /** `12/01/2026`. */
  readonly day: string;
  /** `20260112140322+0100`: HL7 TS. */
  readonly stamp: string;
  /** `20260112130322`: XDS DTM, UTC (ITI TF-3 §4.2.3.1.7). */
  readonly utc: string;
}

const MONTHS = [
  'janvier',
  'février',
  'mars',
  'avril',
  'mai',
  'juin',
  'juillet',
  'août',
  'septembre',
  'octobre',
  'novembre',
  'décembre',
] as const;

const CLOCK = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Paris',
  calendar: 'gregory',
  numberingSystem: 'latn',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'longOffset',
});

/** Null when it is no time of the years that four digits write. */
export function parisTime(iso: string): ParisTime | null {
  const moment = new Date(iso);
  const utc = Number.isNaN(moment.getTime()) ? '' : moment.toISOString();
  if (!/^\d{4}-/.test(utc)) return null;
  const parts = new Map(CLOCK.formatToParts(moment).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  const [day, month, year] = [part('day'), part('month'), part('year')];
  const [hour, minute, second] = [part('hour'), part('minute'), part('second')];
  const offset = /[+-]\d\d:\d\d/.exec(part('timeZoneName'))?.[0] ?? '+00:00';
  return {
    words: `${Number(day)} ${MONTHS[Number(month) - 1] ?? month} ${year} à ${hour}:${minute}:${second} (UTC${offset})`,
    day: `${day}/${month}/${year}`,
    stamp: `${year}${month}${day}${hour}${minute}${second}${offset.replace(':', '')}`,
    utc: utc.slice(0, 19).replace(/\D/g, ''),
  };
}
