/** A foreign judge: xmlsec1 (libxml2, its own canonicalization) agrees with us on lists, signed by us and altered. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { signTrustList } from '@estafette/certs/trust-list';
import { authority, changed, listXml, NOW, policy, signedList, signer } from './lists.fixture.ts';
import { readList } from './read-list.ts';

const skip = spawnSync('xmlsec1', ['--version']).status === 0 ? false : 'xmlsec1 is not installed here';

function judgeSays(bytes: Buffer): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'est-xmlsec-'));
  const file = (name: string, content: Buffer | string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  try {
    const [root, issuing] = [authority.rootCertificatePem, authority.issuingCertificatePem];
    const trust = ['--trusted-pem', file('root.pem', root), '--untrusted-pem', file('issuing.pem', issuing)];
    return spawnSync('xmlsec1', ['--verify', ...trust, file('list.xml', bytes)]).status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function weSay(bytes: Buffer): boolean {
  try {
    readList(bytes, policy, NOW);
    return true;
  } catch {
    return false;
  }
}

const odd = listXml()
  .replace('<ListeDomaines>', '<ListeDomaines xmlns:p="urn:p" p:b="2" a="1 &quot;&#9;"><p:Note xml:lang="fr"/>')
  .replace('DEUX &amp; FILS', 'DEUX\u00a0&amp; FILS &#13;\u2019\u{1d4b3}')
  .replace('<Nom>trois', '<Nom xmlns="https://listeblanche.mssante.fr/schema">trois');
const good = signedList();

const LISTS: readonly (readonly [what: string, isRight: boolean, bytes: () => Buffer])[] = [
  ['as it was signed', true, () => good],
  ['with odd signs and namespaces', true, () => signTrustList(odd, signer)],
  ['with comments put in', true, () => changed(good, '<Nom>un', '<!-- a --><Nom>u<!-- b -->n')],
  ['with CDATA put in', true, () => changed(good, 'FILS', '<![CDATA[FILS]]>')],
  ['with other line ends', true, () => Buffer.from(good.toString().replaceAll('\n', '\r\n'))],
  ['with another quoting of attributes', true, () => changed(good, /xmlns="(https:[^"]*)"/, "xmlns = '$1'")],
  ['with a namespace nobody uses', true, () => changed(good, '<ListeDomaines>', '<ListeDomaines xmlns:x="urn:x">')],
  ['with a domain altered', false, () => changed(good, '<Nom>un.', '<Nom>faux.')],
  ['with a space more', false, () => changed(good, '<Domaine>', ' <Domaine>')],
  ['with an attribute more', false, () => changed(good, '<Domaine>', '<Domaine a="b">')],
  ['with its signature altered', false, () => changed(good, '<SignatureValue>', '<SignatureValue>AAAA')],
];

for (const [what, isRight, bytes] of LISTS)
  test(`xmlsec1 and we take a list ${what} for ${isRight ? 'right' : 'wrong'}`, { skip }, () => {
    const list = bytes();
    assert.deepEqual([judgeSays(list), weSay(list)], [isRight, isRight]);
  });
