/**
 * Who is at the other end of an SMTP connection, as far as it was proven: TLS certificate, trust list, account. Part of
 * ports.ts; the door asks about clients, the way out about servers.
 */
import type { StatusSource } from './opened-letter.ts';

/** A distinguished name as its parts, in any order: the trust list prints another order than certificates encode. */
export interface NamePart {
  /** Short name (`CN`, `OU`, `O`, `ST`, `L`, `C`, `DC`, `serialNumber` …) or a dotted OID. */
  readonly type: string;
  readonly value: string;
}

/** What a peer's certificate is worth. */
export type PeerJudgement =
  | { readonly standing: 'good'; readonly subject: readonly NamePart[]; readonly fingerprint: string }
  | {
      readonly standing: 'untrusted' | 'expired' | 'revoked' | 'status-unknown' | 'malformed';
      /** What could be fetched to judge it better. */
      readonly wants: readonly StatusSource[];
    };

/** Judges the certificate of a TLS peer: chain as sent, DER, leaf first. Runs in a worker; bounded. */
export type JudgePeer = (question: {
  readonly chain: readonly Uint8Array[];
  readonly use: 'client' | 'server';
  readonly trust: { readonly anchors: string; readonly lists: string | null };
}) => Promise<PeerJudgement>;

export type ListAnswer = 'listed' | 'domain-not-listed' | 'name-not-listed' | 'list-unavailable';

/** The trust list of a space as it is now; every answer is a look-up in memory. */
export interface TrustList {
  /** Whether mail of this domain may be exchanged with the holder of this name. */
  check(domain: string, subject: readonly NamePart[]): ListAnswer;
  /** Whether the domain is in the trust space at all. */
  lists(domain: string): Exclude<ListAnswer, 'name-not-listed'>;
  /** Whether the name belongs to any listed domain: for mail with the null sender. */
  listsName(subject: readonly NamePart[]): Exclude<ListAnswer, 'domain-not-listed'>;
}

/** Who handed a letter over, kept with it in the spool. */
export type Carrier =
  /** An operator of the trust space: its certificate was good and the list gives it this domain. */
  | { readonly kind: 'operator'; readonly domain: string; readonly name: string }
  /** Software of one's own, by its account. */
  | { readonly kind: 'account'; readonly account: string };

/** What the sender of a letter asked for (RFC 3461), as far as it concerns the mailboxes that are here. */
export interface DeliveryWishes {
  readonly envelopeId: string | null;
  readonly returns: 'headers' | 'full' | null;
  readonly recipients: readonly {
    readonly mailboxId: string;
    /** The address as given at RCPT, and ORCPT where it came. */
    readonly address: string;
    readonly original: string | null;
    /** Empty: not said, so failures are reported. */
    readonly notify: readonly ('never' | 'success' | 'failure' | 'delay')[];
  }[];
}
