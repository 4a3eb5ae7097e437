/**
 * Runs in worker threads: opens and reads a letter, or seals an answer, so that the event loop that speaks SMTP never
 * waits for an RSA operation. Clear text lives in the memory of one task. Trust anchors and revocation lists are read
 * from their files here and read again when the files change.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { headerText } from './content/header-text.ts';
import { readContent } from './content/read-content.ts';
import { type Certificate, readCertificate } from './envelope/certificate.ts';
import { mayBeUsedFor, rememberingJudge } from './envelope/certificate-path.ts';
import { openEnvelope } from './envelope/open-envelope.ts';
import { sealEnvelope } from './envelope/seal-envelope.ts';
import { readTrustFiles } from './envelope/trust-files.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import type { OpenedLetter, SealMail, TrustPaths } from './ports.ts';

export interface OpenTask {
  readonly kind: 'open';
  readonly letter: Uint8Array;
  readonly keys: readonly { readonly certificate: Uint8Array; readonly privateKey: KeyObject }[];
  /** Null: no anchors, nobody is trusted (inspection only). */
  readonly trust: TrustPaths | null;
  readonly space: keyof typeof TRUST_SPACES;
  /** Milliseconds since 1970: the time of judgement. */
  readonly at: number;
}

export type SealTask = { readonly kind: 'seal' } & Parameters<SealMail>[0];
type SealedMail = Awaited<ReturnType<SealMail>>;

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

type Judge = ReturnType<typeof rememberingJudge>;
const judges = new Map<string, { stamp: string; judge: Judge; checkedAt: number }>();
const RECHECK_MS = 5_000;

/** Changes when a file, or any file of a folder, is written: a list put in place of another must be noticed. */
function stampOf(path: string | null): string {
  if (path === null) return '';
  const facts = statSync(path);
  if (facts.isDirectory())
    return readdirSync(path)
      .sort()
      .map((name) => `${name} ${stampOf(join(path, name))}`)
      .join(';');
  return `${facts.mtimeMs} ${facts.size} ${facts.ino}`;
}

/** The judge over the trust files, with its memory of good paths; files are looked at again every few seconds. */
function judgeOf(paths: TrustPaths | null): Judge {
  if (paths === null) return rememberingJudge({ anchors: [], intermediates: [], lists: [] });
  const name = `${paths.anchors} ${paths.lists}`;
  const known = judges.get(name);
  if (known !== undefined && Date.now() - known.checkedAt < RECHECK_MS) return known.judge;
  const stamp = `${stampOf(paths.anchors)} ${stampOf(paths.lists)}`;
  const judge = known?.stamp === stamp ? known.judge : rememberingJudge(readTrustFiles(paths));
  judges.set(name, { stamp, judge, checkedAt: Date.now() });
  return judge;
}

/** Fields the writer set; relays add others in front, which do not make another letter. */
const OWN_FIELDS = /^(from|to|cc|subject|date|message-id|in-reply-to|references|content-[a-z-]+)\s*:/i;

/**
 * What makes the letter itself: the fields its writer set, and its body. Another From or Content-Type over the same
 * body is another letter: a forged or crippled copy must not hide the genuine one.
 */
function identityOf(letter: Buffer): string {
  const bodyStart = letter.indexOf('\r\n\r\n');
  if (bodyStart < 0) return createHash('sha256').update(letter).digest('hex');
  const fields = letter
    .subarray(0, bodyStart)
    .toString('latin1')
    .split(/\r\n(?![ \t])/);
  const own = fields.filter((field) => OWN_FIELDS.test(field)).join('\r\n');
  return createHash('sha256').update(own).update(letter.subarray(bodyStart)).digest('hex');
}

const fingerprintOf = (der: Buffer): string => createHash('sha256').update(der).digest('hex');

/** Opens and reads one letter; hostile content is a verdict, not an exception. */
export async function openLetter(task: Omit<OpenTask, 'kind'>): Promise<OpenedLetter> {
  const letter = toBuffer(task.letter);
  const keys = task.keys.map(({ certificate, privateKey }) => ({
    certificate: readCertificate(toBuffer(certificate)),
    privateKey,
  }));
  const envelope = openEnvelope(letter, {
    space: TRUST_SPACES[task.space],
    keys,
    judge: judgeOf(task.trust),
    at: new Date(task.at),
  });
  const documents = envelope.content === null ? [] : (await readContent(envelope.content)).documents;
  const { senderCertificate } = envelope;
  const [fromName, subject] = [await headerText(envelope.headers.fromName), await headerText(envelope.headers.subject)];
  return {
    verdict: envelope.verdict,
    layers: envelope.layers,
    headers: { ...envelope.headers, fromName, subject },
    documents,
    wants: envelope.wants,
    senderCertificate:
      senderCertificate === null
        ? null
        : { der: senderCertificate, chain: envelope.senderChain, fingerprint: fingerprintOf(senderCertificate) },
    identity: identityOf(letter),
  };
}

function isUsable(
  certificate: Certificate,
  chain: readonly Uint8Array[],
  task: SealTask,
  use: 'keyEncipherment' | 'digitalSignature',
): boolean {
  const bag = chain.map((der) => readCertificate(toBuffer(der)));
  const uses = [use] as const;
  return (
    mayBeUsedFor(certificate, uses) &&
    judgeOf(task.trust)({ certificate, bag, bagLists: [], at: new Date(task.at), uses }).trusted
  );
}

/** Seals one answer; refuses rather than seal with, or to, a certificate that is not good now. */
export function sealMail(task: SealTask): SealedMail {
  const own = readCertificate(toBuffer(task.certificate));
  const recipient = readCertificate(toBuffer(task.recipient));
  if (!isUsable(own, task.chain, task, 'digitalSignature')) return { refused: 'own-certificate-unusable' };
  if (!isUsable(recipient, task.recipientChain, task, 'keyEncipherment')) return { refused: 'certificate-unusable' };
  const key = { certificate: own, chain: task.chain.map(toBuffer), privateKey: task.privateKey };
  return {
    sealed: sealEnvelope({
      headers: task.headers,
      entity: toBuffer(task.entity),
      key,
      recipient,
      at: new Date(task.at),
    }),
  };
}

/**
 * Entry of the worker thread, called by piscina.
 * @public
 */
export default function run(task: OpenTask | SealTask): Promise<OpenedLetter> | SealedMail {
  return task.kind === 'open' ? openLetter(task) : sealMail(task);
}
