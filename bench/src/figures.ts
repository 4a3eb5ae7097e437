/**
 * What a bench gives: one figure, the limit or the peer that was measured beside it in the same run, their ratio, and
 * a sentence on what it means. Also the little statistics they rest on and the two ways of printing them.
 */

export interface Figure {
  readonly bench: string;
  readonly name: string;
  /** Median over the rounds, or a percentile where the name says so. */
  readonly value: number;
  readonly unit: string;
  /** Lowest and highest round. */
  readonly range?: readonly [number, number];
  readonly rounds?: number;
  readonly beside?: { readonly name: string; readonly value: number; readonly unit: string };
  /** `value` divided by what stands beside it. */
  readonly ratio?: number;
  readonly meaning: string;
}

/** The value below which the share `part` of the samples lies (nearest rank); throws when there are none. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))];
  if (found === undefined) throw new RangeError('no samples');
  return found;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** A figure from its rounds, with its neighbour if it has one. */
export function figureOf(
  words: { bench: string; name: string; unit: string; meaning: string },
  samples: readonly number[],
  beside?: { name: string; unit?: string; value: number },
): Figure {
  const value = median(samples);
  const alone: Figure = {
    ...words,
    value,
    range: [Math.min(...samples), Math.max(...samples)],
    rounds: samples.length,
  };
  if (beside === undefined) return alone;
  return { ...alone, beside: { unit: words.unit, ...beside }, ratio: value / beside.value };
}

/** Three significant digits, without an exponent. */
export function readable(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  return Number(value.toPrecision(3)).toString();
}

function rowOf(figure: Figure): string[] {
  const { name, value, unit, range, beside, ratio } = figure;
  return [
    `${figure.bench}: ${name}`,
    `${readable(value)} ${unit}`,
    range === undefined ? '' : `${readable(range[0])}–${readable(range[1])}`,
    beside === undefined ? '' : `${readable(beside.value)} ${beside.unit} (${beside.name})`,
    ratio === undefined ? '' : ratio.toPrecision(2),
    figure.meaning,
  ];
}

/** The table for people. */
export function tableOf(figures: readonly Figure[]): string {
  const head = ['figure', 'median', 'rounds', 'limit or peer', 'ratio', 'what it means'];
  const rows = [head, ...figures.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ');
  return rows.map((row) => lineOf(row).trimEnd()).join('\n');
}
