/** Keys and their ends in words, for `key list`, `mailbox list` and `doctor`, and as JSON for scripts. */
import { KEY_LIMITS } from '@estafette/contracts/limits';
import { keyUsesOf, readOwnCertificate } from '@estafette/gateway/inspect';
import { daysLeft, type KeyStanding, type MailboxStanding, standingOf } from '@estafette/gateway/keys/key-standing';
import type { LastingStore, Mailbox } from '@estafette/gateway/ports';
import { keyInWords } from './judge-key.ts';

const STATES: Record<KeyStanding['state'], string> = {
  'in-use': 'in use',
  spare: 'valid, a newer one is in use',
  waiting: 'waits for its time',
  'opens-only': 'has ended, opens older letters',
};

/** Where the keys of a mailbox stand now. */
export const standing = async (
  store: Pick<LastingStore, 'keysOf'>,
  mailbox: Mailbox,
  now: Date,
): Promise<MailboxStanding> => standingOf(await store.keysOf(mailbox.id), keyUsesOf, now.getTime());

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
const daysInWords = (days: number): string => (days === 1 ? '1 day left' : `${days} days left`);

/** A key as `key list --json` gives it. */
export function keyAsJson({ key, uses, state }: KeyStanding, now: Date): Record<string, unknown> {
  const facts = readOwnCertificate(key.certificate);
  return {
    id: key.id,
    state,
    sign: uses.sign,
    encrypt: uses.encrypt,
    kind: keyInWords(key.privateKey),
    serial: facts?.serial ?? null,
    fingerprint: facts?.fingerprint ?? null,
    issuer: facts?.issuer ?? null,
    notBefore: new Date(key.notBefore).toISOString(),
    notAfter: new Date(key.notAfter).toISOString(),
    daysLeft: daysLeft(key.notAfter, now.getTime()),
  };
}

/** A key on one line. */
export function keyOnLine(one: KeyStanding, now: Date): string {
  const { key, uses, state } = one;
  const facts = readOwnCertificate(key.certificate);
  const made = [...(uses.sign ? ['signs'] : []), ...(uses.encrypt ? ['receives encrypted mail'] : [])].join(', ');
  const left = state === 'opens-only' ? '' : ` (${daysInWords(daysLeft(key.notAfter, now.getTime()))})`;
  return [
    STATES[state],
    made === '' ? 'for no mail' : made,
    keyInWords(key.privateKey),
    `${day(key.notBefore)} to ${day(key.notAfter)}${left}`,
    `issued by ${facts?.issuer ?? '?'}`,
    `serial ${facts?.serial ?? '?'}`,
    `SHA-256 ${facts?.fingerprint.slice(0, 16) ?? '?'}…`,
  ].join('; ');
}

/** What is wrong, or soon will be, with the keys of a mailbox; null when nothing is. */
export function trouble({ coverage, missing }: MailboxStanding, now: Date): string | null {
  if (missing.includes('sign')) return 'no certificate is good for signing now: replies wait until there is one';
  if (missing.length > 0) return 'no certificate is good for receiving encrypted mail now';
  const left = coverage === null ? 0 : daysLeft(coverage.key.notAfter, now.getTime());
  const use = coverage?.use === 'sign' ? 'signing' : 'receiving encrypted mail';
  return left <= Math.max(...KEY_LIMITS.endingDays)
    ? `the certificate for ${use} ends in ${left === 1 ? '1 day' : `${left} days`} and none takes over`
    : null;
}
