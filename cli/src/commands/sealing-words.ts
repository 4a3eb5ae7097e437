/** How answers to a correspondent may be sealed, in the words of the command line. */
import type { SealingWishes } from '@estafette/gateway/ports';

/** `auto` leaves it to the gateway. */
export const SEALING_WORDS = {
  form: ['auto', 'detached', 'opaque'],
  content: ['auto', 'aes-256-cbc', 'aes-256-gcm', 'aes-128-cbc', 'aes-128-gcm'],
  keyTransport: ['auto', 'rsa-pkcs1', 'rsa-oaep-sha256'],
} as const satisfies { [K in keyof SealingWishes]: readonly ('auto' | NonNullable<SealingWishes[K]>)[] };
