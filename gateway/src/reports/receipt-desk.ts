/**
 * Takes what a device says of a letter: a person has read it. The receipt is signed by a device of the mailbox, and the
 * letter stands in that conversation; else nothing happens. The mailbox hears of every letter who has read it, once for each
 * person. Its sender is told when he asked for it, at the address that asked, when that is the one that wrote (RFC 8098
 * §2.1), once for each letter, and not at all where the mailbox tells nobody. The relay can neither make nor move a
 * receipt: it cannot sign. The person is the one whom the gateway enrolled the device for, never one that a device names.
 */
import { receiptSignatureInput } from '@estafette/contracts/conversation-seal';
import { verifyDeviceSignature } from '@estafette/contracts/device-keys';
import { RELAY_LIMITS } from '@estafette/contracts/limits';
import type { ReadMessage } from '@estafette/contracts/message';
import type { ReplyJob } from '@estafette/contracts/queues';
import {
  type AnsweredLetter,
  type Clock,
  canonicalAddress,
  type Device,
  type LastingStore,
  type Log,
  type TraceLine,
} from '../ports.ts';
import { composeDisposition } from './compose-automatic.ts';
import type { AutomaticErrand } from './post-automatic.ts';

type GivenReceipt = Extract<ReplyJob, { kind: 'read' }>;

export interface ReceiptDeskOptions {
  readonly store: LastingStore;
  /** What was kept of a letter; null when its conversation is over, or nothing was kept. */
  readonly contextOf: (conversationId: string, letterId: string, mailboxId: string) => Promise<AnsweredLetter | null>;
  /** Gives whether the mail is posted, now or before. */
  readonly post: (errand: AutomaticErrand) => Promise<boolean>;
  /** Tells the devices of the mailbox, once for each letter and person; nothing where the conversation is over. */
  readonly tell: (conversationId: string, read: Omit<ReadMessage, 'type'>) => Promise<void>;
  readonly trail: { letterRead(letterId: string, mailboxId: string, at: number): Promise<void> };
  /** Name of this gateway in reports. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly log: Log;
}

const CLOCK_SKEW_MS = RELAY_LIMITS.ticketClockSkewSeconds * 1_000;

/** When it was read, by the device's clock; not after we heard of it, and not before the letter came. */
function within(readAt: number, now: number, trace: readonly TraceLine[]): string {
  const earliest = Math.min(now, ...trace.slice(0, 1).map(({ at }) => at));
  return new Date(Math.max(earliest, Math.min(readAt, now))).toISOString();
}

/** Makes the desk. */
export function createReceiptDesk(options: ReceiptDeskOptions): (given: GivenReceipt) => Promise<void> {
  const { store, clock, log } = options;

  /** The device of this mailbox that signed it, where the letter stands in that conversation; else null. */
  const signerOf = async ({ mailboxId, deviceId, receipt }: GivenReceipt): Promise<Device | null> => {
    const device = await store.device(deviceId, clock.now().getTime());
    if (device === null || device.mailboxId !== mailboxId) return null;
    const input = receiptSignatureInput(device.id, receipt);
    if (!(await verifyDeviceSignature(device.signingKey, receipt.signature, input))) return null;
    const rows = await store.lettersOf(receipt.letterId);
    const isThere = rows.some((row) => row.mailboxId === mailboxId && row.conversationId === receipt.conversationId);
    return isThere ? device : null;
  };

  /** Tells the sender where he is to be told; gives whether he is. */
  const tellSender = async ({ mailboxId, receipt }: GivenReceipt, now: number): Promise<boolean> => {
    const { letterId, conversationId } = receipt;
    const readAt = receipt.readAt > now + CLOCK_SKEW_MS ? now : receipt.readAt;
    const letter = await options.contextOf(conversationId, letterId, mailboxId);
    const to = letter?.receiptTo ?? '';
    if (letter === null || to === '' || canonicalAddress(to) !== canonicalAddress(letter.from)) return false;
    if (!(await store.sendsReceipts(mailboxId))) return false;
    return options.post({
      kind: 'disposition',
      claim: `disposition ${letterId} ${mailboxId}`,
      ...{ letterId, mailboxId, conversationId, to },
      space: letter.space ?? null,
      about: letter.messageId,
      compose: (draft) => composeDisposition(draft, new Date(readAt), options.gateway),
    });
  };

  return async (given) => {
    const { mailboxId, receipt } = given;
    const { letterId, conversationId } = receipt;
    const device = await signerOf(given);
    if (device === null) return log.warn('a receipt that is not genuine', { letterId, mailboxId });
    const now = clock.now().getTime();
    const trace = await store.trace(letterId);
    const isFirst = !trace.some(({ event, related }) => event === 'letter-read' && related === mailboxId);
    if (isFirst) await options.trail.letterRead(letterId, mailboxId, now);
    const toldSender = await tellSender(given, now);
    const at = within(receipt.readAt, now, trace);
    await options.tell(conversationId, { letterId, person: device.person, at, ...(toldSender ? { toldSender } : {}) });
  };
}
