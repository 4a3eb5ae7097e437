/**
 * Whom a letter names beside its writer (To, Cc; RFC 5322 §3.6.3), and what it asks for: the one mailbox of Reply-To or
 * of Disposition-Notification-To, and whether it is urgent. Each person once, bounded, those left out counted: an answer
 * to all that silently reached only some would be a lie. What is no plain mailbox names nobody.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import { canonicalAddress, type LetterPerson } from '../ports.ts';
import { type Mailbox, mailboxesIn, mailboxIn } from './mail-address.ts';

/** The people of To, then of Cc; who stands in both is in To. */
export function peopleIn(to: string, cc: string): { people: LetterPerson[]; peopleLeftOut: number } {
  const found = new Map<string, LetterPerson>();
  for (const [role, value] of [
    ['to', to],
    ['cc', cc],
  ] as const) {
    for (const { name, address } of value === '' ? [] : mailboxesIn(value)) {
      const key = canonicalAddress(address);
      if (!found.has(key)) found.set(key, { name, address, role });
    }
  }
  const people = [...found.values()];
  const kept = people.slice(0, CONVERSATION_LIMITS.mailPeopleMax);
  return { people: kept, peopleLeftOut: people.length - kept.length };
}

/** The one mailbox of a field that may hold several; null for none, several, or what is not plain. */
export const plainMailbox = (value: string): Mailbox | null => (value === '' ? null : mailboxIn(value));

const URGENT: readonly (readonly [name: string, value: RegExp])[] = [
  ['x-priority', /^\s*[12]\b/],
  ['importance', /^\s*high\b/i],
  ['priority', /^\s*urgent\b/i],
  ['x-msmail-priority', /^\s*high\b/i],
];

/** Whether one of the fields that mail programs write says that it is urgent. */
export const isUrgent = (field: (name: string) => string): boolean =>
  URGENT.some(([name, value]) => value.test(field(name)));
