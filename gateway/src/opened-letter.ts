/**
 * A letter between the stages, in the memory of one step: what the envelope stage found, what the content stage read,
 * and what would help to judge it better. Part of ports.ts.
 */
import type { Document } from '@estafette/contracts/document';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import type { AutomaticMail, LetterOutside } from './automatic-mail.ts';
import type { Capability } from './correspondent.ts';

/** Files of trust anchors and revocation lists; `lists` null means that nothing is known of revocation. */
export interface TrustPaths {
  readonly anchors: string;
  readonly lists: string | null;
  /** Folder of what was fetched, and a number that grows whenever it changes. */
  readonly fetched?: { readonly folder: string; readonly version: number };
}

/** A revocation list that the operator configured. */
export interface ConfiguredList {
  /** Name of its file, without the folder. */
  readonly file: string;
  /** SHA-256 of the list, hexadecimal. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly nextUpdate: number;
}

/**
 * Something that would help to judge a certificate, and where its certificates say it is: a revocation list, an
 * issuer's certificate, or the answer of an OCSP responder to `request` (DER, RFC 6960).
 */
export type StatusSource =
  | { readonly kind: 'crl' | 'issuer'; readonly url: string }
  | { readonly kind: 'ocsp'; readonly url: string; readonly request: Uint8Array };

/** Somebody a letter is addressed to. */
export interface LetterPerson {
  /** Decoded, for people; empty when there is none. */
  readonly name: string;
  readonly address: string;
  readonly role: 'to' | 'cc';
}

/** Header fields of the letter that route and name it; single line, decoded for people where people read them. */
export interface LetterHeaders {
  /** The one From address, or empty. */
  readonly from: string;
  readonly fromName: string;
  readonly to: string;
  readonly subject: string;
  /**
   * The subject comes from inside the protected part: signed when the verdict's signature is, else only encrypted.
   * False: from outside, where anybody on the way could write it.
   */
  readonly subjectProtected: boolean;
  /** The same of `to`: what was signed as recipients, or what only stood outside. */
  readonly toProtected: boolean;
  /** The subject inside is not the one that stood outside for everyone to read. */
  readonly subjectHidden: boolean;
  readonly date: string;
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: string;
  readonly cc: string;
  /** Whom To and Cc name, each once; where one of the two stands inside the protected part, only what stands inside. */
  readonly people: readonly LetterPerson[];
  /** How many more they name than `people` holds. */
  readonly peopleLeftOut: number;
  /** The one plain address of Reply-To, or empty. */
  readonly replyTo: string;
  readonly replyToName: string;
  readonly replyToProtected: boolean;
  /** X-Priority, Importance or Priority says so (RFC 2156 §5.3.4, RFC 4021 §2.1.54). */
  readonly urgent: boolean;
  /** The one plain address that asks to be told when the letter is read (RFC 8098 §2.1), or empty. */
  readonly dispositionTo: string;
}

/** The headers of a letter that could not be read. */
export const NO_HEADERS: LetterHeaders = {
  from: '',
  fromName: '',
  to: '',
  subject: '',
  subjectProtected: false,
  toProtected: false,
  subjectHidden: false,
  date: '',
  messageId: '',
  inReplyTo: '',
  references: '',
  cc: '',
  people: [],
  peopleLeftOut: 0,
  replyTo: '',
  replyToName: '',
  replyToProtected: false,
  urgent: false,
  dispositionTo: '',
};

/** A cryptographic layer of a letter, outermost first. */
export type Layer =
  | {
      readonly kind: 'encrypted';
      readonly outcome: 'opened' | 'refused';
      /** Whether a tag proves that what was opened is what was encrypted (AES-GCM); never so with AES-CBC. */
      readonly authenticated: boolean;
      readonly reason: ReasonCode | null;
    }
  | { readonly kind: 'compressed' }
  | {
      readonly kind: 'signed';
      readonly form: 'detached' | 'opaque';
      readonly signature: Verdict['signature'];
      readonly reasons: readonly ReasonCode[];
    };

/** A part that is no multipart, as the strict reading of the letter found it: the one idea of its structure there is. */
export interface ApprovedLeaf {
  /** Numbers of the part among its siblings, outermost first (`2.1`); empty for the only part. */
  readonly path: string;
  /** `type/subtype`, lower case. */
  readonly type: string;
  /** Its body, still in its transfer encoding, in the opened entity. */
  readonly start: number;
  readonly end: number;
}

type WithBytes<D> = Omit<D, 'blobId' | 'bytes' | 'sha256'> & { readonly bytes: Uint8Array };

/** A document as read: photos and files still carry their clear bytes, to be sealed into blobs. */
export type ReadDocument =
  | Extract<Document, { kind: 'text' | 'report' }>
  | WithBytes<Extract<Document, { kind: 'photo' }>>
  | WithBytes<Extract<Document, { kind: 'file' }>>;

/** A certificate of a sender, DER, with the authorities that came with it. */
export interface SenderCertificate {
  readonly der: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly fingerprint: string;
}

/** A certificate to be learnt: what the proven sender stated beside it, freshly signed. */
export interface LearnableCertificate extends SenderCertificate {
  readonly capabilities: readonly Capability[] | null;
  /** Signing time, milliseconds since 1970. */
  readonly signedAt: number;
  /** Fingerprint of the certificate that signed. */
  readonly signer: string;
}

/** A letter, opened and read, in the memory of one step. */
export interface OpenedLetter {
  readonly verdict: Verdict;
  readonly layers: readonly Layer[];
  readonly headers: LetterHeaders;
  readonly documents: readonly ReadDocument[];
  /** What could be fetched to judge the signers better; empty when nothing is missing. */
  readonly wants: readonly StatusSource[];
  /** A certificate that may encrypt to the proven sender; only from a verified letter. */
  readonly senderCertificate: LearnableCertificate | null;
  /** The same of a proven sender whose letter must not be shown: for a notice to him, never learnt. */
  readonly noticeCertificate: SenderCertificate | null;
  /** What makes the letter itself: Message-ID and digest of the body, not the trace headers relays add. */
  readonly identity: string;
  /** Null, or absent where it was not read: a person wrote it. */
  readonly automatic?: AutomaticMail | null;
  readonly outside?: LetterOutside;
}
