/**
 * The texts in the language of this device: English when it asks for English, French otherwise. Only one language is
 * loaded; `loadWords` must have ended before the first screen is drawn, `loadMoreWords` before a part that comes later.
 */
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { MoreWords, Words } from './words-type.ts';

export const language: 'fr' | 'en' = navigator.language.startsWith('en') ? 'en' : 'fr';
export let words: Words;
export let moreWords: MoreWords;

export async function loadWords(): Promise<void> {
  words = language === 'en' ? (await import('./en.ts')).en : (await import('./fr.ts')).fr;
}

export async function loadMoreWords(): Promise<void> {
  moreWords ??= language === 'en' ? (await import('./more-en.ts')).more : (await import('./more-fr.ts')).more;
}

/** The sentence for a failure code, from the catalogue; for codes that only the device knows, from its own texts. */
export function failureSentence(code: string | null): string {
  if (code !== null && Object.hasOwn(moreWords.enrolmentFailures, code)) {
    return moreWords.enrolmentFailures[code as keyof MoreWords['enrolmentFailures']];
  }
  return moreWords.failures[code ?? ''] ?? moreWords.failureUnknown;
}

export function reasonSentence(code: ReasonCode): string {
  return words.reasons[code];
}
