/**
 * The demo's practice software: the mailbox where conversations of the demo pharmacy are filed in the patient's record. It
 * has a certificate of the demo authority and a Maildir, which the demo operator fills; its key lies beside it, so that
 * whoever tries Estafette can open what was filed. Made once: what the operator of the demo sets later stays.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueMailboxCertificate } from '@estafette/certs/development-authority';
import { keepDestination } from '../filing-destination.ts';
import {
  type DemoMaterial,
  type DemoOptions,
  intermediatesOf,
  openDemoAuthority,
  saveDemoAuthority,
  writeIdentity,
} from './material.ts';

const ADDRESS = 'dossier@officine.example';
const FINESS = '990000020';
/** Fictive, like every number of the demo: it fails its check digit. */
const RPPS = '10000000019';
const NAME = 'PHARMACIE DES HALLES';
const PROFESSIONAL = 'Camille DURAND';
const PHARMACIST = '21';

/** The demo with its practice software. */
export async function withRecord(demo: DemoMaterial, options: DemoOptions): Promise<DemoMaterial> {
  const { safe, vault, store, clock } = options;
  const folder = join(demo.folder, 'dossier');
  const record = { address: ADDRESS, folder };
  if (existsSync(join(folder, 'Maildir'))) return { ...demo, record };
  const authority = await openDemoAuthority(safe, vault);
  const mailbox = await store.mailboxByAddress(demo.people.pharmacy.address);
  if (authority === null || mailbox === null) return demo;
  const now = clock.now();
  const structure = { name: NAME, number: { finess: FINESS }, department: 'Paris (75)' };
  const issued = await issueMailboxCertificate(authority, { now, address: ADDRESS, structure });
  await saveDemoAuthority(safe, vault, authority);
  const pems = [issued.certificatePem, ...intermediatesOf(readFileSync(demo.files.authorities, 'utf8'))];
  await store.transaction(async (inside) => {
    await keepDestination({ store: inside, vault }, ADDRESS, pems, now);
    const organisation = { name: NAME, finess: FINESS };
    const name = { professional: PROFESSIONAL, rpps: RPPS, profession: PHARMACIST, organisation };
    await inside.setFiling({ mailboxId: mailbox.id, to: ADDRESS, documentType: '61357-0', ...name });
    await inside.audit({ subject: mailbox.id, event: 'filing-set', detail: '61357-0' }, now.getTime());
  });
  // Last: its Maildir says that everything else is there.
  writeIdentity(folder, { ...issued, address: ADDRESS, displayName: 'Logiciel de la pharmacie' }, true);
  return { ...demo, record };
}
