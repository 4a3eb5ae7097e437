/**
 * Two operators of one trust space, on the loopback: the product with the demo's gateway certificate, and a foreign one
 * with the demo's operator certificate. The list that says who may speak for which domain is signed by an authority of
 * its own, as in the real trust space.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority, issueMailboxCertificate } from '@estafette/certs/development-authority';
import { signTrustList, type TrustListRow, trustListXml } from '@estafette/certs/trust-list';
import type { Stage } from './stage.ts';

/** The names in the demo's TLS certificates, as a trust list prints them. */
export const OPERATOR_NAMES = {
  ours: 'CN=gateway.officine.example,OU=1990000020,O=PHARMACIE DES HALLES,ST=Paris (75),C=FR',
  theirs: 'CN=mx.cabinet.example,OU=1990000038,O=CABINET DU DR MARTIN,ST=Paris (75),C=FR',
} as const;

export interface ListSigner {
  /** File of the authorities of the list. */
  readonly authorities: string;
  readonly commonName: string;
  /** Writes a list of these rows. */
  write(file: string, rows: readonly TrustListRow[], generatedAt?: Date): void;
}

/** Somebody whose lists the product believes. */
export async function listSigner(folder: string): Promise<ListSigner> {
  const now = new Date();
  const commonName = 'liste.confiance.example';
  const authority = await createAuthority({ now, organization: 'AGENCE', rootName: 'AC AGENCE' });
  const issued = await issueMailboxCertificate(authority, {
    now,
    address: 'liste@confiance.example',
    structure: { name: 'AGENCE', number: { siret: '99000000000011' }, department: 'Paris (75)' },
    usage: 'signing',
    commonName,
  });
  const authorities = join(folder, 'list-authorities.pem');
  writeFileSync(authorities, authority.rootCertificatePem + authority.issuingCertificatePem);
  return {
    authorities,
    commonName,
    write: (file, rows, generatedAt = now) =>
      writeFileSync(file, signTrustList(trustListXml({ generatedAt, rows }), issued)),
  };
}

/** The certificate blocks of a PEM file. */
export const certificatesIn = (file: string): string[] =>
  readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/g) ?? [];

/** Makes the demo of a stage, whose files the trust space needs, by one start and stop. */
export async function prepareDemo(stage: Stage): Promise<void> {
  await (await stage.start()).stop();
}

/** Where an operator listens and sends to, as which of the two, and by which list (a new one unless said). */
interface Place {
  readonly doorPort: number;
  readonly theirPort: number;
  readonly own?: 'gateway' | 'operator';
  readonly rows?: readonly TrustListRow[];
  readonly trustList?: SignedList;
}

interface SignedList {
  readonly list: string;
  readonly signer: ListSigner;
}

async function signedList(stage: Stage, rows?: readonly TrustListRow[]): Promise<SignedList> {
  const signer = await listSigner(stage.home);
  const list = join(stage.home, 'list.xml');
  const both = [
    { domain: 'officine.example', names: [OPERATOR_NAMES.ours] },
    { domain: 'cabinet.example', names: [OPERATOR_NAMES.theirs] },
  ];
  signer.write(list, rows ?? both);
  return { list, signer };
}

/** A file of one space in which operators show listed certificates, those of the demo of `stage`; gives its path. */
export async function mssanteSpace(stage: Stage, place: Place): Promise<SignedList & { file: string }> {
  const { own: role = 'gateway' } = place;
  const { list, signer } = place.trustList ?? (await signedList(stage, place.rows));
  const own = { certificate: stage.demo(role, 'cert.pem'), key: stage.demo(role, 'key.pem') };
  const trust = { anchors: stage.demo('ca.pem'), lists: stage.demo('crl.pem') };
  const space = {
    name: 'mssante',
    preset: 'mssante',
    door: { port: place.doorPort, ...own, clients: trust },
    wayOut: {
      route: { kind: 'smart-host', host: '127.0.0.1', port: place.theirPort },
      servers: trust,
      ownCertificate: own,
    },
    trustList: { source: list, signer: { authorities: signer.authorities, commonName: signer.commonName } },
  };
  const file = join(stage.home, `spaces-${role}.json`);
  writeFileSync(file, JSON.stringify({ spaces: [space] }, null, 2));
  return { file, list, signer };
}
