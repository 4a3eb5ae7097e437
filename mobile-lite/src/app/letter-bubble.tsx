/**
 * A letter as it is shown in the conversation: who and to whom, when, subject, trust mark, the mark of the operator that
 * carried it, documents, who has read it. Text only, never HTML. Automatic mail is a line.
 */
import type { Document } from '@estafette/contracts/document';
import type { LetterMessage, NoticeMessage, QuarantineMessage, ReadMessage } from '@estafette/contracts/message';
import type { JSX, Ref } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { formatDay, formatMoment } from './format.ts';
import { FreshText } from './fresh-text.tsx';
import { useSeen } from './hooks.ts';
import { Icon } from './icons.tsx';
import { later } from './later.tsx';
import { TrustMark } from './trust-mark.tsx';

const ReportCard = later(async () => (await import('./later-parts.tsx')).ReportCard, 'soon');
const People = later(async () => (await import('./later-parts.tsx')).People, 'soon');
const LetterNotes = later(async () => (await import('./later-parts.tsx')).LetterNotes, 'soon');
const ReadBy = later(async () => (await import('./later-parts.tsx')).ReadBy, 'soon');
const UrgencyBand = later(async () => (await import('./later-parts.tsx')).UrgencyBand, 'soon');
const QuarantineText = later(async () => (await import('./later-parts.tsx')).QuarantineText, 'soon');
const PhotoTile = later(async () => (await import('./later-parts.tsx')).PhotoTile);
const FileTile = later(async () => (await import('./later-parts.tsx')).FileTile);

interface BubbleProps {
  session: DeviceSession;
  conversationId: string;
  at: number;
  now: number;
}

type LetterProps = BubbleProps & {
  letter: LetterMessage;
  /** The whole conversation: earlier and later results of the same patient show in the card. */
  messages: readonly ShownMessage[];
  readings: readonly ReadMessage[];
};

export function LetterBubble(props: LetterProps): JSX.Element {
  const { letter, readings, session, conversationId, at, now } = props;
  // Else a plain letter would say that a part of the screen cannot be loaded, where it has none.
  const isReadBy = letter.asksReceipt === true || readings.some(({ letterId }) => letterId === letter.letterId);
  const head = useSeen<HTMLParagraphElement>(() => {
    void session.markSeen(conversationId, letter);
  });
  return (
    <article class="bubble theirs">
      <Sender letter={letter} at={at} now={now} head={head} />
      {letter.urgency && <UrgencyBand letter={letter} urgency={letter.urgency} messages={props.messages} />}
      {letter.people && <People letter={letter} />}
      <h2 class="subject">
        {letter.urgent && !letter.urgency && <UrgentBadge />} {letter.subject || words.noSubject}
      </h2>
      <TrustMark verdict={letter.verdict} subjectProtected={letter.subjectProtected} />
      {hasNotes(letter) && <LetterNotes letter={letter} />}
      {letter.documents.map((document, index) => (
        <DocumentView key={`${letter.letterId}${index}`} {...props} document={document} />
      ))}
      {isReadBy && <ReadBy {...{ letter, readings, session, now }} />}
    </article>
  );
}

export function QuarantineBubble(props: { letter: QuarantineMessage; at: number; now: number }): JSX.Element {
  const { verdict } = props.letter;
  return (
    <article class="bubble theirs">
      <Sender {...props} />
      <TrustMark verdict={verdict} />
      <QuarantineText verdict={verdict} />
    </article>
  );
}

function hasNotes(letter: LetterMessage): boolean {
  const { operator, route, senderCertificateChanged, sameMessageId, subjectChanged } = letter;
  const isApart = route === 'new-expired' || route === 'new-unproven';
  return isApart || Boolean(operator || senderCertificateChanged || sameMessageId || subjectChanged);
}

export function UrgentBadge(): JSX.Element {
  return (
    <span class="badge red">
      <Icon name="alert" />
      {words.urgent}
    </span>
  );
}

/** "Absent jusqu'au 12 décembre", "Message automatique : …". */
export function noticeLine({ kind, until, text }: NoticeMessage): string {
  if (kind === 'automatic') return words.noticeAutomatic(text.trim());
  return words.noticeAbsent(until === null ? null : formatDay(until));
}

/** Automatic mail: a line that nobody wrote and nobody answers. */
export function NoticeLine({ notice, at, now }: { notice: NoticeMessage; at: number; now: number }): JSX.Element {
  const text = notice.text.trim();
  return (
    <p class="notice" data-testid="notice" data-kind={notice.kind}>
      <span>{noticeLine(notice)}</span>
      <span class="from">
        {notice.from.name || notice.from.address}, <time>{formatMoment(at, now)}</time>
      </span>
      {notice.kind === 'absent' && text !== '' && <span class="from">{text}</span>}
    </p>
  );
}

function Sender(props: {
  letter: LetterMessage | QuarantineMessage;
  at: number;
  now: number;
  head?: Ref<HTMLParagraphElement>;
}): JSX.Element {
  const { name, address } = props.letter.from;
  return (
    <p class="sender" ref={props.head ?? null}>
      <span>
        <span class="strong">{name || address}</span>
        {name !== '' && <span class="address">{address}</span>}
      </span>
      <time>{formatMoment(props.at, props.now)}</time>
    </p>
  );
}

function DocumentView(props: LetterProps & { document: Document }): JSX.Element {
  const { document, session, conversationId, now } = props;
  switch (document.kind) {
    case 'report':
      return <ReportCard {...{ report: document.report, messages: props.messages, letter: props.letter, now }} />;
    case 'photo':
      return <PhotoTile session={session} conversationId={conversationId} document={document} />;
    case 'file':
      return <FileTile session={session} conversationId={conversationId} document={document} />;
    case 'text':
      return <FreshText document={document} />;
  }
}
