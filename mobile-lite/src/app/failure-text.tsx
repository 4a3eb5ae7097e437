/** Why something failed, in words; loaded when something did. */
import type { JSX } from 'preact';
import { failureSentence } from '../words/words.ts';

export function FailureText({ code }: { code: string | null }): JSX.Element {
  return <>{failureSentence(code)}</>;
}
