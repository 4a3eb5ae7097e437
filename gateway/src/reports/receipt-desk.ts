/**
 * Takes what a device says of a letter: a person has read it. The receipt is signed by a device of the mailbox, and the
 * letter stands in that conversation; else nothing happens. Its sender is told when he asked for it, at the address that
 * asked, when that is the one that wrote (RFC 8098 §2.1), once for each letter, and not at all where the mailbox tells
 * nobody. The relay can neither make nor move a receipt: it cannot sign.
 */
import { receiptSignatureInput } from '@estafette/contracts/conversation-seal';
import { verifyDeviceSignature } from '@estafette/contracts/device-keys';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { ReplyJob } from '@estafette/contracts/queues';
import { type AnsweredLetter, type Clock, canonicalAddress, type LastingStore, type Log } from '../ports.ts';
import { composeDisposition } from './compose-automatic.ts';
import type { AutomaticErrand } from './post-automatic.ts';

type GivenReceipt = Extract<ReplyJob, { kind: 'read' }>;

export interface ReceiptDeskOptions {
  readonly store: LastingStore;
  /** What was kept of a letter; null when its conversation is over, or nothing was kept. */
  readonly contextOf: (conversationId: string, letterId: string, mailboxId: string) => Promise<AnsweredLetter | null>;
  readonly post: (errand: AutomaticErrand) => Promise<void>;
  readonly trail: { letterRead(letterId: string, mailboxId: string, at: number): Promise<void> };
  /** Name of this gateway in reports. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly log: Log;
}

const CLOCK_SKEW_MS = RELAY_LIMITS.ticketClockSkewSeconds * 1_000;

/** Makes the desk. */
export function createReceiptDesk(options: ReceiptDeskOptions): (given: GivenReceipt) => Promise<void> {
  const { store, clock, log } = options;

  /** Whether this device of this mailbox signed it, and the letter stands in that conversation. */
  const isGenuine = async ({ mailboxId, deviceId, receipt }: GivenReceipt): Promise<boolean> => {
    const device = await store.device(deviceId, clock.now().getTime());
    if (device === null || device.mailboxId !== mailboxId) return false;
    const input = receiptSignatureInput(device.id, receipt);
    if (!(await verifyDeviceSignature(device.signingKey, receipt.signature, input))) return false;
    const rows = await store.lettersOf(receipt.letterId);
    return rows.some((row) => row.mailboxId === mailboxId && row.conversationId === receipt.conversationId);
  };

  return async (given) => {
    const { mailboxId, receipt } = given;
    const { letterId, conversationId } = receipt;
    if (!(await isGenuine(given))) return log.warn('a receipt that is not genuine', { letterId, mailboxId });
    const now = clock.now().getTime();
    const readAt = receipt.readAt > now + CLOCK_SKEW_MS ? now : receipt.readAt;
    const isFirst = !(await store.trace(letterId)).some(
      ({ event, related }) => event === 'letter-read' && related === mailboxId,
    );
    if (isFirst) await options.trail.letterRead(letterId, mailboxId, now);
    const letter = await options.contextOf(conversationId, letterId, mailboxId);
    const to = letter?.receiptTo ?? '';
    if (letter === null || to === '' || canonicalAddress(to) !== canonicalAddress(letter.from)) return;
    if (!(await store.sendsReceipts(mailboxId))) return;
    await options.post({
      kind: 'disposition',
      claim: `disposition ${letterId} ${mailboxId}`,
      ...{ letterId, mailboxId, conversationId, to },
      space: letter.space ?? null,
      about: letter.messageId,
      compose: (draft) => composeDisposition(draft, new Date(readAt), options.gateway),
    });
  };
}
