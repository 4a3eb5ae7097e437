/**
 * What a foreign S/MIME program is asked for in the interop matrix: put a layer around an entity, or open a mail that
 * Estafette sealed. A layer is plain description; each tool turns it into its own options, or says that it has none.
 */
import type { Identity } from './world.ts';

export type Digest = 'sha1' | 'sha256' | 'sha384' | 'sha512';
export type Naming = 'issuer' | 'key-identifier';

/** A signature; the identities are the doctor's. */
export interface SignWish {
  readonly signers: readonly Identity[];
  readonly digest: Digest;
  readonly padding: 'pkcs1' | 'pss';
  /** `streamed`: opaque, in BER of indefinite length. */
  readonly form: 'detached' | 'opaque' | 'streamed';
  readonly named: Naming;
  readonly certificates: boolean;
  readonly attributes: boolean;
}

export type ContentCipher =
  | 'aes-128-cbc'
  | 'aes-192-cbc'
  | 'aes-256-cbc'
  | 'aes-128-gcm'
  | 'aes-256-gcm'
  | '3des'
  | 'rc2';

export interface Oaep {
  readonly digest: Digest;
  /** Digest of MGF1. */
  readonly mask: Digest;
  readonly label?: string;
}

/** An encryption; the identities are the pharmacy's. */
export interface EncryptWish {
  readonly recipients: readonly Identity[];
  readonly content: ContentCipher;
  /** Of RSA recipients; absent: PKCS #1 v1.5. */
  readonly oaep?: Oaep;
  /** Digest of the key derivation for recipients with elliptic curves (RFC 5753). */
  readonly derivation: 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** AES key wrap for the same recipients, bits of its key. */
  readonly wrap: 128 | 192 | 256;
  readonly named: Naming;
  /** In BER of indefinite length; otherwise as the tool likes. */
  readonly streamed: boolean;
}

/** The tool has no way to be asked for this; the message says what is missing. */
export class NoSuchOption extends Error {}

export interface Tool {
  /** Name and version as the tool itself says it. */
  readonly version: string;
  /** Each gives a MIME entity. They reject with what the tool said, or `NoSuchOption`. */
  sign(entity: Buffer, wish: SignWish): Promise<Buffer>;
  encrypt(entity: Buffer, wish: EncryptWish): Promise<Buffer>;
  compress(entity: Buffer): Promise<Buffer>;
  /** Decrypts a mail sealed for `recipient` (the doctor's) and verifies it; gives the entity that was signed. */
  open(mail: Buffer, recipient: Identity): Promise<Buffer>;
  stop(): Promise<void>;
}
