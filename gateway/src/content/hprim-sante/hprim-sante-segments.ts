/**
 * Cuts an HPRIM Santé file (HPRIM NET 2.x) into its segments (clinical-formats A.1.5):
 *
 *     H|~^\&|…  P|…  OBR|…  OBX|…  C|…  L|…        any of them may go on in the next line, which begins with A|
 *
 * The separators are those that H declares: field, component, repetition, escape, sub-component. The danger is a line
 * that was cut on the way: what stands in its last field may be half of a number or of a name. A segment after which
 * stands a line that is none is told as broken, and its last field is not given.
 */

export type Separators = { field: string; component: string; repetition: string; escape: string; part: string };

export type Segment = {
  /** `OBX`; empty for a line that is no segment. */
  name: string;
  /** Everything of it, as written, continuation lines joined. */
  raw: string;
  /** Something of it is missing: its last field is not among `fields`. */
  broken: boolean;
  /** As written between separators, escapes and all; `fields[0]` is the name. */
  fields: string[];
  separators: Separators;
};

export type SegmentFile = { leading: string[]; segments: Segment[] };

const HEADER = /^H([^\w\s])([^\w\s])([^\w\s])([^\w\s])([^\w\s])\1/;
const NAME = /^[A-Z][A-Z0-9]{0,3}/;

/** The segments from the first H on; null when there is none. `leading` is what stands before it. */
export function readSegments(text: string): SegmentFile | null {
  const leading: string[] = [];
  const drafts: { name: string; pieces: string[]; broken: boolean; separators: Separators }[] = [];
  let separators: Separators | null = null;
  for (const written of text.split(/\r\n|\r|\n/)) {
    const line = written.trimStart();
    separators = separatorsOf(line) ?? separators;
    if (separators === null) {
      leading.push(written.trimEnd());
      continue;
    }
    if (line.trim() === '') continue;
    const name = nameOf(line, separators);
    const last = drafts.at(-1);
    if (name === 'A' && last !== undefined && last.name !== '') last.pieces.push(line.slice(2));
    else {
      if (name === '' && last !== undefined) last.broken = true;
      drafts.push({ name: name === 'A' ? '' : name, pieces: [line], broken: false, separators });
    }
  }
  const last = drafts.at(-1);
  // Without its closing segment and in the middle of a line: the rest of the file did not arrive.
  if (last && !drafts.some(({ name }) => name === 'L') && !/[\r\n]\s*$/.test(text.slice(-20))) last.broken = true;
  return separators === null ? null : { leading, segments: drafts.map(segmentOf) };
}

function segmentOf(draft: { name: string; pieces: string[]; broken: boolean; separators: Separators }): Segment {
  const { name, broken, separators } = draft;
  const raw = draft.pieces.join('').trimEnd();
  const fields = name === '' ? [] : raw.split(separators.field);
  if (broken) fields.pop();
  return { name, raw, broken, fields, separators };
}

function separatorsOf(line: string): Separators | null {
  const [, field = '', component = '', repetition = '', mark = '', part = ''] = HEADER.exec(line) ?? [];
  if (new Set([field, component, repetition, mark, part]).size < 5) return null;
  return { field, component, repetition, escape: mark, part };
}

function nameOf(line: string, { field }: Separators): string {
  const name = NAME.exec(line)?.[0] ?? '';
  return line.charAt(name.length) === field || line.trimEnd() === 'L' ? name : '';
}

/** Field by the number that the specification gives it (`OBX.6` is 6), as written; `""` stands for nothing. */
export function rawField(segment: Segment, number: number): string {
  const field = (segment.fields[number - 1] ?? '').trim();
  return field === '""' ? '' : field;
}

/** Components of the repetitions of a field, in clear. */
export function repetitionsOf(segment: Segment, number: number): string[][] {
  const { repetition, component } = segment.separators;
  const field = rawField(segment, number);
  if (field === '') return [];
  const clear = (part: string): string => (part.trim() === '""' ? '' : inClear(part, segment.separators).trim());
  return field.split(repetition).map((each) => each.split(component).map(clear));
}

/** One component (the first is 1) of the first repetition of a field. */
export const componentOf = (segment: Segment, number: number, component: number): string =>
  repetitionsOf(segment, number)[0]?.[component - 1] ?? '';

/** A field of prose: repetitions are lines, all else is as written. */
export const proseOf = (segment: Segment, number: number): string =>
  rawField(segment, number)
    .split(segment.separators.repetition)
    .map((line) => inClear(line, segment.separators).trimEnd())
    .join('\n')
    .trim();

/** A field for people whose structure does not matter: its components with spaces, its repetitions with semicolons. */
export const wordsOf = (segment: Segment, number: number): string =>
  repetitionsOf(segment, number)
    .map((components) => components.filter((each) => each !== '').join(' '))
    .filter((each) => each !== '')
    .join(' ; ');

/** A sequence that is unknown stays as written. */
function inClear(text: string, separators: Separators): string {
  const mark = separators.escape;
  if (!text.includes(mark)) return text;
  const pieces = text.split(mark);
  const clear: string[] = [pieces[0] ?? ''];
  for (let at = 1; at < pieces.length; at += 1) {
    const isClosed = at + 1 < pieces.length;
    const meaning = isClosed ? meaningOf(pieces[at] ?? '', separators) : null;
    if (meaning === null) clear.push(mark, pieces[at] ?? '');
    else {
      clear.push(meaning, pieces[at + 1] ?? '');
      at += 1;
    }
  }
  return clear.join('');
}

function meaningOf(code: string, separators: Separators): string | null {
  if (code === 'H' || code === 'N') return ''; // emphasis on and off
  if (code === 'F') return separators.field;
  if (code === 'S') return separators.component;
  if (code === 'R') return separators.repetition;
  if (code === 'E') return separators.escape;
  if (code === 'T') return separators.part;
  if (code === '.br') return '\n';
  return /^X(?:[0-9A-F]{2}){1,20}$/i.test(code) ? byBytes(Buffer.from(code.slice(1), 'hex')) : null;
}

/** Line ends, signs and accented letters only: nobody needs to write a figure or a control character that way. */
function byBytes(bytes: Buffer): string | null {
  const text = new TextDecoder('windows-1252').decode(bytes).replace(/\r\n?/g, '\n');
  return /[0-9A-Za-z]|(?!\n)\p{Cc}|\p{Bidi_Control}/u.test(text) ? null : text;
}
