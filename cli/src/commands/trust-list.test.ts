/** The trust-list commands as an operator runs them, without any server: what they say, and how they end. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createAuthority, issueMailboxCertificate } from '@estafette/certs/development-authority';
import { signTrustList, type TrustListRow, trustListXml } from '@estafette/certs/trust-list';
import { openSpaceTrustList } from '@estafette/gateway/assemble-trustlist';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const home = mkdtempSync(join(tmpdir(), 'est-cli-list-'));
after(() => rmSync(home, { recursive: true }));
const path = (name: string): string => join(home, name);

const now = new Date();
const authority = await createAuthority({ now });
const signer = await issueMailboxCertificate(authority, {
  now,
  address: 'liste@liste.example',
  commonName: 'liste.example',
  usage: 'signing',
  structure: { name: 'ESSAI', number: { siret: '12345678901234' }, department: 'Nord (59)' },
});
const UN: TrustListRow = { domain: 'un.mssante.example', names: ['CN=mta.un.example,O=UN,C=FR'] };
const DEUX: TrustListRow = { domain: 'deux.mssante.example', names: ['CN=a.example', 'CN=b.example'] };
const listOf = (rows: readonly TrustListRow[]): Buffer =>
  signTrustList(trustListXml({ generatedAt: now, rows }), signer);
writeFileSync(path('authorities.pem'), `${authority.rootCertificatePem}${authority.issuingCertificatePem}`);
writeFileSync(path('old.xml'), listOf([UN, DEUX]));
writeFileSync(
  path('new.xml'),
  listOf([
    { ...DEUX, names: ['CN=b.example', 'CN=c.example'] },
    { domain: 'trois.mssante.example', names: ['cn = A.example'] },
  ]),
);
const SIGNER = ['--authorities', path('authorities.pem'), '--signer', 'liste.example'];

function trustList(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = { ...process.env, ESTAFETTE_HOME: home };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'trust-list', ...words], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output, errors });
    });
  });
}

test('a good list is described, a wrong one is refused with one sentence', async () => {
  const good = await trustList('verify', path('old.xml'), ...SIGNER, '--json');
  assert.equal(good.code, 0, good.errors);
  const facts = JSON.parse(good.output) as { domains: number; names: number; signer: { commonName: string } };
  assert.deepEqual([facts.domains, facts.names, facts.signer.commonName], [2, 3, 'liste.example']);
  writeFileSync(path('altered.xml'), listOf([UN]).toString().replace('<Nom>un.', '<Nom>faux.'));
  const wrong = await trustList('verify', path('altered.xml'), ...SIGNER);
  assert.deepEqual([wrong.code, wrong.output], [1, '']);
  assert.match(wrong.errors, /altered\.xml: The signature of the trust list is wrong/);
});

test('the difference of two lists is told domain by domain', async () => {
  const { code, output, errors } = await trustList('diff', path('old.xml'), path('new.xml'), ...SIGNER);
  assert.equal(code, 0, errors);
  assert.deepEqual(output.trimEnd().split('\n'), [
    '~ deux.mssante.example',
    '    - CN=a.example',
    '    + CN=c.example',
    '+ trois.mssante.example',
    '    + cn = A.example',
    '- un.mssante.example',
    '    - CN=mta.un.example,O=UN,C=FR',
    '1 added, 1 removed, 1 changed',
  ]);
});

test('lists signed by somebody else are compared only when that is asked for', async () => {
  const other = ['--authorities', path('authorities.pem'), '--signer', 'autre.example'];
  assert.equal((await trustList('diff', path('old.xml'), path('new.xml'), ...other)).code, 1);
  assert.equal((await trustList('diff', path('old.xml'), path('new.xml'), '--unverified')).code, 0);
});

test('what counts now is shown from the copy of the data folder, with the names of a domain', async () => {
  assert.equal((await trustList('show', ...SIGNER)).code, 3, 'nothing was accepted yet');
  const policy = {
    source: path('old.xml'),
    serverAuthorities: null,
    signer: { authorities: path('authorities.pem'), commonName: 'liste.example' },
    refreshMinutes: 60,
    shrinkMax: 0.8,
    alarmAfterHours: 24,
    failAfterHours: 72,
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const clock = { now: () => new Date() };
  const store = { audit: async () => {} };
  const keeper = await openSpaceTrustList({ space: 'mssante', policy, home, store, clock, log });
  await keeper.putInForce();
  await keeper.close();
  const shown = await trustList('show', ...SIGNER, '--json');
  assert.equal((JSON.parse(shown.output) as { state: string }).state, 'fresh');
  const domain = await trustList('show', ...SIGNER, '--domain', 'DEUX.mssante.example');
  assert.equal(domain.output, 'deux.mssante.example\n  CN=a.example\n  CN=b.example\n');
  assert.equal((await trustList('show', ...SIGNER, '--domain', 'mssante.example')).code, 3);
});

test('without a configured space and without flags it is said what to say', async () => {
  const { code, errors } = await trustList('show');
  assert.equal(code, 2);
  assert.match(errors, /--authorities and --signer/);
  assert.equal((await trustList('verify', path('old.xml'), '--signer', 'x')).code, 2);
});
