/**
 * Finds the mail of ours that automatic mail speaks of, and says what a report may do to it. A report counts only for a
 * mail whose Message-ID (it carries a MAC) or envelope id it names: who knows these has seen the mail. And whoever has
 * seen it could still lie, so: bad news is taken from everybody who knows it, but as certain only from the operator or
 * under the signature of the recipient's domain; good news only from that domain, as certain only with that proof.
 */
import {
  type AutomaticMail,
  type Carrier,
  canonicalDomain,
  domainOf,
  type MailReport,
  type MailStore,
  type OpenedLetter,
  type OutgoingMail,
  type RecipientReport,
} from '../ports.ts';

export interface BindingParts {
  readonly store: Pick<MailStore, 'mail' | 'mailsByMessageId'>;
  /** Keyed digest of a Message-ID, and of an address. */
  readonly messageIdIndex: (messageId: string) => Buffer;
  readonly correspondentIndex: (address: string) => Buffer;
}

const MAIL_ID = /^mai_[0-9A-Za-z]{26}$/;

/** Mails of this mailbox that the automatic mail names: all copies under one Message-ID; empty when there is none. */
export async function mailsNamed(
  { store, messageIdIndex }: BindingParts,
  mailboxId: string,
  { envelopeId, ids }: Pick<AutomaticMail, 'envelopeId' | 'ids'>,
): Promise<OutgoingMail[]> {
  const named = MAIL_ID.test(envelopeId) ? await store.mail(envelopeId) : null;
  if (named?.mailboxId === mailboxId) return [named];
  for (const id of ids) {
    const mails = (await store.mailsByMessageId(messageIdIndex(id))).filter((mail) => mail.mailboxId === mailboxId);
    if (mails.length > 0) return mails;
  }
  return [];
}

/** Who tells, as far as it was proven. */
export interface Teller {
  /** Domain that is proven: by the operator that carried the mail, or by its signature. Empty: none is. */
  readonly proven: string;
  /** Domain that From claims. */
  readonly claimed: string;
}

export function tellerOf({ verdict, headers }: OpenedLetter, carrier: Carrier | undefined): Teller {
  const claimed = domainOf(headers.from);
  if (verdict.show === 'verified') return { proven: claimed, claimed };
  return { proven: carrier?.kind === 'operator' ? (canonicalDomain(carrier.domain) ?? '') : '', claimed };
}

interface Chosen {
  readonly mail: OutgoingMail;
  /** The report names the very recipient of the mail. */
  readonly isExact: boolean;
  readonly domain: string;
}

/** The copy of the mail that a report is about; null when it is about somebody else. */
function chooseMail(parts: BindingParts, mails: readonly OutgoingMail[], report: RecipientReport): Chosen | null {
  for (const address of [report.originalRecipient, report.finalRecipient]) {
    if (address === '') continue;
    const index = parts.correspondentIndex(address);
    const mail = mails.find(({ recipientIndex }) => recipientIndex.equals(index));
    if (mail !== undefined) return { mail, isExact: true, domain: domainOf(address) };
  }
  // An alias or a forwarding: another address than we wrote to. With one recipient there is no doubt whom it is about.
  const [only, ...others] = mails;
  if (only === undefined || others.length > 0) return null;
  return { mail: only, isExact: false, domain: only.to === null ? '' : domainOf(only.to) };
}

/** `mx.cabinet.example` speaks for `cabinet.example`. */
const isWithin = (domain: string, other: string): boolean => domain === other || domain.endsWith(`.${other}`);

/** What may be done; null: nothing. */
function weigh(report: RecipientReport, { isExact, domain }: Chosen, teller: Teller): MailReport | null {
  const isProven = domain !== '' && teller.proven === domain;
  const isClaimed = domain !== '' && teller.claimed !== '' && isWithin(teller.claimed, domain);
  const { action, failure } = report;
  if (action === 'failed' || action === 'delayed')
    return { state: action, certain: isProven && isExact, ...(failure === null ? {} : { failure }) };
  // Handed to mailboxes that write no reports of their own (Postfix before Dovecot says so): his operator has it.
  if (action === 'relayed') return isProven ? { state: 'delivered', certain: false } : null;
  if (action !== 'delivered' && action !== 'read') return null;
  return isProven || isClaimed ? { state: action, certain: isProven } : null;
}

/** The changes that the reports of an automatic mail make, each to one mail. */
export function changesOf(
  parts: BindingParts,
  mails: readonly OutgoingMail[],
  { reports }: Pick<AutomaticMail, 'reports'>,
  teller: Teller,
): { readonly mailId: string; readonly report: MailReport }[] {
  const changes: { mailId: string; report: MailReport }[] = [];
  // Words of a bounce name every address they quote: the recipient himself, where he is among them, and nobody else.
  const chosen = reports.map((report) => ({ report, found: chooseMail(parts, mails, report) }));
  const exact = chosen.filter(({ found }) => found?.isExact === true);
  for (const { report, found } of exact.length > 0 ? exact : chosen) {
    const change = found === null ? null : weigh(report, found, teller);
    if (found === null || change === null || changes.some(({ mailId }) => mailId === found.mail.id)) continue;
    changes.push({ mailId: found.mail.id, report: change });
  }
  return changes;
}
