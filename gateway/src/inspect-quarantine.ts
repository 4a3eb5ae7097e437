/**
 * Quarantine as the operator looks at it, from outside any running server: who a letter claims to come from, what is
 * wrong with it, what it consists of. Its content comes out only when it is asked for, and the trail says so first.
 */
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { createTrail } from './audit/trail.ts';
import { openCustody } from './conversation/custody.ts';
import { type OpenConversation, openClaimedSender, openOriginal } from './conversation/kept-original.ts';
import { derivedIds } from './conversation/sealed-events.ts';
import { readEntity } from './envelope/mime-entity.ts';
import { readMimeTree } from './envelope/mime-tree.ts';
import { isMalformed } from './envelope/peel-layers.ts';
import { type OpenTask, openLetter, openLetterEnvelope } from './letter-worker.ts';
import type {
  BlobStore,
  ClaimedSender,
  Clock,
  EpochKeys,
  LastingStore,
  OpenedLetter,
  QuarantinedLetter,
  Vault,
} from './ports.ts';

/** What a quarantined letter consists of, without what it says: types and sizes of parts. */
export interface PartSize {
  readonly path: string;
  readonly type: string;
  readonly bytes: number;
}

export interface InspectedLetter {
  /** As judged now, with the keys and the trust of now: what a release would go by. */
  readonly opened: OpenedLetter;
  /** Header fields as they came, outermost, single lines; what says something (subject, file names) is left out. */
  readonly headers: readonly string[];
  /** The parts as they came; null when the structure cannot be read. */
  readonly outside: readonly PartSize[] | null;
  /** The parts of what could be opened; null when nothing could. */
  readonly inside: readonly PartSize[] | null;
}

/** Quarantine as the operator looks at it; nothing of it needs a running server. */
export interface QuarantineRoom {
  /** Letters whose conversation lives, newest first, with who each claims to come from. */
  list(): Promise<(QuarantinedLetter & { readonly sender: ClaimedSender | null })[]>;
  /** Null when the letter is deleted or its conversation is over. */
  inspect(letter: QuarantinedLetter): Promise<InspectedLetter | null>;
  /** The opened content, in clear, after the trail noted it; null when there is none. */
  takeContent(letter: QuarantinedLetter): Promise<Buffer | null>;
}

export interface QuarantineRoomOptions {
  readonly store: LastingStore;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly epochs: EpochKeys;
  readonly trust: OpenTask['trust'];
  /** What a trust space asks of letters, by the name that was kept with the conversation. */
  readonly lettersOf: (space: string | undefined) => OpenTask['letters'];
  readonly clock: Clock;
}

function partsOf(entity: Buffer): PartSize[] | null {
  try {
    const { leaves } = readMimeTree(readEntity(entity));
    return leaves.map(({ path, type, start, end }) => ({ path: path || '1', type, bytes: end - start }));
  } catch (error) {
    if (isMalformed(error)) return null;
    throw error;
  }
}

/** Fields in which their writer says something: a subject names the patient often enough. */
const SPEAKING = /^((?:subject|comments|keywords|thread-topic|content-description)\s*:).*$/i;
const FILE_NAMES = /((?:file)?name[*\d]*\s*=\s*)("(?:[^"\\]|\\.)*"?|[^\s;"]+)/gi;

function withoutContent(line: string): string {
  const silent = line.replace(SPEAKING, '$1 (not shown)');
  return /^content-/i.test(line) ? silent.replace(FILE_NAMES, '$1(not shown)') : silent;
}

/** Header lines of a letter whatever it is worth, unfolded; control characters would speak to the terminal. */
function headerLinesOf(letter: Buffer): string[] {
  const end = letter.indexOf('\r\n\r\n');
  const block = letter.subarray(0, Math.min(end < 0 ? letter.length : end, ENVELOPE_LIMITS.headerMaxBytes));
  const lines = block.toString('utf8').split(/\r?\n(?![ \t])/);
  const single = lines.slice(0, ENVELOPE_LIMITS.headerMaxCount).map((line) => line.replace(/[\p{C}\s]+/gu, ' '));
  return single.map(withoutContent);
}

/** Opens quarantine for an operator who has the vault. */
export function openQuarantineRoom(options: QuarantineRoomOptions): QuarantineRoom {
  const { store, vault, blobs, trust, lettersOf, clock } = options;
  // The width of epochs matters only for making new ones.
  const custody = openCustody(options.epochs, { epochSeconds: 1 });
  const originals = { blobs, idFor: derivedIds(vault) };

  const placeOf = async ({ conversationId }: QuarantinedLetter): Promise<OpenConversation | null> => {
    const conversation = await store.conversation(conversationId);
    const key = conversation === null ? null : await custody.unwrap(conversation);
    return conversation === null || key === null ? null : { conversation, key };
  };

  const open = async (letter: QuarantinedLetter) => {
    const place = await placeOf(letter);
    const original = place === null ? null : await openOriginal(originals, place, letter.letterId);
    if (original === null) return null;
    const keys = await store.keysOf(letter.mailboxId);
    const letters = lettersOf((await store.conversation(letter.conversationId))?.space ?? undefined);
    return { original, task: { letter: original, keys, trust, letters, at: clock.now().getTime() } };
  };

  return {
    async list() {
      const letters = await store.quarantinedLetters(clock.now().getTime());
      return Promise.all(
        letters.map(async (letter) => {
          const { letterId, sealedSender } = letter;
          const place = sealedSender === null ? null : await placeOf(letter);
          if (place === null || sealedSender === null) return { ...letter, sender: null };
          // Between two steps of a gateway that just moved it to another conversation it does not open: one line less.
          return { ...letter, sender: await openClaimedSender(place, letterId, sealedSender).catch(() => null) };
        }),
      );
    },
    async inspect(letter) {
      const found = await open(letter);
      if (found === null) return null;
      const { content } = openLetterEnvelope({ ...found.task, released: true });
      return {
        opened: await openLetter(found.task),
        headers: headerLinesOf(found.original),
        outside: partsOf(found.original),
        inside: content === null ? null : partsOf(content),
      };
    },
    async takeContent(letter) {
      const found = await open(letter);
      const content = found === null ? null : openLetterEnvelope({ ...found.task, released: true }).content;
      if (content !== null) await createTrail(store, clock).letterContentTaken(letter.letterId, letter.mailboxId);
      return content;
    },
  };
}
