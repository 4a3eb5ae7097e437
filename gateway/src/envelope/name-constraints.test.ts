/** Authorities that may speak for some names only: every form of name, inside and outside, judged beside openssl. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { judgePath } from './certificate-path.ts';
import { element, sequence } from './der.ts';
import { CASES, type Case, labo } from './name-constraints.fixture.ts';
import { OID } from './oids.ts';
import { authorityExtensions, extension, keyUsage, NOW, notAuthority, pem } from './test-authority.fixture.ts';
import {
  alternativeNames,
  authorityUnder,
  common,
  directoryName,
  dn,
  type Holder,
  hold,
  listBy,
  mailName,
  nameConstraints,
  root,
  storeOfHolders,
} from './trust.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-names-'));
after(() => rmSync(folder, { recursive: true }));

function opensslAllows(holders: readonly Holder[], leaf: Holder): boolean {
  const certificates = [root, ...holders].map(({ der }) => pem('CERTIFICATE', der));
  writeFileSync(join(folder, 'root.pem'), certificates[0] as string);
  writeFileSync(join(folder, 'between.pem'), certificates.slice(1).join(''));
  writeFileSync(join(folder, 'leaf.pem'), pem('CERTIFICATE', leaf.der));
  const words = [
    'verify',
    '-attime',
    String(NOW.getTime() / 1_000),
    '-CAfile',
    'root.pem',
    '-untrusted',
    'between.pem',
  ];
  return spawnSync('openssl', [...words, 'leaf.pem'], { cwd: folder }).status === 0;
}

function judge(authorities: readonly Holder[], leaf: Holder) {
  const store = storeOfHolders({
    intermediates: authorities.map(({ certificate }) => certificate),
    lists: [root, ...authorities].map((holder) => listBy(holder)),
  });
  return judgePath({
    certificate: leaf.certificate,
    store,
    bag: [],
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
  });
}

function leafOf(issuer: Holder, { subject = common('Dr Claire MARTIN'), names }: Case): Holder {
  const alternative = names === undefined ? [] : [alternativeNames(...names)];
  return hold({ name: subject, issuer, extensions: [notAuthority(), keyUsage(0x80), ...alternative] });
}

for (const [title, one] of Object.entries(CASES)) {
  test(`line 19: name constraints, ${title}: ${one.allowed ? 'allowed' : 'refused'}`, () => {
    const constrained = authorityUnder(root, 'Constrained', nameConstraints(one));
    const leaf = leafOf(constrained, one);
    const verdict = judge([constrained], leaf);
    assert.equal(verdict.trusted, one.allowed);
    if (!verdict.trusted) assert.equal(verdict.reason, 'certificate-refused');
    const asOpenssl = opensslAllows([constrained], leaf) === one.allowed;
    assert.equal(asOpenssl, one.differs === undefined, one.differs ?? 'as openssl says');
  });
}

test('line 19: every authority of a path constrains what is below it, also beyond another authority', () => {
  const upper = authorityUnder(root, 'Upper', nameConstraints({ permitted: [mailName('.example')] }));
  const lower = authorityUnder(upper, 'Lower', nameConstraints({ permitted: [mailName('elsewhere.test')] }));
  assert.equal(
    judge([upper, lower], leafOf(lower, { names: [mailName('x@elsewhere.test')], allowed: false })).trusted,
    false,
  );
  assert.equal(
    judge([upper, lower], leafOf(lower, { names: [mailName('x@a.example')], allowed: false })).trusted,
    false,
  );
  assert.equal(judge([upper, lower], leafOf(lower, { allowed: true })).trusted, true);
});

test('line 19: an authority in the middle must bear a permitted name as well', () => {
  const within = dn([OID.organization, 'Labo'], [OID.commonName, 'Issuing']);
  const permitted = [directoryName(dn([OID.organization, 'Labo']))];
  const constrained = authorityUnder(root, 'Constrained', nameConstraints({ permitted }));
  for (const [name, allowed] of [
    [within, true],
    [common('Issuing'), false],
  ] as const) {
    const middle = hold({ name, issuer: constrained, extensions: authorityExtensions() });
    const leaf = leafOf(middle, { subject: labo(), allowed });
    assert.equal(judge([constrained, middle], leaf).trusted, allowed);
    assert.equal(opensslAllows([constrained, middle], leaf), allowed);
  }
});

test('line 19: constraints with distances, of no name, or malformed refuse every path below', () => {
  const far = sequence(mailName('a.example'), element(0x80, Buffer.from([1])));
  for (const value of [
    sequence(),
    sequence(element(0xa0, far)),
    sequence(element(0xa0, sequence())),
    Buffer.from([5, 0]),
  ]) {
    const constrained = authorityUnder(root, 'Constrained', extension(OID.nameConstraints, value, true));
    const verdict = judge([constrained], leafOf(constrained, { allowed: false }));
    assert.equal(verdict.trusted, false);
  }
});

test('line 21: names times constraints beyond the limit refuse the path, quickly', () => {
  const many = Array.from({ length: 800 }, (_, at) => mailName(`h${at}.example`));
  const constrained = authorityUnder(root, 'Constrained', nameConstraints({ excluded: many }));
  const names = Array.from({ length: 800 }, (_, at) => mailName(`x${at}@free.example`));
  assert.equal(judge([constrained], leafOf(constrained, { names: names.slice(0, 20), allowed: true })).trusted, true);
  const verdict = judge([constrained], leafOf(constrained, { names, allowed: false }));
  assert.deepEqual(verdict, { trusted: false, reason: 'certificate-refused', wants: [] });
});
