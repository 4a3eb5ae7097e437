/**
 * Whom an answer goes to: the writer of the letter, or everyone on it. To names the writer, Cc the others, the same in
 * every copy, so that each of them sees who else was told; our own mailbox is left out, and nobody stands there twice.
 */
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import { type AnsweredLetter, canonicalAddress } from '../ports.ts';

export interface ReplyRecipient {
  readonly name: string;
  readonly address: string;
  readonly role: 'to' | 'cc';
}

/** One plain address: what else would be a second recipient, a comment or a line (facts: smime.md checklist 27). */
const PLAIN_ADDRESS = /^[^\s<>()[\]:;@\\,"\p{C}]+@[^\s<>()[\]:;@\\,"\p{C}]+$/u;

export const isPlainAddress = (address: string): boolean => PLAIN_ADDRESS.test(address);

/** Whether it can stand in a header without SMTPUTF8 (RFC 6531): the domain may be written otherwise, the rest not. */
export const isWritable = (address: string): boolean => /^[\x21-\x7e]+@[^@]+$/.test(address);

/** The recipients, the writer first; his Reply-To in his place where it may be believed. */
export function recipientsOf(letter: AnsweredLetter, to: 'sender' | 'all', ownAddress: string): ReplyRecipient[] {
  const writer = letter.answerTo ?? { name: letter.fromName, address: letter.from };
  const first: ReplyRecipient = { name: writer.name, address: writer.address, role: 'to' };
  if (to === 'sender') return [first];
  const known = new Set([writer.address, letter.from, ownAddress].map(canonicalAddress));
  const others = (letter.people ?? []).filter(({ address }) => {
    const isNew = !known.has(canonicalAddress(address)) && isPlainAddress(address);
    known.add(canonicalAddress(address));
    return isNew;
  });
  const bounded = others.slice(0, CONVERSATION_LIMITS.mailPeopleMax);
  return [first, ...bounded.map(({ name, address }): ReplyRecipient => ({ name, address, role: 'cc' }))];
}
