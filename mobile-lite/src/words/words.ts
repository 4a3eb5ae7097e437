/**
 * The texts in the language of this device: English when it asks for English, French otherwise. Only one language is
 * loaded; `loadWords` must have ended before the first screen is drawn.
 */
import { FAILURES, type Failure } from '@estafette/contracts/failure';
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { Words } from './words-type.ts';

export const language: 'fr' | 'en' = navigator.language.startsWith('en') ? 'en' : 'fr';
export let words: Words;

export async function loadWords(): Promise<void> {
  words = language === 'en' ? (await import('./en.ts')).en : (await import('./fr.ts')).fr;
}

/** The sentence for a failure code, from the catalogue; for codes that only the device knows, from its own texts. */
export function failureSentence(code: string | null): string {
  if (code !== null && Object.hasOwn(words.enrolmentFailures, code)) {
    return words.enrolmentFailures[code as keyof Words['enrolmentFailures']];
  }
  const failure: Failure | undefined = (FAILURES as Record<string, Failure>)[code ?? ''];
  const sentence = language === 'fr' ? failure?.person : failure?.operator;
  return sentence ?? words.failureUnknown;
}

export function reasonSentence(code: ReasonCode): string {
  return words.reasons[code];
}
