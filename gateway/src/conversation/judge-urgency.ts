/**
 * How a letter presses: by what the laboratory flags, by the rules of the mailbox, by a correction, by what the mail says
 * of itself; and the telephone numbers to call, because chat never replaces the phone.
 *
 * From coded results only, never from prose. A letter that is not verified may be critical, and stands there with its
 * mark: an alarm hidden for want of a signature is the worse mistake. Its numbers then come after the one we hold. What
 * a sender withdrew (deleted, replaced) presses no more.
 *
 * Runs where mail is spoken too: a letter may bring thousands of results, so the others have their turn in between.
 */
import { setImmediate } from 'node:timers/promises';
import type { ClinicalReport, LabResult, Measure } from '@estafette/contracts/document';
import { URGENCY_LIMITS } from '@estafette/contracts/limits';
import type { Urgency } from '@estafette/contracts/message';
import { ruleWords, type UrgencyRule } from '../ports.ts';
import { isOfAnalyte, judgeRule, type ReadyResult, type ReadyRule, readyResult, readyRule } from './judge-rule.ts';

type Reason = Urgency['reasons'][number];

export interface UrgencyQuestion {
  readonly reports: readonly ClinicalReport[];
  readonly rules: readonly UrgencyRule[];
  /** Priority, Importance or X-Priority say so. */
  readonly isMarked: boolean;
  /** The number the operator keeps of this correspondent. */
  readonly keptPhone: string | null;
  readonly isVerified: boolean;
}

/** Null when nothing presses. */
export async function judgeUrgency(question: UrgencyQuestion): Promise<Urgency | null> {
  const { reports, rules, isMarked, keptPhone, isVerified } = question;
  const standing = reports.filter(({ status }) => status !== 'deleted' && status !== 'replaced');
  const ready = rules.map(readyRule);
  const judged: { readonly report: ClinicalReport; readonly reasons: readonly Reason[] }[] = [];
  for (const report of standing) judged.push({ report, reasons: await reasonsOf(report, ready) });
  const reasons: Reason[] = judged.flatMap(({ reasons: own }) => own);
  if (standing.some(isCorrection)) reasons.push({ because: 'corrected' });
  if (isMarked) reasons.push({ because: 'mail' });
  if (reasons.length === 0) return null;
  const pressing = judged.filter(({ report, reasons: own }) => own.length > 0 || isCorrection(report));
  const told = (pressing.length > 0 ? pressing : judged).flatMap(({ report }) => report.phones ?? []);
  const kept = keptPhone === null ? [] : [keptPhone];
  return {
    level: reasons.some(isCritical) ? 'critical' : 'urgent',
    reasons: reasons.toSorted((one, other) => rankOf(one) - rankOf(other)).slice(0, URGENCY_LIMITS.reasonsMax),
    phones: once(isVerified ? [...told, ...kept] : [...kept, ...told]),
  };
}

const isCorrection = ({ status, results }: ClinicalReport): boolean =>
  status === 'corrected' || results.some((result) => result.status === 'C');

const isUndecided = (reason: Reason): boolean => reason.because === 'rule' && reason.undecided === true;
const isCritical = (reason: Reason): boolean =>
  reason.because === 'flag' || (reason.because === 'rule' && !isUndecided(reason));

const RANKS = { flag: 0, rule: 1, corrected: 2, mail: 4 } as const;
const rankOf = (reason: Reason): number => (isUndecided(reason) ? 3 : RANKS[reason.because]);

const once = (phones: readonly string[]): string[] => {
  const byDigits = new Map(phones.toReversed().map((phone) => [phone.replaceAll(/\D/g, ''), phone]));
  return [...byDigits.values()].toReversed().slice(0, URGENCY_LIMITS.phonesMax);
};

async function reasonsOf({ source, results }: ClinicalReport, rules: readonly ReadyRule[]): Promise<Reason[]> {
  const reasons: Reason[] = [];
  for (const [at, result] of results.entries()) {
    if (at % URGENCY_LIMITS.resultsInARow === 0) await setImmediate();
    reasons.push(...reasonsOfResult(result, source === 'cda', rules));
  }
  return reasons;
}

function reasonsOfResult(result: LabResult, isDecimal: boolean, rules: readonly ReadyRule[]): Reason[] {
  const found = rules.length === 0 ? [] : ruled(readyResult(result, isDecimal), rules);
  const isFlagged = result.severity === 'critical';
  if (found.length === 0 && !isFlagged) return [];
  const words = { label: short(result.label), value: valueWords(result) };
  const flagged: Reason[] = isFlagged ? [{ because: 'flag', ...words, flag: result.flag ?? '' }] : [];
  return [...flagged, ...found.map((reason): Reason => ({ ...reason, ...words }))];
}

type Ruled = { readonly because: 'rule'; readonly rule: string; readonly undecided?: true };

/** A value that one rule cannot be compared with says nothing when a like rule, in another unit, could. */
function ruled(result: ReadyResult, rules: readonly ReadyRule[]): Ruled[] {
  const found = rules
    .filter((rule) => isOfAnalyte(result, rule))
    .map((rule) => ({ rule, finding: judgeRule(result, rule) }));
  const decided = found.filter(({ finding }) => finding === 'holds' || finding === 'fails');
  const isDecided = (rule: ReadyRule): boolean => decided.some((other) => isLike(rule, other.rule));
  return found.flatMap(({ rule, finding }): Ruled[] => {
    if (finding === 'holds') return [{ because: 'rule', rule: ruleWords(rule.rule) }];
    const isToTell = finding === 'undecided' && !isDecided(rule);
    return isToTell ? [{ because: 'rule', rule: ruleWords(rule.rule), undecided: true }] : [];
  });
}

/** Of one analyte, and in the same direction. */
const isLike = (one: ReadyRule, other: ReadyRule): boolean =>
  one.rule.comparison.charAt(0) === other.rule.comparison.charAt(0) &&
  (one.words === other.words || (one.known !== null && one.known === other.known));

/** Both measures, as written: `33.0 % (964 /mm3)`. */
function valueWords({ first, second }: LabResult): string {
  const [one, other] = [measureWords(first), second === null ? '' : measureWords(second)];
  return short(one === '' || other === '' ? `${one}${other}` : `${one} (${other})`);
}

const measureWords = ({ value, unit }: Measure): string => (value === '' ? '' : [value, unit].join(' ').trim());

/** One line, bounded. */
const short = (words: string): string =>
  words
    .slice(0, URGENCY_LIMITS.wordMaxCharacters * 2)
    .replaceAll(/\s+/g, ' ')
    .slice(0, URGENCY_LIMITS.wordMaxCharacters)
    .toWellFormed();
