/** A text of which the first lines are shown, and all of it on demand. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { moreWords } from '../words/words.ts';
import { isLong } from './report-words.ts';

export function LongText(props: { text: string; lines: 3 | 8; look: string; testId?: string }): JSX.Element {
  const { text, lines, look, testId } = props;
  const [isWhole, setWhole] = useState(false);
  const cut = isLong(text, lines);
  return (
    <>
      <div class={`${look} ${cut && !isWhole ? `cut at-${lines}` : ''}`} data-testid={testId}>
        {text}
      </div>
      {cut && (
        <button type="button" class="wide" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? moreWords.report.showLess : moreWords.report.showAll}
        </button>
      )}
    </>
  );
}
