/**
 * The MIME tree of what is about to be shown, read once and strictly, on bytes: it decides for every later reader which
 * parts there are, of which type and in which order (smime checklist 22 and 23). Depth, number and headers are bounded
 * before anything else looks at the letter; whatever two readers could take apart differently is `MailMalformed`.
 */
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import type { ApprovedLeaf } from '../ports.ts';
import { onlyField } from './header-fields.ts';
import { MailMalformed } from './mail-malformed.ts';
import { isCmsEntity, isSignatureEntity, type MimeEntity, readAsItStands } from './mime-entity.ts';
import { boundaryOf, type Range, splitMultipart } from './multipart.ts';

export interface MimeTree {
  /** Parts that are no multipart, in the order of the letter. */
  readonly leaves: readonly ApprovedLeaf[];
  /** A signed part, or an encrypted or unknown CMS part, stands somewhere in it. */
  readonly holdsSigned: boolean;
  readonly holdsEncrypted: boolean;
}

interface Walk {
  readonly leaves: ApprovedLeaf[];
  /** Boundaries of its multiparts, and lines that look like longer delimiters of one of them. */
  readonly boundaries: Set<string>;
  readonly longer: Set<string>;
  parts: number;
  holdsSigned: boolean;
  holdsEncrypted: boolean;
}

/** What a CMS part says of itself, for a sentence to people; nothing rests on it. */
function noteCms(entity: MimeEntity, walk: Walk): void {
  const { type, parameters } = entity.contentType;
  if (type === 'multipart/signed' || isSignatureEntity(entity)) walk.holdsSigned = true;
  else if (isCmsEntity(entity)) {
    if (parameters.get('smime-type')?.toLowerCase() === 'signed-data') walk.holdsSigned = true;
    else walk.holdsEncrypted = true;
  }
}

/** The same of a letter attached or forwarded whole, by its own header. It is no part of the tree: what is odd in it is its own. */
function noteAttachedLetter(entity: MimeEntity, walk: Walk): void {
  try {
    noteCms(readAsItStands(entity.body, entity.around), walk);
  } catch (error) {
    if (!(error instanceof MailMalformed)) throw error;
  }
}

const LF = 0x0a;

/** A part: read where it stands, with nothing repaired. */
function readPart(bytes: Buffer, range: Range, around: readonly string[]): MimeEntity {
  const part = readAsItStands(bytes.subarray(range.start, range.end), around);
  // Only lines of a header and no blank line: headers for one reader, the words themselves for another.
  if (part.headers.length > 0 && part.body.length === 0 && part.bytes.at(-1) !== LF)
    throw new MailMalformed('part without a blank line');
  return part;
}

/** The type of a part; in a digest what says nothing is a letter (RFC 2046 §5.1.5). */
function typeIn(parent: string, part: MimeEntity): string {
  const isUntold = parent === 'multipart/digest' && onlyField(part.headers, 'content-type') === null;
  return isUntold ? 'message/rfc822' : part.contentType.type;
}

interface Place {
  readonly path: string;
  readonly offset: number;
  readonly depth: number;
  readonly type: string;
}

function walkTree(entity: MimeEntity, { path, offset, depth, type }: Place, walk: Walk): void {
  walk.parts += 1;
  if (walk.parts > CONTENT_LIMITS.partsMax) throw new MailMalformed('too many parts', 'too-complex');
  if (depth > CONTENT_LIMITS.depthMax) throw new MailMalformed('too deep', 'too-complex');
  noteCms(entity, walk);
  if (type === 'message/rfc822') noteAttachedLetter(entity, walk);
  if (!type.startsWith('multipart/')) {
    walk.leaves.push({ path, type, start: offset + entity.bodyStart, end: offset + entity.bytes.length });
    return;
  }
  const boundary = boundaryOf(entity.contentType, entity.around);
  const around = [...entity.around, boundary];
  const range = { start: entity.bodyStart, end: entity.bytes.length };
  const { parts, longer } = splitMultipart(entity.bytes, range, boundary);
  walk.boundaries.add(boundary);
  for (const line of longer) walk.longer.add(line);
  if (walk.parts + parts.length > CONTENT_LIMITS.partsMax) throw new MailMalformed('too many parts', 'too-complex');
  for (const [number, part] of parts.entries()) {
    const child = readPart(entity.bytes, part, around);
    const childPath = path === '' ? `${number + 1}` : `${path}.${number + 1}`;
    const place = { path: childPath, offset: offset + part.start, depth: depth + 1, type: typeIn(type, child) };
    walkTree(child, place, walk);
  }
}

/** Reads the tree under an entity; throws `MailMalformed`. */
export function readMimeTree(root: MimeEntity): MimeTree {
  const walk: Walk = {
    leaves: [],
    boundaries: new Set(),
    longer: new Set(),
    parts: 0,
    holdsSigned: false,
    holdsEncrypted: false,
  };
  walkTree(root, { path: '', offset: 0, depth: 0, type: root.contentType.type }, walk);
  const { leaves, boundaries, holdsSigned, holdsEncrypted } = walk;
  for (const line of walk.longer)
    if (!boundaries.has(line) && !boundaries.has(line.replace(/--$/, '')))
      throw new MailMalformed('almost a delimiter');
  return { leaves, holdsSigned, holdsEncrypted };
}
