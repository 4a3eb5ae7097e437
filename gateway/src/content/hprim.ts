/**
 * Reads HPRIM Médecins text, in a letter's body or an attached file: one report per message (clinical-formats A.1.1).
 *
 *     file = *message [ "****FINFICHIER****" ]      message = header body [ "****LAB****" *( RES / TEX ) ] "****FIN****"
 *
 * Tolerant in reading: markers missing or out of order, several messages in one file, no header at all. Exact in what
 * it claims: an ordinary letter is not taken for HPRIM, and results are never given to a patient they may not belong
 * to (they stand without one instead). No text is dropped: what has no place is in `text`, with a warning.
 */

import type { ClinicalReport, Patient } from '@estafette/contracts/document';
import { isDateShaped } from './hprim-date.ts';
import type { HprimHeader } from './hprim-header.ts';
import { findHprimHeader } from './hprim-header.ts';
import { isCodedLine, isFullResultLine, isResultLine, readCodedLines } from './hprim-results.ts';
import { decodeEntities } from './html-entities.ts';
import { maskNumber } from './national-number.ts';
import { reportStatus } from './report-status.ts';

const MARKER = /^\s{0,40}\*{4}\s{0,3}(LAB|FIN|FINFICHIER)\s{0,3}\*{4}\s{0,40}$/i;
const HEADER_LINES = 12;

type Draft = { header: HprimHeader | null; text: string[]; coded: string[]; warnings: Set<string> };

/** The reports in `text`; none when it is not HPRIM. `now` bounds two-digit years. */
export function readHprim(text: string, now: Date = new Date()): ClinicalReport[] {
  const lines = text.split(/\r\n|\r|\n/);
  const marked = lines.some((line) => MARKER.test(line) || isFullResultLine(line));
  const today = now.toISOString().slice(0, 10);
  if (!marked && !findHprimHeader({ lines, marked, today })) return [];
  const drafts: Draft[] = [];
  const leading: string[] = [];
  for (const stretch of cutIntoStretches(lines)) readStretch(stretch, { drafts, leading, marked, today });
  if (!drafts.some((draft) => draft.header || draft.coded.some(isFullResultLine))) return [];
  const first = drafts[0];
  if (first && leading.some((line) => line.trim() !== '')) {
    first.text = leading.concat(first.text);
    first.warnings.add('text-before-header');
  }
  return drafts.map(reportOf);
}

/** Cuts after each end marker, and before a header that follows results without one. */
function cutIntoStretches(lines: readonly string[]): string[][] {
  const stretches: string[][] = [];
  let current: string[] = [];
  let resultsSeen = false;
  const cut = (carried: string[]): void => {
    stretches.push(current);
    current = carried;
    resultsSeen = false;
  };
  lines.forEach((line, index) => {
    const marker = MARKER.exec(line)?.[1]?.toUpperCase();
    if (marker === 'FIN' || marker === 'FINFICHIER') {
      cut([]);
      return;
    }
    if (resultsSeen && !isCodedLine(line) && marker === undefined && startsMessage(lines, index)) {
      // The blank line before may be the header's line 1, a patient code left empty.
      cut(current.at(-1)?.trim() === '' ? current.splice(-1) : []);
    }
    current.push(line);
    if (isResultLine(line)) resultsSeen = true;
  });
  stretches.push(current);
  return stretches;
}

/** Whether the uncoded lines from `index` on are, or try to be, the header of a next message. */
function startsMessage(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index, index + HEADER_LINES + 2);
  const end = next.findIndex((line) => MARKER.test(line) || isResultLine(line));
  return looksLikeHeaderAttempt(end === -1 ? next : next.slice(0, end));
}

/** A lone date among some lines is how a date of birth stands in a header, even one that cannot be read. */
function looksLikeHeaderAttempt(lines: readonly string[]): boolean {
  return lines.length >= 4 && lines.some(isDateShaped);
}

type Reading = { drafts: Draft[]; leading: string[]; marked: boolean; today: string };

function readStretch(lines: readonly string[], { drafts, leading, marked, today }: Reading): void {
  if (lines.every((line) => line.trim() === '')) return;
  const firstCoded = lines.findIndex((line) => MARKER.test(line) || isResultLine(line));
  const before = firstCoded === -1 ? lines : lines.slice(0, firstCoded);
  const header = findHprimHeader({ lines: before, marked, today });
  const previous = drafts.at(-1);
  const hasResults = lines.some(isResultLine);
  if (header) {
    const draft: Draft = { header, text: [...header.leftOver], coded: [], warnings: new Set(header.warnings) };
    drafts.push(draft);
    addLines(draft, lines.slice(header.endsBefore));
  } else if (previous && !looksLikeHeaderAttempt(before)) {
    previous.warnings.add(hasResults ? 'results-after-end' : 'text-after-end');
    if (previous.text.length > 0 || previous.coded.length > 0) previous.text.push('');
    addLines(previous, lines);
  } else if (hasResults || previous) {
    const draft: Draft = { header: null, text: [], coded: [], warnings: new Set(['header-missing']) };
    drafts.push(draft);
    addLines(draft, lines);
  } else {
    for (const line of lines) if (!MARKER.test(line)) leading.push(readable(line));
  }
}

/** Shares lines between the human text and the coded part, which begins at the LAB marker or the first coded line. */
function addLines(draft: Draft, lines: readonly string[]): void {
  let coded = false;
  for (const line of lines) {
    if (MARKER.test(line)) coded = true;
    else if (coded || isResultLine(line) || /^\s{0,20}TEX\|/.test(line)) {
      coded = true;
      draft.coded.push(line);
    } else draft.text.push(readable(line));
  }
}

const readable = (line: string): string => decodeEntities(line.replace(/<br ?\/?>/gi, '\n')).trimEnd();

function reportOf(draft: Draft): ClinicalReport {
  const { header, warnings } = draft;
  const coded = readCodedLines(draft.coded);
  for (const warning of coded.warnings) warnings.add(warning);
  const shown = new Set(draft.text.map((line) => line.trim()));
  const onlyCoded = coded.text.filter((line) => line.trim() !== '' && !shown.has(line.trim()));
  return {
    source: 'hprim',
    title: '',
    typeCode: '',
    patient: patientOf(header),
    date: header?.date ?? null,
    status: reportStatus(coded.results),
    fileNumber: header?.fileNumber ?? '',
    sender: header?.sender ?? '',
    prescriber: '',
    recipient: header?.recipient ?? '',
    results: coded.results,
    text: joinText(draft.text, onlyCoded),
    warnings: [...warnings],
  };
}

/** A number of the social security in an HPRIM file is no qualified identity (clinical-formats A.1.2, line 8). */
function patientOf(header: HprimHeader | null): Patient {
  const nir = header?.nir ?? '';
  return {
    familyName: header?.familyName ?? '',
    birthName: '',
    givenName: header?.givenName ?? '',
    birthDate: header?.birthDate ?? null,
    sex: header?.sex ?? null,
    ins: nir === '' ? null : { masked: maskNumber(nir), quality: 'nir-only' },
  };
}

/** Without the blank lines around; the text that stood only among the coded lines comes last. */
function joinText(human: readonly string[], coded: readonly string[]): string {
  const parts = [human.join('\n'), coded.join('\n')].map((part) => part.replace(/^\n+/, '').trimEnd());
  return parts.filter((part) => part.trim() !== '').join('\n\n');
}
