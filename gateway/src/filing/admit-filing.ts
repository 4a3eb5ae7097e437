/**
 * Takes the wish of a device to file something: where to is known, what it names is of the conversation and was shown.
 * Then it is durable, once, with the note of what it covers; from then on it is made whatever happens, and its
 * conversation stays readable until it is. Nothing of a refused wish is kept.
 */
import { Refusal } from '@estafette/contracts/failure';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import type { FilingMessage } from '@estafette/contracts/message';
import type { Conversation, LastingStore, ReplyRow } from '../ports.ts';
import { passed } from '../ports.ts';
import { letterStanding } from './letter-standing.ts';

/** What is written of filings that are taken. */
interface FilingTrail {
  filingAccepted(id: string, conversationId: string, what: string): Promise<void>;
}

export interface FilingAdmissionOptions {
  readonly store: LastingStore;
  /** Lets a conversation live at least until then, within a transaction. */
  readonly extend: (
    inside: LastingStore,
    conversationId: string,
    time: { readonly now: number; readonly until: number },
  ) => Promise<void>;
  readonly trailOf: (store: LastingStore) => FilingTrail;
}

/** Letters that a wish names. */
const namedBy = ({ what, patient }: FilingMessage): string[] => [
  ...(what.kind === 'conversation' ? [] : [what.letterId]),
  ...(patient.from === 'report' ? [patient.letterId] : []),
];

/** The step that takes filings; throws a `Refusal` that says why not. */
export function createFilingAdmission(
  options: FilingAdmissionOptions,
): (row: ReplyRow, message: FilingMessage, place: { readonly conversation: Conversation }) => Promise<void> {
  const { store } = options;
  return async (row, message, { conversation }) => {
    const { id, mailboxId, conversationId, deviceId, createdAt: at } = row;
    const settings = await store.filingSettings(mailboxId);
    if (settings === null) throw new Refusal('filing-not-set');
    const letters = await store.lettersOfConversation(conversation.id);
    for (const letterId of namedBy(message)) {
      const letter = letters.find((one) => one.letterId === letterId && one.mailboxId === mailboxId);
      const standing = letter === undefined ? 'unshown' : await letterStanding(store, letter);
      if (standing === 'unshown') throw new Refusal('filing-unknown');
    }
    const { what, documentType = settings.documentType } = message;
    const isWhole = what.kind === 'conversation';
    // A letter on its way in is not in it, though its row is older.
    const onTheirWay = letters.filter(({ state }) => state === 'routed').map(({ createdAt }) => createdAt - 1);
    await store.transaction(async (inside) => {
      if (!(await inside.addReply(row, at))) return;
      await inside.addFiling({
        ...{ id, mailboxId, conversationId, deviceId, at },
        what: what.kind,
        letterId: isWhole ? null : what.letterId,
        coversUntil: isWhole ? Math.min(at, ...onTheirWay) : null,
      });
      await options.extend(inside, conversationId, { now: at, until: at + FILING_LIMITS.compiledWithinMs });
      await options.trailOf(inside).filingAccepted(id, conversationId, `${what.kind}, ${documentType}, ${deviceId}`);
    });
    passed('reply-accepted');
  };
}
