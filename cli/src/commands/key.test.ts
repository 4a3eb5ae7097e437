/**
 * The key commands as an operator runs them, on a data folder without any server: a request that openssl judges and
 * issues from, its certificate installed, files imported once and again, and what is refused.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openCourtroom } from '@estafette/certs/testing/openssl-judge';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const ADDRESS = 'pharmacie@officine.example';
const court = openCourtroom();
after(() => court.close());

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function estafette(...words: string[]): Promise<Outcome> {
  const env = { ...process.env, ESTAFETTE_HOME: court.path('home') };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...words], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output, errors });
    });
  });
}
async function done(...words: string[]): Promise<string> {
  const { code, output, errors } = await estafette(...words);
  assert.equal(code, 0, `${words.join(' ')}: ${errors}`);
  return output;
}
const openssl = (...words: string[]): string => {
  const { ok, words: said } = court.openssl(...words);
  assert.ok(ok, said);
  return said;
};
const states = async (): Promise<unknown[]> =>
  (await done('key', 'list', ADDRESS, '--json'))
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { state: string }).state);

/** An authority, and what it issues for a request: the certificate with the authority's behind it. */
function issue(request: string, file: string, days: string): void {
  court.write('request.pem', request);
  assert.match(openssl('req', '-in', 'request.pem', '-verify', '-noout', '-text'), /verify OK/);
  const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
  openssl('x509', '-req', '-in', 'request.pem', ...ca, '-days', days, '-out', 'leaf.pem');
  court.write(file, Buffer.concat([court.read('leaf.pem'), court.read('ca.pem')]));
}

test('a mailbox gets its first key by request, and a next one before the first ends', async () => {
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=AC');
  await done('mailbox', 'add', ADDRESS, '--name', 'Pharmacie des Halles', '--without-key');
  assert.match(await done('key', 'list', ADDRESS), /WARNING: no certificate is good for signing now/);
  const request = await done('key', 'request', ADDRESS, '--kind', 'ec-p256');
  assert.doesNotMatch(request, /PRIVATE/);
  assert.deepEqual(await states(), ['awaiting-certificate']);
  issue(request, 'issued.pem', '50');
  assert.match(
    await done('key', 'install', ADDRESS, '--certificate', court.path('issued.pem')),
    /^Added: in use; signs/,
  );
  assert.deepEqual(await states(), ['in-use']);
  const again = await done('key', 'install', ADDRESS, '--certificate', court.path('issued.pem'));
  assert.match(again, /^Already there, nothing changed/);
  assert.match(await done('mailbox', 'list'), /WARNING: the certificate for signing ends in 50 days/);
  assert.equal(await done('key', 'certificate', ADDRESS), court.read('leaf.pem').toString());

  issue(
    await done(
      'key',
      'request',
      ADDRESS,
      '--kind',
      'rsa-3072',
      '--siret',
      '00000000000018',
      '--department',
      'Paris (75)',
    ),
    'next.pem',
    '900',
  );
  await done('key', 'install', ADDRESS, '--certificate', court.path('next.pem'));
  assert.deepEqual(await states(), ['in-use', 'spare']);
  assert.doesNotMatch(await done('mailbox', 'list'), /WARNING/);
});

test('a key file is imported once; again it changes nothing; what does not fit is refused with a code', async () => {
  const san = ['-addext', `subjectAltName=email:${ADDRESS}`, '-addext', 'basicConstraints=CA:FALSE'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'own.key',
    '-out',
    'own.pem',
    '-days',
    '90',
  ];
  openssl(...made, '-subj', '/CN=Officine', ...san);
  openssl('pkcs12', '-export', '-inkey', 'own.key', '-in', 'own.pem', '-out', 'own.p12', '-passout', 'pass:clé');
  court.write('password', 'clé\n');
  const p12 = ['--p12', court.path('own.p12'), '--password-file'];
  const wrong = await estafette('key', 'import', ADDRESS, ...p12, court.path('own.pem'));
  assert.deepEqual([wrong.code, /Refused: wrong-password/.test(wrong.errors)], [1, true], wrong.errors);
  assert.match(await done('key', 'import', ADDRESS, ...p12, court.path('password')), /^Added: in use/);
  const pem = ['--pem', court.path('own.pem'), '--key', court.path('own.key')];
  assert.match(await done('key', 'import', ADDRESS, ...pem), /^Already there, nothing changed/);
  await done('mailbox', 'add', 'autre@officine.example', '--name', 'Autre', '--without-key');
  const other = await estafette('key', 'import', 'autre@officine.example', ...pem);
  assert.deepEqual([other.code, /Refused: address-other/.test(other.errors)], [1, true], other.errors);
  assert.doesNotMatch(other.errors, /^\s+at /m);
});

test('wrong use of the key commands is a sentence and exit code 2', async () => {
  const expected: [number, ...string[]][] = [
    [2, 'key', 'import', ADDRESS],
    [2, 'key', 'import', ADDRESS, '--p12', 'a', '--pem', 'b'],
    [2, 'key', 'request', ADDRESS, '--kind', 'dsa'],
    [2, 'key', 'request', ADDRESS, '--finess', '990000046'],
    [2, 'key', 'request', ADDRESS, '--finess', 'x', '--department', 'Paris (75)'],
    [2, 'key', 'renew-demo', ADDRESS, '--days', 'many'],
    [1, 'key', 'renew-demo', ADDRESS],
    [1, 'key', 'list', 'personne@officine.example'],
    [1, 'key', 'install', ADDRESS, '--certificate', court.path('nothing.pem')],
    [1, 'key', 'install', ADDRESS, '--certificate', court.path('ca.pem')],
  ];
  for (const [code, ...words] of expected) {
    const outcome = await estafette(...words);
    assert.equal(outcome.code, code, `${words.join(' ')}: ${outcome.errors}`);
    assert.doesNotMatch(outcome.errors, /^\s+at /m, words.join(' '));
  }
});
