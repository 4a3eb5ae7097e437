/**
 * `estafette opposition add`, `list` and `withdraw`: patients who oppose that a mailbox, or every one, is shown letters
 * about them. A running server holds the next letter. Who opposes is kept sealed and printed here only.
 */
import { newId } from '@estafette/contracts/ids';
import { OPPOSITION_LIMITS } from '@estafette/contracts/limits';
import { hasRightKey, insuredNumber, type OpposingPatient, type Opposition } from '@estafette/gateway/ports';
import { atDesk, type Desk, hostedMailbox } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

export interface AddOppositionOptions {
  readonly mailbox?: string;
  readonly ins?: string;
  readonly family?: string;
  readonly birthName?: string;
  readonly given?: string;
  readonly born?: string;
  readonly sex?: 'M' | 'F';
  readonly by?: string;
  readonly json?: boolean;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function numberOf({ ins }: AddOppositionOptions): string | null {
  if (ins === undefined) return null;
  const number = insuredNumber(ins);
  if (number === null) throw new PlainError('--ins is no national number: 13 characters, or 15 with its key.', 2);
  if (!hasRightKey(number)) throw new PlainError('--ins: the key does not belong to this number. Look at it again.', 2);
  return number;
}

function nameOf(text: string | undefined, option: string): string {
  const name = text?.trim() ?? '';
  if (!/\p{L}/u.test(name) || /[\p{C}\u2028\u2029]/u.test(name) || name.length > OPPOSITION_LIMITS.nameMaxCharacters)
    throw new PlainError(`${option} must be a name on one line.`, 2);
  return name;
}

function dayOf(born: string, now: Date): string {
  const day = new Date(`${born}T00:00:00Z`);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(born) && !Number.isNaN(day.getTime());
  if (!isDay || day.toISOString().slice(0, 10) !== born || day > now)
    throw new PlainError('--born is no day of birth: write it like 1958-04-02.', 2);
  return born;
}

function traitsOf(options: AddOppositionOptions, now: Date): OpposingPatient['traits'] {
  const { family, birthName, given, born, sex } = options;
  const names = { '--family': family, '--birth-name': birthName };
  const named = Object.entries(names).flatMap(([option, text]) => (text === undefined ? [] : [nameOf(text, option)]));
  if (named.length === 0 && given === undefined && born === undefined && sex === undefined) return null;
  if (named.length === 0 || given === undefined || born === undefined)
    throw new PlainError(
      'Traits are all of --family (or --birth-name), --given and --born; --sex where it is known.',
      2,
    );
  return { familyNames: named, givenName: nameOf(given, '--given'), birthDate: dayOf(born, now), sex: sex ?? null };
}

function recorderOf({ by }: AddOppositionOptions): string {
  const words = by?.trim() ?? 'operator';
  if (words === '' || /[\p{C}\u2028\u2029]/u.test(words) || words.length > OPPOSITION_LIMITS.recordedByMaxCharacters)
    throw new PlainError(
      `--by must be one line of at most ${OPPOSITION_LIMITS.recordedByMaxCharacters} characters.`,
      2,
    );
  return words;
}

const scopeOf = async (desk: Desk, address: string | undefined) =>
  address === undefined ? null : hostedMailbox(desk, address, 3);

/** Who opposes, as the options say it; throws a sentence when that is nobody. */
export function opposingPatient(options: AddOppositionOptions, now: Date): OpposingPatient {
  const patient: OpposingPatient = { number: numberOf(options), traits: traitsOf(options, now) };
  if (patient.number === null && patient.traits === null)
    throw new PlainError('Say who opposes: --ins, or --family, --given and --born, or both.', 2);
  return patient;
}

/** Records an opposition; the same one a second time is told and changes nothing. */
export function addOpposition(options: AddOppositionOptions): Promise<void> {
  return atDesk(async (desk) => {
    const { store, now } = desk;
    const patient = opposingPatient(options, now);
    const recordedBy = recorderOf(options);
    const mailbox = await scopeOf(desk, options.mailbox);
    const mailboxId = mailbox?.id ?? null;
    const isSame = (one: Opposition): boolean =>
      one.mailboxId === mailboxId && JSON.stringify(one.patient) === JSON.stringify(patient);
    const known = (await store.oppositions()).find(isSame);
    const id = known?.id ?? newId('opposition');
    if (known === undefined)
      await store.transaction(async (inside) => {
        await inside.addOpposition({ id, mailboxId, patient, recordedBy }, now.getTime());
        const related = mailboxId === null ? {} : { related: mailboxId };
        await inside.audit({ subject: id, event: 'opposition-recorded', ...related }, now.getTime());
      });
    const where = mailbox === null ? 'every mailbox' : mailbox.address;
    const words = known === undefined ? 'is recorded' : 'was recorded already';
    if (options.json === true)
      print(JSON.stringify({ id, mailbox: mailbox?.address ?? null, isNew: known === undefined }));
    else print(`${id} ${words}, for ${where}: letters about the patient are held from now on.`);
  });
}

/** Who it is, on one line. */
function patientWords(patient: OpposingPatient | null): string {
  if (patient === null) return '(forgotten)';
  const { number, traits } = patient;
  const who = traits === null ? [] : [traits.familyNames.join(' / '), traits.givenName, traits.birthDate, traits.sex];
  return [...who, number === null ? null : `INS ${number}`].filter((word) => word !== null).join('  ');
}

const dayTime = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 16);

/** Lists the oppositions, newest first. */
export function listOppositions(options: { readonly mailbox?: string; readonly json?: boolean }): Promise<void> {
  return atDesk(async (desk) => {
    const { store } = desk;
    const only = await scopeOf(desk, options.mailbox);
    const addresses = new Map((await store.mailboxes()).map(({ id, address }) => [id, address]));
    const addressOf = (id: string): string => addresses.get(id) ?? id;
    const counts = ({ mailboxId }: Opposition): boolean => only === null || mailboxId === null || mailboxId === only.id;
    for (const one of (await store.oppositions()).filter(counts)) {
      const { id, mailboxId, patient, recordedBy, recordedAt, withdrawnAt } = one;
      const held = one.held.map(({ mailboxId: where, letters }) => ({ mailbox: addressOf(where), letters }));
      const mailbox = mailboxId === null ? null : addressOf(mailboxId);
      if (options.json === true) {
        const times = {
          recordedAt: new Date(recordedAt),
          withdrawnAt: withdrawnAt === null ? null : new Date(withdrawnAt),
        };
        print(JSON.stringify({ id, mailbox, patient, recordedBy, ...times, held }));
        continue;
      }
      const state = withdrawnAt === null ? `recorded by ${recordedBy}` : `withdrawn ${dayTime(withdrawnAt)} UTC`;
      print(`${id}  ${mailbox ?? 'every mailbox'}  since ${dayTime(recordedAt)} UTC, ${state}`);
      const letters = held.map((each) => `${each.letters} in ${each.mailbox}`).join(', ');
      print(`    ${patientWords(patient)}; letters held: ${letters || 'none'}`);
    }
  });
}

/** Ends an opposition. */
export function withdrawOpposition(id: string, options: { readonly json?: boolean }): Promise<void> {
  return atDesk(async ({ store, now }) => {
    if (!/^opp_[0-9A-Za-z]{26}$/.test(id))
      throw new PlainError(`“${id}” is no opposition: "estafette opposition list" shows their ids.`, 2);
    const before = (await store.oppositions()).find((one) => one.id === id);
    if (before === undefined) throw new PlainError(`Nothing is known of ${id}.`, 3);
    await store.transaction(async (inside) => {
      if (!(await inside.withdrawOpposition(id, now.getTime()))) throw new PlainError(`${id} was withdrawn already.`);
      await inside.audit({ subject: id, event: 'opposition-withdrawn' }, now.getTime());
    });
    const letters = before.held.reduce((sum, each) => sum + each.letters, 0);
    if (options.json === true) print(JSON.stringify({ id, letters }));
    else if (letters === 0) print(`${id} is withdrawn; no letter was held.`);
    else print(`${id} is withdrawn; ${letters} held so far: "estafette quarantine list" shows what may be released.`);
  });
}
