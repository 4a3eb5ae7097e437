/** Complete and delta lists, and certificates on hold: combined where they belong together, never to a false good. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePath } from './certificate-path.ts';
import { daysFromNow, NOW } from './test-authority.fixture.ts';
import {
  deltaFrom,
  doctorUnder,
  issuingPoint,
  type ListWish,
  listBy,
  newKey,
  numbered,
  root,
  storeOfHolders,
} from './trust.fixture.ts';

const leaf = doctorUnder(root);

function assertStatus(word: 'good' | 'certificate-revoked' | 'revocation-unknown', wishes: readonly ListWish[]): void {
  const verdict = judgePath({
    certificate: leaf.certificate,
    store: storeOfHolders({ lists: wishes.map((wish) => listBy(root, wish)) }),
    bag: [],
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
  });
  assert.equal(verdict.trusted ? 'good' : verdict.reason, word);
}

const base = (number: number, wish: ListWish = {}): ListWish => ({ ...wish, extensions: [numbered(number)] });
const delta = (from: number, number: number, wish: ListWish = {}): ListWish => ({
  thisUpdate: daysFromNow(-0.5),
  ...wish,
  extensions: [numbered(number), deltaFrom(from)],
});

test('line 20: a delta list alone proves nothing good, and revokes', () => {
  assertStatus('revocation-unknown', [delta(1, 2)]);
  assertStatus('certificate-revoked', [delta(1, 2, { entries: [{ holder: leaf, reason: 1 }] })]);
});

test('line 20: a complete list and the delta that continues it are read together', () => {
  assertStatus('good', [base(1), delta(1, 2)]);
  assertStatus('certificate-revoked', [base(1), delta(1, 2, { entries: [{ holder: leaf, reason: 4 }] })]);
  assertStatus('certificate-revoked', [base(1), delta(1, 2, { entries: [{ holder: leaf, reason: 6 }] })]);
  const stale = { thisUpdate: daysFromNow(-3), nextUpdate: daysFromNow(-1) };
  assertStatus('good', [base(1), delta(1, 2, stale)]);
  assertStatus('revocation-unknown', [base(1, stale), delta(1, 2)]);
});

test('line 20: a delta that starts from a later complete list shows that the one we have was replaced', () => {
  assertStatus('revocation-unknown', [base(1), delta(3, 4)]);
  assertStatus('revocation-unknown', [{}, delta(3, 4)]);
  assertStatus('good', [base(1), base(3), delta(3, 4)]);
});

test('line 20: a certificate on hold is revoked until a later delta, or a later complete list, gives it back', () => {
  const held = base(1, { entries: [{ holder: leaf, reason: 6 }] });
  const giving = { entries: [{ holder: leaf, reason: 8 }] };
  assertStatus('certificate-revoked', [held]);
  assertStatus('certificate-revoked', [held, delta(1, 2)]);
  assertStatus('good', [held, delta(1, 2, giving)]);
  assertStatus('certificate-revoked', [held, delta(2, 3, giving)]);
  assertStatus('good', [held, base(2, { thisUpdate: daysFromNow(-0.2) })]);
  assertStatus('certificate-revoked', [held, base(2, { thisUpdate: daysFromNow(-4) })]);
  const compromised = base(1, { entries: [{ holder: leaf, reason: 1 }] });
  assertStatus('certificate-revoked', [compromised, delta(1, 2, giving)]);
  assertStatus('certificate-revoked', [compromised, base(2, { thisUpdate: daysFromNow(-0.2) })]);
  assertStatus('certificate-revoked', [held, delta(1, 2, { ...giving, nextUpdate: daysFromNow(-0.1) })]);
});

test('line 20: a delta of another scope or another key changes nothing', () => {
  const held = base(1, { entries: [{ holder: leaf, reason: 6 }] });
  const giving = { entries: [{ holder: leaf, reason: 8 }] };
  const other = delta(1, 2, giving);
  const otherScope = { ...other, extensions: [...(other.extensions ?? []), issuingPoint({ only: 'user' })] };
  assertStatus('certificate-revoked', [held, otherScope]);
  assertStatus('certificate-revoked', [held, { ...other, key: newKey() }]);
});
