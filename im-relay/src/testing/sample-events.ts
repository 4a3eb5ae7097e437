/** Events as the gateway would send them; the ciphertext is noise, as it is to the relay. */
import { newId } from '@estafette/contracts/ids';
import type { KeyEvent, SealedEvent } from '@estafette/contracts/sealed-event';

export function sealedEvent(fields: { conversationId: string; expiresAt: number; ct?: string }): SealedEvent {
  const { conversationId, expiresAt, ct = 'bm9pc2U' } = fields;
  return { kind: 'message', id: newId('message'), conversationId, author: 'gateway', expiresAt, iv: 'AAAA', ct };
}

export function keyEvent(fields: { conversationId: string; expiresAt: number; device: string }): KeyEvent {
  return { kind: 'key', id: newId('event'), author: 'gateway', enc: 'ZW5j', ct: 'a2V5', ...fields };
}
