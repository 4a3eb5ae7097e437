/** The trust list of a space as the gateway puts it together: its worker, its folder, its authorities, the trail. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { createAuthority, issueMailboxCertificate } from '@estafette/certs/development-authority';
import { signTrustList, trustListXml } from '@estafette/certs/trust-list';
import type { AuditEntry } from '@estafette/contracts/audit-events';
import {
  ListRefused,
  openSpaceTrustList,
  readListAt,
  readListInWorker,
  readStoredList,
} from '../assemble-trustlist.ts';
import type { TrustListPolicy } from '../ports.ts';

const now = new Date();
const authority = await createAuthority({ now });
const signer = await issueMailboxCertificate(authority, {
  now,
  address: 'liste@liste.example',
  commonName: 'liste.example',
  usage: 'signing',
  structure: { name: 'ESSAI', number: { siret: '12345678901234' }, department: 'Nord (59)' },
});
const rows = [{ domain: 'un.mssante.example', names: ['CN=mta.un.example,O=UN,C=FR'] }];
const UN = [
  { type: 'C', value: 'FR' },
  { type: 'O', value: 'UN' },
  { type: 'CN', value: 'mta.un.example' },
];
const signed = signTrustList(trustListXml({ generatedAt: now, rows }), signer);
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const clock = { now: () => new Date() };

let home: string;
let policy: TrustListPolicy;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'est-trust-list-'));
  writeFileSync(join(home, 'root.pem'), authority.rootCertificatePem);
  writeFileSync(join(home, 'liste.xml'), signed);
  policy = {
    source: join(home, 'liste.xml'),
    serverAuthorities: null,
    signer: { authorities: join(home, 'authorities'), commonName: 'liste.example' },
    refreshMinutes: 60,
    shrinkMax: 0.8,
    alarmAfterHours: 24,
    failAfterHours: 72,
  };
  writeFileSync(policy.signer.authorities, `${authority.rootCertificatePem}${authority.issuingCertificatePem}`);
});
afterEach(() => rmSync(home, { recursive: true }));

test('a list is read in a worker, kept, told to the trail, and found again', async () => {
  const trail: AuditEntry[] = [];
  const store = { audit: async (entry: AuditEntry) => void trail.push(entry) };
  const keeper = await openSpaceTrustList({ space: 'mssante', policy, home, store, clock, log });
  await keeper.putInForce();
  try {
    assert.equal(keeper.check('un.mssante.example', UN), 'listed');
    assert.deepEqual(
      trail.map(({ subject, event }) => [subject, event]),
      [['trust-list mssante', 'trust-list-accepted']],
    );
  } finally {
    await keeper.close();
  }
  const stored = await readStoredList(home, 'mssante', policy, Date.now());
  assert.equal(stored?.age, 'fresh');
  assert.deepEqual(stored?.list.domains, ['un.mssante.example']);
  assert.equal(await readStoredList(home, 'autre', policy, Date.now()), null);
});

test('what a worker refuses is refused here, with its code and its sentence', async () => {
  writeFileSync(policy.source, signed.toString().replace('un.mssante', 'faux.mssante'));
  const authorities = `${authority.rootCertificatePem}${authority.issuingCertificatePem}`;
  await assert.rejects(readListAt(policy.source, { authorities, commonName: 'liste.example' }, Date.now()), (error) => {
    assert.ok(error instanceof ListRefused);
    assert.equal(error.code, 'list-signature-wrong');
    return true;
  });
});

test('a list made to eat memory costs its worker and nothing else', async () => {
  const row = '<Domaine><Nom>a</Nom></Domaine>';
  const bytes = Buffer.from(
    `<ListeBlancheMSSante xmlns="https://listeblanche.mssante.fr/schema">${row.repeat(1_000_000)}</ListeBlancheMSSante>`,
  );
  await assert.rejects(
    readListInWorker(bytes, { authorities: '', commonName: '' }, null),
    (error) => error instanceof ListRefused && ['list-too-large', 'list-too-complex'].includes(error.code),
  );
});
