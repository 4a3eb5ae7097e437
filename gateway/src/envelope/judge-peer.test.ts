/** Certificates of TLS peers, each wrong in one way, judged over real trust files; openssl judges the same chains. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { element, sequence } from './der.ts';
import { judgePeer } from './judge-peer.ts';
import { OID } from './oids.ts';
import {
  authorityExtensions,
  daysFromNow,
  extendedKeyUsage,
  keyUsage,
  mailExtensions,
  NOW,
  notAuthority,
  pem,
} from './test-authority.fixture.ts';
import { common, dn, type Entry, type Holder, type HolderWish, hold, listBytes } from './trust.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-peers-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const SUBJECT = dn(
  ['2.5.4.6', 'FR'],
  ['2.5.4.8', 'Hérault (34)'],
  [OID.organization, 'OPÉRATEUR  EXEMPLE'],
  [OID.organizationalUnit, '3176000000000001'],
  [OID.commonName, 'mta.operateur.example'],
);
const TLS = [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.clientAuth, OID.serverAuth)];

const root = hold({ name: common('Peers root'), extensions: authorityExtensions() });
const issuing = hold({ name: common('Peers issuing'), issuer: root, extensions: authorityExtensions(0) });
const foreign = hold({ name: common('Foreign root'), extensions: authorityExtensions() });
const peerWith = (wish: Partial<HolderWish> = {}): Holder =>
  hold({ name: SUBJECT, issuer: issuing, extensions: TLS, ...wish });

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const anchors = file('anchors.pem', pem('CERTIFICATE', root.der));

let nextList = 0;
/** Trust files in which these are revoked. */
function trustIn(entries: readonly Entry[] = []): { anchors: string; lists: string } {
  nextList += 1;
  const lists = [listBytes(root), listBytes(issuing, { entries })];
  return { anchors, lists: file(`lists-${nextList}.pem`, lists.map((list) => pem('X509 CRL', list)).join('')) };
}
const trust = trustIn();

type Change = Partial<Parameters<typeof judgePeer>[0]>;
const judged = (chain: readonly Uint8Array[], change: Change = {}) =>
  judgePeer({ chain, use: 'client', trust, at: NOW.getTime(), ...change }).judgement;
const standing = (chain: readonly Uint8Array[], change: Change = {}) => judged(chain, change).standing;

const chainOf = (peer: Holder): Buffer[] => [peer.der, issuing.der];

test('a peer that chains to the anchors, in date and not revoked, is good for both ends of TLS', () => {
  const peer = peerWith();
  for (const use of ['client', 'server'] as const) assert.equal(standing(chainOf(peer), { use }), 'good');
  assert.equal(standing([...chainOf(peer), root.der]), 'good', 'the root comes along');
  assert.equal(standing(chainOf(peerWith({ extensions: [] }))), 'good', 'without extensions nothing is restricted');
});

test('its name comes as parts with short names, values as they were encoded', () => {
  const peer = peerWith();
  const found = judged(chainOf(peer));
  assert.ok(found.standing === 'good');
  assert.equal(found.fingerprint, peer.certificate.fingerprint);
  assert.deepEqual(found.subject, [
    { type: 'C', value: 'FR' },
    { type: 'ST', value: 'Hérault (34)' },
    { type: 'O', value: 'OPÉRATEUR  EXEMPLE' },
    { type: 'OU', value: '3176000000000001' },
    { type: 'CN', value: 'mta.operateur.example' },
  ]);
});

test('the finding holds no longer than the certificate or the lists', () => {
  const { until } = judgePeer({ chain: chainOf(peerWith()), use: 'client', trust, at: NOW.getTime() });
  assert.equal(new Date(until).getTime(), Math.floor(daysFromNow(7).getTime() / 1_000) * 1_000);
  const unasked = { anchors, lists: null };
  const ends = daysFromNow(3);
  const short = judgePeer({ chain: chainOf(peerWith({ to: ends })), use: 'client', trust: unasked, at: NOW.getTime() });
  assert.equal(short.until, Math.floor(ends.getTime() / 1_000) * 1_000);
});

const withNul = (der: Buffer): Buffer => Buffer.from(der.toString('latin1').replace('?', '\0'), 'latin1');

const revoked = peerWith();
const heldBack = peerWith();
const REFUSED: readonly (readonly [what: string, standing: string, chain: () => readonly Uint8Array[], Change?])[] = [
  ['expired', 'expired', () => chainOf(peerWith({ to: daysFromNow(-1) }))],
  ['not yet valid', 'expired', () => chainOf(peerWith({ from: daysFromNow(1) }))],
  ['revoked', 'revoked', () => chainOf(revoked), { trust: trustIn([{ holder: revoked }]) }],
  ['on hold', 'revoked', () => chainOf(heldBack), { trust: trustIn([{ holder: heldBack, reason: 6 }]) }],
  ['of a foreign authority', 'untrusted', () => [peerWith({ issuer: foreign }).der, foreign.der]],
  ['self-signed', 'untrusted', () => [hold({ name: SUBJECT, extensions: TLS }).der]],
  ['without the authority between', 'untrusted', () => [peerWith().der]],
  ['for mail only', 'untrusted', () => chainOf(peerWith({ extensions: mailExtensions('mta@operateur.example') }))],
  [
    'for servers only, at a door',
    'untrusted',
    () => chainOf(peerWith({ extensions: [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.serverAuth)] })),
  ],
  [
    'for clients only, as a server',
    'untrusted',
    () => chainOf(peerWith({ extensions: [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.clientAuth)] })),
    { use: 'server' },
  ],
  ['that may not sign', 'untrusted', () => chainOf(peerWith({ extensions: [notAuthority(), keyUsage(0x20)] }))],
  ['that is an authority', 'untrusted', () => [issuing.der]],
  ['that is the anchor', 'untrusted', () => [root.der]],
  ['that is no certificate', 'malformed', () => [Buffer.from('no certificate')]],
  ['with rubbish behind it', 'malformed', () => [peerWith().der, Buffer.from([0x30, 0x80])]],
  ['that showed none', 'malformed', () => []],
  ['with 30 certificates', 'malformed', () => [...chainOf(peerWith()), ...Array<Buffer>(28).fill(issuing.der)]],
  ['too large', 'malformed', () => [peerWith().der, Buffer.alloc(65_537)]],
  ['without a name', 'malformed', () => chainOf(peerWith({ name: sequence() }))],
  [
    'with a name that is no text',
    'malformed',
    () =>
      chainOf(
        peerWith({ name: dn([OID.commonName, 'mta'], [OID.organization, element(0x14, Buffer.from('É', 'latin1'))]) }),
      ),
  ],
  ['with NUL in its name', 'malformed', () => [withNul(peerWith({ name: common('mta.operateur.example?.evil') }).der)]],
];

for (const [what, expected, chain, change] of REFUSED)
  test(`a peer ${what} is ${expected}`, () => assert.equal(standing(chain(), change), expected));

test('without a fresh list of its issuer the standing is unknown, and where lists are not asked for it is good', () => {
  const peer = peerWith();
  const rootOnly = { anchors, lists: file('root-only.pem', pem('X509 CRL', listBytes(root))) };
  assert.equal(standing(chainOf(peer), { trust: rootOnly }), 'status-unknown');
  const stale = listBytes(issuing, { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-2) });
  const old = {
    anchors,
    lists: file('stale.pem', [listBytes(root), stale].map((der) => pem('X509 CRL', der)).join('')),
  };
  assert.equal(standing(chainOf(peer), { trust: old }), 'status-unknown');
  assert.equal(standing(chainOf(peer), { trust: { anchors, lists: null } }), 'good');
});

test('an authority whose extended key usage leaves out this end of TLS vouches for nobody there', () => {
  const usage = extendedKeyUsage(OID.serverAuth);
  const servers = hold({ name: common('Servers only'), issuer: root, extensions: [...authorityExtensions(0), usage] });
  const chain = [peerWith({ issuer: servers }).der, servers.der];
  const unasked = { anchors, lists: null };
  assert.equal(standing(chain, { use: 'server', trust: unasked }), 'good');
  assert.equal(standing(chain, { use: 'client', trust: unasked }), 'untrusted');
});

test('what was found for one end, or without lists, is not remembered for the other', () => {
  const extensions = [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.clientAuth)];
  const peer = peerWith({ extensions });
  assert.equal(standing(chainOf(peer), { trust: { anchors, lists: null } }), 'good');
  assert.equal(standing(chainOf(peer)), 'good');
  assert.equal(standing(chainOf(peer), { use: 'server' }), 'untrusted');
  assert.equal(standing(chainOf(peer), { trust: trustIn([{ holder: peer }]) }), 'revoked');
});

test('openssl judges these chains the same way', () => {
  const cases: readonly (readonly [Holder, Holder, 'sslclient' | 'sslserver', boolean])[] = [
    [peerWith(), issuing, 'sslclient', true],
    [peerWith({ to: daysFromNow(-1) }), issuing, 'sslclient', false],
    [peerWith({ issuer: foreign }), foreign, 'sslclient', false],
    [peerWith({ extensions: mailExtensions('mta@operateur.example') }), issuing, 'sslclient', false],
  ];
  for (const [place, [peer, issuer, purpose, isGood]] of cases.entries()) {
    const leaf = file(`leaf-${place}.pem`, pem('CERTIFICATE', peer.der));
    const between = file(`between-${place}.pem`, pem('CERTIFICATE', issuer.der));
    const words = ['verify', '-CAfile', anchors, '-untrusted', between, '-purpose', purpose];
    const time = ['-attime', String(Math.floor(NOW.getTime() / 1_000))];
    const { status, stderr } = spawnSync('openssl', [...words, ...time, leaf], { encoding: 'utf8' });
    assert.equal(status === 0, isGood, stderr);
    assert.equal(
      standing([peer.der, issuer.der], { use: purpose === 'sslclient' ? 'client' : 'server' }) === 'good',
      isGood,
    );
  }
});

test('a type of name without a short one keeps its number', () => {
  const name = dn([OID.commonName, 'mta'], ['1.2.250.1.71.1.2.7', '80']);
  const found = judged(chainOf(peerWith({ name })));
  assert.ok(found.standing === 'good');
  assert.deepEqual(found.subject.at(-1), { type: '1.2.250.1.71.1.2.7', value: '80' });
});
