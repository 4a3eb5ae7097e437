/**
 * A letter between the stages, in the memory of one step: what the envelope stage found, what the content stage read,
 * and what would help to judge it better. Part of ports.ts.
 */
import type { Document, PictureView } from '@estafette/contracts/document';
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

/** A picture made of something larger, with its clear bytes. */
export type ReadPicture = WithBytes<PictureView>;

type FilePreview = NonNullable<Extract<Document, { kind: 'file' }>['preview']>;

/** A document as read: photos and files still carry their clear bytes, to be sealed into blobs. */
export type ReadDocument =
  | Extract<Document, { kind: 'text' | 'report' }>
  | (Omit<WithBytes<Extract<Document, { kind: 'photo' }>>, 'thumbnail' | 'screen'> & {
      readonly thumbnail?: ReadPicture;
      readonly screen?: ReadPicture;
    })
  | (Omit<WithBytes<Extract<Document, { kind: 'file' }>>, 'preview'> & {
      readonly preview?: Omit<FilePreview, 'picture'> & { readonly picture: ReadPicture | null };
    });

/**
 * A patient a letter speaks of, as its files state him: for what must not be shown (an opposition) and for filing. The
 * national number stands here whole, in the memory of one step; what is shown holds it masked.
 */
export interface StatedPatient {
  /**
   * Place of the document among the letter's documents. A document that names several has several entries: the first is the
   * one its card shows, unless the card shows nobody for that very reason. Nothing is filed under one of several.
   */
  readonly index: number;
  readonly familyName: string;
  readonly birthName: string;
  readonly givenName: string;
  /** ISO date, or null. */
  readonly birthDate: string | null;
  readonly sex: 'M' | 'F' | null;
  /** Official code of the municipality or country of birth (COG), where it is stated. */
  readonly birthPlace?: string;
  /** The national number with its key, digits and letters only (13 or 15), and the OID it was stated under; null when there is none. */
  readonly ins: {
    readonly number: string;
    readonly oid: string;
    readonly quality: 'qualified' | 'unqualified' | 'nir-only';
  } | null;
}

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
  /** The patients its files name, whether or not they may be shown; absent where nothing was read. */
  readonly patients?: readonly StatedPatient[];
  /** Ids of the oppositions because of which it is held. */
  readonly opposedBy?: readonly string[];
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
  /** What was opened, in clear, for the antivirus; only where it was asked for, and not beyond the scan. */
  readonly content?: Uint8Array;
  /** What the antivirus found in it, by the antivirus's name for it. */
  readonly virus?: string;
}
