/** A photo or file of a letter as `estafette inspect` shows it: what it is, its views, of a PDF its pages and first words. */
import { createHash } from 'node:crypto';
import type { OpenedLetter } from '@estafette/gateway/ports';
import { oneLine } from './report-lines.ts';

type Found = Extract<OpenedLetter['documents'][number], { kind: 'photo' | 'file' }>;
type View = NonNullable<Extract<Found, { kind: 'photo' }>['thumbnail']>;

const FIRST_LINE_CHARACTERS = 160;

const digested = (bytes: Uint8Array) => ({
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

const withoutBytes = <With extends { readonly bytes: Uint8Array }>({ bytes, ...facts }: With) => ({
  ...facts,
  ...digested(bytes),
});

/** For `--json`: digests in place of bytes, of views too. */
export function fileFacts(document: Found): unknown {
  if (document.kind === 'photo') {
    const { thumbnail, screen, ...photo } = document;
    const views = Object.entries({ thumbnail, screen }).flatMap(([name, view]) =>
      view === undefined ? [] : [[name, withoutBytes(view)]],
    );
    return { ...withoutBytes(photo), ...Object.fromEntries(views) };
  }
  const { preview, ...file } = document;
  if (preview === undefined) return withoutBytes(file);
  const picture = preview.picture === null ? null : withoutBytes(preview.picture);
  return { ...withoutBytes(file), preview: { ...preview, picture } };
}

const size = (what: string, view: View | null | undefined): string[] =>
  view ? [`${what} ${view.width}×${view.height}, ${view.bytes.length} bytes`] : [];

/** For people, the first line naming the file. */
export function fileLines(document: Found): string[] {
  const head = `${document.kind}: ${oneLine(document.name)}; ${document.mediaType}; ${document.bytes.length} bytes`;
  if (document.kind === 'photo') {
    const { width, height, thumbnail, screen } = document;
    const views = [...size('thumbnail', thumbnail), ...size('screen', screen)];
    return [`${head}; ${width}×${height} pixels`, ...views.map((view) => `  ${view}`)];
  }
  const { note, preview } = document;
  const named = note === null ? head : `${head}; ${oneLine(note)}`;
  if (preview === undefined) return [named];
  const first = oneLine(preview.text.split('\n').find((line) => line.trim() !== '') ?? '');
  return [
    `${named}; ${preview.pages} ${preview.pages === 1 ? 'page' : 'pages'}`,
    ...size('first page', preview.picture).map((view) => `  ${view}`),
    `  ${first === '' ? 'no text' : `text: ${first.slice(0, FIRST_LINE_CHARACTERS)}`}`,
  ];
}
