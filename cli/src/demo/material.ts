/**
 * The demo's identities on disk: made on first start, kept afterwards, revocation lists renewed at each start. The
 * authority's and the pharmacy's private keys stay sealed; the doctor's and the laboratory's lie in their folders,
 * because whoever tries Estafette plays these two by hand. All people and numbers are fictive.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DevelopmentAuthority } from '@estafette/certs/authority-register';
import {
  createDemoIdentities,
  type DemoIdentities,
  type DemoIdentity,
  renewDemoRevocationLists,
} from '@estafette/certs/demo-identities';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore, MailboxKind } from '@estafette/gateway/ports';
import type { BlobStore, Clock, Vault } from '@estafette/runtime/ports';
import { demoReadme } from './readme.ts';

export interface DemoMaterial {
  readonly folder: string;
  readonly files: {
    readonly authorities: string;
    readonly revocationLists: string;
    readonly gatewayCertificate: string;
    readonly gatewayKey: string;
    readonly operatorCertificate: string;
    readonly operatorKey: string;
  };
  readonly people: Readonly<
    Record<'doctor' | 'lab' | 'pharmacy', { readonly address: string; readonly folder: string }>
  >;
  /** The pharmacy's practice software, where its conversations are filed. */
  readonly record?: { readonly address: string; readonly folder: string };
}

export interface DemoOptions {
  readonly home: string;
  readonly vault: Vault;
  /** Where the gateway keeps what only it may read. */
  readonly safe: BlobStore;
  readonly store: LastingStore;
  readonly clock: Clock;
  readonly progress: (sentence: string) => void;
}

const AUTHORITY = 'demo/authority';

/** Paths of the demo in a data folder, whether it was made yet or not. */
export function demoPaths(home: string): Pick<DemoMaterial, 'folder' | 'files'> {
  const folder = join(home, 'demo');
  return {
    folder,
    files: {
      authorities: join(folder, 'ca.pem'),
      revocationLists: join(folder, 'crl.pem'),
      gatewayCertificate: join(folder, 'gateway', 'cert.pem'),
      gatewayKey: join(folder, 'gateway', 'key.pem'),
      operatorCertificate: join(folder, 'operator', 'cert.pem'),
      operatorKey: join(folder, 'operator', 'key.pem'),
    },
  };
}

/** Whole or not at all. */
function write(file: string, text: string, mode = 0o644): void {
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

/** A folder with address and certificate; with the key and a Maildir for who is played by hand. */
export function writeIdentity(folder: string, identity: DemoIdentity, withKey: boolean): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(join(folder, 'address.txt'), `${identity.address}\n`);
  write(join(folder, 'cert.pem'), identity.certificatePem);
  if (!withKey) return;
  write(join(folder, 'key.pem'), identity.privateKeyPem, 0o600);
  for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(folder, 'Maildir', part), { recursive: true, mode: 0o700 });
}

function writeServer(folder: string, server: DemoIdentities['gatewayServer']): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  write(join(folder, 'cert.pem'), server.certificateChainPem);
  write(join(folder, 'key.pem'), server.privateKeyPem, 0o600);
}

/** Adds a mailbox with its key and chain to the lasting store. */
export async function addMailboxWithKey(
  store: LastingStore,
  mailbox: { address: string; name: string; kind: MailboxKind },
  key: { certificatePem: string; privateKeyPem: string; chainPem: readonly string[] },
  now: Date,
): Promise<string> {
  const mailboxId = newId('mailbox');
  const certificate = new X509Certificate(key.certificatePem);
  await store.transaction(async (inside) => {
    await inside.addMailbox({ id: mailboxId, ...mailbox });
    await inside.addMailboxKey({
      id: newId('event'),
      mailboxId,
      certificate: certificate.raw,
      chain: key.chainPem.map((pem) => new X509Certificate(pem).raw),
      privateKey: createPrivateKey(key.privateKeyPem),
      notBefore: certificate.validFromDate.getTime(),
      notAfter: certificate.validToDate.getTime(),
    });
    await inside.audit({ subject: mailboxId, event: 'mailbox-added' }, now.getTime());
  });
  return mailboxId;
}

/** Certificates of `ca.pem` that a mailbox sends along with its own: all but the self-issued root. */
export function intermediatesOf(authoritiesPem: string): string[] {
  const blocks = authoritiesPem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/g) ?? [];
  return blocks.filter((pem) => {
    const certificate = new X509Certificate(pem);
    return certificate.subject !== certificate.issuer;
  });
}

async function makeDemo(options: DemoOptions): Promise<void> {
  const { home, vault, safe, store, clock } = options;
  const { folder, files } = demoPaths(home);
  const demo = await createDemoIdentities({ now: clock.now() });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeIdentity(join(folder, 'doctor'), demo.doctor, true);
  writeIdentity(join(folder, 'lab'), demo.lab, true);
  writeIdentity(join(folder, 'pharmacy'), demo.pharmacy, false);
  writeServer(join(folder, 'gateway'), demo.gatewayServer);
  writeServer(join(folder, 'operator'), demo.operatorServer);
  write(files.revocationLists, demo.revocationListsPem);
  const { pharmacy } = demo;
  const known = await store.mailboxByAddress(pharmacy.address);
  if (known === null) {
    const key = {
      certificatePem: pharmacy.certificatePem,
      privateKeyPem: pharmacy.privateKeyPem,
      chainPem: intermediatesOf(demo.authoritiesPem),
    };
    await addMailboxWithKey(
      store,
      { address: pharmacy.address, name: pharmacy.displayName, kind: 'ORG' },
      key,
      clock.now(),
    );
  }
  await safe.put(AUTHORITY, vault.seal('demo', AUTHORITY, Buffer.from(JSON.stringify(demo.authority))));
  // Last: its presence says that everything else is there.
  write(files.authorities, demo.authoritiesPem);
}

/** The demo authority, to issue certificates for further mailboxes; null when there is no demo here. */
export async function openDemoAuthority(safe: BlobStore, vault: Vault): Promise<DevelopmentAuthority | null> {
  const sealed = await safe.get(AUTHORITY);
  return sealed === null
    ? null
    : (JSON.parse(vault.open('demo', AUTHORITY, sealed).toString()) as DevelopmentAuthority);
}

/** Saves the authority after it issued or revoked. */
export async function saveDemoAuthority(safe: BlobStore, vault: Vault, authority: DevelopmentAuthority): Promise<void> {
  await safe.put(AUTHORITY, vault.seal('demo', AUTHORITY, Buffer.from(JSON.stringify(authority))));
}

/** Makes the demo on first start, renews its revocation lists on every other. */
export async function prepareDemo(options: DemoOptions): Promise<DemoMaterial> {
  const { home, vault, safe, clock, progress } = options;
  const { folder, files } = demoPaths(home);
  if (!existsSync(files.authorities)) {
    progress('Making demo identities …');
    await makeDemo(options);
  }
  const authority = await openDemoAuthority(safe, vault);
  if (authority !== null) {
    const lists = renewDemoRevocationLists(authority, clock.now());
    await saveDemoAuthority(safe, vault, authority);
    write(files.revocationLists, lists);
  }
  const person = (name: string) => ({
    folder: join(folder, name),
    address: readFileSync(join(folder, name, 'address.txt'), 'utf8').trim(),
  });
  write(join(folder, 'README.txt'), demoReadme());
  return { folder, files, people: { doctor: person('doctor'), lab: person('lab'), pharmacy: person('pharmacy') } };
}
