/**
 * `estafette queue list|retry|hold|release|drop`: what has not left or not arrived, and what the operator decides of it.
 * A decision is a wish in the database that the running gateway fulfils within seconds and writes into the trail. Mails
 * are named by their ids; of a recipient only the domain is shown, because it is where the trouble is.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { FAILURES, type FailureCode } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { LastingStore, MailState, MailWish, OutgoingMail } from '@estafette/gateway/ports';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import type { Foundation } from '../foundation.ts';
import { atDesk } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';
import { findRunning } from '../running-instance.ts';

interface Given {
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** What the operator may have to look after; `sent` and better are in the trace. */
const SHOWN: readonly MailState[] = ['sealed', 'delayed', 'held', 'failed', 'unknown'];

const withStore = <T>(work: (store: LastingStore, foundation: Foundation) => Promise<T>): Promise<T> =>
  atDesk(({ store, foundation }) => work(store, foundation));

const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const STEPS = [
  { ms: 86_400_000, unit: 'd' },
  { ms: 3_600_000, unit: 'h' },
  { ms: 60_000, unit: 'min' },
] as const;

/** A span of time in its largest whole unit. */
function span(ms: number): string {
  const step = STEPS.find((one) => ms >= one.ms);
  return step === undefined ? `${Math.max(0, Math.round(ms / 1_000))} s` : `${Math.floor(ms / step.ms)} ${step.unit}`;
}

const reasonOf = (code: string): string =>
  Object.hasOwn(FAILURES, code) ? FAILURES[code as FailureCode].operator : code;

const domainOf = ({ to }: OutgoingMail): string => to?.slice(to.lastIndexOf('@') + 1) ?? '(forgotten)';

const isWaiting = ({ state, sentAt }: OutgoingMail): boolean =>
  (state === 'sealed' || state === 'delayed') && sentAt === null;

function facts(mail: OutgoingMail, mailbox: string) {
  const { id, kind, state, failure, certain, attempts, urgent, wish, subject, space } = mail;
  const nextAttemptAt = isWaiting(mail) ? new Date(mail.nextAttemptAt).toISOString() : null;
  const at = { sealedAt: new Date(mail.sealedAt).toISOString(), nextAttemptAt };
  const known = { reason: failure === null ? null : reasonOf(failure), mailbox, domain: domainOf(mail) };
  return { what: 'mail', id, kind, state, failure, certain, attempts, urgent, wish, subject, space, ...known, ...at };
}

function tellMail(mail: OutgoingMail, mailbox: string, now: number): string {
  const { id, kind, state, failure, attempts, wish } = mail;
  const asked = wish === null ? '' : ` (${wish} asked)`;
  const wait = mail.nextAttemptAt - now;
  const next = isWaiting(mail) ? `; next attempt ${wait <= 0 ? 'now' : `in ${span(wait)}`}` : '';
  const tries = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
  const why = failure === null ? '' : `    ${failure}: ${reasonOf(failure)}\n`;
  return `${id}  ${state}${asked}  ${kind} from ${mailbox} to ${domainOf(mail)}, ${span(now - mail.sealedAt)} old, ${tries}${next}\n${why}`;
}

/** Letters in the spool, oldest first, and what each waits for. */
async function waitingLetters(store: LastingStore, { home }: Foundation) {
  const safe = await openFileBlobStore(join(home, 'safe'));
  const letters: { letterId: string; since: number; why: string }[] = [];
  for await (const { name, modifiedAt } of safe.list('spool/')) {
    const letterId = name.slice('spool/'.length);
    if (!/^ltr_[0-9A-Za-z]{26}$/.test(letterId)) continue;
    const held = (await store.trace(letterId)).findLast(({ event }) => event === 'letter-held');
    const why =
      held === undefined ? 'waits to be opened' : `waits for the revocation status of its signer: ${held.detail}`;
    letters.push({ letterId, since: modifiedAt.getTime(), why });
    if (letters.length >= DISPATCH_LIMITS.listedMax) break;
  }
  return letters.sort((a, b) => a.since - b.since);
}

/** Prints mails that have not left or not arrived, letters that wait, and jobs that were given up. */
export function listQueue(options: Given): Promise<void> {
  return withStore(async (store, foundation) => {
    const now = foundation.clock.now().getTime();
    const addresses = new Map((await store.mailboxes()).map(({ id, address }) => [id, address]));
    const mails = await store.mailsInState(SHOWN, DISPATCH_LIMITS.listedMax);
    const letters = await waitingLetters(store, foundation);
    const jobs = await store.givenUpJobs(DISPATCH_LIMITS.listedMax);
    const mailboxOf = ({ mailboxId }: OutgoingMail): string => addresses.get(mailboxId) ?? mailboxId;
    if (options.json === true) {
      for (const mail of mails) print(facts(mail, mailboxOf(mail)));
      for (const { letterId, since, why } of letters)
        print({ what: 'letter', letterId, since: new Date(since).toISOString(), reason: why });
      for (const { queue, reason, at } of jobs)
        print({ what: 'given-up', queue, reason, at: new Date(at).toISOString() });
      return;
    }
    if (mails.length + letters.length + jobs.length === 0) process.stdout.write('Nothing waits.\n');
    for (const mail of mails) process.stdout.write(tellMail(mail, mailboxOf(mail), now));
    for (const { letterId, since, why } of letters)
      process.stdout.write(`${letterId}  ${why}, since ${span(now - since)}\n`);
    for (const { queue, reason, at } of jobs)
      process.stdout.write(`given up ${span(now - at)} ago, queue ${queue}: ${reason}\n`);
  });
}

/** The mail of an id or of its unambiguous beginning. */
async function find(store: LastingStore, name: string): Promise<OutgoingMail> {
  if (!/^mai_[0-9A-Za-z]{1,26}$/.test(name))
    throw new PlainError(`“${name}” is no mail id: they look like mai_01J…; "estafette queue list" shows them.`, 2);
  const exact = await store.mail(name);
  if (exact !== null) return exact;
  const known = await store.mailsInState(SHOWN, DISPATCH_LIMITS.listedMax);
  const [found, ...others] = known.filter(({ id }) => id.startsWith(name));
  if (found === undefined) throw new PlainError(`No mail ${name} is on its way out.`, 3);
  if (others.length > 0) throw new PlainError(`${others.length + 1} mails begin with ${name}: give more of the id.`, 2);
  return found;
}

/** Waits until the gateway has done what was asked; null when it has not yet. */
async function outcomeOf(store: LastingStore, id: string): Promise<OutgoingMail | null> {
  for (let waited = 0; waited < DISPATCH_LIMITS.outcomeWaitMs; waited += DISPATCH_LIMITS.outcomeLookMs) {
    const mail = await store.mail(id);
    if (mail === null || mail.wish === null) return mail;
    await pause(DISPATCH_LIMITS.outcomeLookMs);
  }
  return null;
}

const DONE: Readonly<Record<MailWish, string>> = {
  retry: 'is tried now',
  hold: 'is held',
  release: 'goes on',
  drop: 'is dropped; its author is told',
};

/** Whether the mail has come to where the wish wanted it; what left meanwhile has not. */
const isDone = (wish: MailWish, { state }: OutgoingMail): boolean =>
  wish === 'hold' ? state === 'held' : wish === 'drop' ? state === 'dropped' : true;

/** Asks the gateway to retry, hold, release or drop a mail, and says what came of it. */
export function askOfMail(wish: MailWish, name: string, options: Given): Promise<void> {
  if (wish === 'drop' && options.yes !== true)
    throw new PlainError('A dropped mail is deleted and cannot be brought back: say --yes.', 2);
  return withStore(async (store, { home }) => {
    const mail = await find(store, name);
    if (wish === 'release' && mail.state !== 'held')
      throw new PlainError(`${mail.id} is not held: it is ${mail.state}.`);
    if (wish === 'retry' && mail.state === 'held') throw new PlainError(`${mail.id} is held: release it.`);
    if (!(await store.wishForMail(mail.id, wish)))
      throw new PlainError(`${mail.id} has left or ended: it is ${mail.state}.`);
    const isRunning = findRunning(home) !== null;
    const now = isRunning ? await outcomeOf(store, mail.id) : null;
    if (options.json === true) print({ id: mail.id, asked: wish, state: now?.state ?? mail.state, done: now !== null });
    if (now !== null && !isDone(wish, now)) throw new PlainError(`${mail.id} was quicker: it is ${now.state}.`);
    if (options.json === true) return;
    const waits = isRunning
      ? 'The gateway has not done it yet: it will.'
      : 'No server runs here: it will be done at the next start.';
    process.stdout.write(now === null ? `${waits}\n` : `${mail.id} ${DONE[wish]}.\n`);
  });
}
