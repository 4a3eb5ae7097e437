/**
 * Signals between relay nodes: "look now", after the write. A signal carries no content and may be lost or doubled
 * without harm: the inbox says what there is, and every listener looks once after it began to listen.
 */

export type Signal =
  /** Something was stored. */
  | { readonly kind: 'look' }
  /** A device opened connection number `connection`: older ones give way. */
  | { readonly kind: 'replaced'; readonly deviceId: string; readonly connection: number }
  /** A device is not allowed any more. */
  | { readonly kind: 'revoked'; readonly deviceId: string };

export const LOOK: Signal = { kind: 'look' };

export interface Signals {
  /** Resolves when the signal was handed over to all nodes that listen. */
  send(topic: string, signal: Signal): Promise<void>;
  /** Resolves when the listening holds: signals sent from then on arrive. Gives the function that ends it. */
  listen(topic: string, listener: (signal: Signal) => void): Promise<() => Promise<void>>;
}

export function mailboxTopic(mailboxId: string): string {
  return `{${mailboxId}}:signals`;
}

export function answerTopic(enrolmentId: string, deviceId: string): string {
  return `{${enrolmentId}}:${deviceId}:answer`;
}
