/**
 * Answers who an account is. A password is compared by scrypt in the thread pool, never on the event loop, in constant
 * time, and a name that does not exist costs as much as a wrong password: what exists cannot be learnt by asking. How
 * often may be asked is the door's to limit.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ACCOUNT_LIMITS } from '@estafette/contracts/limits';
import type { AccountRights, AccountStore, PasswordHash, StoredAccount } from './account.ts';
import { canonicalAddress } from './address.ts';

/** What a door is told of an account. */
export interface KnownAccount {
  readonly id: string;
  maySendAs(address: string): boolean;
  mayWriteTo(address: string): boolean;
}

export interface Accounts {
  /** As it is now; null when it was removed. */
  ofId(id: string): Promise<KnownAccount | null>;
  ofPassword(name: string, password: string): Promise<KnownAccount | null>;
  /** `fingerprint`: SHA-256, hexadecimal. */
  ofCertificate(fingerprint: string): Promise<KnownAccount | null>;
}

type Cost = Pick<PasswordHash, 'cost' | 'blockSize' | 'parallelization'>;

const NOW: Cost = {
  cost: ACCOUNT_LIMITS.scryptCost,
  blockSize: ACCOUNT_LIMITS.scryptBlockSize,
  parallelization: ACCOUNT_LIMITS.scryptParallelization,
};

function derive(password: string, salt: Buffer, { cost, blockSize, parallelization }: Cost): Promise<Buffer> {
  // The same text typed on another keyboard may come composed or not (RFC 8265 §4.2.1).
  const secret = Buffer.from(password.normalize('NFC'));
  const options = { N: cost, r: blockSize, p: parallelization, maxmem: ACCOUNT_LIMITS.scryptMaxMemoryBytes };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, ACCOUNT_LIMITS.hashBytes, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}

/** A password as it is kept. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(ACCOUNT_LIMITS.saltBytes);
  const hash = await derive(password, salt, NOW);
  return { ...NOW, salt: salt.toString('base64'), hash: hash.toString('base64') };
}

/** Compared with when there is no such account: as long, and never right. */
const NOBODY: PasswordHash = { ...NOW, salt: randomBytes(ACCOUNT_LIMITS.saltBytes).toString('base64'), hash: '' };

async function isPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const found = await derive(password, Buffer.from(kept.salt, 'base64'), kept);
  const wanted = Buffer.from(kept.hash, 'base64');
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** What the rights allow; domains are compared whole, all in canonical form. */
export function knownAccount(id: string, { sendAs, writeTo }: AccountRights): KnownAccount {
  return {
    id,
    maySendAs(given) {
      const address = canonicalAddress(given);
      const at = address.lastIndexOf('@');
      return at > 0 && (sendAs.includes(address) || sendAs.includes(address.slice(at)));
    },
    mayWriteTo: (given) => writeTo === null || writeTo.includes(canonicalAddress(given)),
  };
}

const known = (account: StoredAccount | null): KnownAccount | null =>
  account === null ? null : knownAccount(account.id, account);

/** The accounts of the store; `isRight` compares a password with a kept one. */
export function openAccounts(
  store: Pick<AccountStore, 'accountById' | 'accountByName' | 'accountByCertificate'>,
  isRight: typeof isPassword = isPassword,
): Accounts {
  return {
    ofId: async (id) => known(await store.accountById(id)),
    async ofPassword(name, password) {
      if (Buffer.byteLength(password) > ACCOUNT_LIMITS.passwordMaxBytes) return null;
      const account = name.length > ACCOUNT_LIMITS.nameMaxCharacters ? null : await store.accountByName(name);
      return (await isRight(password, account?.password ?? NOBODY)) ? known(account) : null;
    },
    ofCertificate: async (fingerprint) => known(await store.accountByCertificate(fingerprint.toLowerCase())),
  };
}
