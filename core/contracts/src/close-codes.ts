/** WebSocket close codes and what the device should do about each. Published in docs/protocol.md; a test compares. */

export type CloseAdvice = 'retry-now' | 'retry-later' | 'sign-in' | 'never';

export const CLOSE_CODES = {
  1000: { name: 'normal', advice: 'never', meaning: 'the device said goodbye' },
  1001: { name: 'going-away', advice: 'retry-now', meaning: 'the relay node is stopping' },
  1006: { name: 'abnormal', advice: 'retry-now', meaning: 'the connection was lost' },
  1011: { name: 'internal-error', advice: 'retry-later', meaning: 'trouble on our side' },
  1013: { name: 'overloaded', advice: 'retry-later', meaning: 'the relay or its Redis cannot serve now' },
  4400: { name: 'bad-frame', advice: 'never', meaning: 'a frame that does not fit the protocol: update the app' },
  4401: { name: 'ticket-refused', advice: 'sign-in', meaning: 'missing, used or expired ticket: ask for a new one' },
  4403: { name: 'device-revoked', advice: 'never', meaning: 'the device is no longer allowed: enrol again' },
  4408: { name: 'silent', advice: 'retry-now', meaning: 'no frame within silenceSeconds' },
  4409: { name: 'replaced', advice: 'never', meaning: 'the same device opened a newer socket' },
  4413: { name: 'frame-too-large', advice: 'never', meaning: 'a frame above frameMaxBytes' },
  4429: { name: 'too-fast', advice: 'retry-later', meaning: 'frames or sockets above their rate' },
  4430: { name: 'reading-too-slowly', advice: 'retry-later', meaning: 'socketBacklogMaxBytes left unread' },
} as const satisfies Record<number, { name: string; advice: CloseAdvice; meaning: string }>;

export type CloseCode = keyof typeof CLOSE_CODES;

/** What to do after a close; unknown codes are worth another try later. */
export function adviceFor(code: number): CloseAdvice {
  return (CLOSE_CODES as Record<number, { advice: CloseAdvice }>)[code]?.advice ?? 'retry-later';
}
