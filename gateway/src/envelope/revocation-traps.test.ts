/** Revocation lists in every shape: what proves good, what proves revoked, and what proves nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { TRUST_LIMITS } from '@estafette/contracts/limits';
import { BerError } from './ber.ts';
import { judgePath } from './certificate-path.ts';
import { element, sequence, time } from './der.ts';
import { OID } from './oids.ts';
import { type RevocationList, readRevocationList } from './revocation-list.ts';
import { authorityExtensions, daysFromNow, extension, keyUsage, NOW, notAuthority } from './test-authority.fixture.ts';
import {
  authorityUnder,
  certificateIssuer,
  common,
  deltaFrom,
  directoryName,
  distributionPoints,
  doctorUnder,
  type Holder,
  hold,
  issuingPoint,
  type ListWish,
  listBy,
  listBytes,
  newKey,
  numbered,
  root,
  storeOfHolders,
  uriName,
} from './trust.fixture.ts';

type Word = 'good' | 'certificate-revoked' | 'revocation-unknown' | 'certificate-refused' | 'issuer-unknown';

function statusOf(leaf: Holder, lists: readonly RevocationList[], bag: readonly Holder[] = []): string {
  const verdict = judgePath({
    certificate: leaf.certificate,
    store: storeOfHolders({ lists }),
    bag: bag.map(({ certificate }) => certificate),
    bagLists: [],
    at: NOW,
    uses: ['digitalSignature'],
  });
  return verdict.trusted ? 'good' : verdict.reason;
}

const leaf = doctorUnder(root);
const HERE = [uriName('http://lists.example/a.crl')];
const ELSEWHERE = [uriName('http://lists.example/b.crl')];
const pointed = doctorUnder(root, distributionPoints({ names: HERE }));

function assertStatus(word: Word, holder: Holder, wishes: readonly ListWish[]): void {
  assert.equal(
    statusOf(
      holder,
      wishes.map((wish) => listBy(root, wish)),
    ),
    word,
  );
}

const scoped = (wish: Parameters<typeof issuingPoint>[0], rest: ListWish = {}): ListWish => ({
  ...rest,
  extensions: [issuingPoint(wish), ...(rest.extensions ?? [])],
});

test('line 20: a list for another distribution point proves nothing', () => {
  assertStatus('good', pointed, [scoped({ names: HERE })]);
  assertStatus('revocation-unknown', pointed, [scoped({ names: ELSEWHERE })]);
  assertStatus('revocation-unknown', leaf, [scoped({ names: HERE })]);
  assertStatus('good', leaf, [scoped({ names: [directoryName(root.name)] })]);
  assertStatus('certificate-revoked', pointed, [scoped({ names: HERE }, { entries: [{ holder: pointed }] })]);
});

test('line 20: a list for authorities only, or for attribute certificates, proves nothing of a person', () => {
  assertStatus('good', leaf, [scoped({ only: 'user' })]);
  assertStatus('revocation-unknown', leaf, [scoped({ only: 'authority' })]);
  assertStatus('revocation-unknown', leaf, [scoped({ only: 'attribute' })]);
  const issuing = authorityUnder(root, 'Issuing');
  const lists = (only: 'user' | 'authority') => [listBy(root, scoped({ only })), listBy(issuing)];
  assert.equal(statusOf(doctorUnder(issuing), lists('user'), [issuing]), 'revocation-unknown');
  assert.equal(statusOf(doctorUnder(issuing), lists('authority'), [issuing]), 'good');
});

test('line 20: lists of some reasons prove good only when they cover all of them', () => {
  const [some, others] = [
    [1, 2],
    [3, 4, 5, 6, 7, 8],
  ];
  assertStatus('revocation-unknown', leaf, [scoped({ reasons: some })]);
  assertStatus('good', leaf, [scoped({ reasons: some }), scoped({ reasons: others })]);
  assertStatus('revocation-unknown', leaf, [scoped({ reasons: some }), scoped({ reasons: others.slice(1) })]);
  assertStatus('certificate-revoked', leaf, [scoped({ reasons: some }, { entries: [{ holder: leaf, reason: 1 }] })]);
  const half = doctorUnder(root, distributionPoints({ names: HERE, reasons: [1, 2, 3] }));
  assertStatus('revocation-unknown', half, [scoped({ names: HERE })]);
});

test('line 20: a list that is stale, or from the future, proves nothing good', () => {
  assertStatus('revocation-unknown', leaf, [{ nextUpdate: daysFromNow(-0.01) }]);
  assertStatus('revocation-unknown', leaf, [{ thisUpdate: daysFromNow(0.1) }]);
  assertStatus('good', leaf, [{ thisUpdate: new Date(NOW.getTime() + 60_000) }]);
});

test('line 20: a critical extension of a list or an entry that is not understood makes the list unusable', () => {
  const strange = extension('1.3.6.1.4.1.32473.99', sequence(), true);
  for (const wish of [
    { extensions: [strange] },
    { entries: [{ holder: leaf, extensions: [strange] }] },
    { extensions: [issuingPoint({})] },
    { extensions: [deltaFrom(1)] },
    { entries: [{ holder: leaf, extensions: [certificateIssuer(root.name)] }] },
    { extensions: [numbered(0x80)] },
  ])
    assert.throws(() => listBy(root, wish), BerError);
});

test('line 20: a certificate is revoked for whatever reason, also one that does not exist', () => {
  for (const reason of [undefined, 0, 1, 5, 7, 10, 99])
    assertStatus('certificate-revoked', leaf, [
      { entries: [{ holder: leaf, ...(reason === undefined ? {} : { reason }) }] },
    ]);
});

test('line 20: the issuer of a list must be allowed to sign lists', () => {
  const silent = hold({
    name: common('No lists'),
    issuer: root,
    extensions: [...authorityExtensions().slice(0, 1), keyUsage(0x04)],
  });
  assert.equal(statusOf(doctorUnder(silent), [listBy(root), listBy(silent)], [silent]), 'revocation-unknown');
});

const listSigner = (name: Buffer, issuer: Holder, ...extensions: readonly Buffer[]): Holder =>
  hold({ name, issuer, extensions: [notAuthority(), keyUsage(0x02), ...extensions] });

test('line 20: an authority may sign its lists with another key that was certified for that', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const doctor = doctorUnder(issuing);
  for (const [issuer, lists] of [
    [root, [listBy(root)]],
    [issuing, [listBy(root), listBy(issuing, { extensions: [issuingPoint({ names: HERE })] })]],
  ] as const) {
    const point = issuer === issuing ? [distributionPoints({ names: HERE })] : [];
    const signer = listSigner(issuing.name, issuer, ...point);
    const bySigner = listBy({ name: issuing.name, key: signer.key });
    assert.equal(statusOf(doctor, [...lists, bySigner], [issuing, signer]), 'good');
    assert.equal(statusOf(doctor, [...lists, bySigner], [issuing]), 'revocation-unknown');
  }
});

test('line 20: a list signer that is revoked, unknown, or not certified to sign lists proves nothing', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const doctor = doctorUnder(issuing);
  const signer = listSigner(issuing.name, root);
  const bySigner = listBy({ name: issuing.name, key: signer.key });
  const revoking = listBy(root, { entries: [{ holder: signer }] });
  assert.equal(statusOf(doctor, [revoking, bySigner], [issuing, signer]), 'revocation-unknown');
  const plain = hold({ name: issuing.name, issuer: root, extensions: [notAuthority(), keyUsage(0x80)] });
  const byPlain = listBy({ name: issuing.name, key: plain.key });
  assert.equal(statusOf(doctor, [listBy(root), byPlain], [issuing, plain]), 'revocation-unknown');
  const strange = listSigner(issuing.name, root, extension('1.3.6.1.4.1.32473.99', sequence(), true));
  const byStrange = listBy({ name: issuing.name, key: strange.key });
  assert.equal(statusOf(doctor, [listBy(root), byStrange], [issuing, strange]), 'revocation-unknown');
  const own = listSigner(issuing.name, issuing);
  const vouching = listBy({ name: issuing.name, key: own.key });
  assert.equal(statusOf(doctor, [listBy(root), vouching], [issuing, own]), 'revocation-unknown');
});

test('line 20: another authority cannot sign lists in the name of the issuer', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const rogue = authorityUnder(root, 'Rogue');
  const signer = listSigner(issuing.name, rogue);
  const forged = listBy({ name: issuing.name, key: signer.key });
  const lists = [listBy(root), listBy(rogue), forged];
  assert.equal(statusOf(doctorUnder(issuing), lists, [issuing, rogue, signer]), 'revocation-unknown');
  assert.equal(
    statusOf(doctorUnder(issuing), [listBy(root), listBy(issuing, { key: newKey() })], [issuing]),
    'revocation-unknown',
  );
});

test('line 20: a letter stuffed with namesakes of a list signer, so that it is not found, is not good', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const doctor = doctorUnder(issuing);
  const signer = listSigner(issuing.name, root);
  const revoking = listBy({ name: issuing.name, key: signer.key }, { entries: [{ holder: doctor }] });
  const lists = [listBy(root), listBy(issuing), revoking];
  assert.equal(statusOf(doctor, lists, [issuing, signer]), 'certificate-revoked');
  const namesakes = Array.from({ length: TRUST_LIMITS.candidatesMax }, () => listSigner(issuing.name, root));
  assert.notEqual(statusOf(doctor, lists, [issuing, ...namesakes, signer]), 'good');
});

test('line 20: an indirect list counts where the certificate names its issuer, and for the issuer it names', () => {
  const issuing = authorityUnder(root, 'Issuing');
  const registry = listSigner(common('Registry'), root);
  const far = doctorUnder(issuing, distributionPoints({ issuer: registry.name, names: HERE }));
  const bag = [issuing, registry];
  const indirect = (wish: ListWish = {}) =>
    listBy(registry, { ...wish, extensions: [issuingPoint({ indirect: true, names: HERE })] });
  const status = (list: RevocationList, holder = far) => statusOf(holder, [listBy(root), list], bag);
  assert.equal(status(indirect()), 'good');
  assert.equal(status(indirect(), doctorUnder(issuing)), 'revocation-unknown');
  assert.equal(status(listBy(registry, { extensions: [issuingPoint({ names: HERE })] })), 'revocation-unknown');
  const entry = (issuer: Buffer) => [{ holder: far, extensions: [certificateIssuer(issuer)] }];
  assert.equal(status(indirect({ entries: entry(issuing.name) })), 'certificate-revoked');
  assert.equal(status(indirect({ entries: entry(common('Other')) })), 'good');
  assert.equal(status(indirect({ entries: [{ holder: far }] })), 'good');
  const others = doctorUnder(issuing);
  const followed = [{ holder: others, extensions: [certificateIssuer(issuing.name)] }, { holder: far }];
  assert.equal(status(indirect({ entries: followed })), 'certificate-revoked');
});

test('line 20: a serial in another encoding makes the list unusable, so that nobody slips through', () => {
  const good = listBytes(root, { entries: [{ holder: leaf }] });
  const at = good.indexOf(element(0x02, leaf.certificate.serial));
  const padded = Buffer.from(good);
  padded[at + 2] = 0;
  assert.throws(() => readRevocationList(padded), BerError);
  const wish = { name: common('Dr X'), issuer: root, extensions: [] };
  assert.throws(() => hold({ ...wish, serial: element(0x02, Buffer.from([0, 0x20, 1])) }), BerError);
});

test('line 20: distribution points that cannot be read refuse the certificate', () => {
  for (const value of [
    sequence(sequence()),
    sequence(sequence(element(0x81, Buffer.from([7, 2])))),
    Buffer.from([5, 0]),
  ]) {
    const odd = doctorUnder(root, extension(OID.crlDistributionPoints, value));
    assertStatus('certificate-refused', odd, [{}]);
  }
});

test('line 21: a list of hundreds of thousands of entries is read in the memory of a small worker', async () => {
  const entry = listBytes(root, { entries: [{ holder: leaf, reason: 1 }] });
  const code = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { readRevocationList } from '${new URL('./revocation-list.ts', import.meta.url).href}';
    const { raw, serial } = workerData;
    const list = readRevocationList(Buffer.from(raw));
    parentPort.postMessage([list.entries.count, list.entries.find(Buffer.from(serial), list.issuerKey).length]);
  `;
  const serial = element(0x02, leaf.certificate.serial);
  const one = entry.subarray(entry.indexOf(serial) - 2, entry.indexOf(serial) + 35);
  const body = one.subarray(0, 2 + (one[1] as number));
  const count = Math.floor((20 * 1024 * 1024) / body.length);
  const many = Buffer.concat(Array.from({ length: count }, () => body));
  const place = many.indexOf(leaf.certificate.serial);
  for (let at = body.length; at < many.length; at += body.length)
    many.writeUIntBE((at / body.length) % 65_536, at + place + 1, 2);
  const big = listOfEntries(many);
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: { raw: big, serial: leaf.certificate.serial },
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  });
  const [entries, found] = await new Promise<[number, number]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  assert.equal(entries, count);
  assert.ok(found >= 1);
});

/** A list around ready entries; its signature is of no matter here. */
function listOfEntries(entries: Buffer): Buffer {
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const dates = [time(daysFromNow(-1)), time(daysFromNow(1))];
  const body = sequence(element(0x02, Buffer.from([1])), algorithm, root.name, ...dates, sequence(entries));
  return sequence(body, algorithm, element(0x03, Buffer.alloc(72)));
}

test('line 21: a list larger than the limit is refused before it is read', () => {
  assert.throws(() => readRevocationList(Buffer.alloc(TRUST_LIMITS.listMaxBytes + 1, 0x30)), BerError);
});
