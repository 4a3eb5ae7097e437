/**
 * The correspondents' S/MIME software: the `openssl` command, through pipes. It makes the letters and judges the
 * answers; nothing of the product is used for either.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/** Key and certificate files of a signer; `chain` are further certificates to send along. */
export interface SignerFiles {
  readonly certificate: string;
  readonly key: string;
  readonly chain?: string;
  /** Sends no certificate along, not even the signer's. */
  readonly withoutCertificate?: boolean;
}

/** The identity in a folder that holds `cert.pem` and `key.pem`. */
export const identityIn = (folder: string): SignerFiles => ({
  certificate: join(folder, 'cert.pem'),
  key: join(folder, 'key.pem'),
});

async function openssl(words: readonly string[], input: Buffer): Promise<Buffer> {
  const { code, output, errors } = await runCommand('openssl', words, { input });
  if (code !== 0) throw new Error(`openssl ${words.slice(0, 2).join(' ')}: ${errors.trim()}`);
  return output;
}

/** Signs an entity: multipart/signed, or opaque inside application/pkcs7-mime. */
export function sign(signer: SignerFiles, entity: Buffer, form: 'detached' | 'opaque' = 'detached'): Promise<Buffer> {
  const chain = signer.chain === undefined ? [] : ['-certfile', signer.chain];
  const shape = form === 'opaque' ? ['-nodetach'] : [];
  const bare = signer.withoutCertificate === true ? ['-nocerts'] : [];
  const words = ['cms', '-sign', '-md', 'sha256', '-signer', signer.certificate, '-inkey', signer.key];
  return openssl([...words, ...chain, ...shape, ...bare], entity);
}

/** Encrypts an entity to certificate files. */
export function encrypt(certificate: string, entity: Buffer, ...others: readonly string[]): Promise<Buffer> {
  return openssl(['cms', '-encrypt', '-aes-256-cbc', certificate, ...others], entity);
}

/** Opens a mail with the key of a folder. */
export function decrypt(folder: string, mail: Buffer): Promise<Buffer> {
  const { certificate, key } = identityIn(folder);
  return openssl(['cms', '-decrypt', '-recip', certificate, '-inkey', key], mail);
}

/** Verifies a signed entity against the authorities in a file; gives what was signed. */
export function verify(authorities: string, signed: Buffer): Promise<Buffer> {
  return openssl(['cms', '-verify', '-CAfile', authorities, '-purpose', 'smimesign'], signed);
}

/** Verifies a signed entity like `verify`; gives the certificate of its signer, PEM. `file` is written on the way. */
export async function signerOf(authorities: string, signed: Buffer, file: string): Promise<string> {
  await openssl(['cms', '-verify', '-CAfile', authorities, '-purpose', 'smimesign', '-signer', file], signed);
  return readFileSync(file, 'utf8');
}
