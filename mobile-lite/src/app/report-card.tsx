/**
 * A report as a card, whatever format it was read from (clinical-formats A.2.6): who, what kind, when, from whom; one
 * line that says how bad it is; critical first, then abnormal, then what nobody judged, the normal ones folded. A report
 * without results shows its text. What its sender deleted, or a later report replaced, is folded, never gone.
 * Figures stand exactly as they were written. Colour never speaks alone: each state has its word.
 */
import type { ClinicalReport, Severity } from '@estafette/contracts/document';
import type { ComponentChildren, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { judge, type ShownMessage } from '../device/conversation-view.ts';
import { moreWords, words } from '../words/words.ts';
import { formatDate } from './format.ts';
import { Icon } from './icons.tsx';
import { historyOf, type ReportHistory } from './report-history.ts';
import { ResultRows, Sensitivities } from './report-rows.tsx';
import { bornLine, fullName, isLong, isTable, sensitivityOf, titleOf } from './report-words.ts';
import { summaryLine } from './result-words.ts';

/** So many normal results and nothing else need no fold. */
const SHORT_REPORT = 5;

interface ReportProps {
  report: ClinicalReport;
  history: ReportHistory;
}

export function ReportCard(props: {
  report: ClinicalReport;
  messages: readonly ShownMessage[];
  /** Who sent the letter: said above the card, so not again. */
  from: string;
  now: number;
}): JSX.Element {
  const { report, messages, from, now } = props;
  const texts = moreWords.report;
  const history = useMemo(() => historyOf(report, messages), [report, messages]);
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
            <CardBody report={report} history={history} />
          </Fold>
        ) : (
          <Fold label={texts.replacedBy(replacedBy?.date ? formatDate(replacedBy.date) : null)}>
            <CardBody report={report} history={history} />
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
      <Verdict report={report} />
      <CardBody report={report} history={history} />
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
  const born = bornLine(patient, now);
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
      </p>
      {sender.trim().toLowerCase() !== from.trim().toLowerCase() && !isAged && <p class="muted origin">{sender}</p>}
    </header>
  );
}

function CardFoot({
  report: { sender, prescriber, recipient, fileNumber },
}: {
  report: ClinicalReport;
}): JSX.Element | null {
  const texts = moreWords.report;
  const lines = [
    sender === '' ? '' : texts.sender(sender),
    prescriber === '' ? '' : texts.prescriber(prescriber),
    recipient === '' ? '' : texts.recipient(recipient),
    fileNumber === '' ? '' : texts.file(fileNumber),
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

function Verdict({ report }: { report: ClinicalReport }): JSX.Element | null {
  const { severity, count } = judge([report]);
  if (count.total === 0) return null;
  if (severity !== 'critical') return <p class={`verdict-line ${severity}`}>{summaryLine(count)}</p>;
  return (
    <p class="call">
      <Icon name="phone" />
      <span>
        <strong>{moreWords.report.call(summaryLine(count))}</strong>
        <br />
        {moreWords.report.callText}
      </span>
    </p>
  );
}

function CardBody({ report, history }: ReportProps): JSX.Element {
  const texts = moreWords.report;
  const antibiogram = report.results.filter((result) => sensitivityOf(result) !== null);
  const others = report.results.filter((result) => sensitivityOf(result) === null);
  const rows = (...wanted: Severity[]): JSX.Element => (
    <ResultRows
      results={wanted.flatMap((severity) => others.filter((result) => result.severity === severity))}
      history={history}
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
  const [isWhole, setWhole] = useState(false);
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
  const isCut = isLong(shown) && !isWhole;
  return (
    <>
      <div class={`${look} ${isCut ? 'cut' : ''}`} data-testid="report-text">
        {shown}
      </div>
      {isLong(shown) && (
        <button type="button" class="wide" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? texts.showLess : texts.showAll}
        </button>
      )}
    </>
  );
}
