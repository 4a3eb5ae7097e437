/**
 * A letter as it is shown in the conversation: who and to whom, when, subject, trust mark, the mark of the operator that
 * carried it, documents. Text only, never HTML. Automatic mail is a line.
 */
import type { Document } from '@estafette/contracts/document';
import type { LetterMessage, MailPerson, NoticeMessage, QuarantineMessage } from '@estafette/contracts/message';
import type { JSX, Ref } from 'preact';
import type { ShownMessage } from '../device/conversation-view.ts';
import type { DeviceSession } from '../device/device-session.ts';
import { words } from '../words/words.ts';
import { formatDay, formatMoment } from './format.ts';
import { useSeen } from './hooks.ts';
import { Icon } from './icons.tsx';
import { later } from './later.tsx';
import { TrustMark } from './trust-mark.tsx';

const ReportCard = later(async () => (await import('./report-card.tsx')).ReportCard, 'soon');
const PhotoTile = later(async () => (await import('./attachment-tile.tsx')).PhotoTile);
const FileTile = later(async () => (await import('./attachment-tile.tsx')).FileTile);

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
};

export function LetterBubble(props: LetterProps): JSX.Element {
  const { letter, session, conversationId, at, now } = props;
  const head = useSeen<HTMLParagraphElement>(letter.asksReceipt === true, () => {
    void session.markSeen(conversationId, letter);
  });
  return (
    <article class="bubble theirs">
      <Sender letter={letter} at={at} now={now} head={head} />
      <People letter={letter} />
      <h2 class="subject">
        {letter.urgent && <UrgentBadge />} {letter.subject || words.noSubject}
      </h2>
      <TrustMark verdict={letter.verdict} subjectProtected={letter.subjectProtected} />
      {letter.operator && (
        <p class="operator" data-testid="operator-mark">
          <Icon name="operator" />
          <span>{words.trust.operator(letter.operator.name)}</span>
        </p>
      )}
      {letter.route === 'new-expired' && <p class="muted">{words.routeExpired}</p>}
      {letter.route === 'new-unproven' && <p class="note amber">{words.routeUnproven}</p>}
      {letter.senderCertificateChanged && <p class="note amber">{words.certificateChanged}</p>}
      {letter.sameMessageId && <p class="note amber">{words.sameMessageId}</p>}
      {letter.subjectChanged && <p class="muted">{words.subjectChanged}</p>}
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

const nameOf = ({ name, address }: MailPerson): string => name || address;

function People({ letter: { people = [], peopleLeftOut = 0 } }: { letter: LetterMessage }): JSX.Element | null {
  const also = people.filter(({ role }) => role !== 'from');
  const answers = people.filter(({ role }) => role === 'from').map(nameOf);
  const names = also.map((one) => (one.role === 'cc' ? words.peopleCopy(nameOf(one)) : nameOf(one)));
  if (people.length === 0) return null;
  return (
    <p class="people" data-testid="people">
      {names.length > 0 && <span>{words.peopleAlso(names.join(', '), peopleLeftOut)}</span>}
      {answers.length > 0 && <span>{words.answersTo(answers.join(', '))}</span>}
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
      return (
        <ReportCard {...{ report: document.report, messages: props.messages, from: props.letter.from.name, now }} />
      );
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
