/** Paths through several authorities of one name, key changes, loops, policies: found when honest, refused when not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import { judgePath, type PathVerdict, rememberingJudge, type TrustStore } from './certificate-path.ts';
import { element, sequence } from './der.ts';
import { OID } from './oids.ts';
import { ANY_POLICY, type PolicySettings } from './policy-graph.ts';
import { authorityExtensions, daysFromNow, extendedKeyUsage, extension, NOW } from './test-authority.fixture.ts';
import {
  accessAt,
  authorityUnder,
  common,
  distributionPoints,
  doctorUnder,
  type Holder,
  hold,
  listBy,
  newKey,
  root,
  storeOfHolders,
  uriName,
} from './trust.fixture.ts';

function judge(
  leaf: Holder,
  store: Partial<TrustStore>,
  { bag = [], policies = ANY_POLICY }: { bag?: readonly Holder[]; policies?: PolicySettings } = {},
): PathVerdict {
  return judgePath({
    certificate: leaf.certificate,
    store: storeOfHolders(store),
    bag: bag.map(({ certificate }) => certificate),
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
    policies,
  });
}

function assertRefused(verdict: PathVerdict, reason: ReasonCode): void {
  assert.equal(verdict.trusted ? 'trusted' : verdict.reason, reason);
}

const listsOf = (...holders: readonly Holder[]) => holders.map((holder) => listBy(holder));

test('line 19: of several authorities of one name the one whose key signed is found, in whatever order', () => {
  const right = authorityUnder(root, 'Issuing');
  const others = [1, 2, 3].map(() => authorityUnder(root, 'Issuing'));
  const leaf = doctorUnder(right);
  const lists = listsOf(root, right);
  for (const bag of [
    [right, ...others],
    [...others, right],
  ])
    assert.equal(judge(leaf, { lists }, { bag }).trusted, true);
  assertRefused(judge(leaf, { lists }, { bag: others }), 'issuer-unknown');
});

test('line 19: a key identifier is a hint: a wrong one does not hide the issuer, a right one proves nothing', () => {
  const identifier = (text: string) => element(0x04, Buffer.from(text));
  const issuing = hold({
    name: common('Issuing'),
    issuer: root,
    extensions: [...authorityExtensions(), extension(OID.subjectKeyIdentifier, identifier('right'))],
  });
  const rogue = hold({
    name: common('Issuing'),
    extensions: [...authorityExtensions(), extension(OID.subjectKeyIdentifier, identifier('wrong'))],
  });
  const pointing = extension(OID.authorityKeyIdentifier, sequence(element(0x80, Buffer.from('wrong'))));
  const leaf = doctorUnder(issuing, pointing);
  assert.equal(judge(leaf, { lists: listsOf(root, issuing) }, { bag: [rogue, issuing] }).trusted, true);
  assertRefused(
    judge(doctorUnder(rogue, pointing), { lists: listsOf(root, issuing) }, { bag: [rogue] }),
    'issuer-unknown',
  );
});

test('line 19: a rogue root under the name of ours, with its own lists, is trusted for nothing', () => {
  const rogue = hold({ name: root.name, extensions: authorityExtensions() });
  const leaf = doctorUnder(rogue);
  assertRefused(judge(leaf, { lists: listsOf(root, rogue) }, { bag: [rogue] }), 'issuer-unknown');
  const middle = authorityUnder(rogue, 'Issuing');
  assertRefused(
    judge(doctorUnder(middle), { lists: listsOf(root, rogue, middle) }, { bag: [rogue, middle] }),
    'issuer-unknown',
  );
});

test('line 19: authorities that certify each other make no loop', () => {
  const [a, b] = [newKey(), newKey()];
  const cross = (name: string, key: Holder['key'], issuer: { name: Buffer; key: Holder['key'] }) =>
    hold({ name: common(name), key, issuer, extensions: authorityExtensions() });
  const ofA = cross('A', a, { name: common('B'), key: b });
  const ofB = cross('B', b, { name: common('A'), key: a });
  const leaf = doctorUnder(ofA);
  assertRefused(judge(leaf, {}, { bag: [ofA, ofB] }), 'issuer-unknown');
  const anchored = cross('B', b, root);
  const lists = listsOf(root, ofA, ofB);
  assert.equal(judge(leaf, { lists }, { bag: [ofA, ofB, anchored] }).trusted, true);
});

test('line 19: reissued certificates of authorities that certify each other do not hide the way out', () => {
  const [a, b] = [newKey(), newKey()];
  const again = (name: string, key: Holder['key'], issuer: { name: Buffer; key: Holder['key'] }) =>
    hold({ name: common(name), key, issuer, extensions: authorityExtensions() });
  const ofA = Array.from({ length: 5 }, () => again('A', a, { name: common('B'), key: b }));
  const ofB = Array.from({ length: 5 }, () => again('B', b, { name: common('A'), key: a }));
  const anchored = again('A', a, root);
  const lists = [listBy(root), listBy(anchored)];
  assert.equal(judge(doctorUnder(anchored), { lists }, { bag: [...ofA, ...ofB, anchored] }).trusted, true);
});

test('line 19: a thicket of authorities of one name and key ends at the limit of candidates', () => {
  const keys = Array.from({ length: 7 }, newKey);
  const thicket = keys.flatMap((key) =>
    keys.map((issuerKey) =>
      hold({
        name: common('Same'),
        key,
        issuer: { name: common('Same'), key: issuerKey },
        extensions: authorityExtensions(),
      }),
    ),
  );
  const leaf = doctorUnder(thicket[0] as Holder);
  assertRefused(judge(leaf, {}, { bag: thicket }), 'certificate-refused');
});

test('line 19: a change of key is followed through self-issued certificates, which count for no path length', () => {
  const old = hold({ name: common('Issuing'), issuer: root, extensions: authorityExtensions(0) });
  const renewed = hold({ name: old.name, issuer: old, extensions: authorityExtensions() });
  const leaf = doctorUnder(renewed);
  const lists = [...listsOf(root), listBy(old), listBy(renewed)];
  assert.equal(judge(leaf, { lists }, { bag: [old, renewed] }).trusted, true);
  const below = authorityUnder(renewed, 'Below');
  assertRefused(
    judge(doctorUnder(below), { lists: [...lists, listBy(below)] }, { bag: [old, renewed, below] }),
    'certificate-refused',
  );
});

test('line 19: an authority for servers only certifies nobody for mail', () => {
  const servers = authorityUnder(root, 'Servers', extendedKeyUsage('1.3.6.1.5.5.7.3.1'));
  assertRefused(
    judge(doctorUnder(servers), { lists: listsOf(root, servers) }, { bag: [servers] }),
    'certificate-refused',
  );
  const mail = authorityUnder(root, 'Mail', extendedKeyUsage(OID.emailProtection));
  assert.equal(judge(doctorUnder(mail), { lists: listsOf(root, mail) }, { bag: [mail] }).trusted, true);
});

test('line 19: an expired authority, or one not valid yet, carries no path', () => {
  for (const [dates, reason] of [
    [{ to: daysFromNow(-1) }, 'certificate-expired'],
    [{ from: daysFromNow(1) }, 'certificate-not-yet-valid'],
  ] as const) {
    const late = hold({ name: common('Issuing'), issuer: root, extensions: authorityExtensions(), ...dates });
    assertRefused(judge(doctorUnder(late), { lists: listsOf(root, late) }, { bag: [late] }), reason);
  }
});

test('what is missing is named: where the issuer, the lists and the responders are, each with its question', () => {
  const issuing = hold({
    name: common('Issuing'),
    issuer: root,
    extensions: [
      ...authorityExtensions(),
      distributionPoints({ names: [uriName('http://lists.example/root.crl'), uriName('ldap://lists.example/root')] }),
    ],
  });
  const leaf = doctorUnder(
    issuing,
    distributionPoints({ names: [uriName('http://lists.example/issuing.crl')] }),
    accessAt([OID.caIssuers, 'http://certs.example/issuing.cer'], [OID.ocsp, 'http://ocsp.example/']),
  );
  const orphan = judge(leaf, {});
  assert.ok(!orphan.trusted);
  assert.deepEqual(orphan.wants, [{ kind: 'issuer', url: 'http://certs.example/issuing.cer' }]);
  const unknown = judge(leaf, {}, { bag: [issuing] });
  assert.ok(!unknown.trusted);
  assert.deepEqual(
    unknown.wants.map(({ kind, url }) => `${kind} ${url}`),
    ['ocsp http://ocsp.example/', 'crl http://lists.example/issuing.crl', 'crl http://lists.example/root.crl'],
  );
  const half = judge(leaf, { lists: listsOf(root) }, { bag: [issuing] });
  assert.ok(!half.trusted && half.wants.length === 2);
  const refused = judge(leaf, { lists: [listBy(root, { entries: [{ holder: issuing }] })] }, { bag: [issuing] });
  assert.ok(!refused.trusted && refused.wants.length === 0 && refused.reason === 'certificate-revoked');
});

test('line 21: a certificate that names hundreds of places has a few of them proposed, and no odd ones', () => {
  const many = Array.from({ length: 300 }, (_, at) => [OID.caIssuers, `http://c${at}.example/`] as const);
  const verdict = judge(doctorUnder(authorityUnder(root, 'Unknown'), accessAt(...many)), {});
  assert.ok(!verdict.trusted);
  assert.equal(verdict.wants.length, TRUST_LIMITS.sourcesMax);
  const odd = [
    'file:///etc/passwd',
    'http://a\nb.example/',
    'ftp://a.example/',
    `http://${'a'.repeat(5_000)}/`,
    'http://',
  ];
  const strange = accessAt(...odd.map((url) => [OID.caIssuers, url] as const));
  const orphan = judge(doctorUnder(authorityUnder(root, 'Unknown'), strange), {});
  assert.ok(!orphan.trusted && orphan.wants.length === 0);
});

test('line 20: a remembered good path is judged anew when a letter brings a list that was not weighed', () => {
  const leaf = doctorUnder(root);
  const remembering = rememberingJudge(storeOfHolders({ lists: listsOf(root) }));
  const question = { certificate: leaf.certificate, bag: [], at: NOW, uses: ['digitalSignature'] as const };
  assert.equal(remembering({ ...question, bagLists: [] }).trusted, true);
  const revoking = listBy(root, { entries: [{ holder: leaf }], thisUpdate: daysFromNow(-0.5) });
  assertRefused(remembering({ ...question, bagLists: [revoking] }), 'certificate-revoked');
  assert.equal(remembering({ ...question, bagLists: [] }).trusted, true);
  assertRefused(remembering({ ...question, bagLists: [], at: daysFromNow(8) }), 'revocation-unknown');
  assertRefused(remembering({ ...question, bagLists: [], uses: ['keyAgreement'] }), 'certificate-refused');
});
