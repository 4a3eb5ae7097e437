/** How a letter presses, as a terminal shows it: for `estafette inspect` a line for each reason, for `chat` one in French. */
import type { Urgency } from '@estafette/contracts/message';
import { oneLine } from './report-lines.ts';

type Reason = Urgency['reasons'][number];

function reasonWords(reason: Reason): string {
  if (reason.because === 'corrected') return 'a result or report sent before is corrected';
  if (reason.because === 'mail') return 'its sender marked the mail';
  const result = oneLine(`${reason.label}: ${reason.value}`);
  if (reason.because === 'flag') return `${result}; flag ${oneLine(reason.flag) || 'critical'}`;
  return `${result}; rule ${oneLine(reason.rule)}${reason.undecided === true ? ' (to be compared by whoever reads)' : ''}`;
}

/** Lines without indentation; none when nothing presses. */
export function urgencyLines(urgency: Urgency | null): string[] {
  if (urgency === null) return [];
  const { level, reasons, phones } = urgency;
  const calls = phones.length === 0 ? [] : [`  call ${phones.map(oneLine).join(', ')}`];
  return [`${level}:`, ...reasons.map((reason) => `  ${reasonWords(reason)}`), ...calls];
}

function shortReason(reason: Reason): string {
  if (reason.because === 'corrected') return 'corrigé';
  if (reason.because === 'mail') return 'marqué urgent';
  const result = `${reason.label} ${reason.value}`;
  if (reason.because === 'flag') return `${result} ${reason.flag}`;
  return `${result} (${reason.undecided === true ? 'à comparer : ' : ''}${reason.rule})`;
}

/** `[CRITIQUE: INR 6,8 HH; appelez 01 42 00 00 00]`. */
export function urgencySummary(urgency: Urgency): string {
  const { level, reasons, phones } = urgency;
  const calls = phones.length === 0 ? '' : `; appelez ${phones.join(' ou ')}`;
  return oneLine(`[${level === 'critical' ? 'CRITIQUE' : 'PRESSANT'}: ${reasons.map(shortReason).join(', ')}${calls}]`);
}
