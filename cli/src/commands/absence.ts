/**
 * `estafette absence set`, `clear` and `list`: when nobody reads a mailbox, and what its correspondents are told, once a
 * day each. Days are those of Paris. A running server tells it with the next letter.
 */
import { readFileSync } from 'node:fs';
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import { atDesk, type Desk, hostedMailbox } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

const mailboxOf = (desk: Desk, address: string) => hostedMailbox(desk, address, 3);

const PARIS = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'Europe/Paris' });
const HOUR_MS = 3_600_000;

/** The first moment of a day in Paris, which is one or two hours ahead of UTC; `addDays` counts on from it. */
function startOfDay(day: string, option: string, addDays = 0): number {
  const [, year, month, date] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? []).map(Number) as (number | undefined)[];
  const wrong = new PlainError(`${option} ${day} is no day: write it like 2026-12-24.`, 2);
  if (year === undefined || month === undefined || date === undefined) throw wrong;
  const given = new Date(Date.UTC(year, month - 1, date));
  if (given.toISOString().slice(0, 10) !== day) throw wrong;
  const midnight = Date.UTC(year, month - 1, date + addDays);
  const isStart = (time: number): boolean => PARIS.format(time).endsWith('00:00:00');
  return isStart(midnight - 2 * HOUR_MS) ? midnight - 2 * HOUR_MS : midnight - HOUR_MS;
}

const dayOf = (time: number): string => PARIS.format(time).slice(0, 10);

function textIn(file: string | undefined): string {
  if (file === undefined) return '';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlainError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}.`, 2, error);
  }
  if (text.length > REPORT_LIMITS.absenceTextMaxCharacters)
    throw new PlainError(`${file} is longer than ${REPORT_LIMITS.absenceTextMaxCharacters} characters.`, 2);
  if (text.includes('\0')) throw new PlainError(`${file} is no text.`, 2);
  return text;
}

export interface AbsenceOptions {
  readonly until: string;
  readonly from?: string;
  /** File with the words to be told. */
  readonly text?: string;
}

/** Sets the absence of a mailbox; another one takes the place of the one before. */
export function setAbsence(address: string, options: AbsenceOptions): Promise<void> {
  return atDesk(async (desk) => {
    const { store, now } = desk;
    const mailbox = await mailboxOf(desk, address);
    const from = options.from === undefined ? now.getTime() : startOfDay(options.from, '--from');
    const until = startOfDay(options.until, '--until', 1);
    if (until <= from || until <= now.getTime()) throw new PlainError('The absence would be over before it begins.', 2);
    const text = textIn(options.text);
    const days = `${dayOf(from)} ${dayOf(until - 1)}`;
    await store.transaction(async (inside) => {
      await inside.setAbsence({ mailboxId: mailbox.id, from, until, text });
      await inside.audit({ subject: mailbox.id, event: 'absence-set', detail: days }, now.getTime());
    });
    process.stdout.write(`${mailbox.address} is absent from ${dayOf(from)} until ${dayOf(until - 1)}.\n`);
  });
}

/** Ends the absence of a mailbox. */
export function clearAbsence(address: string): Promise<void> {
  return atDesk(async (desk) => {
    const { store, now } = desk;
    const mailbox = await mailboxOf(desk, address);
    const wasAbsent = await store.transaction(async (inside) => {
      const had = await inside.clearAbsence(mailbox.id);
      if (had) await inside.audit({ subject: mailbox.id, event: 'absence-cleared' }, now.getTime());
      return had;
    });
    if (!wasAbsent) throw new PlainError(`${mailbox.address} has no absence.`, 3);
    process.stdout.write(`${mailbox.address} is not absent any more.\n`);
  });
}

/** Lists the absences that are set, past ones too. */
export function listAbsences(options: { json?: boolean }): Promise<void> {
  return atDesk(async ({ store, now }) => {
    for (const { mailboxId, from, until, text } of await store.absences()) {
      const address = (await store.mailboxById(mailboxId))?.address ?? mailboxId;
      const isNow = from <= now.getTime() && now.getTime() < until;
      const facts = { address, from: dayOf(from), until: dayOf(until - 1), isNow };
      const words = text.trim() === '' ? 'usual words' : 'own words';
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...facts, text })}\n`
          : `${address}  ${facts.from} – ${facts.until}${isNow ? '  now' : ''}  ${words}\n`,
      );
    }
  });
}

/** Says whether a mailbox tells its correspondents that their letters were read, where they ask. */
export function setReceipts(address: string, wish: 'on' | 'off'): Promise<void> {
  return atDesk(async (desk) => {
    const { store, now } = desk;
    const mailbox = await mailboxOf(desk, address);
    await store.transaction(async (inside) => {
      await inside.setReceipts(mailbox.id, wish === 'on');
      await inside.audit({ subject: mailbox.id, event: 'receipts-set', detail: wish }, now.getTime());
    });
    process.stdout.write(`${mailbox.address}: receipts ${wish}.\n`);
  });
}
