/** How a letter presses in one mailbox: judge-urgency.ts with the mailbox's rules and the number kept of the sender. */
import type { LetterMessage } from '@estafette/contracts/message';
import type { LastingStore, OpenedLetter } from '../ports.ts';
import { judgeUrgency } from './judge-urgency.ts';
import type { KnownSender } from './know-sender.ts';

export interface PressingLetter {
  readonly mailboxId: string;
  readonly opened: Pick<OpenedLetter, 'headers' | 'documents'>;
  readonly sender: Pick<KnownSender, 'correspondentIndex' | 'proof'>;
}

/** What the message says of it; nothing when nothing presses. */
export async function letterUrgency(
  store: Pick<LastingStore, 'urgencyRulesOf' | 'correspondentPhone'>,
  { mailboxId, opened, sender }: PressingLetter,
): Promise<Pick<LetterMessage, 'urgent' | 'urgency'>> {
  const reports = opened.documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
  // Most letters: nothing is asked of the store for them.
  if (reports.length === 0 && !opened.headers.urgent) return {};
  const urgency = await judgeUrgency({
    reports,
    rules: reports.length === 0 ? [] : await store.urgencyRulesOf(mailboxId),
    isMarked: opened.headers.urgent,
    keptPhone: await store.correspondentPhone(sender.correspondentIndex),
    isVerified: sender.proof !== null,
  });
  return urgency === null ? {} : { urgent: true, urgency };
}
