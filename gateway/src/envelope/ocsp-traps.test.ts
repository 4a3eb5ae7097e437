/** OCSP answers that openssl does not make: spoiled, circular, contradicting lists. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError } from './ber.ts';
import { judgePath } from './certificate-path.ts';
import { element, octetString, oid, sequence } from './der.ts';
import { readOcspResponse } from './ocsp-response.ts';
import { OID } from './oids.ts';
import {
  authorityExtensions,
  daysFromNow,
  extendedKeyUsage,
  extension,
  keyUsage,
  mailExtensions,
  NOW,
  notAuthority,
} from './test-authority.fixture.ts';
import {
  type AnswerWish,
  authorityUnder,
  common,
  distributionPoints,
  doctorUnder,
  type Holder,
  hold,
  issuingPoint,
  listBy,
  MAIL,
  ocspAnswer,
  root,
  storeOfHolders,
  uriName,
} from './trust.fixture.ts';

const leaf = doctorUnder(root);
const responderUnder = (issuer: Holder, ...extensions: readonly Buffer[]): Holder =>
  hold({
    name: common('Responder'),
    issuer,
    extensions: [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.ocspSigning), ...extensions],
  });

function statusOf(
  holder: Holder,
  answers: readonly Partial<AnswerWish>[],
  rest: { lists?: ReturnType<typeof listBy>[]; bag?: readonly Holder[]; nonceAsked?: Buffer } = {},
): string {
  const responses = answers.map((wish) => ({
    response: readOcspResponse(ocspAnswer({ about: holder, issuer: root, ...wish })),
    nonceAsked: rest.nonceAsked ?? null,
  }));
  const verdict = judgePath({
    certificate: holder.certificate,
    store: storeOfHolders({ responses, lists: rest.lists ?? [] }),
    bag: (rest.bag ?? []).map(({ certificate }) => certificate),
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
  });
  return verdict.trusted ? 'good' : verdict.reason;
}

test('line 20: the answers of this builder are believed as those of openssl are', () => {
  assert.equal(statusOf(leaf, [{}]), 'good');
  assert.equal(statusOf(leaf, [{ byKey: true, digest: 'sha256' }]), 'good');
  assert.equal(statusOf(leaf, [{ status: 'revoked' }]), 'certificate-revoked');
  assert.equal(statusOf(leaf, [{ status: 'unknown' }]), 'revocation-unknown');
});

test('line 20: whoever says revoked, lists or answers, is believed over who says good', () => {
  const revoking = listBy(root, { entries: [{ holder: leaf }] });
  assert.equal(statusOf(leaf, [{}], { lists: [revoking] }), 'certificate-revoked');
  assert.equal(statusOf(leaf, [{ status: 'revoked' }], { lists: [listBy(root)] }), 'certificate-revoked');
  assert.equal(statusOf(leaf, [{ status: 'held' }], { lists: [listBy(root)] }), 'certificate-revoked');
  assert.equal(statusOf(leaf, [{}, { status: 'revoked' }]), 'certificate-revoked');
  const stale = { thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(-2) };
  assert.equal(statusOf(leaf, [{ status: 'held', ...stale }, {}]), 'good');
  assert.equal(statusOf(leaf, [{ status: 'revoked', ...stale }, {}]), 'certificate-revoked');
});

test('line 20: a responder cannot vouch for its own certificate', () => {
  const both = hold({
    name: common('Responder and doctor'),
    issuer: root,
    extensions: [
      ...mailExtensions(MAIL).filter((one) => !one.includes(oid(OID.extendedKeyUsage))),
      extendedKeyUsage(OID.emailProtection, OID.ocspSigning),
      extension(OID.ocspNoCheck, Buffer.from([5, 0])),
    ],
  });
  assert.equal(statusOf(both, [{ signer: both, certificates: [both.der] }]), 'revocation-unknown');
});

test('line 20: a responder of the authority above, or of a sister authority, does not answer for this one', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const sister = authorityUnder(root, 'Sister');
  const doctor = doctorUnder(issuing);
  const noCheck = extension(OID.ocspNoCheck, Buffer.from([5, 0]));
  const by = (signer: Holder, certificates: readonly Buffer[]) =>
    statusOf(doctor, [{ issuer: issuing, signer, certificates }], { lists: [listBy(root)], bag: [issuing] });
  const own = responderUnder(issuing, noCheck);
  assert.equal(by(own, [own.der]), 'good');
  for (const issuer of [root, sister]) {
    const other = responderUnder(issuer, noCheck);
    assert.equal(by(other, [other.der, issuer.der]), 'revocation-unknown');
  }
  assert.equal(by(root, []), 'revocation-unknown');
  assert.equal(by(sister, []), 'revocation-unknown');
});

test('line 20: a responder that a list revokes, or that no list knows, is not believed', () => {
  const point = [uriName('http://lists.example/responders.crl')];
  const responder = responderUnder(root, distributionPoints({ names: point }));
  const answer = { signer: responder, certificates: [responder.der] };
  const list = (entries: readonly { holder: Holder }[]) =>
    listBy(root, { entries, extensions: [issuingPoint({ names: point })] });
  assert.equal(statusOf(leaf, [answer]), 'revocation-unknown');
  assert.equal(statusOf(leaf, [answer], { lists: [list([])] }), 'good');
  assert.equal(statusOf(leaf, [answer], { lists: [list([{ holder: responder }])] }), 'revocation-unknown');
});

test('line 20: the digests of an answer identify the issuer by name and key, both', () => {
  const namesake = hold({ name: root.name, extensions: authorityExtensions() });
  assert.equal(statusOf(leaf, [{ issuer: namesake, signer: root }]), 'revocation-unknown');
});

test('line 20: a nonce that was asked for and comes back otherwise makes the answer useless, whatever it says', () => {
  const nonceAsked = Buffer.alloc(32, 1);
  assert.equal(statusOf(leaf, [{ nonce: nonceAsked }], { nonceAsked }), 'good');
  assert.equal(statusOf(leaf, [{ nonce: Buffer.alloc(32, 2) }], { nonceAsked }), 'revocation-unknown');
  assert.equal(statusOf(leaf, [{ nonce: Buffer.alloc(31, 1) }], { nonceAsked }), 'revocation-unknown');
  assert.equal(statusOf(leaf, [{}], { nonceAsked }), 'good');
});

test('line 20: an answer whose dates contradict each other is no answer', () => {
  assert.equal(statusOf(leaf, [{ nextUpdate: daysFromNow(-1) }]), 'revocation-unknown');
  assert.equal(statusOf(leaf, [{ producedAt: daysFromNow(1) }]), 'revocation-unknown');
  assert.equal(statusOf(leaf, [{ producedAt: NOW, thisUpdate: daysFromNow(0.5) }]), 'revocation-unknown');
  assert.equal(statusOf(leaf, [{ nextUpdate: null }]), 'good');
  assert.equal(statusOf(leaf, [{ nextUpdate: null, thisUpdate: daysFromNow(-1) }]), 'revocation-unknown');
});

test('line 20: an answer with a critical extension that is not understood, or not of the basic type, is not read', () => {
  const strange = extension('1.3.6.1.4.1.32473.99', sequence(), true);
  const basic = element(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.99'), octetString(sequence())));
  for (const bytes of [
    ocspAnswer({ about: leaf, issuer: root, extensions: [strange] }),
    ocspAnswer({ about: leaf, issuer: root, nonce: Buffer.alloc(129) }),
    ocspAnswer({ about: leaf, issuer: root, nonce: Buffer.alloc(0) }),
    sequence(element(0x0a, Buffer.from([6]))),
    sequence(element(0x0a, Buffer.from([0]))),
    sequence(element(0x0a, Buffer.from([0])), basic),
    Buffer.concat([ocspAnswer({ about: leaf, issuer: root }), Buffer.from([0])]),
  ])
    assert.throws(() => readOcspResponse(bytes), BerError);
});

test('line 21: an answer that is too large, or carries too many certificates, is not read', () => {
  assert.throws(() => readOcspResponse(Buffer.alloc(TRUST_LIMITS.ocspResponseMaxBytes + 1, 0x30)), BerError);
  const certificates = Array.from({ length: TRUST_LIMITS.ocspCertificatesMax + 1 }, () => root.der);
  assert.throws(() => readOcspResponse(ocspAnswer({ about: leaf, issuer: root, certificates })), BerError);
});
