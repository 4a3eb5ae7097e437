/**
 * A report as a card, whatever format it was read from (clinical-formats A.2.6): who, what kind, when, from whom; one
 * line that says how bad it is; critical first, then abnormal, then what nobody judged, the normal ones folded. What a
 * rule of the mailbox makes critical stands there as critical, with the rule. A report without results shows its text.
 * What its sender deleted, or a later report replaced, is folded, never gone.
 * Figures stand exactly as they were written. Colour never speaks alone: each state has its word.
 */
import type { ClinicalReport, Severity } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import type { ComponentChildren, JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { judge, type ShownMessage } from '../device/conversation-view.ts';
import { moreWords, words } from '../words/words.ts';
import { formatDate } from './format.ts';
import { Icon } from './icons.tsx';
import { LongText } from './long-text.tsx';
import { historyOf, type ReportHistory } from './report-history.ts';
import { ResultRows, Sensitivities } from './report-rows.tsx';
import { bornLine, fullName, isTable, sensitivityOf, titleOf } from './report-words.ts';
import { summaryLine } from './result-words.ts';
import { type BrokenRules, underRules } from './ruled-report.ts';
import { TelephoneLinks } from './telephone-links.tsx';

/** So many normal results and nothing else need no fold. */
const SHORT_REPORT = 5;

interface ReportProps {
  report: ClinicalReport;
  history: ReportHistory;
  broken: BrokenRules;
}

export function ReportCard(props: {
  report: ClinicalReport;
  messages: readonly ShownMessage[];
  /** The letter that brought it: what its head says is not said again. */
  letter: LetterMessage;
  now: number;
}): JSX.Element {
  const { messages, letter, now } = props;
  const texts = moreWords.report;
  const from = letter.from.name;
  const history = useMemo(() => historyOf(props.report, messages), [props.report, messages]);
  const { report, broken } = useMemo(() => underRules(props.report, letter), [props.report, letter]);
  const { replacedBy, completedBy } = history;
  const isDeleted = report.status === 'deleted' || replacedBy?.status === 'deleted';
  const { severity } = judge([report]);
  if (isDeleted || replacedBy !== null) {
    return (
      <section class="card aged" data-testid="result-card" data-severity="unknown" data-standing="replaced">
        <CardHead
          report={report}
          from={from}
          now={now}
          badge={isDeleted ? words.reportStatuses.deleted : texts.replaced}
          isAged
        />
        {isDeleted ? (
          <Fold label={texts.deletedFold} note={texts.deletedText} struck>
            <CardBody report={report} history={history} broken={broken} />
          </Fold>
        ) : (
          <Fold label={texts.replacedBy(replacedBy?.date ? formatDate(replacedBy.date) : null)}>
            <CardBody report={report} history={history} broken={broken} />
          </Fold>
        )}
      </section>
    );
  }
  return (
    <section class={`card ${severity}`} data-testid="result-card" data-severity={severity} data-standing="present">
      <CardHead
        from={from}
        report={report}
        now={now}
        badge={report.status === 'final' ? '' : words.reportStatuses[report.status]}
      />
      <Verdict report={report} hasBand={letter.urgency?.level === 'critical'} />
      <CardBody report={report} history={history} broken={broken} />
      {completedBy && <p class="note">{texts.completedBy(completedBy.date && formatDate(completedBy.date))}</p>}
    </section>
  );
}

function CardHead(props: {
  report: ClinicalReport;
  from: string;
  now: number;
  badge: string;
  isAged?: boolean;
}): JSX.Element {
  const { report, from, now, badge, isAged = false } = props;
  const { patient, sender, status } = report;
  const born = bornLine(patient, now, report.date);
  const { kind, date } = titleOf(report);
  return (
    <header>
      <h3>{fullName(patient)}</h3>
      {born !== '' && <p>{born}</p>}
      {patient.ins !== null && !isAged && (
        <p class="muted origin">
          {moreWords.report.ins[patient.ins.quality]} <span class="ins">{patient.ins.masked}</span>
        </p>
      )}
      <p class="kind">
        <span>{kind}</span> {date !== '' && <span>{date}</span>}{' '}
        {badge !== '' && (
          <span class={`badge standing ${status}`} data-testid="report-status">
            {badge}
          </span>
        )}
        {isValidated(report) && badge === '' && <span class="badge plain">{moreWords.report.validated}</span>}
      </p>
      {sender.trim().toLowerCase() !== from.trim().toLowerCase() && !isAged && <p class="muted origin">{sender}</p>}
    </header>
  );
}

/** Only where the laboratory says so of every result: a file that says nothing is not called validated. */
function isValidated({ status, results }: ClinicalReport): boolean {
  return status === 'final' && results.length > 0 && results.every((result) => result.status === 'F');
}

function CardFoot({ report }: { report: ClinicalReport }): JSX.Element | null {
  const { sender, authorId = '', sampledBy = '', prescriber, recipient, fileNumber, patient } = report;
  const texts = moreWords.report;
  const isTold = authorId === '' || sender.includes(authorId);
  const author = [sender, isTold ? '' : texts.nationalNumber(authorId)].filter((part) => part !== '').join(', ');
  const lines = [
    author === '' ? '' : texts.sender(author),
    sampledBy === '' ? '' : texts.sampledBy(sampledBy),
    prescriber === '' ? '' : texts.prescriber(prescriber),
    recipient === '' ? '' : texts.recipient(recipient),
    fileNumber === '' ? '' : texts.file(fileNumber),
    patient.ins === null ? texts.insAbsent : '',
  ].filter((line) => line !== '');
  if (lines.length === 0) return null;
  return (
    <footer class="muted origin">
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </footer>
  );
}

/** How bad it is; a critical one asks for the telephone, unless the band of its letter does. */
function Verdict({ report, hasBand }: { report: ClinicalReport; hasBand: boolean }): JSX.Element | null {
  const { severity, count } = judge([report]);
  if (count.total === 0) return null;
  if (severity !== 'critical' || hasBand) return <p class={`verdict-line ${severity}`}>{summaryLine(count)}</p>;
  return (
    <div class="call">
      <Icon name="phone" />
      <p>
        <strong>{moreWords.report.call(summaryLine(count))}</strong>
        <br />
        {moreWords.report.callText}
      </p>
      <TelephoneLinks phones={report.phones ?? []} />
    </div>
  );
}

function CardBody({ report, history, broken }: ReportProps): JSX.Element {
  const texts = moreWords.report;
  const antibiogram = report.results.filter((result) => sensitivityOf(result) !== null);
  const others = report.results.filter((result) => sensitivityOf(result) === null);
  const rows = (...wanted: Severity[]): JSX.Element => (
    <ResultRows
      results={wanted.flatMap((severity) => others.filter((result) => result.severity === severity))}
      history={history}
      broken={broken}
    />
  );
  const count = (wanted: Severity): number => others.filter(({ severity }) => severity === wanted).length;
  const [unknown, normal] = [count('unknown'), count('normal')];
  const isShort = normal === report.results.length && normal <= SHORT_REPORT;
  return (
    <>
      {rows('critical', 'abnormal')}
      <Sensitivities results={antibiogram} />
      {unknown > 0 && (
        <Fold label={texts.unjudged(unknown)} open>
          {rows('unknown')}
        </Fold>
      )}
      {isShort && rows('normal')}
      {normal > 0 && !isShort && <Fold label={texts.normal(normal)}>{rows('normal')}</Fold>}
      <Warnings codes={report.warnings} />
      <ReportText report={report} />
      <CardFoot report={report} />
    </>
  );
}

function Fold(props: {
  label: string;
  note?: string;
  open?: boolean;
  struck?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      {props.note && <p class="note amber">{props.note}</p>}
      <details open={props.open === true}>
        <summary>{props.label}</summary>
        <div class={`folded ${props.struck ? 'struck' : ''}`}>{props.children}</div>
      </details>
    </>
  );
}

/** What makes the patient or a figure doubtful has its sentence; what is only unusual is one quiet line. */
function Warnings({ codes }: { codes: readonly string[] }): JSX.Element {
  const texts = moreWords.report;
  const known: Readonly<Record<string, string>> = texts.warnings;
  const sentences = codes.flatMap((code) => (Object.hasOwn(known, code) ? [known[code]] : []));
  const others = codes.filter((code) => !Object.hasOwn(known, code));
  return (
    <>
      {sentences.length > 0 && <p class="note amber">{sentences.join(' ')}</p>}
      {others.length > 0 && <p class="muted origin">{texts.warningOther(others.join(', '))}</p>}
    </>
  );
}

/** Beside results the text is folded; a report that has none is its text. */
function ReportText({ report: { text, results } }: { report: ClinicalReport }): JSX.Element | null {
  const texts = moreWords.report;
  const shown = text.trim();
  if (shown === '') return null;
  const look = isTable(shown) ? 'report-text table' : 'report-text';
  if (results.length > 0) {
    return (
      <details>
        <summary>{texts.text}</summary>
        <div class={look}>{shown}</div>
      </details>
    );
  }
  return <LongText text={shown} lines={8} look={look} testId="report-text" />;
}
