/** The trust store from files: configured ones, and the folder of what was fetched. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { judgePath } from './certificate-path.ts';
import { nonceOfRequest, ocspRequest } from './ocsp-request.ts';
import { daysFromNow, NOW, pem } from './test-authority.fixture.ts';
import { authorityUnder, doctorUnder, type Holder, listBytes, ocspAnswer, root } from './trust.fixture.ts';
import { readTrustFiles } from './trust-files.ts';

const base = mkdtempSync(join(tmpdir(), 'estafette-trust-'));
after(() => rmSync(base, { recursive: true }));

let folders = 0;

/** A folder with an anchor, configured lists and a folder of what was fetched. */
function place(files: Readonly<Record<string, Uint8Array>>) {
  folders += 1;
  const folder = join(base, String(folders));
  for (const part of ['', 'lists', 'fetched']) mkdirSync(join(folder, part));
  writeFileSync(join(folder, 'root.pem'), pem('CERTIFICATE', root.der));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const paths = { anchors: join(folder, 'root.pem'), lists: join(folder, 'lists'), fetched: join(folder, 'fetched') };
  return { folder, paths };
}

const issuing = authorityUnder(root, 'Issuing');
const doctor = doctorUnder(issuing);

function judge(holder: Holder, paths: Parameters<typeof readTrustFiles>[0]): string {
  const store = readTrustFiles(paths);
  const { certificate } = holder;
  const verdict = judgePath({ certificate, store, bag: [], bagLists: [], at: NOW, uses: ['digitalSignature'] });
  return verdict.trusted ? 'good' : verdict.reason;
}

test('what was fetched completes the path: the certificate of the issuer, a list, and an answer to a question', () => {
  const request = ocspRequest(doctor.certificate, issuing.certificate);
  const nonce = nonceOfRequest(request) as Buffer;
  const files = {
    'lists/root.crl': listBytes(root),
    'fetched/a.cer': issuing.der,
    'fetched/b.ocsp': ocspAnswer({ about: doctor, issuer: issuing, nonce }),
    'fetched/b.ocsp-request': request,
  };
  assert.equal(judge(doctor, place(files).paths), 'good');
  const other = ocspRequest(doctor.certificate, issuing.certificate);
  assert.equal(judge(doctor, place({ ...files, 'fetched/b.ocsp-request': other }).paths), 'revocation-unknown');
  const { 'fetched/b.ocsp': _, ...without } = files;
  assert.equal(judge(doctor, place(without).paths), 'revocation-unknown');
  assert.equal(judge(doctor, place({ ...without, 'fetched/c.crl': listBytes(issuing) }).paths), 'good');
  assert.equal(judge(doctor, { ...place(files).paths, fetched: null }), 'issuer-unknown');
  assert.equal(judge(doctor, { ...place(files).paths, fetched: join(base, 'nowhere') }), 'issuer-unknown');
});

test('a self-signed certificate among what was fetched is no anchor', () => {
  const { paths } = place({
    'fetched/a.cer': issuing.der,
    'lists/root.crl': listBytes(root),
    'fetched/i.crl': listBytes(issuing),
  });
  assert.equal(judge(doctor, paths), 'good');
  const rogue = authorityUnder(root, 'Rogue');
  const own = place({
    'fetched/a.cer': rogue.der,
    'lists/root.crl': listBytes(root),
    'fetched/r.crl': listBytes(rogue),
  });
  writeFileSync(own.paths.anchors, pem('CERTIFICATE', doctorUnder(root).der));
  assert.equal(judge(doctorUnder(rogue), own.paths), 'issuer-unknown');
});

test('what cannot be read in the folder of what was fetched is left out, and the rest counts', () => {
  const junk = Buffer.from('not what its name says');
  const { paths, folder } = place({
    'fetched/a.cer': issuing.der,
    'fetched/b.crl': junk,
    'fetched/c.cer': junk,
    'fetched/d.ocsp': junk,
    'fetched/e.ocsp-request': junk,
    'fetched/f.txt': junk,
    'fetched/g.crl': listBytes(issuing),
    'lists/root.crl': listBytes(root),
  });
  mkdirSync(join(folder, 'fetched/h.crl'));
  assert.equal(judge(doctor, paths), 'good');
});

test('a file that did not change is not read again, one that did is, and one that is gone is forgotten', () => {
  const { paths, folder } = place({ 'lists/root.crl': listBytes(root), 'fetched/i.crl': listBytes(issuing) });
  const before = readTrustFiles(paths);
  writeFileSync(
    join(folder, 'fetched/i.crl'),
    listBytes(issuing, { entries: [{ holder: doctor }], thisUpdate: daysFromNow(-0.1) }),
  );
  const after = readTrustFiles(paths);
  assert.equal(after.lists[0], before.lists[0]);
  assert.notEqual(after.lists[1], before.lists[1]);
  assert.equal(after.lists[1]?.entries.count, 1);
  rmSync(join(folder, 'fetched/i.crl'));
  assert.deepEqual(readTrustFiles(paths).lists, [before.lists[0]]);
});
