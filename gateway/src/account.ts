/**
 * Accounts of one's own software, which hands letters in at the door of an `internal` space (RFC 6409): how it proves
 * who it is, and what it may do. Part of ports.ts.
 */

/** A password as it is kept: scrypt (RFC 7914) with its parameters, so that they can grow later. */
export interface PasswordHash {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  /** Base64. */
  readonly salt: string;
  readonly hash: string;
}

export interface AccountRights {
  /** Addresses, or domains as `@domain`, in canonical form. In MAIL FROM and in the header From. */
  readonly sendAs: readonly string[];
  /** Addresses of mailboxes here, in canonical form; null: all of them. */
  readonly writeTo: readonly string[] | null;
}

export interface StoredAccount extends AccountRights {
  /** `acc_…` */
  readonly id: string;
  readonly name: string;
  readonly password: PasswordHash | null;
  /** SHA-256 of client certificates, hexadecimal, lower case. */
  readonly certificates: readonly string[];
}

/** This part of what lasts. Names and rights are sealed; look-ups go by keyed digest. */
export interface AccountStore {
  /** False, and nothing kept, when the name or one of the certificates belongs to another account. */
  addAccount(account: StoredAccount, now: number): Promise<boolean>;
  accountById(id: string): Promise<StoredAccount | null>;
  accountByName(name: string): Promise<StoredAccount | null>;
  accountByCertificate(fingerprint: string): Promise<StoredAccount | null>;
  accounts(): Promise<StoredAccount[]>;
  /** False when there is none of that id. */
  removeAccount(id: string): Promise<boolean>;
}
