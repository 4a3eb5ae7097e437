/**
 * The stage of a run: a temporary data folder with the demo in it, and correspondents whose certificates the demo
 * authority issued, so that letters from many senders are verified and not merely opened. Made before any clock starts,
 * removed at the end.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueMailboxCertificate } from '@estafette/certs/development-authority';
import { type DemoMaterial, openDemoAuthority, prepareDemo, saveDemoAuthority } from '@estafette/cli/demo/material';
import { layFoundation, openStoreFor, settings } from '@estafette/cli/foundation';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
import type { SealingKey } from '@estafette/gateway/envelope/seal-envelope';
import type { MailboxKey } from '@estafette/gateway/ports';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';

export interface Correspondent {
  readonly address: string;
  readonly key: SealingKey;
}

export interface Stage {
  readonly home: string;
  readonly demo: DemoMaterial;
  readonly mailbox: { readonly address: string; readonly key: MailboxKey };
  readonly correspondents: readonly Correspondent[];
  readonly files: { readonly anchors: string; readonly lists: string };
  remove(): void;
}

const CORRESPONDENTS = 24;
const CABINET = { name: 'CABINET DES ESSAIS', number: { finess: '990000001' }, department: 'Nord (59)' };

const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;

async function makeCorrespondents(
  authority: Parameters<typeof issueMailboxCertificate>[0],
  key: KeyObject,
): Promise<Correspondent[]> {
  const privateKeyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const chain = [derOf(authority.issuingCertificatePem)];
  const made: Correspondent[] = [];
  for (let number = 1; number <= CORRESPONDENTS; number += 1) {
    const address = `cabinet-${number}@cabinet.example`;
    // One key pair for all saves seconds; each certificate, which is what caches know a signer by, is its own.
    const issued = await issueMailboxCertificate(authority, {
      now: new Date(),
      address,
      structure: CABINET,
      privateKeyPem,
    });
    const certificate = readCertificate(derOf(issued.certificatePem));
    made.push({ address, key: { certificate, chain, privateKey: key } });
  }
  return made;
}

/** Sets the stage in a new folder under the system's temporary one. */
export async function setStage(): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), 'est-bench-'));
  const foundation = layFoundation(settings({ ESTAFETTE_HOME: home }));
  const { vault, clock } = foundation;
  const store = await openStoreFor(foundation);
  try {
    const safe = await openFileBlobStore(join(home, 'safe'));
    const demo = await prepareDemo({ home, vault, safe, store, clock, progress: () => {} });
    const authority = await openDemoAuthority(safe, vault);
    const { address } = demo.people.pharmacy;
    const mailbox = await store.mailboxByAddress(address);
    const [key] = mailbox === null ? [] : await store.keysOf(mailbox.id);
    if (authority === null || key === undefined) throw new Error('the demo has no authority or no mailbox key');
    const doctorKey = createPrivateKey(readFileSync(join(demo.people.doctor.folder, 'key.pem')));
    const correspondents = await makeCorrespondents(authority, doctorKey);
    await saveDemoAuthority(safe, vault, authority);
    return {
      home,
      demo,
      mailbox: { address, key },
      correspondents,
      files: { anchors: demo.files.authorities, lists: demo.files.revocationLists },
      remove: () => rmSync(home, { recursive: true, force: true }),
    };
  } finally {
    await store.close();
  }
}
