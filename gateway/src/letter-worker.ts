/**
 * Runs in worker threads: opens and reads a letter, or seals an answer, so that the event loop that speaks SMTP never
 * waits for an RSA operation. Clear text lives in the memory of one task. Trust anchors and revocation lists are read
 * here, and so is what was fetched: a list of an authority is too large for the event loop.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { readContent } from './content/read-content.ts';
import { headerText } from './content/text/header-text.ts';
import { markReplacing, shownSubject, uncutForwards } from './content/text/subject-words.ts';
import { readCertificate } from './envelope/certificate.ts';
import { judgeOverFiles } from './envelope/judge-over-files.ts';
import { judgePeer, type PeerFinding, type PeerTask } from './envelope/judge-peer.ts';
import { type OpenedEnvelope, openEnvelope } from './envelope/open-envelope.ts';
import { readConfiguredLists, readStatus, type StatusFacts } from './envelope/read-status.ts';
import { type SealTask, sealMail } from './envelope/seal-mail.ts';
import { letterIdentity } from './letter-identity.ts';
import type {
  ConfiguredList,
  LetterHeaders,
  LetterPerson,
  LetterPolicy,
  OpenedLetter,
  StatusSource,
  TrustPaths,
} from './ports.ts';
import { readAutomatic, readOutside } from './reports/read-automatic.ts';

export interface OpenTask {
  readonly kind: 'open';
  readonly letter: Uint8Array;
  readonly keys: readonly { readonly certificate: Uint8Array; readonly privateKey: KeyObject }[];
  /** Null: no anchors, nobody is trusted (inspection only). */
  readonly trust: TrustPaths | null;
  /** What the trust space it came through asks of letters. */
  readonly letters: LetterPolicy;
  /** Milliseconds since 1970: the time of judgement, when the letter was received. */
  readonly at: number;
  /** When revocation is judged; absent: the same. */
  readonly statusAt?: number;
  /** Certificates learnt from the sender's earlier letters, DER: some programs send theirs only once. */
  readonly known?: readonly Uint8Array[];
  /** It came with the null sender: a machine wrote it (RFC 5321 §4.5.5). */
  readonly nullSender?: boolean;
  /** The operator decided to look: what could be opened is read although it is quarantined. */
  readonly released?: boolean;
  /** What was opened is given back, for the antivirus. */
  readonly givesContent?: boolean;
}

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const fingerprintOf = (der: Buffer): string => createHash('sha256').update(der).digest('hex');

const withChain = ({ senderChain: chain }: OpenedEnvelope, der: Buffer) => ({
  der,
  chain,
  fingerprint: fingerprintOf(der),
});

function learnableOf(envelope: OpenedEnvelope): OpenedLetter['senderCertificate'] {
  const { senderCertificate: der, senderStatement: statement } = envelope;
  if (der === null || statement === null) return null;
  return { ...withChain(envelope, der), ...statement, signedAt: statement.signedAt.getTime() };
}

/** Opens one letter without reading it; hostile content is a verdict, not an exception. */
export function openLetterEnvelope(task: Omit<OpenTask, 'kind'>): OpenedEnvelope {
  const keys = task.keys.map(({ certificate, privateKey }) => ({
    certificate: readCertificate(toBuffer(certificate)),
    privateKey,
  }));
  const judge = judgeOverFiles(task.trust);
  return openEnvelope(toBuffer(task.letter), {
    letters: task.letters,
    keys,
    judge: (question) => judge({ ...question, statusAt: new Date(task.statusAt ?? task.at) }),
    at: new Date(task.at),
    released: task.released === true,
    known: (task.known ?? []).map((der) => readCertificate(toBuffer(der))),
  });
}

/** The fields that people read, decoded. */
function decoded(headers: LetterHeaders): LetterHeaders {
  const [fromName, subject] = [headerText(headers.fromName), shownSubject(headerText(headers.subject))];
  const people: LetterPerson[] = headers.people.map((person) => ({ ...person, name: headerText(person.name) }));
  return { ...headers, fromName, subject, people, replyToName: headerText(headers.replyToName) };
}

/** Opens and reads one letter; hostile content is a verdict, not an exception. */
export async function openLetter(task: Omit<OpenTask, 'kind'>): Promise<OpenedLetter> {
  const letter = toBuffer(task.letter);
  const envelope = openLetterEnvelope(task);
  const { content, leaves: approved, inert } = envelope;
  const headers = decoded(envelope.headers);
  const read = content === null ? { documents: [], patients: [] } : await readContent(content, { approved, inert });
  const documents = uncutForwards(markReplacing(read.documents, headers.subject), headers.subject);
  const { subject, from } = headers;
  const { nullSender = false, at: receivedAt } = task;
  return {
    verdict: envelope.verdict,
    layers: envelope.layers,
    headers,
    documents,
    patients: read.patients,
    wants: envelope.wants,
    senderCertificate: learnableOf(envelope),
    noticeCertificate: envelope.noticeCertificate === null ? null : withChain(envelope, envelope.noticeCertificate),
    identity: letterIdentity(letter),
    automatic: readAutomatic({ letter, content, subject, from, nullSender, receivedAt }),
    outside: readOutside(letter),
    // A copy: what goes to another thread takes the whole buffer it is a piece of along.
    ...(task.givesContent === true && content !== null ? { content: Uint8Array.from(content) } : {}),
  };
}

/** Reads what was fetched, before it is stored. */
export interface StatusTask {
  readonly kind: 'status';
  readonly source: StatusSource['kind'];
  readonly bytes: Uint8Array;
}

/** Reads the lists that the operator configured. */
export interface ListsTask {
  readonly kind: 'lists';
  readonly path: string;
}

export type { PeerFinding, PeerTask } from './envelope/judge-peer.ts';
export type { SealTask } from './envelope/seal-mail.ts';

type Task = OpenTask | SealTask | PeerTask | StatusTask | ListsTask;

/**
 * Entry of the worker thread, called by piscina.
 * @public
 */
export default function run(
  task: Task,
): Promise<OpenedLetter> | ReturnType<typeof sealMail> | PeerFinding | StatusFacts | null | readonly ConfiguredList[] {
  if (task.kind === 'open') return openLetter(task);
  if (task.kind === 'seal') return sealMail(task);
  if (task.kind === 'peer') return judgePeer(task);
  return task.kind === 'status' ? readStatus(task.source, toBuffer(task.bytes)) : readConfiguredLists(task.path);
}
