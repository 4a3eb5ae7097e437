/**
 * Hostile certificates, lists and answers: real ones mutated with fixed seeds. Readers refuse with `BerError` or give a
 * value; the judge always gives a verdict, and never trusts what was changed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BerError } from './ber.ts';
import { readCertificate } from './certificate.ts';
import { judgePath, type TrustStore } from './certificate-path.ts';
import { sequence } from './der.ts';
import { changeBytes, changeElements, randomOf } from './mutations.fixture.ts';
import { nonceOfRequest, ocspRequest } from './ocsp-request.ts';
import { readOcspResponse } from './ocsp-response.ts';
import { OID } from './oids.ts';
import { readRevocationList } from './revocation-list.ts';
import { extension, NOW } from './test-authority.fixture.ts';
import {
  accessAt,
  authorityUnder,
  certificateIssuer,
  deltaFrom,
  directoryName,
  distributionPoints,
  dnsName,
  doctorUnder,
  issuingPoint,
  listBytes,
  mailName,
  nameConstraints,
  numbered,
  ocspAnswer,
  root,
  storeOfHolders,
  uriName,
  utf8Mailbox,
} from './trust.fixture.ts';

const SEEDS = 4_000;
const names = [uriName('http://lists.example/a.crl'), directoryName(root.name)];
const issuing = authorityUnder(
  root,
  'Issuing',
  nameConstraints({ permitted: [mailName('cabinet.example'), dnsName('a.example')], excluded: [uriName('b.example')] }),
  distributionPoints({ names, reasons: [1, 2, 3] }, { issuer: root.name }),
  extension(OID.policyMappings, sequence()),
);
const doctor = doctorUnder(
  issuing,
  distributionPoints({ names }),
  accessAt([OID.ocsp, 'http://ocsp.example/'], [OID.caIssuers, 'http://certs.example/a.cer']),
  extension('2.5.29.18', sequence(utf8Mailbox('hélène@a.example'))),
);
const LISTS = [
  listBytes(issuing, { entries: [{ holder: doctor, reason: 6 }], extensions: [numbered(1)] }),
  listBytes(issuing, { entries: [{ holder: doctor, reason: 8 }], extensions: [numbered(2), deltaFrom(1)] }),
  listBytes(root, {
    entries: [{ holder: doctor, extensions: [certificateIssuer(issuing.name)] }, { holder: issuing }],
    extensions: [issuingPoint({ names, indirect: true, only: 'user', reasons: [1, 2] })],
  }),
];
const nonce = Buffer.alloc(32, 7);
const ANSWERS = [
  ocspAnswer({ about: doctor, issuer: issuing, nonce, certificates: [issuing.der] }),
  ocspAnswer({ about: doctor, issuer: issuing, status: 'revoked', byKey: true, nextUpdate: null }),
];

/** Each seed changes one sample by octets or by elements. */
function fuzz(samples: readonly Buffer[], read: (bytes: Buffer) => unknown, seeds = SEEDS): void {
  for (let seed = 0; seed < seeds; seed += 1) {
    const random = randomOf(seed);
    const change = seed % 2 === 0 ? changeBytes : changeElements;
    const bytes = change(samples[seed % samples.length] as Buffer, random);
    try {
      read(bytes);
    } catch (error) {
      assert.ok(error instanceof BerError, `seed ${seed}: ${String(error)}`);
    }
  }
}

test('line 21: a mutated list is read or refused, and every question to it answered', () => {
  fuzz(LISTS, (bytes) => {
    const list = readRevocationList(bytes);
    list.entries.find(doctor.certificate.serial, list.issuerKey);
  });
});

test('line 21: a mutated OCSP answer or request is read or refused', () => {
  fuzz(ANSWERS, readOcspResponse);
  fuzz([ocspRequest(doctor.certificate, issuing.certificate)], nonceOfRequest);
});

test('line 21: whatever is in a certificate, a list or an answer, the judge gives a verdict and trusts no change', () => {
  const judge = (certificate: typeof doctor.certificate, store: Partial<TrustStore>, bag = [issuing.certificate]) =>
    judgePath({
      certificate,
      store: storeOfHolders(store),
      bag,
      bagLists: [],
      at: NOW,
      uses: ['digitalSignature'],
    }).trusted;
  const upper = readRevocationList(listBytes(root));
  const good = { lists: [upper, readRevocationList(listBytes(issuing))] };
  assert.ok(judge(doctor.certificate, good));
  const changed = (read: (bytes: Buffer) => boolean) => (bytes: Buffer) => {
    if (!bytes.equals(doctor.der) && !bytes.equals(issuing.der)) assert.equal(read(bytes), false);
  };
  const seeds = 1_500;
  fuzz(
    [doctor.der],
    changed((bytes) => judge(readCertificate(bytes), good)),
    seeds,
  );
  fuzz(
    [issuing.der],
    changed((bytes) => judge(doctor.certificate, good, [readCertificate(bytes)])),
    seeds,
  );
  fuzz(LISTS, (bytes) => judge(doctor.certificate, { lists: [upper, readRevocationList(bytes)] }), seeds);
  fuzz(
    ANSWERS,
    (bytes) =>
      judge(doctor.certificate, {
        lists: [upper],
        responses: [{ response: readOcspResponse(bytes), nonceAsked: nonce }],
      }),
    seeds,
  );
});

test('line 20: no mutation of a list or answer that revokes makes its certificate good', () => {
  const leaf = doctorUnder(root);
  const revoking = listBytes(root, { entries: [{ holder: leaf, reason: 1 }] });
  const answer = ocspAnswer({ about: leaf, issuer: root, status: 'revoked' });
  const judge = (store: Partial<TrustStore>) =>
    judgePath({
      certificate: leaf.certificate,
      store: storeOfHolders(store),
      bag: [],
      bagLists: [],
      at: NOW,
      uses: ['digitalSignature'],
    }).trusted;
  fuzz([revoking], (bytes) => assert.equal(judge({ lists: [readRevocationList(bytes)] }), false));
  fuzz([answer], (bytes) =>
    assert.equal(judge({ responses: [{ response: readOcspResponse(bytes), nonceAsked: null }] }), false),
  );
});
