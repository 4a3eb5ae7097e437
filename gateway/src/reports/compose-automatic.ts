/**
 * Writes the mails that the gateway sends by itself, before they are sealed: an absence (RFC 3834), a disposition report
 * (RFC 8098) and a delivery report (RFC 3464). 7-bit, marked as automatic in both ways, with fixed subjects: nothing a
 * letter said is in them but its Message-ID. Everything from outside is checked to be the one plain word it must be.
 */
import { createHash } from 'node:crypto';
import { Refusal } from '@estafette/contracts/failure';

/** Like an answer before it is sealed: outer fields, the same fields for the inside, the entity to sign. */
export interface ComposedMail {
  readonly headers: readonly string[];
  readonly protectedHeaders: readonly string[];
  readonly entity: Buffer;
}

/** Who writes to whom about which letter. */
export interface AutomaticDraft {
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly messageId: string;
  /** Message-ID of the letter; empty where it has none. */
  readonly about: string;
  readonly at: Date;
  /** X-MSS-NIL (ECO.2.4.3). */
  readonly productNumber: string | null;
}

const PLAIN_ADDRESS = /^[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[0-9A-Za-z.-]{1,190}$/;
const PLAIN_ID = /^<[!-;=?-~]{1,250}>$/;
const PLAIN_WORD = /^[!-~]{1,100}$/;

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** A text in a header: as it is, or in encoded words of at most 75 characters (RFC 2047 §2). */
function encodedWords(text: string): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  if (isAscii(line)) return line;
  const words: string[] = [];
  let piece = '';
  for (const character of line) {
    if (Buffer.byteLength(piece + character) > 42) {
      words.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...words, piece].map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

const displayName = (name: string): string =>
  isAscii(name) ? `"${name.replace(/[\\"]/g, '\\$&').slice(0, 200)}"` : encodedWords(name.slice(0, 200));

const base64Lines = (text: string): string =>
  (
    Buffer.from(text.replace(/\r\n?|\n/g, '\r\n'))
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n');

const TEXT_FIELDS = ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64'];

const textPart = (text: string): string => `${TEXT_FIELDS.join('\r\n')}\r\n\r\n${base64Lines(text)}\r\n`;

function composed(draft: AutomaticDraft, subject: string, entity: string): ComposedMail {
  const { from, to, messageId, about, at, productNumber } = draft;
  if (!PLAIN_ADDRESS.test(to)) throw new Refusal('conversation-unanswerable', 'the address is not plain');
  if (!PLAIN_ADDRESS.test(from.address) || !PLAIN_ID.test(messageId))
    throw new RangeError('an own address or Message-ID that is not plain');
  const headers = [
    `Date: ${at.toUTCString().replace('GMT', '+0000')}`,
    `From: ${displayName(from.name)} <${from.address}>`,
    `To: <${to}>`,
    `Subject: ${encodedWords(subject)}`,
    `Message-ID: ${messageId}`,
    ...(PLAIN_ID.test(about) ? [`In-Reply-To: ${about}`, `References: ${about}`] : []),
    'Auto-Submitted: auto-replied',
    'X-Auto-Response-Suppress: All',
    ...(productNumber !== null && PLAIN_WORD.test(productNumber) ? [`X-MSS-NIL: ${productNumber}`] : []),
  ];
  return { headers, protectedHeaders: headers, entity: Buffer.from(entity, 'latin1') };
}

/** Says that nobody reads the mailbox. */
export const composeAbsence = (draft: AutomaticDraft, text: string): ComposedMail =>
  composed(draft, 'Réponse automatique : absence', textPart(text));

function report(draft: AutomaticDraft, type: string, parts: readonly string[]): string {
  const boundary = `est-${createHash('sha256').update(draft.messageId).digest('hex').slice(0, 32)}`;
  const head = `Content-Type: multipart/report; report-type=${type};\r\n boundary="${boundary}"\r\n\r\n`;
  return `${head}${parts.map((part) => `--${boundary}\r\n${part}`).join('')}--${boundary}--\r\n`;
}

/** Groups of fields as the body of a part, a blank line between (RFC 3464 §2.1). */
const fieldsPart = (type: string, groups: readonly (readonly string[])[]): string =>
  `Content-Type: ${type}\r\n\r\n${groups.map((fields) => `${fields.join('\r\n')}\r\n`).join('\r\n')}`;

const FRENCH_TIME = new Intl.DateTimeFormat('fr-FR', {
  dateStyle: 'short',
  timeStyle: 'short',
  timeZone: 'Europe/Paris',
});

/** Says that a person has read the letter (RFC 8098 §3, manual action, sent because it was asked for). */
export function composeDisposition(draft: AutomaticDraft, readAt: Date, gateway: string): ComposedMail {
  const { from, about } = draft;
  const text = `Votre courrier a été lu le ${FRENCH_TIME.format(readAt)} dans la boîte ${from.address}.\n`;
  const fields = [
    `Reporting-UA: ${gateway}; Estafette`,
    `Original-Recipient: rfc822;${from.address}`,
    `Final-Recipient: rfc822;${from.address}`,
    ...(PLAIN_ID.test(about) ? [`Original-Message-ID: ${about}`] : []),
    'Disposition: manual-action/MDN-sent-manually; displayed',
  ];
  const parts = [textPart(text), fieldsPart('message/disposition-notification', [fields])];
  return composed(draft, 'Accusé de lecture', report(draft, 'disposition-notification', parts));
}

/** What the sender said of the delivery (RFC 3461). */
export interface DeliveryFacts {
  readonly envelopeId: string | null;
  /** ORCPT, `type;address`. */
  readonly original: string | null;
  readonly arrivedAt: Date;
  readonly gateway: string;
}

/** Says that the letter lies in the mailbox (RFC 3464, RFC 3461 §6.2). */
export function composeDelivery(draft: AutomaticDraft, facts: DeliveryFacts): ComposedMail {
  const { from, about } = draft;
  const { envelopeId, original, arrivedAt, gateway } = facts;
  const text = `Votre courrier a été remis dans la boîte ${from.address}. Il n'a pas forcément été lu.\n`;
  const ofMail = [
    ...(envelopeId !== null && PLAIN_WORD.test(envelopeId) ? [`Original-Envelope-Id: ${envelopeId}`] : []),
    `Reporting-MTA: dns; ${gateway}`,
    `Arrival-Date: ${arrivedAt.toUTCString().replace('GMT', '+0000')}`,
  ];
  const ofRecipient = [
    ...(original !== null && /^[a-z0-9-]{1,20};[!-~]{1,500}$/i.test(original)
      ? [`Original-Recipient: ${original}`]
      : []),
    `Final-Recipient: rfc822;${from.address}`,
    'Action: delivered',
    'Status: 2.0.0',
  ];
  const parts = [
    textPart(text),
    fieldsPart('message/delivery-status', [ofMail, ofRecipient]),
    ...(PLAIN_ID.test(about) ? [fieldsPart('text/rfc822-headers', [[`Message-ID: ${about}`]])] : []),
  ];
  return composed(draft, 'Avis de remise', report(draft, 'delivery-status', parts));
}
