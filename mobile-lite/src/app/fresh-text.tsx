/**
 * The words of a letter: first what was newly written, the whole with what it quotes one tap away. Anything doubtful about
 * the ranges shows everything: a text is never lost.
 */
import type { Document } from '@estafette/contracts/document';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { freshOf } from './fresh-words.ts';

export function FreshText({ document }: { document: Extract<Document, { kind: 'text' }> }): JSX.Element {
  const { text, truncated } = document;
  const [isWhole, setWhole] = useState(false);
  const fresh = freshOf(text, document.fresh);
  return (
    <>
      <p class="text" data-testid="letter-text">
        {isWhole ? text : (fresh ?? text)}
      </p>
      {fresh !== null && (
        <button type="button" class="fold" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? words.quotedHide : words.quotedShow}
        </button>
      )}
      {truncated && <p class="muted">{words.textTruncated}</p>}
    </>
  );
}
