/**
 * Keys from the demo authority, for trying things out and for the renewal drill. Its certificates are good only where
 * the demo's own authority is trusted.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueMailboxCertificate } from '@estafette/certs/development-authority';
import type { KeyIdentity } from '@estafette/certs/key-identity';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { demoPaths, intermediatesOf, openDemoAuthority, saveDemoAuthority } from '../demo/material.ts';
import type { Foundation } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';

/** Issues a key for the mailbox; `validityDays` may be a part of a day. */
export async function issueDemoKey(
  foundation: Foundation,
  mailbox: { readonly address: string; readonly name: string },
  options: { readonly now: Date; readonly validityDays?: number },
): Promise<KeyIdentity> {
  const safe = await openFileBlobStore(join(foundation.home, 'safe'));
  const authority = await openDemoAuthority(safe, foundation.vault);
  if (authority === null)
    throw new PlainError(
      'Give the key with --p12 or --pem: there is no demo authority in this data folder to issue one (start once with ESTAFETTE_DEMO=on).',
    );
  const structure = { name: mailbox.name.toUpperCase(), number: { finess: '990000046' }, department: 'Paris (75)' };
  const { address } = mailbox;
  const issued = await issueMailboxCertificate(authority, { ...options, address, structure });
  await saveDemoAuthority(safe, foundation.vault, authority);
  const { certificatePem, privateKeyPem } = issued;
  const authorities = readFileSync(demoPaths(foundation.home).files.authorities, 'utf8');
  return { certificatePem, privateKeyPem, chainPem: intermediatesOf(authorities) };
}

/** Where the demo's correspondents find the certificate to encrypt to, as others would in a directory. */
export function publishDemoCertificate(home: string, address: string, certificatePem: string): void {
  const place = join(demoPaths(home).folder, 'pharmacy');
  const addressFile = join(place, 'address.txt');
  if (!existsSync(addressFile) || readFileSync(addressFile, 'utf8').trim() !== address) return;
  writeFileSync(join(place, 'cert.pem.new'), certificatePem);
  renameSync(join(place, 'cert.pem.new'), join(place, 'cert.pem'));
}
