/**
 * Reads what a conversation keeps, up to the moment a filing was asked: letters reopened from their originals, answers
 * opened with the conversation key. A letter that was not shown gives its name and its reasons, never its content. Clear
 * text, in the memory of one step.
 */
import { Refusal } from '@estafette/contracts/failure';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import type { FilingMessage } from '@estafette/contracts/message';
import type { ClaimedSender, LastingStore, LetterRow, ReplyRow, StatedPatient } from '../ports.ts';
import type { NamingLetter } from './choose-patient.ts';
import {
  answerEntry,
  inOrder,
  letterEntry,
  type ReopenedLetter,
  type TypedAnswer,
  unshownEntry,
} from './compile-exchange.ts';
import type { ExchangeEntry } from './exchange.ts';
import { type LetterStanding, letterStanding } from './letter-standing.ts';

/** What the conversation keeps, opened; `P` is the conversation with its key. */
export interface FilingSources<P> {
  readonly asked: (row: ReplyRow, place: P) => Promise<FilingMessage>;
  readonly answer: (row: ReplyRow, place: P) => Promise<Pick<TypedAnswer, 'message' | 'attachments'>>;
  /** The letter as it came and as it reads now; null when it is gone. */
  readonly letter: (
    place: P,
    letterId: string,
    receivedAt: number,
  ) => Promise<Pick<ReopenedLetter, 'original' | 'opened'> | null>;
  /** As it came, of a letter that was not shown. */
  readonly original: (place: P, letterId: string) => Promise<Buffer | null>;
  readonly claimedSender: (place: P, letterId: string, sealed: Buffer) => Promise<ClaimedSender>;
}

/** A conversation as it was when a filing of it was asked. */
export interface KeptConversation {
  /** Letters that were shown; their bytes are let go one after the other. */
  readonly shown: readonly LetterFacts[];
  /** In order of time. */
  readonly entries: readonly ExchangeEntry[];
}

export interface LetterFacts extends NamingLetter {
  readonly cameEncrypted: boolean;
}

/** An identity that a letter states which must not be believed: a number to be checked, whatever the letter says of it. */
const doubted = (patient: StatedPatient): StatedPatient =>
  patient.ins?.quality !== 'qualified' ? patient : { ...patient, ins: { ...patient.ins, quality: 'unqualified' } };

/** What a filing must know of a letter beside its words. */
export const factsOf = ({ letterId, isReadAlike, isDoubted, opened }: ReopenedLetter): LetterFacts => ({
  ...{ letterId, isReadAlike },
  patients: isDoubted ? (opened.patients ?? []).map(doubted) : (opened.patients ?? []),
  cameEncrypted: opened.layers.some(({ kind }) => kind === 'encrypted'),
});

export interface KeptReader<P> {
  /** Everything; throws a `Refusal` when that is too much. */
  conversation(filing: ReplyRow, place: P): Promise<KeptConversation>;
  /** One letter that was shown; throws a `Refusal` when there is none of that id. */
  letter(filing: ReplyRow, place: P, letterId: string): Promise<ReopenedLetter>;
}

type DatedLetter = LetterRow & { readonly createdAt: number };

/** The reader of what conversations keep. */
export function createKeptReader<P>(options: {
  readonly store: LastingStore;
  readonly sources: FilingSources<P>;
  readonly messageIdFor: (conversationId: string, replyId: string) => string;
}): KeptReader<P> {
  const { store, sources } = options;

  /** When it arrived, which is not when it was routed: it may have waited. */
  const arrivalOf = async ({ letterId, createdAt }: DatedLetter): Promise<number> =>
    (await store.trace(letterId)).find(({ event }) => event === 'letter-accepted')?.at ?? createdAt;

  const reopened = async (place: P, letter: DatedLetter, standing: LetterStanding): Promise<ReopenedLetter> => {
    const { letterId } = letter;
    const receivedAt = await arrivalOf(letter);
    const found = await sources.letter(place, letterId, receivedAt);
    // It is kept as long as the conversation: what is missing now must not be missing silently.
    if (found === null) throw new Error('a letter that was shown is not kept');
    const isHeldNow = found.opened.verdict.show === 'quarantine';
    const isReleased = standing === 'released';
    const isDoubted = isHeldNow || isReleased;
    return { letterId, receivedAt, isReadAlike: isReleased || !isHeldNow, isDoubted, ...found };
  };

  const unshown = async (place: P, letter: DatedLetter): Promise<ExchangeEntry> => {
    const { letterId, mailboxId } = letter;
    const { sealedSender = null, reasons = [] } = (await store.quarantinedLetter(letterId, mailboxId)) ?? {};
    return unshownEntry({
      letterId,
      receivedAt: await arrivalOf(letter),
      sender: sealedSender === null ? null : await sources.claimedSender(place, letterId, sealedSender),
      // That somebody opposes is the patient's secret: no record says so.
      reasons: reasons.filter((reason) => reason !== 'patient-opposes'),
      original: await sources.original(place, letterId),
    });
  };

  const answered = async (place: P, row: ReplyRow): Promise<ExchangeEntry> =>
    answerEntry({
      row,
      ...(await sources.answer(row, place)),
      person: (await store.personOfDevice(row.deviceId)) ?? '',
      messageId: row.groupId === null ? '' : options.messageIdFor(row.conversationId, row.groupId),
    });

  const lettersBefore = async ({ conversationId, createdAt: asked }: ReplyRow): Promise<DatedLetter[]> =>
    (await store.lettersOfConversation(conversationId)).filter(({ createdAt }) => createdAt <= asked);

  return {
    async conversation(filing, place) {
      const letters = (await lettersBefore(filing)).filter(({ state }) => state === 'delivered');
      const all = await store.answersOf(filing.conversationId);
      const answers = all.filter(({ createdAt }) => createdAt <= filing.createdAt);
      if (letters.length + answers.length > FILING_LIMITS.entriesMax) throw new Refusal('filing-too-large');
      const shown: LetterFacts[] = [];
      const entries: ExchangeEntry[] = [];
      let characters = 0;
      const add = (entry: ExchangeEntry): void => {
        entries.push(entry);
        characters += entry.text.length;
        if (characters > FILING_LIMITS.textMaxCharacters) throw new Refusal('filing-too-large');
      };
      for (const letter of letters) {
        const standing = await letterStanding(store, letter);
        if (standing === 'unshown') {
          add(await unshown(place, letter));
          continue;
        }
        const found = await reopened(place, letter, standing);
        shown.push(factsOf(found));
        add(letterEntry(found));
      }
      for (const answer of answers) add(await answered(place, answer));
      return { shown, entries: inOrder(entries) };
    },
    async letter(filing, place, letterId) {
      const letter = (await lettersBefore(filing)).find((one) => one.letterId === letterId);
      const standing = letter === undefined ? 'unshown' : await letterStanding(store, letter);
      if (letter === undefined || standing === 'unshown') throw new Refusal('filing-unknown');
      return reopened(place, letter, standing);
    },
  };
}
