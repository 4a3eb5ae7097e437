/**
 * What is typed into `estafette chat`. For people: `cnv_… text`, or text for the last letter, after any of `/all`,
 * `/urgent`, `/now`, `/close` and `/file PATH`; `/read` and `/filing` (chat-filing.ts) alone. For programs: `{"conversationId","text"}`, and where
 * wanted `answers` (a letter of it; else the last one), `to`, `urgent`, `sendNow`, `closes`, `files` (paths); or
 * `{"read": "ltr_… or cnv_…"}`.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ReplyFile, ReplyWishes } from '@estafette/mobile-lite/device/write-reply';
import { type ChatFiling, readJsonFiling, readTypedFiling } from './chat-filing.ts';

export const HELP = `cnv_… TEXT       answers that conversation; TEXT alone answers the last letter
before the text  /all  /urgent  /now  /close  /file PATH (no spaces in it)
/read [ltr_…]    tells that the last conversation, or this letter, was read
/filing [ltr_… [INDEX]] [for FAMILY;GIVEN;YYYY-MM-DD;F]
                 files the last conversation, a letter as it came or one document in the patient's record`;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  pdf: 'application/pdf',
  txt: 'text/plain',
};

export interface ChatAnswer extends Omit<ReplyWishes, 'files'> {
  readonly kind: 'answer';
  readonly conversationId: string;
  readonly text: string;
  /** Paths. */
  readonly files: readonly string[];
}

export type ChatInput =
  | ChatAnswer
  | ChatFiling
  | { readonly kind: 'read'; readonly letterId: string | null; readonly conversationId: string | null }
  | { readonly kind: 'help' };

/** Null for what is neither an answer nor a command. Throws a SyntaxError for a JSON line that is none. */
export function readInput(line: string, place: { json: boolean; last: string | null }): ChatInput | null {
  return place.json ? readJsonLine(JSON.parse(line)) : readTypedLine(line.trim(), place.last);
}

function readJsonLine(value: unknown): ChatInput | null {
  if (typeof value !== 'object' || value === null) return null;
  const {
    read,
    conversationId,
    text,
    answers,
    to,
    urgent,
    sendNow,
    closes,
    files = [],
    filing,
  } = value as Record<string, unknown>;
  if (typeof read === 'string') return readOf(read);
  if (filing !== undefined && typeof conversationId === 'string') return readJsonFiling(conversationId, filing);
  const paths = Array.isArray(files) ? files.filter((path) => typeof path === 'string') : [];
  if (typeof conversationId !== 'string' || typeof text !== 'string') return null;
  return {
    kind: 'answer',
    conversationId,
    text,
    files: paths,
    ...(typeof answers === 'string' && { answers }),
    ...(to === 'all' || to === 'sender' ? { to } : {}),
    ...(urgent === true && { urgent }),
    ...(sendNow === true && { sendNow }),
    ...(closes === true && { closes }),
  };
}

const readOf = (id: string): ChatInput =>
  id.startsWith('ltr_')
    ? { kind: 'read', letterId: id, conversationId: null }
    : { kind: 'read', letterId: null, conversationId: id };

function readTypedLine(line: string, last: string | null): ChatInput | null {
  if (line === '/help') return { kind: 'help' };
  if (/^\/filing\b/.test(line)) return readTypedFiling(line, last);
  const read = /^\/read(?:\s+(\S+))?$/.exec(line);
  if (read !== null) return readOf(read[1] ?? last ?? '');
  const files: string[] = [];
  const wishes: { to?: 'all'; urgent?: true; sendNow?: true; closes?: true } = {};
  const named = /^(cnv_[0-9A-Za-z]{26})\s+(.+)$/.exec(line);
  let text = named?.[2] ?? line;
  for (;;) {
    const option = /^\/(all|urgent|now|close|file\s+(\S+))(?:\s+|$)/.exec(text);
    if (option === null) break;
    text = text.slice(option[0].length);
    if (option[2] !== undefined) files.push(option[2]);
    else if (option[1] === 'all') wishes.to = 'all';
    else if (option[1] === 'urgent') wishes.urgent = true;
    else if (option[1] === 'now') wishes.sendNow = true;
    else wishes.closes = true;
  }
  const conversationId = named?.[1] ?? last;
  return conversationId === null ? null : { kind: 'answer', conversationId, text, files, ...wishes };
}

/** The files of an answer, whole; the media type is told by the end of the name. */
export function readFiles(paths: readonly string[]): Promise<ReplyFile[]> {
  return Promise.all(
    paths.map(async (path) => {
      const mediaType = MEDIA_TYPES[path.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
      return { name: basename(path), mediaType, bytes: new Uint8Array(await readFile(path)) };
    }),
  );
}
