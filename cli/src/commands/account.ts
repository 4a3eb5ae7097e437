/**
 * `estafette account add`, `list` and `remove`: software of one's own that may hand letters in at the door of an
 * `internal` space. A password is read from standard input, never from the command line, and only its hash is kept; a
 * certificate is known by its fingerprint. An account may send as nobody it was not given.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { newId } from '@estafette/contracts/ids';
import { ACCOUNT_LIMITS, KEY_LIMITS } from '@estafette/contracts/limits';
import { hashPassword } from '@estafette/gateway/accounts';
import { canonicalAddress, type LastingStore, type StoredAccount } from '@estafette/gateway/ports';
import { atDesk } from '../hosted-mailbox.ts';
import { PlainError } from '../plain-error.ts';

export interface AddAccountOptions {
  readonly passwordStdin?: boolean;
  readonly certificate?: readonly string[];
  readonly maySendAs: readonly string[];
  readonly to?: readonly string[];
  readonly json?: boolean;
}

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._@-]*[A-Za-z0-9])?$/;
const ADDRESS = /^[^\s<>@]+@[^\s<>@]+$/;
const DOMAIN = /^@[^\s<>@.][^\s<>@]*$/;

function sendAsOf({ maySendAs }: AddAccountOptions): string[] {
  if (maySendAs.length > ACCOUNT_LIMITS.rightsMax)
    throw new PlainError(`An account may send as ${ACCOUNT_LIMITS.rightsMax} addresses at most.`, 2);
  return [...new Set(maySendAs)].map((one) => {
    if (!ADDRESS.test(one) && !DOMAIN.test(one))
      throw new PlainError(`--may-send-as: “${one}” is neither an address nor a domain such as @officine.example.`, 2);
    return canonicalAddress(one);
  });
}

async function writeToOf(store: LastingStore, { to }: AddAccountOptions): Promise<string[] | null> {
  if (to === undefined) return null;
  for (const address of to)
    if ((await store.mailboxByAddress(address)) === null)
      throw new PlainError(`--to: ${address} is not a mailbox of this gateway.`, 2);
  return to.map(canonicalAddress);
}

/** SHA-256 of the first certificate of a PEM or DER file. */
function fingerprintOf(file: string): string {
  try {
    if (statSync(file).size > KEY_LIMITS.fileMaxBytes)
      throw new PlainError(`${file} is too large for a certificate.`, 2);
    return new X509Certificate(readFileSync(file)).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch (error) {
    if (error instanceof PlainError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code?.startsWith('E') === true && !code.startsWith('ERR') ? code : 'it holds no certificate';
    throw new PlainError(`--certificate: ${file}: ${why}.`, 2, error);
  }
}

/** What stands on standard input, without the end of its line. */
async function passwordFromInput(): Promise<string> {
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  const { passwordMinCharacters: min, passwordMaxBytes: max } = ACCOUNT_LIMITS;
  if ([...password].length < min || Buffer.byteLength(password) > max || /[\p{Cc}]/u.test(password))
    throw new PlainError(`A password has ${min} characters at least, ${max} bytes at most, on one line.`, 2);
  return password;
}

const withStore = <T>(work: (store: LastingStore, now: number) => Promise<T>): Promise<T> =>
  atDesk(({ store, now }) => work(store, now.getTime()));

const facts = ({ id, name, password, certificates, sendAs, writeTo }: StoredAccount) => ({
  id,
  name,
  password: password !== null,
  certificates,
  sendAs,
  writeTo,
});

/** Adds an account; a running gateway knows it at once. */
export async function addAccount(name: string, options: AddAccountOptions): Promise<void> {
  if (!NAME.test(name) || name.length > ACCOUNT_LIMITS.nameMaxCharacters)
    throw new PlainError(`“${name}” is no name for an account: letters, digits, dots, dashes and @.`, 2);
  const files = options.certificate ?? [];
  if (options.passwordStdin !== true && files.length === 0)
    throw new PlainError('Say how it proves who it is: --password-stdin, --certificate, or both.', 2);
  if (files.length > ACCOUNT_LIMITS.certificatesMax)
    throw new PlainError(`An account has ${ACCOUNT_LIMITS.certificatesMax} certificates at most.`, 2);
  const sendAs = sendAsOf(options);
  const certificates = [...new Set(files.map(fingerprintOf))];
  const password = options.passwordStdin === true ? await hashPassword(await passwordFromInput()) : null;
  await withStore(async (store, now) => {
    if ((await store.accounts()).length >= ACCOUNT_LIMITS.accountsMax)
      throw new PlainError(`There are ${ACCOUNT_LIMITS.accountsMax} accounts already: that is the most.`);
    const id = newId('account');
    const account: StoredAccount = {
      id,
      name,
      password,
      certificates,
      sendAs,
      writeTo: await writeToOf(store, options),
    };
    await store.transaction(async (inside) => {
      if (!(await inside.addAccount(account, now)))
        throw new PlainError(`The name ${name}, or one of the certificates, belongs to another account.`);
      await inside.audit({ subject: id, event: 'account-added' }, now);
    });
    process.stdout.write(options.json === true ? `${JSON.stringify(facts(account))}\n` : `${name} added (${id}).\n`);
  });
}

/** Lists the accounts and what each may do. */
export async function listAccounts(options: { json?: boolean }): Promise<void> {
  await withStore(async (store) => {
    for (const account of await store.accounts()) {
      const { name, id, password, certificates, sendAs, writeTo } = facts(account);
      const proofs = [
        ...(password ? ['password'] : []),
        ...certificates.map((one) => `certificate ${one.slice(0, 16)}…`),
      ];
      const lines = [
        `${name}  ${id}`,
        `  proves itself by  ${proofs.join(', ')}`,
        `  may send as       ${sendAs.join(', ')}`,
        `  may write to      ${writeTo === null ? 'every mailbox' : writeTo.join(', ')}`,
      ];
      process.stdout.write(options.json === true ? `${JSON.stringify(facts(account))}\n` : `${lines.join('\n')}\n`);
    }
  });
}

/** Removes an account: its next letter is refused. */
export async function removeAccount(name: string): Promise<void> {
  await withStore(async (store, now) => {
    const account = await store.accountByName(name);
    if (account === null) throw new PlainError(`${name} is not an account of this gateway.`, 3);
    await store.transaction(async (inside) => {
      await inside.removeAccount(account.id);
      await inside.audit({ subject: account.id, event: 'account-removed' }, now);
    });
    process.stdout.write(`${name} removed.\n`);
  });
}
