/**
 * A trust space: who may bring letters, how they prove it, what must be signed and encrypted each way, and how answers
 * leave (design, section 8). Plain values, so that a worker can be given them. Read from the operator's file or made
 * from a preset (trust-spaces/); part of ports.ts. What MSSanté does not fix publicly is a setting here, and its
 * default a choice of this project.
 */
import type { SealingContent, SealingTransport } from './correspondent.ts';
import type { TrustList } from './mail-peer.ts';

export interface TrustSpace {
  readonly name: string;
  readonly letters: LetterPolicy;
  readonly answers: AnswerPolicy;
  /** Null: nothing comes in by this space. */
  readonly door: DoorPolicy | null;
  /** Null: nothing leaves into this space. */
  readonly wayOut: WayOutPolicy | null;
  /** The signed list of domains and operators; null where peers are not listed. */
  readonly trustList: TrustListPolicy | null;
}

/** What a letter must carry; less goes to quarantine with its reason. Whether it is `verified` depends on the checks alone. */
export interface LetterPolicy {
  readonly requires: 'nothing' | 'signed-or-encrypted' | 'signed-and-encrypted';
  /** Whether content encrypted with Triple-DES is opened; it is weak, and old software still sends it. */
  readonly opensTripleDes: boolean;
  /** A letter whose revocation is unknown waits this long for the answer before it is shown as unverified. */
  readonly revocationHoldHours: number;
}

/** How answers are written and sealed. They are always signed. */
export interface AnswerPolicy {
  /** `when-possible`: a correspondent whose certificate is not known is answered signed only; the transport protects. */
  readonly encrypts: 'always' | 'when-possible';
  /** For a correspondent whose capabilities are not known. */
  readonly content: Extract<SealingContent, 'aes-256-cbc' | 'aes-256-gcm'>;
  readonly keyTransport: SealingTransport;
  readonly hasHtmlTwin: boolean;
  /** Whether the From label is `Titre_Prenom_NOM_Entité` (MSSanté, ECO.2.2.7), or the plain name. */
  readonly hasOperatorLabel: boolean;
  /** Whether answers ask for a delivery report (RFC 3461) and to be told when they are read (RFC 8098); absent: they do. */
  readonly asksReports?: boolean;
  /** Value of X-MSS-NIL (ECO.2.4.3); null: the header is absent. */
  readonly productNumber: string | null;
}

/** A listener. */
export interface DoorPolicy {
  readonly host: string;
  readonly port: number;
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
  readonly requiresTls: boolean;
  /**
   * `anyone` speaks; or operators with a client certificate whose subject the trust list gives for the sender's domain;
   * or accounts of one's own software, by client certificate or by name and password over TLS.
   */
  readonly admits: 'anyone' | 'listed-operators' | 'accounts';
  /** Authorities that client certificates must chain to, and their revocation lists; null where none is asked for. */
  readonly clients: PeerTrust | null;
  /** Also the two CBC suites of MSSanté clients (ECO.1.1.3); by default only GCM and TLS 1.3. */
  readonly allowsCbcSuites: boolean;
}

/** Trust anchors (PEM file or folder) and revocation lists (file or folder) for TLS peers. */
export interface PeerTrust {
  readonly anchors: string;
  readonly lists: string | null;
}

/** How mail leaves. STARTTLS is always required. */
export interface WayOutPolicy {
  readonly route: { readonly kind: 'smart-host'; readonly host: string; readonly port: number } | MailExchangerRoute;
  /** Authorities the other side's TLS certificate must chain to; with `lists`, it must be known not to be revoked. */
  readonly servers: PeerTrust;
  /** Name the certificate must carry; null: the host we connect to; not asked at all where the trust list names the peer. */
  readonly serverName: string | null;
  /** Client certificate shown to the other side, PEM files; null: none. */
  readonly ownCertificate: { readonly certificate: string; readonly key: string } | null;
  /** Domains that answers may go to: refused before it is tried otherwise. */
  readonly reaches: 'listed-domains' | 'any-domain' | readonly string[];
  /** The other side's subject must be one that the trust list gives for the recipient's domain. */
  readonly checksPeerName: boolean;
  readonly connectionsPerDomainMax: number;
  readonly giveUpAfterHours: number;
}

/** By MX look-up; name servers `host:port` where the system's are not to be asked (tests, split horizon). */
export interface MailExchangerRoute {
  readonly kind: 'mail-exchanger';
  readonly port: number;
  readonly nameServers: readonly string[];
  /** Whether a mail exchanger may have a private, loopback or reserved address; by default it may not. */
  readonly allowsPrivateAddresses?: boolean;
}

export interface TrustListPolicy {
  /** https address of the list, or the path of a file that somebody else renews. */
  readonly source: string;
  /** PEM authorities of the HTTPS server; null: those of the system (or none needed: a file). */
  readonly serverAuthorities: string | null;
  /** Who may sign it: PEM authorities, and the common name of the signer's certificate. Never one leaf: it changes. */
  readonly signer: { readonly authorities: string; readonly commonName: string };
  readonly refreshMinutes: number;
  /** A list with fewer domains than this share of the last one is refused, 0 to 1. */
  readonly shrinkMax: number;
  readonly alarmAfterHours: number;
  /** After this nobody is listed any more: fail closed, with 451 in and `delayed` out. */
  readonly failAfterHours: number;
}

/** The trust spaces in force. Asked anew each time: a reload of the settings may change them. */
export interface Spaces {
  /** Every space, at least one; the first is the default one. */
  all(): readonly TrustSpace[];
  /** Null: there is none of that name (any more). */
  named(name: string): TrustSpace | null;
  /** The space a letter is judged by: the one its spool names; the default one where none is named, or it is gone. */
  judging(name: string | undefined): TrustSpace;
  /**
   * The space into which mail for this domain leaves: `preferred` (the one the letter came by) where its way out
   * reaches the domain, else the first that does. Null: none reaches it, the mail is refused before it is tried.
   */
  reaching(domain: string, preferred?: string): TrustSpace | null;
  /** The trust list of a space; null where it has none. */
  listOf(name: string): TrustList | null;
}
