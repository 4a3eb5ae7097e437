/** Why a letter presses, as lines: one for each result, what flagged it and the rule it broke together. */
import type { Urgency } from '@estafette/contracts/message';
import { moreWords } from '../words/words.ts';

export interface UrgencyText {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Results told by name; the others are in the card. */
const LINES_MAX = 4;

export function urgencyText({ level, reasons }: Urgency): UrgencyText {
  const texts = moreWords.urgency;
  const onlyCorrected = reasons.length > 0 && reasons.every(({ because }) => because === 'corrected');
  const title = level === 'critical' ? texts.critical : onlyCorrected ? texts.corrected : texts.urgent;
  const lines = linesOf(reasons);
  if (lines.length <= LINES_MAX) return { title, lines };
  return { title, lines: [...lines.slice(0, LINES_MAX - 1), texts.others(lines.length - LINES_MAX + 1)] };
}

function linesOf(reasons: Urgency['reasons']): string[] {
  const lines = new Map<string, string[]>();
  for (const reason of reasons) {
    const [subject, detail] = tell(reason);
    const details = lines.get(subject) ?? [];
    lines.set(subject, details);
    if (detail !== '' && !details.includes(detail)) details.push(detail);
  }
  return [...lines].map(([subject, details]) => [subject, ...details].join(' '));
}

/** What it is about, and what is said of it. */
function tell(reason: Urgency['reasons'][number]): [subject: string, detail: string] {
  const texts = moreWords.urgency;
  switch (reason.because) {
    case 'flag':
      return [`${reason.label} ${reason.value}`, reason.flag === '' ? '' : `(${flagWord(reason.flag)})`];
    case 'rule':
      return [`${reason.label} ${reason.value}`, (reason.undecided ? texts.undecided : texts.rule)(reason.rule)];
    case 'corrected':
      return [texts.correctedText, ''];
    case 'mail':
      return [texts.mail, ''];
  }
}

function flagWord(flag: string): string {
  const known: Readonly<Record<string, string>> = moreWords.report.flags;
  return Object.hasOwn(known, flag) ? (known[flag] ?? flag) : flag;
}
