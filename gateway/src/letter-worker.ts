/**
 * Runs in worker threads: opens and reads a letter, or seals an answer, so that the event loop that speaks SMTP never
 * waits for an RSA operation. Clear text lives in the memory of one task. Trust anchors and revocation lists are read
 * from their files here and read again when the files change.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { headerText } from './content/header-text.ts';
import { readContent } from './content/read-content.ts';
import { type Certificate, readCertificate } from './envelope/certificate.ts';
import { mayBeUsedFor, rememberingJudge } from './envelope/certificate-path.ts';
import { openEnvelope } from './envelope/open-envelope.ts';
import { sealEnvelope } from './envelope/seal-envelope.ts';
import { readTrustFiles } from './envelope/trust-files.ts';
import { TRUST_SPACES } from './envelope/trust-space.ts';
import type { LetterHeaders, OpenedLetter, SealMail, TrustPaths } from './ports.ts';

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

function stampOf(path: string | null): string {
  if (path === null) return '';
  const { mtimeMs, size, ino } = statSync(path);
  return `${mtimeMs} ${size} ${ino}`;
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

/**
 * What makes the letter itself: the fields its writer set and its body, not the trace fields that relays add in front.
 * Another From over the same body is another letter: a forged copy must not hide the genuine one.
 */
function identityOf(letter: Buffer, headers: LetterHeaders): string {
  const bodyStart = letter.indexOf('\r\n\r\n');
  const { messageId, from, fromName, to, subject, date } = headers;
  const digest = createHash('sha256').update(JSON.stringify([messageId, from, fromName, to, subject, date]));
  digest.update(messageId === '' || bodyStart < 0 ? letter : letter.subarray(bodyStart));
  return digest.digest('hex');
}

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
    senderCertificate:
      senderCertificate === null
        ? null
        : { der: senderCertificate, fingerprint: createHash('sha256').update(senderCertificate).digest('hex') },
    identity: identityOf(letter, envelope.headers),
  };
}

function isUsable(certificate: Certificate, task: SealTask, use: 'keyEncipherment' | 'digitalSignature'): boolean {
  const bag = task.chain.map((der) => readCertificate(toBuffer(der)));
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
  if (!isUsable(own, task, 'digitalSignature')) return { refused: 'own-certificate-unusable' };
  if (!isUsable(recipient, task, 'keyEncipherment')) return { refused: 'certificate-unusable' };
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
