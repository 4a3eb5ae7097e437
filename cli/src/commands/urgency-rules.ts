/**
 * `estafette mailbox rule` and `estafette correspondent phone`: what is critical for a mailbox beside what laboratories
 * flag, and whom to call. A running server goes by them with the next letter.
 */
import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import {
  correspondentIndexOf,
  parseUrgencyRule,
  phoneNumber,
  ruleWords,
  type UrgencyRule,
} from '@estafette/gateway/ports';
import { atDesk, atMailbox, type Desk } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

export interface RuleOptions {
  readonly action: 'add' | 'remove' | 'list';
  readonly rule?: string | undefined;
  readonly json?: boolean;
}

type RuledDesk = Desk & { readonly mailbox: { readonly id: string; readonly address: string } };

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Adds, removes or lists rules of a mailbox. */
export async function ruleMailbox(address: string, { action, rule, json = false }: RuleOptions): Promise<void> {
  if ((action === 'list') !== (rule === undefined))
    throw new PlainError(action === 'list' ? 'list takes no rule.' : `Say which rule to ${action}, as "INR > 5".`, 2);
  const read = rule === undefined ? null : parseUrgencyRule(rule);
  if (read !== null && 'fault' in read)
    throw new PlainError(`${read.fault[0]?.toUpperCase()}${read.fault.slice(1)}.`, 2);
  await atMailbox(address, async (desk) => {
    if (read === null) for (const one of await desk.store.urgencyRulesOf(desk.mailbox.id)) print(lineOf(one, json));
    else print(json ? lineOf(read, json) : await (action === 'add' ? add : remove)(desk, read));
  });
}

const lineOf = (rule: UrgencyRule, json: boolean): string =>
  json ? JSON.stringify({ rule: ruleWords(rule), ...rule }) : ruleWords(rule);

async function add({ store, mailbox, now }: RuledDesk, rule: UrgencyRule): Promise<string> {
  const held = await store.urgencyRulesOf(mailbox.id);
  if (held.length >= URGENCY_LIMITS.rulesPerMailboxMax)
    throw new PlainError(`${mailbox.address} has ${held.length} rules already, which is the most a mailbox can have.`);
  const isNew = await store.transaction(async (inside) => {
    const added = await inside.addUrgencyRule(mailbox.id, rule);
    if (added) await inside.audit({ subject: mailbox.id, event: 'urgency-rule-added' }, now.getTime());
    return added;
  });
  return `${mailbox.address} ${isNew ? 'holds for critical' : 'held for critical already'}: ${ruleWords(rule)}`;
}

async function remove({ store, mailbox, now }: RuledDesk, rule: UrgencyRule): Promise<string> {
  const wasHeld = await store.transaction(async (inside) => {
    const removed = await inside.removeUrgencyRule(mailbox.id, rule);
    if (removed) await inside.audit({ subject: mailbox.id, event: 'urgency-rule-removed' }, now.getTime());
    return removed;
  });
  if (!wasHeld) throw new PlainError(`${mailbox.address} has no rule ${ruleWords(rule)}.`, 3);
  return `${mailbox.address} no longer holds for critical: ${ruleWords(rule)}`;
}

/** Keeps, or forgets, the number at which a correspondent is called. */
export async function keepPhone(address: string, stated: string, { json = false }: { json?: boolean }): Promise<void> {
  const phone = stated.trim() === '' ? null : phoneNumber(stated);
  if (phone === null && stated.trim() !== '') throw new PlainError(`“${stated}” is not a telephone number.`, 2);
  await atDesk(async ({ foundation, store, now }) => {
    const index = correspondentIndexOf(foundation.vault, address);
    await store.transaction(async (inside) => {
      await inside.setCorrespondentPhone(index, phone);
      const subject = `correspondent ${index.toString('hex').slice(0, 16)}`;
      const detail = phone === null ? 'removed' : 'kept';
      await inside.audit({ subject, event: 'correspondent-phone-set', detail }, now.getTime());
    });
    const words = phone === null ? `No number is kept of ${address}.` : `${address} is called at ${phone}.`;
    print(json ? JSON.stringify({ address, phone }) : words);
  });
}
