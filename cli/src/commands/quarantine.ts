/**
 * `estafette quarantine list|inspect|release|delete`: what the operator sees of letters that must not be shown, and what
 * he decides of them. Commands look by themselves; a release or a deletion is a wish in the database, which the running
 * gateway fulfils within seconds. Content is written only to a file that is named for it, and the trail says so.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { QUARANTINE_LIMITS } from '@estafette/contracts/limits';
import { REASONS, type ReasonCode } from '@estafette/contracts/verdict';
import { type InspectedLetter, openQuarantineRoom, type QuarantineRoom } from '@estafette/gateway/inspect-quarantine';
import { canonicalAddress, type LastingStore, type QuarantinedLetter } from '@estafette/gateway/ports';
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { type Foundation, layFoundation, openStoreFor, settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';
import { findRunning } from '../running-instance.ts';
import { letterPolicies } from '../trust-spaces.ts';
import { trustFor } from './inspect.ts';

type Listed = Awaited<ReturnType<QuarantineRoom['list']>>[number] & { readonly mailbox: string };

interface Given {
  readonly mailbox?: string;
  readonly json?: boolean;
}

interface Room extends QuarantineRoom {
  readonly foundation: Foundation;
  readonly store: LastingStore;
  /** Letters of all mailboxes, or of the one that was named. */
  letters(mailbox: string | undefined): Promise<Listed[]>;
}

async function withRoom<T>(work: (room: Room) => Promise<T>): Promise<T> {
  const foundation = layFoundation(settings());
  const { config, home, vault, clock } = foundation;
  const store = await openStoreFor(foundation);
  try {
    const room = openQuarantineRoom({
      store,
      vault,
      clock,
      blobs: await openFileBlobStore(config.ESTAFETTE_BLOBS_FOLDER ?? join(home, 'blobs')),
      epochs: await openEpochKeyFiles(join(home, 'keys', 'epochs'), vault),
      trust: trustFor({}),
      lettersOf: letterPolicies(config),
    });
    const letters = async (mailbox: string | undefined): Promise<Listed[]> => {
      const addresses = new Map((await store.mailboxes()).map(({ id, address }) => [id, address]));
      if (mailbox !== undefined && ![...addresses.values()].includes(canonicalAddress(mailbox)))
        throw new PlainError(`${mailbox} is not a mailbox of this gateway.`);
      return (await room.list())
        .map((letter) => ({ ...letter, mailbox: addresses.get(letter.mailboxId) ?? letter.mailboxId }))
        .filter((letter) => mailbox === undefined || letter.mailbox === canonicalAddress(mailbox));
    };
    return await work({ ...room, foundation, store, letters });
  } finally {
    await store.close();
  }
}

/** The letter of an id or of its unambiguous beginning, in every mailbox it was sent to. */
async function find(room: Room, name: string, mailbox: string | undefined): Promise<Listed[]> {
  if (!/^ltr_[0-9A-Za-z]{1,26}$/.test(name))
    throw new PlainError(
      `“${name}” is no letter id: they look like ltr_01J…; "estafette quarantine list" shows them.`,
      2,
    );
  const found = (await room.letters(mailbox)).filter(({ letterId }) => letterId.startsWith(name));
  const ids = new Set(found.map(({ letterId }) => letterId));
  if (ids.size === 0) throw new PlainError(`No letter ${name} is in quarantine.`, 3);
  if (ids.size > 1)
    throw new PlainError(`${ids.size} letters in quarantine begin with ${name}: give more of the id.`, 2);
  return found;
}

/** Text of strangers for a terminal: no control characters, one line. */
const plain = (text: string): string => text.replace(/[\p{C}\s]+/gu, ' ').trim();

const minute = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 16);

const SIZES = [
  { bytes: 1_048_576, unit: 'MB' },
  { bytes: 1_024, unit: 'kB' },
] as const;

function size(bytes: number): string {
  const scale = SIZES.find((one) => bytes >= one.bytes);
  return scale === undefined ? `${bytes} B` : `${(bytes / scale.bytes).toFixed(1)} ${scale.unit}`;
}

const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

function claimedSender({ sender, state }: Listed): string {
  if (sender === null) return state === 'deleted' ? '(deleted with it)' : '(cannot be opened)';
  const address = plain(sender.address) || 'no address';
  return sender.name === '' ? address : `${plain(sender.name)} <${address}>`;
}

function facts(letter: Listed) {
  const { letterId, mailbox, sender, reasons, bytes, state, wish, outcome, notice } = letter;
  return {
    letterId,
    mailbox,
    receivedAt: new Date(letter.receivedAt).toISOString(),
    keptUntil: new Date(letter.expiresAt).toISOString(),
    claimedSender: sender?.address ?? null,
    claimedName: sender?.name ?? null,
    reasons,
    bytes,
    state,
    wish,
    outcome,
    notice,
  };
}

/** Prints the letters in quarantine whose conversation lives. */
export function listQuarantine(options: Given): Promise<void> {
  return withRoom(async (room) => {
    const letters = await room.letters(options.mailbox);
    if (letters.length === 0 && options.json !== true) process.stdout.write('No letter is in quarantine.\n');
    for (const letter of letters) {
      if (options.json === true) {
        print(facts(letter));
        continue;
      }
      const wish = letter.wish === null ? '' : ` (${letter.wish} asked)`;
      const failed = letter.outcome === null ? '' : ` (not released: ${letter.outcome.replaceAll(' ', ', ')})`;
      process.stdout.write(
        `${letter.letterId}  ${letter.state}${wish}${failed}  ${minute(letter.receivedAt)} UTC  ${size(letter.bytes)}  to ${letter.mailbox}\n` +
          `    claims to come from ${claimedSender(letter)}; ${letter.reasons.join(', ')}; kept until ${minute(letter.expiresAt)} UTC\n`,
      );
    }
  });
}

const sentenceOf = (code: string): string => (Object.hasOwn(REASONS, code) ? REASONS[code as ReasonCode].en : code);

function layerWords(layer: InspectedLetter['opened']['layers'][number]): string {
  if (layer.kind === 'compressed') return 'compressed';
  if (layer.kind === 'encrypted')
    return `encrypted: ${layer.outcome}${layer.reason === null ? '' : ` (${layer.reason})`}`;
  return `signed, ${layer.form}: ${[layer.signature, ...layer.reasons].join(', ')}`;
}

function tellInspected(letter: Listed, { opened, headers, outside, inside }: InspectedLetter): string {
  const { verdict, layers } = opened;
  const lines = [
    `${letter.letterId}  ${letter.state}  to ${letter.mailbox}, received ${minute(letter.receivedAt)} UTC, ${size(letter.bytes)}`,
    `  claims to come from ${claimedSender(letter)}; kept until ${minute(letter.expiresAt)} UTC`,
    `  judged at its arrival: ${letter.reasons.join(', ')}`,
    `  judged now: show ${verdict.show}; signature ${verdict.signature}, identity ${verdict.identity}, encryption ${verdict.encryption}`,
    ...verdict.reasons.map((code) => `    ${code}: ${sentenceOf(code)}`),
    '  layers, outermost first:',
    ...layers.map((layer) => `    ${layerWords(layer)}`),
    ...(layers.length === 0 ? ['    none that could be read'] : []),
  ];
  const { signer } = verdict;
  if (signer !== null)
    lines.push(
      `  certificate: ${plain(signer.name)}; ${signer.addresses.map(plain).join(', ') || 'no address'}`,
      `    issuer ${plain(signer.issuer)}; serial ${signer.serial}; valid until ${signer.notAfter}`,
      `    SHA-256 ${signer.fingerprint}`,
    );
  const tree = (parts: InspectedLetter['outside']): string[] =>
    parts === null
      ? ['    cannot be read']
      : parts.map(({ path, type, bytes }) => `    ${path}  ${type}  ${size(bytes)}`);
  lines.push('  parts as they came:', ...tree(outside));
  if (inside !== null) lines.push('  parts of what was opened:', ...tree(inside));
  lines.push('  headers as they came:', ...headers.map((line) => `    ${line}`));
  return `${lines.join('\n')}\n`;
}

const wasDeleted = ({ letterId }: Listed): PlainError =>
  new PlainError(`${letterId} was deleted: only its notice is left.`, 3);

/** Says what is wrong with a letter; with `content`, writes what could be opened into that file. */
export function inspectQuarantined(name: string, options: Given & { content?: string }): Promise<void> {
  return withRoom(async (room) => {
    const letters = await find(room, name, options.mailbox);
    if (options.content !== undefined) return takeContent(room, letters, options.content);
    for (const letter of letters) {
      const inspected = await room.inspect(letter);
      if (inspected === null) throw wasDeleted(letter);
      const { opened, ...rest } = inspected;
      const { verdict, layers } = opened;
      if (options.json === true) print({ ...facts(letter), verdict, layers, ...rest });
      else process.stdout.write(tellInspected(letter, inspected));
    }
  });
}

async function takeContent(room: Room, letters: readonly Listed[], file: string): Promise<void> {
  const [letter, ...others] = letters;
  if (letter === undefined || others.length > 0)
    throw new PlainError('The letter stands in several mailboxes: say whose with --mailbox.', 2);
  if (letter.state === 'deleted') throw wasDeleted(letter);
  const content = await room.takeContent(letter);
  if (content === null) throw new PlainError(`Nothing of ${letter.letterId} could be opened: there is no content.`);
  try {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new PlainError(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code}.`, 2, error);
  }
  process.stdout.write(`${size(content.length)} of ${letter.letterId} in clear in ${file}: delete it after use.\n`);
}

type Wish = 'release' | 'delete';

const DONE: Readonly<Record<Wish, QuarantinedLetter['state']>> = { release: 'released', delete: 'deleted' };

const WHY_NOT: Readonly<Record<string, string>> = {
  'conversation-expired': 'its conversation is over',
  'patient-opposes': 'a patient it names opposes (see "estafette opposition list")',
  'original-missing': 'the original is not there any more',
};

/** Why a letter stays although it could be shown. */
const HELD_THOUGH_READABLE = new Set(['patient-opposes', 'virus-found']);

function outcomeSentence({ letterId, mailbox, state, outcome }: Listed & { outcome: string | null }): string {
  if (state === 'released') return `${letterId} is shown in ${mailbox}.`;
  if (state === 'deleted') return `${letterId} is deleted in ${mailbox}; the notice stays.`;
  const codes = (outcome ?? '').split(' ');
  const why = codes.map((code) => WHY_NOT[code] ?? sentenceOf(code)).join(' ');
  const isReadable = codes.some((code) => HELD_THOUGH_READABLE.has(code));
  return `${letterId} stays in quarantine in ${mailbox}${isReadable ? '' : ', there is nothing to show'}: ${why}`;
}

/** Waits until the gateway has done what was asked; null when it has not yet. */
async function outcomeOf(store: LastingStore, letter: Listed): Promise<QuarantinedLetter | null> {
  for (let waited = 0; waited < QUARANTINE_LIMITS.outcomeWaitMs; waited += QUARANTINE_LIMITS.outcomeLookMs) {
    const now = await store.quarantinedLetter(letter.letterId, letter.mailboxId);
    if (now === null || now.wish === null) return now;
    await pause(QUARANTINE_LIMITS.outcomeLookMs);
  }
  return null;
}

/** A letter is not released while a patient it names opposes. The gateway looks again when it opens it. */
async function refuseOpposed({ store }: Room, letters: readonly Listed[]): Promise<void> {
  for (const { letterId, mailbox, mailboxId } of letters) {
    const [id] = await store.opposingLetter(letterId, mailboxId);
    if (id !== undefined)
      throw new PlainError(
        `${letterId} stays in quarantine in ${mailbox}: a patient it names opposes. It can be released once that has ended ("estafette opposition withdraw ${id}").`,
      );
  }
}

/** Asks the gateway to release or delete a letter, and says what came of it. */
export function askOfQuarantine(wish: Wish, name: string, options: Given): Promise<void> {
  return withRoom(async (room) => {
    const letters = await find(room, name, options.mailbox);
    if (wish === 'release') await refuseOpposed(room, letters);
    const asked: Listed[] = [];
    for (const letter of letters)
      if (await room.store.wishForQuarantined(letter.letterId, letter.mailboxId, wish)) asked.push(letter);
    if (asked.length === 0) throw new PlainError(`${name} is not held any more: it was ${letters[0]?.state}.`);
    const isRunning = findRunning(room.foundation.home) !== null;
    let failed: PlainError | null = null;
    for (const letter of asked) {
      const now = isRunning ? await outcomeOf(room.store, letter) : null;
      const waits = isRunning
        ? 'The gateway has not done it yet: it will.'
        : 'No server runs here: it will be done at the next start.';
      const sentence = now === null ? waits : outcomeSentence({ ...letter, ...now });
      if (options.json === true) print(facts({ ...letter, ...(now ?? { wish }) }));
      // Somebody else's wish may have been quicker.
      if (now !== null && now.state !== DONE[wish]) failed = new PlainError(sentence);
      else if (options.json !== true) process.stdout.write(`${sentence}\n`);
    }
    if (failed !== null) throw failed;
  });
}
