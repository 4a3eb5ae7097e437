/**
 * Mails of other people's software, where the samples lie beside the checkout: nothing crashes, nothing that must not
 * be trusted is, and what Thunderbird's authority vouches for is opened.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { SIGNATURES } from '@estafette/contracts/verdict';
import { type Certificate, readCertificate } from './certificate.ts';
import { judgePath, type TrustStore } from './certificate-path.ts';
import { cmsEntity, mail } from './letters.fixture.ts';
import { toWireLines } from './mime-entity.ts';
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts';
import type { OpeningPolicy } from './peel-layers.ts';
import { pemBlocks } from './trust-files.ts';
import { TRUST_SPACES } from './trust-space.ts';

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/samples');
const skip = existsSync(SAMPLES) ? false : 'the shared samples are not beside the checkout';
const files = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(SAMPLES, folder)).filter((name) => pattern.test(name));
const read = (...path: string[]): Buffer => readFileSync(join(SAMPLES, ...path));

function policyOf(store: TrustStore, keys: OpeningPolicy['keys'], at: Date): OpeningPolicy {
  return { space: TRUST_SPACES.demo, keys, judge: (question) => judgePath({ ...question, store }), at };
}

/** The keys in a .p12 whose password is the first that fits. */
function keysOf(file: string): OpeningPolicy['keys'] {
  for (const password of ['', 'nss']) {
    const words = ['pkcs12', '-in', join(SAMPLES, file), '-nodes', '-legacy', '-passin', `pass:${password}`];
    const { status, stdout } = spawnSync('openssl', words, { encoding: 'utf8' });
    if (status !== 0) continue;
    const privateKey = createPrivateKey(stdout);
    const fits = (certificate: Certificate): boolean =>
      certificate.publicKey.export({ type: 'spki', format: 'der' }).equals(publicOf(privateKey));
    const certificate = pemBlocks(stdout, 'CERTIFICATE').map(readCertificate).find(fits);
    if (certificate !== undefined) return [{ certificate, privateKey }];
  }
  throw new Error(`${file} does not open`);
}

const publicOf = (key: ReturnType<typeof createPrivateKey>): Buffer => {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { stdout } = spawnSync('openssl', ['pkey', '-pubout', '-outform', 'DER'], { input: pem });
  return stdout;
};

const words = ({ verdict }: OpenedEnvelope): string =>
  `${verdict.signature} ${verdict.encryption} ${verdict.reasons.join()}`;

test('the mails of the Thunderbird collection get sensible words', { skip }, (context) => {
  const keys = ['Alice', 'Bob', 'Dave', 'Eve'].flatMap((who) => keysOf(`smime/thunderbird/${who}.p12`));
  const anchors = pemBlocks(read('smime/thunderbird/TestCA.pem').toString('latin1'), 'CERTIFICATE').map(
    readCertificate,
  );
  const policy = policyOf({ anchors, intermediates: [], lists: [] }, keys, new Date('2026-06-01T00:00:00Z'));
  const counts = new Map<string, number>();
  for (const name of files('smime/thunderbird', /\.eml$/)) {
    const opened = openEnvelope(toWireLines(read('smime/thunderbird', name)), policy);
    const { verdict } = opened;
    assert.ok(SIGNATURES.includes(verdict.signature));
    assert.notEqual(verdict.show, 'verified', `${name}: without a revocation list nothing is verified`);
    const summary = words(opened);
    counts.set(summary, (counts.get(summary) ?? 0) + 1);
    if (/\.bad\.|mismatch-econtent/.test(name)) assert.notEqual(verdict.signature, 'valid', name);
    if (/sig\.SHA1/.test(name)) assert.equal(verdict.signature === 'valid', false, name);
    if (
      /(?<!bad)\.eml$/.test(name) &&
      /^alice\.(dsig|sig|plain)\S*SHA256/.test(name) &&
      !/mismatch|bad|future/.test(name)
    )
      assert.equal(verdict.signature, 'untrusted', `${name}: ${summary}`);
    if (/\.env\b/.test(name) && !/-ec/.test(name)) assert.notEqual(verdict.encryption, 'none', `${name}: ${summary}`);
  }
  for (const [summary, count] of counts) context.diagnostic(`${count} × ${summary}`);
});

test('the envelopes of the NSS collection are opened or refused, never an exception', { skip }, (context) => {
  const keys = keysOf('smime/nss/Fran.p12');
  const policy = policyOf({ anchors: [], intermediates: [], lists: [] }, keys, new Date('2026-06-01T00:00:00Z'));
  const counts = new Map<string, number>();
  for (const folder of ['smime/nss', 'smime/thunderbird-interop']) {
    for (const name of files(folder, /\.env$/)) {
      const sample = read(folder, name);
      const letter = sample[0] === 0x30 ? mail(cmsEntity(sample, 'enveloped-data')) : toWireLines(sample);
      const summary = words(openEnvelope(letter, policy));
      counts.set(summary, (counts.get(summary) ?? 0) + 1);
    }
  }
  for (const [summary, count] of counts) context.diagnostic(`${count} × ${summary}`);
});

interface Expectation {
  readonly id: string;
  readonly name: string;
  readonly args: string;
  readonly exp: number;
  readonly file: string;
}

test('no path that PKITS calls invalid gives a valid signature', { skip }, (context) => {
  const store: TrustStore = {
    anchors: [readCertificate(read('pkits/TrustAnchorRootCertificate.crt'))],
    intermediates: [],
    lists: [],
  };
  const policy = policyOf(store, [], new Date('2012-01-01T00:00:00Z'));
  const expectations = JSON.parse(read('pkits/expectations.json').toString()) as Expectation[];
  const refused: string[] = [];
  let accepted = 0;
  let invalid = 0;
  for (const { id, name, exp, file, args } of expectations) {
    const mail = join(SAMPLES, 'pkits/mail', file);
    if (args !== '' || !existsSync(mail)) continue;
    const opened = openEnvelope(toWireLines(readFileSync(mail)), policy);
    if (exp !== 0) {
      invalid += 1;
      assert.notEqual(opened.verdict.signature, 'valid', `${id} ${name}`);
    } else if (opened.verdict.signature === 'valid') accepted += 1;
    else refused.push(`${id} ${name}: ${words(opened)}`);
  }
  assert.ok(accepted > 0 && invalid > 0);
  context.diagnostic(`${invalid} invalid paths refused, ${accepted} valid paths accepted, ${refused.length} refused:`);
  for (const line of refused) context.diagnostic(line);
});
