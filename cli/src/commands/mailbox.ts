/** `estafette mailbox add|list`: the mailboxes this gateway hosts. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueMailboxCertificate } from '@estafette/certs/development-authority';
import { openPkcs12 } from '@estafette/certs/pkcs12';
import { Pkcs12Refused } from '@estafette/certs/pkcs12-refused';
import type { MailboxKind } from '@estafette/gateway/ports';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import {
  addMailboxWithKey,
  demoPaths,
  intermediatesOf,
  openDemoAuthority,
  saveDemoAuthority,
} from '../demo/material.ts';
import { type Foundation, layFoundation, openStoreFor, settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';

interface KeyMaterial {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly chainPem: readonly string[];
}

/** Key, certificate and chain of a .p12 file; a refusal is a sentence. */
export function readPkcs12(file: string, passwordFile: string | undefined): KeyMaterial {
  const password = passwordFile === undefined ? '' : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');
  try {
    return openPkcs12(readFileSync(file), password);
  } catch (error) {
    if (error instanceof Pkcs12Refused) throw new PlainError(`${file} was refused: ${error.code} (${error.message}).`);
    throw error;
  }
}

/** A key from the demo authority, for trying things out. */
async function issueDemoKey(foundation: Foundation, mailbox: { address: string; name: string }): Promise<KeyMaterial> {
  const safe = await openFileBlobStore(join(foundation.home, 'safe'));
  const authority = await openDemoAuthority(safe, foundation.vault);
  if (authority === null)
    throw new PlainError(
      'Give the key with --p12 FILE: there is no demo authority in this data folder to issue one (start once with ESTAFETTE_DEMO=on).',
    );
  const structure = { name: mailbox.name.toUpperCase(), number: { finess: '990000046' }, department: 'Paris (75)' };
  const issued = await issueMailboxCertificate(authority, {
    now: foundation.clock.now(),
    address: mailbox.address,
    structure,
  });
  await saveDemoAuthority(safe, foundation.vault, authority);
  return { ...issued, chainPem: intermediatesOf(readFileSync(demoPaths(foundation.home).files.authorities, 'utf8')) };
}

/** Adds a mailbox; the certificate must hold its address. */
export async function addMailbox(
  address: string,
  options: { name: string; kind: MailboxKind; p12?: string; passwordFile?: string; json?: boolean },
): Promise<void> {
  if (!/^[^\s<>@]+@[^\s<>@]+$/.test(address)) throw new PlainError(`“${address}” is not a mail address.`, 2);
  const foundation = layFoundation(settings());
  const store = await openStoreFor(foundation);
  try {
    if ((await store.mailboxByAddress(address)) !== null)
      throw new PlainError(`${address} is already a mailbox of this gateway.`);
    const key =
      options.p12 === undefined
        ? await issueDemoKey(foundation, { address, name: options.name })
        : readPkcs12(options.p12, options.passwordFile);
    const certificate = new X509Certificate(key.certificatePem);
    if (certificate.checkEmail(address.toLowerCase()) === undefined && certificate.checkEmail(address) === undefined) {
      throw new PlainError(
        `The certificate is not for ${address}: it names ${certificate.subjectAltName ?? 'no address'}.`,
      );
    }
    if (createPrivateKey(key.privateKeyPem).asymmetricKeyType !== 'rsa')
      throw new PlainError('Only RSA keys can open and sign letters for now.');
    const id = await addMailboxWithKey(
      store,
      { address: address.toLowerCase(), name: options.name, kind: options.kind },
      key,
      foundation.clock.now(),
    );
    const notAfter = certificate.validToDate.toISOString();
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ id, address: address.toLowerCase(), notAfter })}\n`
        : `${address} added (${id}), certificate valid until ${notAfter}.\n`,
    );
  } finally {
    await store.close();
  }
}

/** Lists the mailboxes with the end of their newest certificate. */
export async function listMailboxes(options: { json?: boolean }): Promise<void> {
  const store = await openStoreFor(layFoundation(settings()));
  try {
    for (const mailbox of await store.mailboxes()) {
      const notAfter = (await store.keysOf(mailbox.id))[0]?.notAfter;
      const until = notAfter === undefined ? null : new Date(notAfter).toISOString();
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ ...mailbox, notAfter: until })}\n`
          : `${mailbox.address}  ${mailbox.kind}  ${mailbox.name}  certificate until ${until ?? '(none)'}\n`,
      );
    }
  } finally {
    await store.close();
  }
}
