/** For tests: keys of a mailbox that are what their certificate's text says, and no more. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { MailboxKey } from '../ports.ts';
import type { UsesOf } from './key-standing.ts';

export const DAY_MS = 86_400_000;

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** A key good from and until so many days after `now`; its "certificate" names what it is for. */
export function keyFor(use: 'both' | 'sign' | 'encrypt', now: number, from: number, until: number): MailboxKey {
  return {
    id: randomUUID(),
    mailboxId: 'mailbox',
    certificate: Buffer.from(`${use} ${from} ${until}`),
    chain: [],
    privateKey,
    notBefore: now + from * DAY_MS,
    notAfter: now + until * DAY_MS,
  };
}

/** Reads what `keyFor` wrote. */
export const usesInWords: UsesOf = (certificate) => {
  const text = certificate.toString();
  return { sign: /both|sign/.test(text), encrypt: /both|encrypt/.test(text) };
};
