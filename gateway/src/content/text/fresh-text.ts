/**
 * What a letter newly says, apart from the mail it quotes, its reply headers and the footer of a telephone: ranges over
 * the text as it is shown. It is a view: nothing is taken out of the text, and the whole stays one tap away.
 *
 * In doubt everything is shown (null): a forward, a text without words of its own, one that points below ("mes réponses
 * en rouge"), one that holds laboratory lines. `>` lines count as quoted only after a mark of a mail program, since
 * doctors write `>` before conclusions and values. An answer written between quoted lines keeps the words it answers:
 * "Non." alone would say nothing, or the wrong thing. The signature is the writer's own and stays: it holds the number to
 * call. One pass; the marks of mail programs are in quote-marks.ts, those of HTML come from html-text.ts.
 */
import type { TextRange } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import {
  attributionAt,
  headerBlockAt,
  isForwardMark,
  isMobileFooter,
  isOrangeMark,
  isOriginalMark,
  isSeparator,
  mayAttribute,
} from './quote-marks.ts';

/** A stretch that the structure of an HTML mail marks; not `sure`: only where an attribution stands right before it. */
export type MarkedQuote = TextRange & { sure: boolean };

/** `frame` is what stands around a quote: attribution, header, separator, footer. */
type Kind = 'fresh' | 'blank' | 'quoted' | 'frame';
type Line = { from: number; to: number; kind: Kind; mark: MarkedQuote | null };
type Page = {
  lines: Line[];
  /** Beginnings of the lines, for recognising. */
  words: string[];
  /** A mail program has marked a quote further up: `>` lines below it are quotes. */
  introduced: boolean;
  /** Where no line says that somebody wrote, none is looked at for it: most letters are answers to nothing. */
  attributes: boolean;
};

const LOOKED_AT_CHARACTERS = 1_000;
/** How much of the words it answers an answer keeps. */
const QUESTION_LINES = 3;

/** Of a block of `>` lines, how many may introduce it. */
const INTRODUCTION_LINES = 12;

const LABORATORY = /^[ \t>]{0,20}(?:RES\||TEX\||\*{4}\s?(?:LAB|FIN|FINFICHIER)\s?\*{4})/im;
const POINTS_BELOW =
  /ci[- ]?(?:dessous|après)|plus bas|\ben (?:rouge|bleu|vert|gras|couleur|italique|majuscules?)\b|dans (?:le|votre|ton) (?:texte|message|mail|courrier|corps)|pour (?:votre )?info(?:rmation)?\b|transf(?:ère|ert|érer|éré)|f(?:ais|aire) suivre|transmets|\bfyi\b|see below/i;
const GREETING = /^\s*(?:bonjour|bonsoir|ch(?:er|ère)s?|docteur|madame|monsieur|mesdames)\b[^.!?:\d]{0,60}$/i;
const CLOSING =
  /^\s*(?:bien |très |avec mes )?(?:cordial|confraternel|amical|respectueuse|à vous|cdlt|sincères|salutations|sentiments)[^.!?:\d]{0,60}[.!]?\s*$/i;
const SIGNATURE = /^--\s?$/;

/** The fresh ranges of `text`; null where all of it is to be shown. Offsets in UTF-16 units. */
export function freshRanges(text: string, marked: readonly MarkedQuote[] = []): TextRange[] | null {
  if (LABORATORY.test(text)) return null;
  const page = pageOf(text, marked);
  if (!findQuotes(page)) return null;
  hideFooters(page);
  if (!page.lines.some(isHidden)) return null;
  const own = page.lines.flatMap((line, at) => (line.kind === 'fresh' ? [page.words[at] ?? ''] : []));
  if (!saysSomething(own) || POINTS_BELOW.test(own.join('\n'))) return null;
  keepQuestions(page);
  const ranges = rangesOf(text, page.lines);
  return ranges.length > CONTENT_LIMITS.freshRangesMax ? null : ranges;
}

const isHidden = ({ kind }: Line): boolean => kind === 'quoted' || kind === 'frame';

function pageOf(text: string, marked: readonly MarkedQuote[]): Page {
  const lines: Line[] = [];
  const words: string[] = [];
  let next = 0;
  for (let from = 0; from <= text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end === -1 ? text.length : end;
    const word = text.slice(from, Math.min(to, from + LOOKED_AT_CHARACTERS));
    const isBlank = word.trim() === '';
    const start = from + (word.length - word.trimStart().length);
    while (next < marked.length && (marked[next]?.to ?? 0) <= start) next += 1;
    const mark = marked[next];
    const isMarked = !isBlank && mark !== undefined && mark.from <= start;
    const kind = isBlank ? 'blank' : isMarked && mark.sure ? 'quoted' : 'fresh';
    lines.push({ from, to, kind, mark: isMarked ? mark : null });
    words.push(word);
    from = to + 1;
  }
  return { lines, words, introduced: false, attributes: mayAttribute(text) };
}

/** Marks what is quoted; false when the letter is a forward, which is never cut. */
function findQuotes(page: Page): boolean {
  const { lines, words } = page;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const word = words[at] ?? '';
    const opensMark = line?.kind === 'quoted' && line.mark !== lines[previousSaid(page, at)]?.mark;
    if ((line?.kind === 'fresh' || opensMark) && isForwardMark(word)) return false;
    if (line?.kind === 'quoted') page.introduced = true;
    if (line?.kind !== 'fresh') {
      at += 1;
      continue;
    }
    const header = headerBlockAt(words, at);
    // Thunderbird's old forward: "Message original", then the subject before anything else.
    if (header?.first === 'subject' && isOriginalMark(words[previousSaid(page, at)] ?? '')) return false;
    at = passLine(page, at, header?.last ?? null);
  }
  return true;
}

/** Decides on the fresh line at `at`; gives the next line to look at. */
function passLine(page: Page, at: number, headerEnd: number | null): number {
  const { words, lines } = page;
  const word = words[at] ?? '';
  if (/^\s{0,3}>/.test(word)) return passQuoteBlock(page, at, false);
  if (headerEnd !== null) return passQuotedMail(page, at, headerEnd, true);
  const attribution = page.attributes ? attributionAt(words, at) : null;
  if (attribution !== null) return passQuotedMail(page, at, attribution.last, attribution.address);
  if (isOriginalMark(word)) {
    const next = nextSaid(page, at);
    const goesOn = next !== null && isIntroduced(page, next);
    if (!goesOn) hide(lines, at, lines.length, 'quoted');
    return goesOn ? at + 1 : lines.length;
  }
  return at + 1;
}

/**
 * A quoted mail whose introduction ends at `last`: `>` lines or a marked stretch below it are the quote, and what follows
 * those is looked at again; without either all the rest is, where the introduction leaves no doubt (`certain`).
 */
function passQuotedMail(page: Page, at: number, last: number, certain: boolean): number {
  const { lines, words } = page;
  const next = nextSaid(page, last);
  const mark = next === null ? null : (lines[next]?.mark ?? null);
  const isArrowed = next !== null && /^\s{0,3}>/.test(words[next] ?? '');
  if (!certain && !isArrowed && mark === null) return last + 1;
  page.introduced = true;
  for (let before = previousSaid(page, at); isSeparator(words[before] ?? ''); before = previousSaid(page, before))
    hide(lines, before, before + 1, 'frame');
  hide(lines, at, last + 1, 'frame');
  if (next !== null && isArrowed) return passQuoteBlock(page, next, true);
  if (next !== null && mark !== null) {
    let end = next;
    while (end < lines.length && (lines[end]?.mark === mark || lines[end]?.kind === 'blank')) end += 1;
    hide(lines, next, end, 'quoted');
    return end;
  }
  hide(lines, last + 1, lines.length, 'quoted');
  return lines.length;
}

const isIntroduced = ({ words, attributes }: Page, at: number): boolean =>
  headerBlockAt(words, at) !== null || (attributes && attributionAt(words, at) !== null);

/** The run of `>` lines from `at`; `announced` when an attribution stands right before it. */
function passQuoteBlock(page: Page, at: number, announced: boolean): number {
  const { lines, words } = page;
  let end = at;
  while (end < lines.length && /^\s{0,3}>/.test(words[end] ?? '')) end += 1;
  const block = words.slice(at, end);
  const opensItself = opensQuote(block) || block.some((line) => /^\s{0,3}>\s?>/.test(line));
  const isUsers = /:\s*$/.test(words[previousSaid(page, at)] ?? '') && lines[previousSaid(page, at)]?.kind === 'fresh';
  const areValues = block.every((line) => /^[\s>]*(?:[=≥≤<]?\s*[\d.,]|$)/.test(line));
  const isQuote = announced || opensItself || (page.introduced && !isUsers && !areValues);
  if (!isQuote) return end;
  page.introduced = true;
  hide(lines, at, end, 'quoted');
  return end;
}

/** The introduction stands within the arrows: so do Orange, and an iPhone. */
function opensQuote(block: readonly string[]): boolean {
  const start = block.slice(0, INTRODUCTION_LINES).map((line) => line.replace(/^[\s>]+/, ''));
  return isOrangeMark(start[0] ?? '') || start.some((_, at) => attributionAt(start, at) ?? headerBlockAt(start, at));
}

function hide(lines: Line[], from: number, to: number, kind: Kind): void {
  for (const line of lines.slice(from, to)) if (line.kind !== 'blank') line.kind = kind;
}

function nextSaid({ lines }: Page, at: number): number | null {
  for (let next = at + 1; next < Math.min(lines.length, at + 8); next += 1)
    if (lines[next]?.kind !== 'blank') return next;
  return null;
}

/** The nearest line above that is not blank; -1 when there is none near. */
function previousSaid({ lines }: Page, at: number): number {
  for (let before = at - 1; before >= Math.max(0, at - 8); before -= 1)
    if (lines[before]?.kind !== 'blank') return before;
  return -1;
}

/** The footer of a telephone at the end of what was written; above a quote, the rule that parts them too. */
function hideFooters({ lines, words }: Page): void {
  let isEnd = true;
  let isAboveQuote = false;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const line = lines[at];
    if (line === undefined || line.kind === 'blank') continue;
    const word = words[at] ?? '';
    if (line.kind !== 'fresh') isEnd = isAboveQuote = true;
    else if (isEnd && (isMobileFooter(word) || (isAboveQuote && isSeparator(word)))) line.kind = 'frame';
    else isEnd = isAboveQuote = false;
  }
}

/** Whether there is a word beyond greeting and signature: without one, the letter hands on what it quotes. */
function saysSomething(own: readonly string[]): boolean {
  const end = own.findIndex((line) => SIGNATURE.test(line) || CLOSING.test(line));
  return own.slice(0, end === -1 ? own.length : end).some((line) => /[\p{L}\p{N}]/u.test(line) && !GREETING.test(line));
}

/** Where answers stand between quoted lines, each keeps the end of the paragraph above it. */
function keepQuestions({ lines, words }: Page): void {
  const firstQuote = lines.findIndex(({ kind }) => kind === 'quoted');
  const lastQuote = lines.findLastIndex(({ kind }) => kind === 'quoted');
  const isBetween = (at: number): boolean => lines[at]?.kind === 'fresh' && at > firstQuote && at < lastQuote;
  if (firstQuote === -1 || !lines.some((_, at) => isBetween(at))) return;
  for (let at = lines.length - 1; at > firstQuote; at -= 1) {
    if (lines[at]?.kind !== 'fresh') continue;
    let above = at - 1;
    while (above > 0 && lines[above]?.kind === 'blank') above -= 1;
    for (let kept = 0; kept < QUESTION_LINES && isQuestion(lines[above], words[above]); kept += 1, above -= 1) {
      const line = lines[above];
      if (line !== undefined) line.kind = 'fresh';
    }
    at = Math.min(at, above + 1);
  }
}

const isQuestion = (line: Line | undefined, words = ''): boolean => line?.kind === 'quoted' && /[^\s>]/.test(words);

function rangesOf(text: string, lines: readonly Line[]): TextRange[] {
  const ranges: TextRange[] = [];
  let open: TextRange | null = null;
  for (const line of lines) {
    if (line.kind === 'blank') continue;
    if (line.kind !== 'fresh') {
      open = null;
      continue;
    }
    const to = line.from + text.slice(line.from, line.to).trimEnd().length;
    if (open === null) ranges.push({ from: line.from, to });
    else open.to = to;
    open = ranges.at(-1) ?? null;
  }
  return ranges;
}
