/**
 * The white list of a trust space with ten thousand domains: how long parsing and verifying take on one core, beside
 * the second that is wanted; how long a look-up takes, beside the microseconds that are wanted.
 */

import { join } from 'node:path';
import { issueMailboxCertificate } from '@estafette/certs/development-authority';
import { signTrustList, trustListXml } from '@estafette/certs/trust-list';
import { openDemoAuthority } from '@estafette/cli/demo/material';
import { layFoundation, settings } from '@estafette/cli/foundation';
import { indexPeers } from '@estafette/gateway/trust-list/listed-peers';
import { readList } from '@estafette/gateway/trust-list/read-list';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { type Figure, figureOf } from './figures.ts';
import type { Stage } from './stage.ts';

const DOMAINS = 10_000;
/** As many as the real list has (facts: mssante.md 1.3). */
const OPERATORS = 391;
const ROUNDS = 5;
const LOOKUPS = 20_000;
const LOAD_WANTED_MS = 1_000;
const LOOKUP_WANTED_MICROSECONDS = 100;
const SIGNER = 'liste.example';

const host = (domain: number): string => `mta${domain % OPERATORS}.operateur.example`;
const number = (domain: number): string => `1${String(domain % OPERATORS).padStart(9, '0')}`;

async function makeList(stage: Stage): Promise<{ readonly bytes: Buffer; readonly authorities: string }> {
  const { vault } = layFoundation(settings({ ESTAFETTE_HOME: stage.home }));
  const authority = await openDemoAuthority(await openFileBlobStore(join(stage.home, 'safe')), vault);
  if (authority === null) throw new Error('the demo has no authority');
  const signer = await issueMailboxCertificate(authority, {
    now: new Date(),
    address: 'liste@liste.example',
    commonName: SIGNER,
    usage: 'signing',
    structure: { name: 'LISTE DES ESSAIS', number: { finess: '990000001' }, department: 'Nord (59)' },
  });
  const rows = Array.from({ length: DOMAINS }, (_, at) => ({
    domain: `etablissement-${at}.mssante.example`,
    names: [`CN=${host(at)},OU=${number(at)},O=OPÉRATEUR & FILS,ST=Hérault (34),C=FR`],
  }));
  const bytes = signTrustList(trustListXml({ generatedAt: new Date(), rows }), signer);
  return { bytes, authorities: `${authority.rootCertificatePem}${authority.issuingCertificatePem}` };
}

/** Milliseconds of processor time. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Milliseconds of processor time to load the list, microseconds to look a peer up in it. */
export async function benchTrustList(stage: Stage): Promise<Figure[]> {
  const { bytes, authorities } = await makeList(stage);
  const load = () => readList(bytes, { authorities, commonName: SIGNER }, Date.now());
  const loads = Array.from({ length: ROUNDS }, () => cpuMs(() => void indexPeers(load())));
  const peers = indexPeers(load());
  const subjects = Array.from({ length: OPERATORS }, (_, at) => [
    { type: 'C', value: 'FR' },
    { type: 'ST', value: 'Hérault (34)' },
    { type: 'O', value: 'Opérateur & Fils' },
    { type: 'OU', value: number(at) },
    { type: 'CN', value: host(at) },
  ]);
  const lookups = Array.from({ length: ROUNDS }, () => {
    const ms = cpuMs(() => {
      for (let at = 0; at < LOOKUPS; at += 1) {
        const answer = peers.check(
          `etablissement-${at % DOMAINS}.mssante.example`,
          subjects[(at % DOMAINS) % OPERATORS] ?? [],
        );
        if (answer !== 'listed') throw new Error(`a domain of the bench is ${answer}`);
      }
    });
    return (ms * 1_000) / LOOKUPS;
  });
  const megabytes = (bytes.length / 1e6).toPrecision(2);
  return [
    figureOf(
      {
        bench: 'trust-list',
        name: `load ${DOMAINS.toLocaleString('en-US').replace(',', ' ')} domains`,
        unit: 'ms CPU',
        meaning: `${megabytes} MB parsed, signature and signer verified, indexed; in a worker, off the event loop`,
      },
      loads,
      { name: 'wanted, below', value: LOAD_WANTED_MS },
    ),
    figureOf(
      { bench: 'trust-list', name: 'look-up', unit: 'µs', meaning: 'domain and name of a peer, accents included' },
      lookups,
      { name: 'wanted, below', value: LOOKUP_WANTED_MICROSECONDS },
    ),
  ];
}
