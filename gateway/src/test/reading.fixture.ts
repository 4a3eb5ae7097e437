/** For tests: a device of a station's mailbox, and how it says that its person has read a letter. */
import { receiptSignatureInput } from '@estafette/contracts/conversation-seal';
import { exportPublicKey, makeSigningKeys, makeWrappingKeys, signWithDevice } from '@estafette/contracts/device-keys';
import { newId } from '@estafette/contracts/ids';
import type { Station } from './station.fixture.ts';
import { START } from './world.fixture.ts';

/** What a receipt says that is not so, or another time. */
export interface ReadingChange {
  readonly conversationId?: string;
  readonly signedFor?: string;
  readonly mailboxId?: string;
  readonly readAt?: number;
}

/** Enrols a device of this person; gives how it tells that a letter was read. */
export async function readerOf(
  { world, mailboxId, automatic }: Station,
  person = 'Paul LEROY',
): Promise<(letterId: string, change?: ReadingChange) => Promise<void>> {
  const keys = await makeSigningKeys();
  const wrapping = await makeWrappingKeys(true);
  const wrappingKey = await exportPublicKey(wrapping.publicKey);
  const device = { id: newId('device'), mailboxId, person, wrappingKey, validUntil: null };
  await world.store.addDevice({ ...device, signingKey: await exportPublicKey(keys.publicKey) });
  return async (letterId, change = {}) => {
    const row = (await world.store.lettersOf(letterId))[0];
    const receipt = {
      letterId,
      conversationId: change.conversationId ?? row?.conversationId ?? '',
      readAt: change.readAt ?? START + 60_000,
    };
    const input = receiptSignatureInput(device.id, { ...receipt, letterId: change.signedFor ?? letterId });
    const signature = await signWithDevice(keys.privateKey, input);
    await automatic.receipts({
      kind: 'read',
      mailboxId: change.mailboxId ?? mailboxId,
      deviceId: device.id,
      receipt: { ...receipt, signature },
    });
  };
}
