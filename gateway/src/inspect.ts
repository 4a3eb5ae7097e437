/**
 * Opens a mail without delivering it, by the very code of the inbound flow, outside any worker: the operator's answer
 * to "why was this refused".
 */
import { silentLog } from '@estafette/runtime/log';
import { listStanding } from './certificate-status/list-alarms.ts';
import { addViews } from './content/add-views.ts';
import { readContent } from './content/read-content.ts';
import { judgeUrgency } from './conversation/judge-urgency.ts';
import { BerError } from './envelope/ber.ts';
import { addressesOf, isAuthority, readCertificate, signerOf } from './envelope/certificate.ts';
import { keyUsesOf } from './envelope/key-uses.ts';
import { toWireLines } from './envelope/line-ends.ts';
import { isSameAddress } from './envelope/mail-address.ts';
import { readConfiguredLists } from './envelope/read-status.ts';
import { openSpool } from './intake/spool.ts';
import { type OpenTask, openLetter } from './letter-worker.ts';
import type { BlobStore, Clock, KeyUses, OpenedLetter, Vault } from './ports.ts';
import { openStudio } from './studio/picture-studio.ts';

/** Opens a mail as it lies in a file: line ends of a Unix tool are read as mail's. */
export function inspectMail(
  mail: Omit<OpenTask, 'kind' | 'letter'> & { readonly file: Buffer },
): Promise<OpenedLetter> {
  const { file, ...task } = mail;
  return openLetter({ ...task, letter: toWireLines(file) });
}

/** Does work that looks at pictures and PDFs as the inbound flow shows them; they are decoded in a process of their own. */
export async function withViews<Done>(
  clock: Clock,
  work: (view: (documents: OpenedLetter['documents']) => Promise<OpenedLetter['documents']>) => Promise<Done>,
): Promise<Done> {
  const studio = openStudio({ log: silentLog, processes: 1 });
  try {
    return await work((documents) => addViews(documents, { studio, clock }));
  } finally {
    studio.close();
  }
}

/**
 * Ids of the letters in the spool that say this Message-ID. A letter that is held stands in no conversation yet, so that
 * the database does not know its Message-ID. Reads every waiting letter, one at a time.
 */
export async function waitingLetters(safe: BlobStore, vault: Vault, messageId: string): Promise<string[]> {
  const spool = openSpool(safe, vault);
  const found: string[] = [];
  for (const { letterId } of await spool.waiting()) {
    const bytes = (await spool.read(letterId))?.bytes;
    if (bytes === undefined) continue;
    const end = bytes.indexOf('\r\n\r\n');
    const headers = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
    if (/^message-id\s*:\s*(<[^<>\s]+>)/im.exec(headers)?.[1] === messageId) found.push(letterId);
  }
  return found;
}

/** What a certificate of a mailbox says of itself. */
export interface OwnCertificate {
  readonly addresses: readonly string[];
  readonly isAuthority: boolean;
  readonly uses: KeyUses;
  /** Hexadecimal, without leading zeros of its own. */
  readonly serial: string;
  /** SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly issuer: string;
}

/** Reads a certificate (DER) as the gateway will when it opens and seals; null when it cannot be read. */
export function readOwnCertificate(der: Buffer): OwnCertificate | null {
  try {
    const certificate = readCertificate(der);
    const { serial, fingerprint, issuer } = signerOf(certificate);
    const addresses = addressesOf(certificate);
    return { addresses, isAuthority: isAuthority(certificate), uses: keyUsesOf(der), serial, fingerprint, issuer };
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}

/** Whether one of these addresses of a certificate is the mailbox's, by the rule that judges senders. */
export const isAmong = (address: string, addresses: readonly string[]): boolean =>
  addresses.some((one) => isSameAddress(one, address));

export { judgeUrgency, keyUsesOf, listStanding, readConfiguredLists, readContent };
