/**
 * A laboratory report as a card: who, when, from whom; one line that says how bad it is; critical first, then
 * abnormal, then what nobody judged, and the normal ones folded. Figures stand exactly as the laboratory wrote
 * them. Colour never speaks alone: each state has its word and its arrow.
 */
import type { HprimReport, LabResult, Measure, Severity } from '@estafette/contracts/document';
import type { JSX } from 'preact';
import { judge } from '../device/conversation-view.ts';
import { words } from '../words/words.ts';
import { formatAge, formatDate } from './format.ts';
import { Icon } from './icons.tsx';
import { patientName, summaryLine } from './result-words.ts';

const ARROWS = { N: '', L: '↓', H: '↑', LL: '↓↓', HH: '↑↑' } as const;

export function ResultCard({ report, now }: { report: HprimReport; now: number }): JSX.Element {
  const { severity, count } = judge([report]);
  const of = (wanted: Severity): LabResult[] => report.results.filter((result) => result.severity === wanted);
  return (
    <section class={`card ${severity}`} data-testid="result-card" data-severity={severity}>
      <CardHead report={report} now={now} />
      {severity === 'critical' ? (
        <p class="call">
          <Icon name="phone" />
          <span>
            <strong>{words.resultCall(summaryLine(count))}</strong>
            <br />
            {words.resultCallText}
          </span>
        </p>
      ) : (
        <p class={`verdict-line ${severity}`}>{summaryLine(count)}</p>
      )}
      <Rows results={[...of('critical'), ...of('abnormal')]} />
      <Folded label={words.resultUnjudged} results={of('unknown')} open />
      <Folded label={words.resultNormal} results={of('normal')} open={severity === 'normal' && count.total <= 5} />
      {report.warnings.length > 0 && <p class="note amber">{words.resultWarnings(report.warnings.join(', '))}</p>}
      {report.text.trim() !== '' && (
        <details>
          <summary>{words.resultText}</summary>
          <pre class="report-text">{report.text}</pre>
        </details>
      )}
    </section>
  );
}

function CardHead({ report, now }: { report: HprimReport; now: number }): JSX.Element {
  const { patient, date, sender, fileNumber } = report;
  const age = patient.birthDate === null ? null : formatAge(patient.birthDate, now);
  const born = patient.birthDate === null ? null : words.born(patient.sex, formatDate(patient.birthDate));
  const dated = date === null ? words.resultTitle : words.resultOf(formatDate(date));
  const origin = [sender, fileNumber === '' ? '' : words.resultFile(fileNumber)].filter((part) => part !== '');
  return (
    <header>
      <h3>{patientName(patient)}</h3>
      {born !== null && <p>{[born, age].filter((part) => part !== null).join(', ')}</p>}
      <p>{dated}</p>
      {origin.length > 0 && <p class="muted origin">{origin.join(', ')}</p>}
    </header>
  );
}

function Folded(props: {
  label: (count: number) => string;
  results: readonly LabResult[];
  open?: boolean;
}): JSX.Element | null {
  if (props.results.length === 0) return null;
  return (
    <details open={props.open === true}>
      <summary>{props.label(props.results.length)}</summary>
      <Rows results={props.results} />
    </details>
  );
}

function Rows({ results }: { results: readonly LabResult[] }): JSX.Element | null {
  if (results.length === 0) return null;
  return (
    <ul class="rows">
      {results.map((result) => (
        <ResultRow key={`${result.code} ${result.label} ${result.first.value}`} result={result} />
      ))}
    </ul>
  );
}

function ResultRow({ result }: { result: LabResult }): JSX.Element {
  const { label, first, second, flag, severity, status, comments } = result;
  const marked = severity === 'critical' || severity === 'abnormal';
  return (
    <li class={`row ${severity}`} data-testid="result-row" data-severity={severity}>
      <span class="label">{label}</span>
      <span class="value">
        {first.value} {first.unit !== '' && <span class="unit">{first.unit}</span>}
      </span>
      <span class="reading">
        {marked && (
          <span class="badge">
            {flag !== null && flag !== 'N' && <span aria-hidden="true">{ARROWS[flag]} </span>}
            {severity === 'critical' ? words.critical : words.severities.abnormal}
            {flag !== null && flag !== 'N' && `, ${words.flags[flag]}`}
          </span>
        )}
        {status !== null && status !== 'F' && <span class="badge plain">{words.statuses[status]}</span>}
        <Range measure={first} />
      </span>
      {second !== null && (
        <span class="also muted">
          {words.resultAlso} {second.value} {second.unit} <Range measure={second} />
        </span>
      )}
      {result.flagComputed && marked && <span class="also muted">{words.resultComputed}</span>}
      {comments.map((comment) => (
        <span key={comment} class="also comment">
          {comment}
        </span>
      ))}
    </li>
  );
}

function Range({ measure }: { measure: Measure }): JSX.Element | null {
  if (measure.low === '' && measure.high === '') return null;
  return (
    <span class="range">
      {words.resultReference} {words.resultRange(measure.low, measure.high)}
    </span>
  );
}
