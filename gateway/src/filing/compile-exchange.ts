/**
 * Makes the entries of an exchange: letters as they are read now, answers as they were typed, each with the verdict or the
 * state in words and with what proves it. A letter that was not shown is named, never quoted. Pure; clear text.
 */
import { createHash } from 'node:crypto';
import type { ReplyMessage } from '@estafette/contracts/message';
import type { ReplyState } from '@estafette/contracts/status';
import { REASONS, type ReasonCode, type Verdict } from '@estafette/contracts/verdict';
import type { ClaimedSender, OpenedLetter, ReadDocument, ReplyRow } from '../ports.ts';
import type { ExchangeAttachment, ExchangeEntry } from './exchange.ts';
import { reportWords } from './report-words.ts';

/** A letter as it came, and as it is read now. */
export interface ReopenedLetter {
  readonly letterId: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly original: Buffer;
  readonly opened: OpenedLetter;
  /** It is read as it was when it was shown: its documents have the places they had then. */
  readonly isReadAlike: boolean;
  /** It was shown by decision of the operator, or would be held back today: an identity it states is to be checked. */
  readonly isDoubted: boolean;
}

/** A letter that was not shown. */
export interface UnshownLetter {
  readonly letterId: string;
  readonly receivedAt: number;
  readonly sender: ClaimedSender | null;
  readonly reasons: readonly ReasonCode[];
  /** Null: the letter is deleted. */
  readonly original: Buffer | null;
}

/** An answer as it was typed. */
export interface TypedAnswer {
  readonly row: ReplyRow;
  readonly message: ReplyMessage;
  readonly person: string;
  /** Of the mail it left as. */
  readonly messageId: string;
  readonly attachments: readonly { readonly name: string; readonly mediaType: string; readonly bytes: Buffer }[];
}

const STATE_WORDS: Readonly<Record<ReplyState, string>> = {
  accepted: 'en attente',
  'awaiting-key': 'en attente de certificat',
  sealed: 'scellée',
  sent: 'envoyée',
  delivered: 'remise',
  read: 'lue',
  delayed: 'retardée',
  failed: 'non partie',
  unknown: 'envoyée, non confirmée',
};

/** What is cut says so; the whole of it is a file of the letter, named below with its digest. */
const CUT = '[Texte coupé ici : sa suite est dans le courrier tel que reçu.]';

const digestOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const isoTime = (at: number): string => new Date(at).toISOString();
const reasonWords = (reasons: readonly ReasonCode[]): string => reasons.map((code) => REASONS[code].fr).join(' ');

/** What the trust mark says. */
function verdictWords({ show, signer, reasons }: Verdict): string {
  if (show === 'verified') return signer === null ? 'Vérifié' : `Vérifié : signé par ${signer.name}`;
  return ['Non vérifié.', reasonWords(reasons)].filter((words) => words !== '').join(' ');
}

const attachmentOf = ({ name, mediaType, bytes }: TypedAnswer['attachments'][number]): ExchangeAttachment => ({
  ...{ name, mediaType, bytes: bytes.length },
  sha256: digestOf(bytes),
});

/** The bytes a document is made of, where it is a photo or another file. */
const filesIn = (documents: readonly ReadDocument[]): TypedAnswer['attachments'] =>
  documents.flatMap((document) => {
    if (document.kind === 'text' || document.kind === 'report') return [];
    const { name, mediaType, bytes } = document;
    return [{ name, mediaType, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }];
  });

const textOf = (documents: readonly ReadDocument[]): string =>
  documents
    .flatMap((document) => {
      if (document.kind === 'text') return [document.truncated ? `${document.text}\n${CUT}` : document.text];
      return document.kind === 'report' ? [reportWords(document.report).join('\n')] : [];
    })
    .filter((text) => text.trim() !== '')
    .join('\n\n');

/** A letter that was shown. */
export function letterEntry({ letterId, receivedAt, original, opened }: ReopenedLetter): ExchangeEntry {
  const { headers, verdict, documents } = opened;
  const name = verdict.show === 'verified' && verdict.signer !== null ? verdict.signer.name : headers.fromName;
  return {
    kind: 'letter',
    letterId,
    from: { name, address: headers.from },
    at: isoTime(receivedAt),
    subject: headers.subject,
    verdict: verdictWords(verdict),
    text: textOf(documents),
    attachments: filesIn(documents).map(attachmentOf),
    proof: { sha256: digestOf(original), messageId: headers.messageId },
  };
}

/** A letter that was not shown: who it claims to come from, and why. */
export function unshownEntry({ letterId, receivedAt, sender, reasons, original }: UnshownLetter): ExchangeEntry {
  return {
    kind: 'letter',
    letterId,
    from: sender ?? { name: '', address: '' },
    at: isoTime(receivedAt),
    subject: '',
    verdict: ['Non affiché.', reasonWords(reasons)].filter((words) => words !== '').join(' '),
    text: '',
    attachments: [],
    proof: { sha256: original === null ? '' : digestOf(original), messageId: '' },
  };
}

/** An answer, whatever became of it. Its proof is the digest of its words (UTF-8): the mail itself is not kept here. */
export function answerEntry({ row, message, person, messageId, attachments }: TypedAnswer): ExchangeEntry {
  const { id: replyId, state, createdAt } = row;
  return {
    kind: 'reply',
    replyId,
    person,
    at: isoTime(createdAt),
    text: message.text,
    state: STATE_WORDS[state],
    attachments: attachments.map(attachmentOf),
    proof: { sha256: digestOf(message.text), messageId },
  };
}

/** In order of time; of one moment, in the order given. */
export const inOrder = (entries: readonly ExchangeEntry[]): ExchangeEntry[] =>
  [...entries].sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
