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
import { maskNumber } from '../national-number.ts';
import { reportStatus } from '../report-status.ts';
import { stating } from '../stated-patients.ts';
import { decodeEntities } from '../text/html-entities.ts';
import type { HprimHeader } from './hprim-header.ts';
import { findHprimHeader, hasCodeColumn, isSureHeader, triesToBeHeader } from './hprim-header.ts';
import { nirOf } from './hprim-nir.ts';
import {
  endsInSecond,
  isCodedLine,
  isFullResultLine,
  isResultLine,
  isStatusReached,
  readCodedLines,
} from './hprim-results.ts';
import {
  hasOtherBirth,
  looksLikeHeaderAttempt,
  mayNameAnother,
  namesPatientOf,
  tellsOtherBirth,
} from './hprim-whose.ts';

const MARKER = /^\s{0,40}\*{4}\s{0,3}(LAB|FIN|FINFICHIER)\s{0,3}\*{4}\s{0,40}$/i;
const HEADER_LINES = 12;
const HEADER_MIN_LINES = 7;
/** Places at the beginning of a message where its header is looked for. */
const HEADER_OFFSETS = 3;
/** More blank lines than a header is looked for behind, and the header. */
const LOOKED_AT_LINES = 220;

/** Where a birth told in words may be another patient's: not in a remark (TEX), unless it says so. */
const TOLD_PATIENT = /^(?!\s{0,20}(?:RES|TEX)\s{0,3}\|)|^\s{0,20}TEX\|\s{0,20}(?:patiente?|nom)(?!\p{L})/iu;

type Draft = { header: HprimHeader | null; text: string[]; coded: string[]; warnings: Set<string> };

/** The reports in `text`; none when it is not HPRIM. `now` bounds two-digit years. */
export function readHprim(text: string, now: Date = new Date()): ClinicalReport[] {
  const lines = singleSpaced(text.split(/\r\n|\r|\n/));
  const marked = lines.some((line) => MARKER.test(line) || isFullResultLine(line));
  const today = now.toISOString().slice(0, 10);
  if (!marked && !findHprimHeader({ lines, marked, today })) return [];
  const cutOff = takeCutOffLine(lines);
  const drafts: Draft[] = [];
  const leading: string[] = [];
  for (const { cut, ...where } of cutIntoStretches(lines, today))
    readStretch(cut, { drafts, leading, marked, today, ...where });
  if (!drafts.some((draft) => draft.header || draft.coded.some(isFullResultLine))) return [];
  const first = drafts[0];
  if (first && leading.some((line) => line.trim() !== '')) {
    first.text = leading.concat(first.text);
    first.warnings.add('text-before-header');
  }
  const last = drafts.at(-1);
  if (last && cutOff !== null) {
    last.text.push(readable(cutOff));
    last.warnings.add('line-broken');
  }
  return drafts.map(reportOf);
}

/** Without the blank line that some mail software puts behind every line: an HPRIM header counts its lines. */
function singleSpaced(lines: string[]): string[] {
  const areBlank = (rest: 0 | 1): boolean => lines.every((line, at) => at % 2 !== rest || line.trim() === '');
  const kept = areBlank(1) ? 0 : areBlank(0) ? 1 : null;
  return kept === null || lines.length < HEADER_LINES ? lines : lines.filter((_, at) => at % 2 === kept);
}

/**
 * Takes off a last line that the file breaks off in: a result with fewer fields than any other of the file, or within its
 * second value as none other is, without a line end and with nothing behind it. Its last number may be half of one.
 */
function takeCutOffLine(lines: string[]): string | null {
  const last = lines.at(-1) ?? '';
  if (!isResultLine(last) || (isStatusReached(last) && !endsInSecond(last))) return null;
  const others = lines.slice(0, -1).filter(isResultLine);
  if (others.length === 0 || !others.every(isStatusReached)) return null;
  if (isStatusReached(last) && others.some(endsInSecond)) return null;
  lines.pop();
  return last;
}

type Stretch = {
  cut: string[];
  isInBody: boolean;
  /** Behind the end of the file, and not ended in its turn: what mail software puts below (a disclaimer, a signature). */
  isTail: boolean;
};

/**
 * Cuts after each end marker, and before a header that follows results, or a letter, without one. A header in the body
 * of a letter (`isInBody`) must bring the proof of one: bodies have names and dates too.
 */
function cutIntoStretches(lines: readonly string[], today: string): Stretch[] {
  const stretches: Stretch[] = [];
  let current: Stretch = { cut: [], isInBody: false, isTail: false };
  let resultsSeen = false;
  let body = bodyOf(lines, 0, today);
  const cutAt = (index: number, carried: string[], isInBody: boolean): void => {
    stretches.push(current);
    current = { cut: carried, isInBody, isTail: false };
    resultsSeen = false;
    body = bodyOf(lines, index, today);
  };
  /** Sender and recipient as the header wrote them, columns and all: where they stand once more ends another header. */
  const tellsPeopleAgain = (at: number): boolean =>
    body.people.length === 2 && body.people.every((line, place) => lines[at + place] === line);
  /** Another one than the patient of this message, whose name and birth may be printed once more. */
  const namesAnother = (at: number): boolean =>
    (triesToBeHeader(lines, at, { isInBody: true }) || isSureHeader(lines, at, today) || tellsPeopleAgain(at + 10)) &&
    !(
      body.header &&
      namesPatientOf(body.header, lines.slice(at, at + 4)) &&
      !hasOtherBirth(body.header, lines, at, today)
    );
  lines.forEach((line, index) => {
    const marker = MARKER.exec(line)?.[1]?.toUpperCase();
    if (marker === 'FIN' || marker === 'FINFICHIER') {
      current.isTail = false;
      cutAt(index + 1, [], false);
      current.isTail = marker === 'FINFICHIER';
      return;
    }
    if (resultsSeen && TOLD_PATIENT.test(line) && tellsOtherBirth(body.header, line, today)) cutAt(index, [], false);
    else if (
      resultsSeen &&
      !isCodedLine(line) &&
      marker === undefined &&
      (startsMessage(lines, index) || [9, 10].some((place) => tellsPeopleAgain(index + place)))
    ) {
      // The blank line before may be the header's line 1, a patient code left empty.
      cutAt(index, current.cut.at(-1)?.trim() === '' ? current.cut.splice(-1) : [], false);
    } else if (!resultsSeen && index >= body.from) {
      if (namesAnother(index)) cutAt(index, [], true);
      // Right behind the header before: the patient code is left out, and its line with it.
      else if (index === body.from && namesAnother(index - 1)) cutAt(index, [''], true);
    }
    current.cut.push(line);
    if (isResultLine(line)) resultsSeen = true;
  });
  stretches.push(current);
  return stretches;
}

type Body = {
  /** Of the message that begins there. */
  header: HprimHeader | null;
  /** Where a further one may stand at the earliest. */
  from: number;
  /** Its last two lines, when they are columns of codes and names; else none. */
  people: string[];
};

function bodyOf(lines: readonly string[], index: number, today: string): Body {
  const header = findHprimHeader({ lines: lines.slice(index, index + LOOKED_AT_LINES), marked: true, today });
  const from = index + (header?.endsBefore ?? HEADER_OFFSETS);
  const people = header?.sender && header.recipient ? lines.slice(from - 2, from) : [];
  return { header, from, people: people.every(hasCodeColumn) ? people : [] };
}

/** Whether the uncoded lines from `index` on are, or try to be, the header of a next message. */
function startsMessage(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index, index + HEADER_LINES + 2);
  const end = next.findIndex((line) => MARKER.test(line) || isResultLine(line));
  const uncoded = end === -1 ? next : next.slice(0, end);
  if (looksLikeHeaderAttempt(uncoded)) return true;
  // A national number among as many lines as a header has; or as many lines, and then coded ones are announced again.
  if (uncoded.length >= HEADER_MIN_LINES && uncoded.some((line) => nirOf(line) !== '')) return true;
  if (end >= HEADER_LINES - 3 && MARKER.test(next[end] ?? '')) return true;
  // The line before may be its line 1, left blank.
  return [index, index - 1].some((at) => triesToBeHeader(lines, at, { isInBody: false }));
}

/** No results, no marker, and nobody named as a header would: what stands below mail. */
const isOnlyText = (lines: readonly string[]): boolean =>
  !lines.some((line, at) => MARKER.test(line) || isResultLine(line) || triesToBeHeader(lines, at, { isInBody: true }));

type Reading = Omit<Stretch, 'cut'> & { drafts: Draft[]; leading: string[]; marked: boolean; today: string };

function readStretch(lines: readonly string[], { drafts, leading, marked, today, isInBody, isTail }: Reading): void {
  if (lines.every((line) => line.trim() === '')) return;
  const firstCoded = lines.findIndex((line) => MARKER.test(line) || isResultLine(line));
  const before = firstCoded === -1 ? lines : lines.slice(0, firstCoded);
  const header = findHprimHeader({ lines: before, marked: marked && !isInBody, today });
  const previous = drafts.at(-1);
  const hasResults = lines.some(isResultLine);
  if (!header && previous && isInBody && !hasResults) addLines(previous, lines);
  else if (header) {
    const draft: Draft = { header, text: [...header.leftOver], coded: [], warnings: new Set(header.warnings) };
    drafts.push(draft);
    addLines(draft, lines.slice(header.endsBefore));
  } else if (
    previous &&
    ((isTail && isOnlyText(lines)) || !mayNameAnother(before, { isInBody, hasResults, header: previous.header, today }))
  ) {
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
    else if (coded || isResultLine(line) || /^\s{0,20}TEX\|/i.test(line)) {
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
  const patient = patientOf(header);
  const report: ClinicalReport = {
    source: 'hprim',
    title: '',
    typeCode: '',
    patient,
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
  if (header === null) return report;
  const ins = header.nir === '' ? null : ({ number: header.nir, oid: '', quality: 'nir-only' } as const);
  return stating(report, [{ ...patient, ins }]);
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
