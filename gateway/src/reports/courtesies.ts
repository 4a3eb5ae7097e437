/**
 * What the gateway sends by itself when a letter lies in the mailbox: the delivery report that its sender asked for (RFC
 * 3461, NOTIFY=SUCCESS), and the absence of the mailbox, once for each correspondent and day (RFC 3834 §2). Only to
 * letters of persons: never to automatic mail, the null sender, lists, quarantine, or where X-Auto-Response-Suppress
 * asks for silence; an absence only to a proven sender who wrote to this mailbox by name.
 */
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import {
  type Absence,
  type Clock,
  canonicalAddress,
  type DeliveryWishes,
  type LastingStore,
  type Log,
  type OpenedLetter,
} from '../ports.ts';
import { composeAbsence, composeDelivery } from './compose-automatic.ts';
import type { AutomaticErrand } from './post-automatic.ts';

/** A letter that lies in the mailbox now. */
export interface DeliveredLetter {
  readonly letterId: string;
  readonly mailboxId: string;
  readonly conversationId: string;
  readonly space: string;
  readonly opened: OpenedLetter;
  /** Empty for the null sender. */
  readonly mailFrom: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Whether its sender is proven, by certificate, operator or account. */
  readonly isProven: boolean;
  readonly wishes: DeliveryWishes | undefined;
}

export interface CourtesyOptions {
  readonly store: Pick<LastingStore, 'absence' | 'mailboxById' | 'countLettersOf'>;
  readonly post: (errand: AutomaticErrand) => Promise<unknown>;
  readonly correspondentIndex: (address: string) => Buffer;
  /** Name of this gateway in reports. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly log: Log;
}

const HOUR_MS = 3_600_000;

/** Addresses behind which nobody sits (RFC 3834 §2; RFC 2142). */
const NOBODY =
  /^(?:(?:mailer-daemon|mail-daemon|mdaemon|postmaster|bounces?|listserv|majordomo)(?:[-+=][^@]*)?@|no-?reply|ne-?pas-?repondre|do-?not-?reply|owner-|.*-(?:request|owner|bounces)@)/;

const aboutOf = ({ headers }: OpenedLetter): string => /<[^<>\s]{1,250}>/.exec(headers.messageId)?.[0] ?? '';

const PARIS_DAY = new Intl.DateTimeFormat('fr-CA', { dateStyle: 'short', timeZone: 'Europe/Paris' });
const FRENCH_DAY = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'long', timeZone: 'Europe/Paris' });

/** What a correspondent is told when the operator gave no words of his own. */
export function absenceText({ text, until }: Absence, name: string): string {
  if (text.trim() !== '') return `${text.trim()}\n`;
  const lastDay = FRENCH_DAY.format(new Date(until - 1));
  return [
    'Bonjour,',
    '',
    `${name} : absence jusqu'au ${lastDay} inclus. Votre courrier est arrivé, mais il ne sera pas lu avant.`,
    "Si c'est urgent, téléphonez.",
    '',
    'Ce message est envoyé automatiquement, une fois par jour.',
    '',
  ].join('\n');
}

/** The step after a delivery. What could not be posted holds no letter back; a second run sends nothing new. */
export function createCourtesies(options: CourtesyOptions): (letter: DeliveredLetter) => Promise<void> {
  const { store, clock, log } = options;

  const post = (errand: AutomaticErrand): Promise<unknown> =>
    options.post(errand).catch((error: unknown) => {
      const { letterId, mailboxId } = errand;
      log.warn('an automatic mail was not sent', { letterId, mailboxId, error });
    });

  const tellDelivered = async (letter: DeliveredLetter): Promise<void> => {
    const { letterId, mailboxId, conversationId, space, mailFrom, receivedAt, wishes, opened } = letter;
    const wish = wishes?.recipients.find((recipient) => recipient.mailboxId === mailboxId);
    if (wishes === undefined || wish === undefined || !wish.notify.includes('success')) return;
    const { original } = wish;
    const facts = {
      envelopeId: wishes.envelopeId,
      original,
      arrivedAt: new Date(receivedAt),
      gateway: options.gateway,
    };
    await post({
      kind: 'delivery-report',
      claim: `delivery-report ${letterId} ${mailboxId}`,
      ...{ letterId, mailboxId, conversationId, space },
      to: mailFrom,
      about: aboutOf(opened),
      compose: (draft) => composeDelivery(draft, facts),
    });
  };

  const isAnswerableByMachine = async ({ mailboxId, opened, isProven }: DeliveredLetter): Promise<boolean> => {
    const { from, people } = opened.headers;
    if (!isProven || opened.outside?.suppresses === true || NOBODY.test(from.toLowerCase())) return false;
    const mailbox = await store.mailboxById(mailboxId);
    const own = canonicalAddress(mailbox?.address ?? '');
    if (own === canonicalAddress(from) || !people.some(({ address }) => canonicalAddress(address) === own))
      return false;
    const since = clock.now().getTime() - HOUR_MS;
    const letters = await store.countLettersOf(mailboxId, options.correspondentIndex(from), since);
    return letters <= REPORT_LIMITS.lettersPerPairAndHourMax;
  };

  const tellAbsent = async (letter: DeliveredLetter): Promise<void> => {
    const { letterId, mailboxId, conversationId, space, opened } = letter;
    const now = clock.now();
    const absence = await store.absence(mailboxId);
    if (absence === null || now.getTime() < absence.from || now.getTime() >= absence.until) return;
    if (!(await isAnswerableByMachine(letter))) return;
    const name = (await store.mailboxById(mailboxId))?.name ?? '';
    const { from } = opened.headers;
    const day = PARIS_DAY.format(now);
    await post({
      kind: 'absence',
      claim: `absence ${mailboxId} ${options.correspondentIndex(from).toString('hex')} ${day}`,
      ...{ letterId, mailboxId, conversationId, space },
      to: from,
      about: aboutOf(opened),
      compose: (draft) => composeAbsence(draft, absenceText(absence, name)),
    });
  };

  return async (letter) => {
    const isOfPerson = (letter.opened.automatic ?? null) === null || letter.opened.automatic?.guessed === true;
    if (!isOfPerson || letter.mailFrom === '' || letter.opened.verdict.show === 'quarantine') return;
    await tellDelivered(letter);
    await tellAbsent(letter);
  };
}
