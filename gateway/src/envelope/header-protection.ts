/**
 * Which header fields of a letter count, and which entity is its words (RFC 9788, and RFC 8551 §3.1 before it). Fields
 * inside the cryptographic payload win over those outside, and only inside: a field counts as protected under a
 * signature that checks or under encryption, never under a mere wrapping. With `hp` on the payload the fields outside
 * count for nothing that is shown; without it (Thunderbird, Apple Mail, openssl -subject) each field found inside wins.
 *
 * Danger: a payload that is a whole letter may be the sender's own, wrapped, or another's, forwarded. Words of another
 * must not be shown under the signer's name: it is unwrapped only when it says that it is not forwarded, or when its
 * From is the From outside; else it stays an attached letter.
 */
import type { LetterHeaders } from '../ports.ts';
import { onlyField } from './header-fields.ts';
import { isUrgent, peopleIn, plainMailbox } from './letter-people.ts';
import { addressesIn, isSameAddress, type Mailbox, mailboxIn } from './mail-address.ts';
import { MailMalformed } from './mail-malformed.ts';
import { headerValues, isCmsEntity, type MimeEntity, readEntity } from './mime-entity.ts';

/** The entity under all layers, and whether what its header says is protected. */
export interface Payload {
  readonly entity: MimeEntity;
  readonly isProtected: boolean;
  /** `hp` says that the header inside is the whole header. */
  readonly isWholeHeader: boolean;
}

/** A letter whose header is not protected by anything. */
export const unprotected = (root: MimeEntity): Payload => ({
  entity: root,
  isProtected: false,
  isWholeHeader: false,
});

function readWrapped(entity: MimeEntity, mustRead: boolean): MimeEntity | null {
  try {
    return readEntity(entity.body, entity.around);
  } catch (error) {
    if (mustRead || !(error instanceof MailMalformed)) throw error;
    return null;
  }
}

/** The letter that a message/rfc822 payload wraps, or null when it is an attached or forwarded one. */
function unwrapped(root: MimeEntity, entity: MimeEntity): MimeEntity | null {
  const { type, parameters } = entity.contentType;
  if (type !== 'message/rfc822' || entity.disposition?.type === 'attachment') return null;
  if (entity.encoding === 'base64' || entity.encoding === 'quoted-printable') return null;
  const forwarded = parameters.get('forwarded')?.toLowerCase();
  if (forwarded !== undefined && forwarded !== 'no') return null;
  const inner = readWrapped(entity, forwarded === 'no');
  // RFC 9788 §4.10.1: what is wrapped is no cryptographic layer again.
  if (inner === null || inner.contentType.type === 'multipart/signed' || isCmsEntity(inner)) return null;
  const outside = fromIn(root);
  const inside = headerValues(inner, 'from');
  const own = inside.length === 0 || (outside !== null && isSameAddress(fromIn(inner)?.address ?? '', outside.address));
  return forwarded === 'no' || own ? inner : null;
}

/** The payload under the layers of a letter. `isProtected`: a layer protects what it says. */
export function payloadOf(root: MimeEntity, innermost: MimeEntity, isProtected: boolean): Payload {
  if (!isProtected || innermost === root) return unprotected(innermost);
  const hp = innermost.contentType.parameters.get('hp')?.toLowerCase();
  const isWholeHeader = hp === 'clear' || hp === 'cipher';
  const letter = isWholeHeader ? null : unwrapped(root, innermost);
  if (letter !== null) return { entity: letter, isProtected: true, isWholeHeader: true };
  return { entity: innermost, isProtected: true, isWholeHeader };
}

/** The mailbox of an entity that has exactly one From field with exactly one mailbox. */
function fromIn(entity: MimeEntity): Mailbox | null {
  const values = headerValues(entity, 'from');
  return values.length === 1 ? mailboxIn(values[0] as string) : null;
}

export interface Writer {
  /** The one From address; null when there is not exactly one. */
  readonly address: string | null;
  readonly name: string;
  /** A protected From inside differs from the one outside. */
  readonly disagrees: boolean;
}

/** Who the letter says it is from. Where inside and outside differ, the outside is named and nothing is believed. */
export function writerOf(root: MimeEntity, payload: Payload): Writer {
  const outside = fromIn(root);
  const address = outside?.address ?? null;
  const isRepeated = payload.isProtected && headerValues(payload.entity, 'from').length > 0;
  if (!isRepeated) return { address, name: outside?.name ?? '', disagrees: false };
  const inside = fromIn(payload.entity);
  const disagrees = inside === null || address === null || !isSameAddress(inside.address, address);
  return { address, name: (disagrees ? outside : inside)?.name ?? '', disagrees };
}

/** The header fields people and routing read. A protected field that stands twice is `MailMalformed`. */
export function headersOf(root: MimeEntity, payload: Payload, writer: Writer): LetterHeaders {
  const outside = (name: string): string => root.headers.find((field) => field.name === name)?.value ?? '';
  const inside = (name: string): string | null =>
    payload.isProtected ? (onlyField(payload.entity.headers, name) ?? (payload.isWholeHeader ? '' : null)) : null;
  /** Ids route replies, so the letter keeps those outside when none stands inside. */
  const id = (name: string): string => inside(name) || outside(name);
  const subject = inside('subject');
  return {
    from: writer.address ?? '',
    fromName: writer.name,
    ...recipientsOf(inside, outside),
    subject: subject ?? outside('subject'),
    subjectProtected: subject !== null,
    subjectHidden: subject !== null && subject !== outside('subject'),
    date: inside('date') ?? outside('date'),
    messageId: id('message-id'),
    inReplyTo: id('in-reply-to'),
    references: id('references'),
    ...wishesOf(inside, outside, { payload, writer }),
  };
}

type Inside = (name: string) => string | null;
type Outside = (name: string) => string;

/**
 * Whom the letter names. Where a To or a Cc stands inside, none outside counts: somebody on the way could have added
 * himself to the one that is missing inside, and an answer to all would reach him.
 */
function recipientsOf(
  inside: Inside,
  outside: Outside,
): Pick<LetterHeaders, 'to' | 'toProtected' | 'cc' | 'people' | 'peopleLeftOut'> {
  const own = { to: inside('to'), cc: inside('cc') };
  const isInside = own.to !== null || own.cc !== null;
  const [to, cc] = isInside ? [own.to ?? '', own.cc ?? ''] : [outside('to'), outside('cc')];
  return { to, cc, toProtected: own.to !== null, ...peopleIn(to, cc) };
}

/** What its writer wishes: where answers go, how fast, and whether he is to be told. */
function wishesOf(
  inside: Inside,
  outside: Outside,
  { payload, writer }: { payload: Payload; writer: Writer },
): Pick<LetterHeaders, 'replyTo' | 'replyToName' | 'replyToProtected' | 'urgent' | 'dispositionTo'> {
  const replyToInside = inside('reply-to');
  const replyTo = plainMailbox(replyToInside ?? outside('reply-to'));
  const isOther = replyTo !== null && !isSameAddress(replyTo.address, writer.address ?? '');
  /** These do nothing but colour a line: where they stand, and how often, does not matter. */
  const first = (name: string): string =>
    payload.entity.headers.find((field) => field.name === name)?.value ?? outside(name);
  const asked = inside('disposition-notification-to') ?? outside('disposition-notification-to');
  return {
    replyTo: isOther ? replyTo.address : '',
    replyToName: isOther ? replyTo.name : '',
    replyToProtected: isOther && replyToInside !== null,
    urgent: isUrgent(first),
    dispositionTo: plainMailbox(asked)?.address ?? '',
  };
}

/**
 * Whether the signed To and Cc name none of these addresses: then the letter may have been written to somebody else, who
 * encrypted it again to us (surreptitious forwarding, smime checklist 17). False when no recipients were signed.
 */
export function namesSomebodyElse(payload: Payload, own: readonly string[]): boolean {
  if (!payload.isProtected || own.length === 0) return false;
  const fields = ['to', 'cc'].flatMap((name) => headerValues(payload.entity, name));
  if (fields.length === 0) return payload.isWholeHeader;
  const named = fields.flatMap(addressesIn);
  return !named.some((address) => own.some((mine) => isSameAddress(mine, address)));
}
