/**
 * The lines of a report: label, value and unit, how it lies to its range, what it was before. The lines of an
 * antibiogram stay together under their germ, susceptible and resistant alike, each with its letter and its word.
 */
import type { LabResult, Measure } from '@estafette/contracts/document';
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';
import { LongText } from './long-text.tsx';
import type { ReportHistory } from './report-history.ts';
import { groupByHeading, sensitivityOf, writeMeasure } from './report-words.ts';
import { analyteName } from './result-words.ts';
import type { BrokenRules } from './ruled-report.ts';
import { TrendLine } from './trend-plot.tsx';

const ARROWS = { N: '', L: '↓', H: '↑', LL: '↓↓', HH: '↑↑', A: '', AA: '' } as const;
/** A value, or value with unit, of more characters leaves its label no room: it stands under it. */
const SHORT_VALUE = 16;
const SHORT_MEASURE = 24;

interface RowsProps {
  results: readonly LabResult[];
  history: ReportHistory;
  broken: BrokenRules;
}

export function ResultRows({ results, history, broken }: RowsProps): JSX.Element {
  return (
    <>
      {groupByHeading(results).map(({ heading, results: under }) => (
        <div key={heading}>
          {heading !== '' && <h4 class="heading">{heading}</h4>}
          <ul class="rows">
            {under.map((result, index) => (
              <ResultRow key={`${result.code}${result.label}${index}`} {...{ result, history, broken }} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

export function Sensitivities({ results }: { results: readonly LabResult[] }): JSX.Element {
  return (
    <>
      {groupByHeading(results).map(({ heading, results: under }) => (
        <div key={heading}>
          {heading !== '' && <h4 class="heading">{heading}</h4>}
          <ul class="rows antibiogram">
            {under.map((result, index) => (
              <SensitivityRow key={`${result.label}${index}`} result={result} />
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

function SensitivityRow({ result }: { result: LabResult }): JSX.Element {
  const { letter, look } = sensitivityOf(result) ?? { letter: '', look: 'i' };
  const { label, first, interpretation, comments } = result;
  const value = first.value.trim().toUpperCase() === letter ? '' : writeMeasure(first);
  return (
    <li class="row sensitivity" data-testid="result-row" data-severity={result.severity}>
      <span class="label">
        {analyteName(label).name} {value !== '' && <span class="muted unit">{value}</span>}
      </span>
      <span class={`badge sir-${look}`}>
        {letter} {interpretation.trim().toLowerCase()}
      </span>
      <Comments comments={comments} />
    </li>
  );
}

function ResultRow({ result, history, broken }: Omit<RowsProps, 'results'> & { result: LabResult }): JSX.Element {
  const texts = moreWords.report;
  const { label, first, second, severity, status, interpretation, comments } = result;
  const value = first.value || interpretation;
  const before = history.before(result);
  const isLong = value.length > SHORT_VALUE || value.length + first.unit.length > SHORT_MEASURE;
  return (
    <li class={`row ${severity} ${isLong ? 'long' : ''}`} data-testid="result-row" data-severity={severity}>
      <span class="label">
        <Analyte label={label} />
      </span>
      <span class="value">
        {value} {first.unit !== '' && <span class="unit">{first.unit}</span>}
      </span>
      <span class="reading">
        <FlagBadge result={result} />
        {broken.get(result)?.map((rule) => (
          <span key={rule} class="badge">
            {texts.rule(rule)}
          </span>
        ))}
        {status !== null && status !== 'F' && <span class="badge plain">{texts.statuses[status]}</span>}
        <Range measure={first} />
      </span>
      {second !== null && (
        <span class="also second muted">
          <span>
            {texts.also} {writeMeasure(second)}
          </span>{' '}
          <Range measure={second} />
        </span>
      )}
      {before !== null && (
        <span class="also before">
          <s>{writeMeasure(before)}</s> {texts.before}
        </span>
      )}
      <TrendLine trend={history.trend(result)} />
      <Comments comments={comments} />
    </li>
  );
}

function Analyte({ label }: { label: string }): JSX.Element {
  const { name, foundIn } = analyteName(label);
  return (
    <>
      {name} {foundIn !== '' && <span class="muted unit">{foundIn}</span>}
    </>
  );
}

/** The arrow, how bad, in which direction or how it is called: "↑↑ Critique, très haut", "↓ Bas (calculé)", "Positif". */
function FlagBadge({
  result: { flag, flagComputed, severity, interpretation },
}: {
  result: LabResult;
}): JSX.Element | null {
  const texts = moreWords.report;
  if (severity !== 'critical' && severity !== 'abnormal') {
    return interpretation === '' ? null : <span class="badge plain">{interpretation}</span>;
  }
  const direction = flag === null || flag === 'N' || flag === 'A' ? '' : texts.flags[flag];
  const words = [direction, interpretation].filter((part) => part !== '');
  const arrow = flag === null ? '' : ARROWS[flag];
  const told = severity === 'abnormal' && words.length > 0 ? words : [texts[severity], ...words];
  return (
    <span class="badge">
      {arrow !== '' && <span aria-hidden="true">{arrow} </span>}
      <span class="told">{told.join(', ')}</span>
      {flagComputed && ` ${texts.computed}`}
    </span>
  );
}

function Comments({ comments }: { comments: readonly string[] }): JSX.Element {
  return (
    <>
      {comments.map((comment) => (
        <div key={comment} class="also">
          <LongText text={comment} lines={3} look="comment" />
        </div>
      ))}
    </>
  );
}

/** `5`, `5 g/L`: a bound, and not words of the laboratory such as `< 5` or `négatif`, which say themselves what they limit. */
const PLAIN_BOUND = /^[+-]?\d[\d.,]*( [^\d-]+)?$/;

function Range({ measure: { low, high } }: { measure: Measure }): JSX.Element | null {
  if (low === '' && high === '') return null;
  const texts = moreWords.report;
  const lone = low === '' || high === '' ? low + high : '';
  return (
    <span class="range">
      {texts.reference} {lone === '' || PLAIN_BOUND.test(lone) ? texts.range(low, high) : lone}
    </span>
  );
}
