/**
 * How a value went, as a small plot: its points in time, the range as a band behind them, and in words what it was
 * last. The plot adds nothing that the words do not say.
 */
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';
import { formatDate } from './format.ts';
import type { Trend } from './report-history.ts';
import { writeMeasure } from './report-words.ts';

const WIDTH = 96;
const HEIGHT = 32;
const MARGIN = 4;

export function TrendLine({ trend }: { trend: Trend | null }): JSX.Element | null {
  const texts = moreWords.report;
  const previous = trend?.points.at(-2);
  if (trend === null || previous === undefined) return null;
  const told = trend.points.map((point) => texts.point(writeMeasure(point.measure), formatDate(point.date))).join(', ');
  return (
    <span class="also trend" data-testid="trend">
      <Plot trend={trend} label={texts.trend(told)} />
      <span class="muted">{texts.previous(writeMeasure(previous.measure), formatDate(previous.date))}</span>
    </span>
  );
}

function Plot({ trend, label }: { trend: Trend; label: string }): JSX.Element {
  const { points, low, high } = trend;
  const bounds = [low, high].filter((bound) => bound !== null);
  const all = [...points.map(({ value }) => value), ...bounds];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const y = (value: number): number =>
    most === least ? HEIGHT / 2 : HEIGHT - MARGIN - ((value - least) / (most - least)) * (HEIGHT - 2 * MARGIN);
  const times = points.map(({ date }) => Date.parse(date));
  const [from, until] = [Math.min(...times), Math.max(...times)];
  const x = (time: number): number => MARGIN + ((time - from) / (until - from || 1)) * (WIDTH - 2 * MARGIN);
  const places = points.map(({ value }, i) => ({ x: x(times[i] ?? from), y: y(value) }));
  const last = places.at(-1);
  const top = high === null ? 0 : y(high);
  return (
    <svg class="plot" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {bounds.length > 0 && (
        <rect class="band" x={0} width={WIDTH} y={top} height={(low === null ? HEIGHT : y(low)) - top} />
      )}
      <polyline points={places.map((place) => `${place.x.toFixed(1)},${place.y.toFixed(1)}`).join(' ')} />
      {places.map((place) => (
        <circle key={`${place.x}`} cx={place.x} cy={place.y} r={place === last ? 3.5 : 2} />
      ))}
    </svg>
  );
}
