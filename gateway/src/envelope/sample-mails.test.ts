/**
 * Mails of other people's software, where the samples lie beside the checkout, each with the verdict it must get:
 * Thunderbird's collection (made by NSS), the Direct Project's mails, and odd mails of MIME parsers (bare CMS: see
 * cms-samples). The authority of Thunderbird's collection publishes no revocation list, so its judge here asks for none.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { PRESETS } from '../ports.ts';
import { readCertificate } from './certificate.ts';
import { judgePath, type TrustStore } from './certificate-path.ts';
import { cmsEntity, mail, multipartSigned } from './letters.fixture.ts';
import { toWireLines } from './line-ends.ts';
import { MailMalformed } from './mail-malformed.ts';
import { readLetter } from './mime-entity.ts';
import { readMimeTree } from './mime-tree.ts';
import { openEnvelope } from './open-envelope.ts';
import type { OpeningPolicy } from './peel-layers.ts';
import { pemBlocks } from './trust-files.ts';

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/samples');
const skip = existsSync(SAMPLES) ? false : 'the shared samples are not beside the checkout';
const read = (...path: string[]): Buffer => readFileSync(join(SAMPLES, ...path));
const files = (folder: string, pattern: RegExp): string[] =>
  readdirSync(join(SAMPLES, folder), { recursive: true, encoding: 'utf8' }).filter((name) => pattern.test(name));

/** A judge for whom unknown revocation is no fault. */
function policyOf(store: TrustStore, keys: OpeningPolicy['keys'], at: Date): OpeningPolicy {
  const judge: OpeningPolicy['judge'] = (question) => {
    const found = judgePath({ ...question, store });
    return !found.trusted && found.reason === 'revocation-unknown' ? { trusted: true, until: at } : found;
  };
  return { letters: PRESETS.demo.letters, keys, judge, at };
}

/** The key in a .p12 whose password is the first that fits. */
function keyIn(file: string): OpeningPolicy['keys'][number] {
  for (const password of ['', 'nss']) {
    const words = ['pkcs12', '-in', join(SAMPLES, file), '-nodes', '-legacy', '-passin', `pass:${password}`];
    const { status, stdout } = spawnSync('openssl', words, { encoding: 'utf8' });
    if (status !== 0) continue;
    const privateKey = createPrivateKey(stdout);
    const own = createPublicKey(privateKey);
    const found = pemBlocks(stdout, 'CERTIFICATE').map(readCertificate);
    const certificate = found.find(({ publicKey }) => publicKey.equals(own));
    if (certificate !== undefined) return { certificate, privateKey };
  }
  throw new Error(`${file} does not open`);
}

/** Words of the verdict for a mail of Thunderbird's collection, by its name. */
function expectedOf(name: string): string {
  const opened = name.includes('.env') ? 'opened' : 'none';
  if (/SHA1|\.bad\.|mismatch-econtent/.test(name)) return `invalid none ${opened} quarantine`;
  if (name === 'alice.env.eml') return 'none none opened unverified';
  // Signed around the cipher: whose text it is, nobody said. Signed by Alice, sent by Dave: not his signature.
  const identity = /^alice\.(?:plain|env)\..*dave/.test(name) ? 'mismatch' : 'match';
  const isVerified = identity === 'match' && !name.startsWith('alice.env.');
  return `valid ${identity} ${opened} ${isVerified ? 'verified' : 'unverified'}`;
}

function thunderbirdPolicy(): OpeningPolicy {
  const keys = ['Alice', 'Bob', 'Dave', 'Eve'].map((who) => keyIn(`smime/thunderbird/${who}.p12`));
  const anchors = pemBlocks(read('smime/thunderbird/TestCA.pem').toString('latin1'), 'CERTIFICATE');
  const store = { anchors: anchors.map(readCertificate), intermediates: [], lists: [] };
  return policyOf(store, keys, new Date('2026-06-01T00:00:00Z'));
}

test('every mail of the Thunderbird collection gets the verdict that its name calls for', { skip }, () => {
  const policy = thunderbirdPolicy();
  const names = files('smime/thunderbird', /\.eml$/);
  assert.ok(names.length > 50);
  for (const name of names) {
    const { verdict } = openEnvelope(toWireLines(read('smime/thunderbird', name)), policy);
    const { signature, identity, encryption, show, reasons } = verdict;
    assert.equal(`${signature} ${identity} ${encryption} ${show}`, expectedOf(name), `${name}: ${reasons.join()}`);
  }
});

test('the same signatures as bare CMS are right, SHA-1 apart', { skip }, () => {
  const policy = thunderbirdPolicy();
  const folder = 'smime/thunderbird';
  const from = ['From: Alice@example.com', 'To: Bob@example.com'];
  for (const name of files(folder, /^alice\.(?:mime\.dsig|textplain\.sig)\.\S+$/)) {
    const info = read(folder, name);
    const entity = name.includes('dsig')
      ? multipartSigned(read(folder, 'alice.mime'), info)
      : cmsEntity(info, 'signed-data');
    const { verdict } = openEnvelope(mail(entity, from), policy);
    assert.equal(verdict.signature === 'invalid', name.includes('SHA1'), `${name}: ${verdict.reasons.join()}`);
  }
});

const NOT_MAIL = /msgSig|COPYING/;
/** Encrypted to keys that are not here. Of the others one begins with a folded line, and is malformed. */
const DIRECT_ENCRYPTED = /^(?:Large)?EncAttachment|^EncryptedMessage[23]/;

test('the mails of the Direct Project are read, and refused for what is missing, not for how they are written', {
  skip,
}, () => {
  const policy = policyOf({ anchors: [], intermediates: [], lists: [] }, [], new Date('2012-01-01T00:00:00Z'));
  for (const name of files('smime/direct', /\.txt$/).filter((file) => !NOT_MAIL.test(file))) {
    const { verdict } = openEnvelope(toWireLines(read('smime/direct', name)), policy);
    const expected = DIRECT_ENCRYPTED.test(name)
      ? 'not-for-us'
      : name === 'EncryptedMessage.txt'
        ? 'mail-malformed'
        : 'unprotected,not-signed,not-encrypted';
    assert.equal(verdict.reasons.join(), expected, name);
  }
});

/** Why an odd mail is refused by the strict splitter, by the part of its path that says what is odd. */
const ODD: Readonly<Record<string, RegExp>> = {
  'header field malformed': /malformedHeader|jt-0498|mp-msg|twopart|uu-junk\.|msg_(?:19|25|35|38|43)/,
  'continuation of nothing, or with nothing': /bad-header-separator|hdr-fakeout|obsolete/,
  'multipart without parts': /badbound|missing-|ending-|nopart|msg_(?:17|31)/,
  'boundary malformed': /long-boundary|weird-boundary|msg_(?:33|41)/,
  'almost a delimiter': /boundary-name-clash/,
  'delimiter after the closing one': /msg_(?:15|39)/,
  'part without a blank line': /double-bound/,
  'encoded multipart': /-base64\.msg|rfc\/008/,
  'transfer encoding unknown': /gzip64|legacy\/0(?:17|26|48)|thirdparty\/004/,
  'content-type repeated': /multi-bad\./,
  'Content-Type malformed': /msg_14/,
  'parameters malformed': /thirdparty\/010/,
  'message/external-body': /msg_36|rfc\/001/,
  'message/partial': /thirdparty\/009/,
  'bare CR': /legacy\/049/,
  'NUL octet': /thirdparty\/005/,
};

test('of the odd mails of three MIME parsers, those that two readers could read differently are refused', {
  skip,
}, (context) => {
  let readable = 0;
  for (const name of files('mime', /\.(?:eml|msg|txt)$/)) {
    try {
      readMimeTree(readLetter(toWireLines(read('mime', name))));
      readable += 1;
    } catch (error) {
      assert.ok(error instanceof MailMalformed, String(error));
      assert.ok(ODD[error.message]?.test(name), `${name}: ${error.message}`);
    }
  }
  context.diagnostic(`${readable} are read`);
  assert.ok(readable > 150);
});
