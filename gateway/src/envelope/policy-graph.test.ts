/** Certificate policies beyond what PKITS tries: required by an authority, multiplying, malformed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePath } from './certificate-path.ts';
import { element, oid, sequence } from './der.ts';
import { OID } from './oids.ts';
import { ANY_POLICY } from './policy-graph.ts';
import { extension, NOW } from './test-authority.fixture.ts';
import { authorityUnder, doctorUnder, type Holder, integer, listBy, root, storeOfHolders } from './trust.fixture.ts';

function wordOf(leaf: Holder, bag: readonly Holder[], settings = ANY_POLICY): string {
  const verdict = judgePath({
    certificate: leaf.certificate,
    store: storeOfHolders({ lists: [root, ...bag].map((holder) => listBy(holder)) }),
    bag: bag.map(({ certificate }) => certificate),
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
    policies: settings,
  });
  return verdict.trusted ? 'trusted' : verdict.reason;
}

const policies = (...list: readonly string[]): Buffer =>
  extension(OID.certificatePolicies, sequence(...list.map((one) => sequence(oid(one)))));
const explicitAtOnce = extension(OID.policyConstraints, sequence(element(0x80, Buffer.from([0]))), true);
const mapping = (...pairs: readonly (readonly [string, string])[]): Buffer =>
  extension(OID.policyMappings, sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))), true);

test('line 19: where an authority requires a policy, a certificate without one is refused', () => {
  const strict = authorityUnder(root, 'Strict', policies('1.2.3'), explicitAtOnce);
  assert.equal(wordOf(doctorUnder(strict), [strict]), 'certificate-refused');
  assert.equal(wordOf(doctorUnder(strict, policies('1.2.4')), [strict]), 'certificate-refused');
  const leaf = doctorUnder(strict, policies('1.2.3'));
  assert.equal(wordOf(leaf, [strict]), 'trusted');
  const wanting = (policy: string) => ({ ...ANY_POLICY, acceptable: [policy], requireExplicit: true });
  assert.equal(wordOf(leaf, [strict], wanting('1.2.3')), 'trusted');
  assert.equal(wordOf(leaf, [strict], wanting('1.2.4')), 'certificate-refused');
});

test('line 21: policies that multiply at every authority (RFC 9618) cost no more than what they say', () => {
  const all = Array.from({ length: 40 }, (_, at) => `1.2.3.${at}`);
  const everyToEvery = all.flatMap((from) => all.map((to) => [from, to] as const));
  const between: Holder[] = [];
  for (let at = 0; at < 7; at += 1) {
    const extensions = [policies(...all), mapping(...everyToEvery)];
    between.push(authorityUnder(between.at(-1) ?? root, `Multiplying ${at}`, ...extensions));
  }
  const leaf = doctorUnder(between.at(-1) as Holder, policies(...all));
  const settings = { ...ANY_POLICY, requireExplicit: true };
  assert.equal(wordOf(leaf, between, settings), 'trusted');
  assert.equal(wordOf(leaf, between, { ...settings, acceptable: ['1.2.4'] }), 'certificate-refused');
});

test('line 19: a policy that is mapped from or to any policy, or stated twice, refuses the path', () => {
  for (const extensions of [
    [policies('1.2.3'), mapping(['1.2.3', OID.anyPolicy])],
    [policies('1.2.3'), mapping([OID.anyPolicy, '1.2.3'])],
    [policies('1.2.3', '1.2.3')],
    [extension(OID.policyConstraints, sequence())],
    [extension(OID.inhibitAnyPolicy, integer(0x80))],
  ]) {
    const odd = authorityUnder(root, 'Odd', ...extensions);
    assert.equal(wordOf(doctorUnder(odd), [odd]), 'certificate-refused');
  }
});

test('line 19: a critical policy with a qualifier that is not understood refuses the path', () => {
  const qualified = (qualifier: string, critical: boolean) =>
    extension(
      OID.certificatePolicies,
      sequence(sequence(oid('1.2.3'), sequence(sequence(oid(qualifier), sequence())))),
      critical,
    );
  assert.equal(wordOf(doctorUnder(root, qualified('1.2.9', true)), []), 'certificate-refused');
  assert.equal(wordOf(doctorUnder(root, qualified('1.2.9', false)), []), 'trusted');
  assert.equal(wordOf(doctorUnder(root, qualified(OID.userNoticeQualifier, true)), []), 'trusted');
});
