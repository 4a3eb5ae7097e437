/**
 * How an answer to one correspondent is sealed: what the operator set for him, else what his verified letters say he
 * opens (RFC 8551 §2.7.1), else the trust space. Every outcome is signed and encrypted with AES-128 at the least; there
 * is no wish for less, and capabilities that name nothing usable leave the space's choice as it is.
 */
import type {
  AnswerPolicy,
  Capability,
  SealingContent,
  SealingForm,
  SealingTransport,
  SealingWishes,
} from '../ports.ts';

export interface SealingChoice {
  readonly form: SealingForm;
  readonly content: SealingContent;
  readonly keyTransport: SealingTransport;
}

/**
 * Of the ciphers he names, one that authenticates before one that does not, each in his order: what an attacker changes
 * in CBC comes out as other text (EFAIL).
 */
function contentOf(capabilities: readonly Capability[]): SealingContent | undefined {
  const named = capabilities.filter((word) => word !== 'rsa-oaep-sha256');
  return named.find((word) => word.endsWith('-gcm')) ?? named[0];
}

/** Chooses; `capabilities` null when no verified letter stated any. */
export function chooseSealing(question: {
  space: Pick<AnswerPolicy, 'content' | 'keyTransport'>;
  capabilities: readonly Capability[] | null;
  wishes: SealingWishes;
}): SealingChoice {
  const { space, capabilities, wishes } = question;
  const takesOaep = capabilities?.includes('rsa-oaep-sha256') === true;
  return {
    form: wishes.form ?? 'detached',
    content: wishes.content ?? contentOf(capabilities ?? []) ?? space.content,
    keyTransport: wishes.keyTransport ?? (takesOaep ? 'rsa-oaep-sha256' : space.keyTransport),
  };
}
