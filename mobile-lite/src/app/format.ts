/** Times, ages and sizes as the reader's language writes them. Clinical values are never touched here. */
import { language, words } from '../words/words.ts';

const locale = language === 'en' ? 'en-GB' : 'fr-FR';
const clockFormat = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const dateFormat = new Intl.DateTimeFormat(locale, {
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  timeZone: 'UTC',
});

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `14:03` today, `hier`, else `18 nov.`. */
export function formatShortTime(at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (at >= midnight) return clockFormat.format(at);
  return at >= midnight - DAY_MS ? words.yesterday : dayFormat.format(at);
}

/** `14:03` today, else `18 nov. 14:03`, past or to come. */
export function formatMoment(at: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const isToday = at >= midnight && at < midnight + DAY_MS;
  return isToday ? clockFormat.format(at) : `${dayFormat.format(at)} ${clockFormat.format(at)}`;
}

/** An ISO date as `07/03/1941`; what is no date stays as it is. */
export function formatDate(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : dateFormat.format(at);
}

/** A day as `12 décembre`; what is no date stays as it is. */
export function formatDay(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' }).format(at);
}

/** What is left until an expiry: `6 j 23 h`, `2 h 05`, `12 min`, `45 s`. */
export function formatLeft(leftMs: number): string {
  const left = Math.max(0, leftMs);
  if (left >= DAY_MS) return words.days(Math.floor(left / DAY_MS), Math.floor((left % DAY_MS) / HOUR_MS));
  if (left >= HOUR_MS) return words.hours(Math.floor(left / HOUR_MS), Math.floor((left % HOUR_MS) / MINUTE_MS));
  return left >= MINUTE_MS ? words.minutes(Math.floor(left / MINUTE_MS)) : words.seconds(Math.floor(left / SECOND_MS));
}

export function formatSize(bytes: number): string {
  const figure = (n: number): string => n.toLocaleString(locale, { maximumFractionDigits: n < 10 ? 1 : 0 });
  return bytes < 1_000_000
    ? words.kilobytes(figure(Math.max(0.1, bytes / 1_000)))
    : words.megabytes(figure(bytes / 1e6));
}
