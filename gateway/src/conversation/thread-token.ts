/**
 * Message-IDs of our answers carry a signed token: which conversation, which reply, and a MAC under the vault. A
 * letter that quotes it proves that its writer saw our answer; it joins the conversation only if its signer is also
 * a participant. RFC 5322 §3.6.4.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Vault } from '../ports.ts';

const TAG_BYTES = 16;

export interface ThreadTokens {
  /** `<est.CONVERSATION.REPLY.MAC@domain>`, always the same for the same reply. */
  messageIdFor(conversationId: string, replyId: string): string;
  /** The conversation a Message-ID of ours names, or null when it is not ours or was altered. */
  conversationOf(messageId: string): string | null;
}

/** Tokens under the vault, for Message-IDs of `domain`. */
export function openThreadTokens(vault: Vault, domain: string): ThreadTokens {
  const macOf = (conversationId: string, replyId: string) =>
    vault.index('thread-token', `${conversationId}.${replyId}`).subarray(0, TAG_BYTES);
  return {
    messageIdFor(conversationId, replyId) {
      return `<est.${conversationId.slice(4)}.${replyId.slice(4)}.${macOf(conversationId, replyId).toString('hex')}@${domain}>`;
    },
    conversationOf(messageId) {
      const found = /^<est\.([0-9A-Za-z]{26})\.([0-9A-Za-z]{26})\.([0-9a-f]{32})@/i.exec(messageId);
      if (found === null) return null;
      const [conversationId, replyId] = [`cnv_${found[1] as string}`, `rep_${found[2] as string}`];
      const given = Buffer.from((found[3] as string).toLowerCase(), 'hex');
      return timingSafeEqual(given, macOf(conversationId, replyId)) ? conversationId : null;
    },
  };
}

/** Message-IDs in a References or In-Reply-To field, in order, at most `max`. */
export function messageIdsIn(field: string, max = 100): string[] {
  return (field.match(/<[^<>\s]{1,250}>/g) ?? []).slice(-max);
}

/** A subject without reply and forward marks, for comparing threads; empty never matches. */
export function canonicalSubject(subject: string): string {
  let text = subject.normalize('NFC').trim();
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/^(re|ré|réf|rép|tr|fwd?|wg|aw|antw)\s*(\[\d+\])?\s*:\s*/i, '').trim();
  }
  return text.toLowerCase().replace(/\s+/g, ' ');
}
