/** A letter as it is shown in the conversation: when, subject, trust mark, documents. Text only, never HTML. */
import type { Document } from '@estafette/contracts/document';
import type { LetterMessage, QuarantineMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { FileTile, PhotoTile } from './attachment-tile.tsx';
import { formatMoment } from './format.ts';
import { ResultCard } from './result-card.tsx';
import { TrustMark } from './trust-mark.tsx';

interface BubbleProps {
  session: DeviceSession;
  conversationId: string;
  at: number;
  now: number;
}

export function LetterBubble(props: BubbleProps & { letter: LetterMessage }): JSX.Element {
  const { letter, at, now } = props;
  return (
    <article class="bubble theirs">
      <Sender letter={letter} at={at} now={now} />
      <h2 class="subject">{letter.subject || words.noSubject}</h2>
      <TrustMark verdict={letter.verdict} subjectProtected={letter.subjectProtected} />
      {letter.route === 'new-expired' && <p class="muted">{words.routeExpired}</p>}
      {letter.route === 'new-unproven' && <p class="note amber">{words.routeUnproven}</p>}
      {letter.senderCertificateChanged && <p class="note amber">{words.certificateChanged}</p>}
      {letter.documents.map((document, index) => (
        <DocumentView key={`${letter.letterId}${index}`} {...props} document={document} />
      ))}
    </article>
  );
}

export function QuarantineBubble(props: { letter: QuarantineMessage; at: number; now: number }): JSX.Element {
  const { verdict } = props.letter;
  const isProven = verdict.signature === 'valid' && verdict.identity === 'match';
  return (
    <article class="bubble theirs">
      <Sender {...props} />
      {!isProven && <p class="note amber">{words.trust.unproven}</p>}
      <TrustMark verdict={verdict} />
      <p>{words.trust.quarantineText}</p>
    </article>
  );
}

function Sender(props: { letter: LetterMessage | QuarantineMessage; at: number; now: number }): JSX.Element {
  const { name, address } = props.letter.from;
  return (
    <p class="sender">
      <span>
        <span class="strong">{name || address}</span>
        {name !== '' && <span class="address">{address}</span>}
      </span>
      <time>{formatMoment(props.at, props.now)}</time>
    </p>
  );
}

function DocumentView(props: BubbleProps & { document: Document }): JSX.Element {
  const { document, session, conversationId, now } = props;
  switch (document.kind) {
    case 'hprim':
      return <ResultCard report={document.report} now={now} />;
    case 'photo':
      return <PhotoTile session={session} conversationId={conversationId} document={document} />;
    case 'file':
      return <FileTile session={session} conversationId={conversationId} document={document} />;
    case 'text':
      return (
        <>
          <p class="text">{document.text}</p>
          {document.truncated && <p class="muted">{words.textTruncated}</p>}
        </>
      );
  }
}
