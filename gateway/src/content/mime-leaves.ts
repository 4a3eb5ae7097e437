/**
 * Opens the MIME tree of a letter into its leaves: the bytes of each part after its transfer encoding, never after
 * its charset. mailparser decides the structure, and only this file depends on how it works inside.
 *
 * How this works: mailparser hands attachments over as raw bytes, but decodes inline text by the charset the letter
 * declares, which French laboratories get wrong. So it is told that no type is inline text (`textTypes`), and every
 * leaf comes as bytes, from one parser with one idea of the tree. That setting and `tree` are its instance fields,
 * not its documented interface: read-content.test.ts fails if a newer mailparser changes them.
 *
 * Danger: two parsers are two letters. What the letter consists of was decided before, strictly (`approved`); where
 * mailparser sees other parts, its reading is thrown away whole. A structure that cannot be read to its end must not look
 * complete; `complete: false` tells the caller to keep the whole letter.
 */

import { CONTENT_LIMITS, ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { AttachmentStream, MessageText } from 'mailparser';
import { MailParser } from 'mailparser';
import type { ApprovedLeaf } from '../ports.ts';
import { decodeRawWords } from './text/raw-words.ts';

export type MimeLeaf = {
  /** Lower case, without parameters; `text/plain` when the part says nothing (RFC 2045 §5.2). */
  contentType: string;
  charset: string | undefined;
  disposition: 'inline' | 'attachment' | null;
  /** RFC 2047 and 2231 decoded, not yet cleaned. */
  name: string | undefined;
  bytes: Buffer;
  /** How many multiparts stand around it. */
  depth: number;
  /** The outermost multipart/alternative it stands in, as a number of that part; null outside of any. */
  alternative: number | null;
};

export type MimeLeaves = {
  leaves: MimeLeaf[];
  /** False when parts may be missing: a limit was met, or a multipart holds no part. */
  complete: boolean;
  tooManyParts: boolean;
};

type TreeNode = { headers?: unknown; contentType?: string | false; children?: TreeNode[] };
type OpenedParser = MailParser & { textTypes?: string[]; tree?: TreeNode | false };
type Place = { depth: number; alternative: number | null };
type RawLeaf = { part: AttachmentStream; bytes: Buffer };

/** `approved` null: nothing decided the structure before, and mailparser's reading is all there is (tests). */
export async function openMimeLeaves(entity: Buffer, approved: readonly ApprovedLeaf[] | null): Promise<MimeLeaves> {
  const parser: OpenedParser = new MailParser({
    skipHtmlToText: true,
    skipTextToHtml: true,
    skipTextLinks: true,
    skipImageLinks: true,
    keepDeliveryStatus: true,
    // Passed on to the splitter, which the types do not show.
    ...{ ignoreEmbedded: true, maxChildNodes: CONTENT_LIMITS.partsMax, maxHeadSize: ENVELOPE_LIMITS.headerMaxBytes },
  });
  if (!Array.isArray(parser.textTypes)) throw new Error('mailparser no longer has the setting this relies on');
  parser.textTypes = [];
  const { raw, failure } = await collect(parser, entity);
  const survey = surveyTree(parser.tree || {});
  const leaves = raw.map(({ part, bytes }) => leafOf(part, bytes, survey.places.get(part.headers)));
  if (approved !== null && !seesTheSame(leaves, approved, entity))
    return { leaves: [], complete: false, tooManyParts: false };
  return { leaves, complete: failure === null && !survey.emptyMultipart, tooManyParts: failure === 'limit' };
}

/** Whether these are the approved parts, by number, type and order; blank ones, which show nothing, aside. */
function seesTheSame(leaves: readonly MimeLeaf[], approved: readonly ApprovedLeaf[], entity: Buffer): boolean {
  const seen = leaves.filter(({ bytes }) => !isBlank(bytes));
  const expected = approved.filter(({ start, end }) => !isBlank(entity.subarray(start, end)));
  return seen.length === expected.length && seen.every((leaf, at) => leaf.contentType === expected[at]?.type);
}

const isBlank = (bytes: Buffer): boolean => bytes.length < 80 && /^\s*$/.test(bytes.toString('latin1'));

/** Feeds the parser and gathers the bytes of every leaf; keeps what was read when it stops early. */
async function collect(
  parser: MailParser,
  entity: Buffer,
): Promise<{ raw: RawLeaf[]; failure: 'limit' | 'broken' | null }> {
  const raw: RawLeaf[] = [];
  const pending: Promise<void>[] = [];
  parser.on('data', (part: AttachmentStream | MessageText) => {
    if (part.type !== 'attachment') return;
    const position = pending.length;
    const content = part.content;
    const chunks: Buffer[] = [];
    content.on('data', (chunk: Buffer) => chunks.push(chunk));
    pending.push(
      new Promise((resolve) => {
        content.on('error', () => resolve());
        content.once('end', () => {
          raw[position] = { part, bytes: Buffer.concat(chunks) };
          part.release();
          resolve();
        });
      }),
    );
  });
  const failure = await new Promise<'limit' | 'broken' | null>((resolve) => {
    parser.once('end', () => resolve(null));
    parser.on('error', (error: unknown) => resolve(isLimit(error) ? 'limit' : 'broken'));
    parser.end(entity);
  });
  if (failure === null) await Promise.all(pending);
  // A part that broke leaves a hole; so does, after a failure, one that was not finished.
  const finished = raw.filter((leaf) => leaf !== undefined);
  return { raw: finished, failure: failure ?? (finished.length < pending.length ? 'broken' : null) };
}

const isLimit = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EMAXLEN';

/** Where each part stands, found by its headers object, which tree and attachment share. */
function surveyTree(root: TreeNode): { places: Map<unknown, Place>; emptyMultipart: boolean } {
  const places = new Map<unknown, Place>();
  let emptyMultipart = false;
  let alternatives = 0;
  const waiting: { node: TreeNode; place: Place }[] = [{ node: root, place: { depth: 0, alternative: null } }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { node, place } = next;
    places.set(node.headers, place);
    const type = typeof node.contentType === 'string' ? node.contentType : '';
    const children = node.children ?? [];
    if (!type.startsWith('multipart/')) continue;
    if (children.length === 0) emptyMultipart = true;
    let { alternative } = place;
    if (type === 'multipart/alternative' && alternative === null) {
      alternatives += 1;
      alternative = alternatives;
    }
    for (const child of children) waiting.push({ node: child, place: { depth: place.depth + 1, alternative } });
  }
  return { places, emptyMultipart };
}

function leafOf(part: AttachmentStream, bytes: Buffer, place: Place | undefined): MimeLeaf {
  const declared: unknown = part.headers.get('content-type');
  const { value, params } = structured(declared);
  const disposition = part.contentDisposition;
  const said = value === '' ? (part.contentType || '').toLowerCase() : value;
  const contentType = said.includes('/') ? said : 'text/plain';
  return {
    contentType,
    charset: params.charset,
    disposition: !disposition ? null : disposition === 'inline' ? 'inline' : 'attachment',
    name: part.filename ? decodeRawWords(part.filename) : undefined,
    bytes,
    depth: place?.depth ?? 0,
    alternative: place?.alternative ?? null,
  };
}

function structured(header: unknown): { value: string; params: Record<string, string> } {
  if (typeof header !== 'object' || header === null || !('value' in header)) return { value: '', params: {} };
  const { value } = header;
  const params = 'params' in header && typeof header.params === 'object' ? header.params : null;
  return {
    value: typeof value === 'string' ? value.trim().toLowerCase() : '',
    params: (params ?? {}) as Record<string, string>,
  };
}
