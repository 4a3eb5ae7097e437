/**
 * `estafette mailbox filing`: where the conversations of a mailbox are filed in the patient's record, and in whose name. The
 * destination must be reached by a trust space and cannot be the mailbox itself. A running server files there from the
 * next request on.
 */
import { FILING_LIMITS } from '@estafette/contracts/limits';
import type { FILING_TYPES } from '@estafette/contracts/message';
import { PROFESSIONS } from '@estafette/contracts/profession';
import { readStoredList } from '@estafette/gateway/assemble-trustlist';
import {
  canonicalAddress,
  correspondentIndexOf,
  domainOf,
  type FilingSettings,
  type Mailbox,
  type TrustSpace,
} from '@estafette/gateway/ports';
import { keepDestination } from '../filing-destination.ts';
import { atMailbox, type Desk } from '../hosted-mailbox.ts';
import { readCertificates } from '../keys/key-files.ts';
import { PlainError } from '../plain-error.ts';
import { spacesOfFile } from '../trust-spaces.ts';

export interface FilingOptions {
  readonly to?: string;
  readonly professional?: string;
  readonly rpps?: string;
  readonly profession?: string;
  readonly finess?: string;
  readonly organisation?: string;
  readonly type?: (typeof FILING_TYPES)[number];
  readonly certificate?: string;
  readonly none?: boolean;
  readonly json?: boolean;
}

const ADDRESS = /^[^\s<>@,;:()[\]\\"]+@[^\s<>@,;:()[\]\\"]+$/;
/** FINESS: nine characters, the department of Corsica being 2A or 2B. */
const FINESS = /^(?:\d\d|2[AB])\d{7}$/;

function refuseUnless(isRight: boolean, sentence: string): void {
  if (!isRight) throw new PlainError(sentence, 2);
}

/** Whether a space's way out reaches the domain; a list that was never had does not say no. */
async function isReached({ config }: Desk['foundation'], space: TrustSpace, domain: string): Promise<boolean> {
  const { name, wayOut, trustList } = space;
  if (wayOut === null) return false;
  if (wayOut.reaches === 'any-domain') return true;
  if (wayOut.reaches !== 'listed-domains') return wayOut.reaches.includes(domain);
  const stored = trustList === null ? null : await readStoredList(config.ESTAFETTE_HOME, name, trustList, Date.now());
  return stored === null || stored.list.domains.includes(domain);
}

async function checkDestination(foundation: Desk['foundation'], mailbox: Mailbox, to: string): Promise<void> {
  refuseUnless(ADDRESS.test(to), `“${to}” is not a mail address.`);
  refuseUnless(to !== mailbox.address, 'A mailbox is not filed in itself: give the address of its software.');
  const spaces = spacesOfFile(foundation.config);
  // Without a file there is one space, whose way out reaches any domain.
  if (spaces === null) return;
  for (const space of spaces) if (await isReached(foundation, space, domainOf(to))) return;
  throw new PlainError(`No trust space reaches ${domainOf(to)}: nothing could be filed there.`, 2);
}

const MAX = FILING_LIMITS.nameMaxCharacters;
const isOneLine = (name: string): boolean => name !== '' && name.length <= MAX && !/[\p{Cc}\u2028\u2029]/u.test(name);

/** What is set then: what is given, over what was. */
export function filingSettingsOf(
  mailbox: Mailbox,
  options: FilingOptions,
  before: FilingSettings | null,
): FilingSettings {
  const { rpps = before?.rpps, profession = before?.profession, finess = before?.organisation.finess } = options;
  const to = options.to === undefined ? before?.to : canonicalAddress(options.to);
  const professional = (options.professional ?? before?.professional ?? '').trim();
  const isWhole = to !== undefined && rpps !== undefined && profession !== undefined && finess !== undefined;
  if (!isWhole || professional === '')
    throw new PlainError('Give --to, --professional, --rpps, --profession and --finess.', 2);
  // Another person has another number: one is never left beside the name of the other.
  const isRenamed = before !== null && professional !== before.professional && options.rpps === undefined;
  const isRenumbered = before !== null && rpps !== before.rpps && options.professional === undefined;
  refuseUnless(!isRenamed && !isRenumbered, 'Give --professional and --rpps together: the number is of that person.');
  refuseUnless(isOneLine(professional), `--professional must be one line of at most ${MAX} characters.`);
  refuseUnless(/\p{L}\P{L}+\p{L}/u.test(professional), '--professional is a first name and a name.');
  refuseUnless(/^\d{11}$/.test(rpps), 'An RPPS has eleven digits.');
  refuseUnless(PROFESSIONS[profession] !== undefined, `--profession is one of ${Object.keys(PROFESSIONS).join(', ')}.`);
  refuseUnless(FINESS.test(finess), 'A FINESS has nine digits.');
  const name = (options.organisation ?? before?.organisation.name ?? mailbox.entity ?? mailbox.name).trim();
  refuseUnless(isOneLine(name), `--organisation must be one line of at most ${MAX} characters.`);
  const documentType = options.type ?? before?.documentType ?? '61357-0';
  return { mailboxId: mailbox.id, to, documentType, professional, rpps, profession, organisation: { name, finess } };
}

async function show(desk: Desk & { mailbox: Mailbox }, asJson: boolean): Promise<void> {
  const { store, foundation, mailbox } = desk;
  const settings = await store.filingSettings(mailbox.id);
  const known =
    settings === null ? null : await store.correspondent(correspondentIndexOf(foundation.vault, settings.to));
  if (asJson) {
    const { mailboxId: _mailboxId, ...facts } = settings ?? { mailboxId: '', to: null };
    const certificate = known?.fingerprint ?? null;
    process.stdout.write(`${JSON.stringify({ address: mailbox.address, ...facts, certificate })}\n`);
    return;
  }
  if (settings === null) return void process.stdout.write(`${mailbox.address} is filed nowhere.\n`);
  const { to, documentType, professional, rpps, profession, organisation } = settings;
  const lines = [
    `${mailbox.address} is filed at ${to}`,
    `  type           ${documentType}`,
    `  in the name of ${professional}, ${rpps}, ${PROFESSIONS[profession] ?? profession}`,
    `  of             ${organisation.name}, ${organisation.finess}`,
    `  certificate    ${known?.fingerprint ?? '(not known: what must leave encrypted is not filed; see --certificate)'}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function set(desk: Desk & { mailbox: Mailbox }, options: FilingOptions): Promise<void> {
  const { store, foundation, mailbox, now } = desk;
  const settings = filingSettingsOf(mailbox, options, await store.filingSettings(mailbox.id));
  await checkDestination(foundation, mailbox, settings.to);
  const pems = options.certificate === undefined ? [] : readCertificates(options.certificate);
  await store.transaction(async (inside) => {
    const parts = { store: inside, vault: foundation.vault };
    if (pems.length > 0) await keepDestination(parts, settings.to, pems, now);
    await inside.setFiling(settings);
    const detail = settings.documentType;
    await inside.audit({ subject: mailbox.id, event: 'filing-set', detail }, now.getTime());
  });
}

/** Shows, sets or ends the filing of a mailbox. */
export async function mailboxFiling(address: string, options: FilingOptions): Promise<void> {
  const { none = false, json = false, ...wishes } = options;
  const isSet = Object.values(wishes).some((wish) => wish !== undefined);
  refuseUnless(!(none && isSet), '--none goes with nothing else.');
  await atMailbox(address, async (desk) => {
    const { store, mailbox, now } = desk;
    if (none)
      await store.transaction(async (inside) => {
        if (!(await inside.clearFiling(mailbox.id))) return;
        await inside.audit({ subject: mailbox.id, event: 'filing-cleared' }, now.getTime());
      });
    else if (isSet) await set(desk, options);
    await show(desk, json);
  });
}
