/**
 * Identifiers. Each says what it names by its prefix, sorts by creation time (ULID) and carries no
 * meaning: an id may stand in a log line, a queue job or a Redis key without telling anything about
 * a patient or a person.
 */

import { monotonicFactory } from 'ulid';
import * as v from 'valibot';

const PREFIXES = {
  letter: 'ltr',
  conversation: 'cnv',
  message: 'msg',
  reply: 'rep',
  device: 'dev',
  mailbox: 'mbx',
  enrolment: 'enr',
  event: 'evt',
  blob: 'blb',
  mail: 'mai',
  account: 'acc',
  opposition: 'opp',
} as const;

export type IdKind = keyof typeof PREFIXES;

const nextUlid = monotonicFactory();

/** A new identifier, e.g. `ltr_01JD3X…` (prefix, underscore, 26 characters of Crockford base 32). */
export function newId(kind: IdKind): string {
  return `${PREFIXES[kind]}_${nextUlid()}`;
}

/** Schema of one kind of identifier: a made id, or one derived from another (`msg_` + 26 characters). */
export function idOf(kind: IdKind) {
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^${PREFIXES[kind]}_[0-9A-Za-z]{26}$`), `an identifier of kind ${kind}`),
  );
}

/** An id of `kind` from bytes that already decide it (a keyed digest), so that a repeated step gives the same id. */
export function derivedId(kind: IdKind, digest: Uint8Array): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  if (digest.length < 26) throw new RangeError('a derived id needs at least 26 bytes');
  let text = '';
  for (let i = 0; i < 26; i += 1) text += alphabet[(digest[i] as number) & 31];
  return `${PREFIXES[kind]}_${text}`;
}
