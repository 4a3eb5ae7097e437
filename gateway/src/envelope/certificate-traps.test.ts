/** Certificates and revocation lists that must not carry a letter to `verified`, and the reason each is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode, Verdict } from '@estafette/contracts/verdict';
import { element, oid, sequence } from './der.ts';
import { detached, type SignedDataWish } from './letters.fixture.ts';
import { OID } from './oids.ts';
import { openEnvelope } from './open-envelope.ts';
import {
  addressName,
  authority,
  authorityExtensions,
  type CertificateWish,
  certify,
  DOCTOR_ADDRESS,
  DOCTOR_SERIAL,
  daysFromNow,
  doctor,
  extendedKeyUsage,
  extension,
  keyUsage,
  type ListWish,
  mailExtensions,
  NOW,
  notAuthority,
  type Party,
  policyOver,
  ROOT,
  revocationList,
  root,
  rootList,
  rsaKey,
  storeOf,
} from './test-authority.fixture.ts';

const STRANGE_OID = '1.3.6.1.4.1.32473.99';
const doctorKey = doctor.privateKey;

function judge(party: Party, lists: readonly Buffer[] = [rootList], wish: SignedDataWish = {}): Verdict {
  const policy = policyOver(storeOf([root.certificate], lists));
  return openEnvelope(detached({ signers: [{ party }], bag: [party.certificate], ...wish }), policy).verdict;
}

const issued = (wish: Partial<CertificateWish>): Party =>
  certify({
    subject: 'Dr Claire MARTIN',
    key: doctorKey,
    issuer: ROOT,
    extensions: mailExtensions(DOCTOR_ADDRESS),
    ...wish,
  });

function assertUntrusted(verdict: Verdict, reason: ReasonCode, show: Verdict['show'] = 'unverified'): void {
  assert.equal(verdict.signature, 'untrusted');
  assert.equal(verdict.show, show);
  assert.ok(verdict.reasons.includes(reason), `${reason} in ${verdict.reasons.join()}`);
}

const listed = (wish: Partial<ListWish>): Verdict => judge(doctor, [revocationList({ issuer: ROOT, ...wish })]);

test('an expired certificate is not trusted', () => {
  assertUntrusted(judge(issued({ notAfter: daysFromNow(-1) })), 'certificate-expired');
});

test('a certificate that is not yet valid is not trusted', () => {
  assertUntrusted(judge(issued({ notBefore: daysFromNow(1) })), 'certificate-not-yet-valid');
});

test('a revoked certificate puts the letter into quarantine', () => {
  const verdict = listed({ revoked: [{ serial: DOCTOR_SERIAL, at: daysFromNow(-1) }] });
  assertUntrusted(verdict, 'certificate-revoked', 'quarantine');
});

test('a list past its nextUpdate still says revoked, and says nothing else', () => {
  const dates = { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-2) };
  const verdict = listed({ ...dates, revoked: [{ serial: DOCTOR_SERIAL, at: daysFromNow(-10) }] });
  assertUntrusted(verdict, 'certificate-revoked', 'quarantine');
  assertUntrusted(listed(dates), 'revocation-unknown');
});

test('an older list that the letter brings does not undo a revocation', () => {
  const newer = revocationList({ issuer: ROOT, revoked: [{ serial: DOCTOR_SERIAL, at: daysFromNow(-1) }] });
  const older = revocationList({ issuer: ROOT, thisUpdate: daysFromNow(-3) });
  assertUntrusted(judge(doctor, [newer], { lists: [older] }), 'certificate-revoked', 'quarantine');
});

test('without a list nothing is verified, and a fresh list in the letter is enough', () => {
  assertUntrusted(judge(doctor, []), 'revocation-unknown');
  assert.equal(judge(doctor, [], { lists: [rootList] }).show, 'verified');
});

test('line 21: a long list is not read out of a letter; the same list where it was fetched counts', () => {
  const long = extension(STRANGE_OID, Buffer.alloc(ENVELOPE_LIMITS.bagListMaxBytes));
  const list = revocationList({ issuer: ROOT, extensions: [long] });
  assertUntrusted(judge(doctor, [], { lists: [list] }), 'revocation-unknown');
  assert.equal(judge(doctor, [list]).show, 'verified');
});

test('a list of another issuer says nothing, even under the right name', () => {
  const key = rsaKey();
  assertUntrusted(listed({ issuer: { name: 'Another root', key } }), 'revocation-unknown');
  assertUntrusted(listed({ issuer: { name: ROOT.name, key } }), 'revocation-unknown');
});

test('a list with an unknown critical extension cannot be used', () => {
  const strange = extension(STRANGE_OID, sequence(), true);
  const policy = policyOver(storeOf([root.certificate], []));
  const list = revocationList({ issuer: ROOT, extensions: [strange] });
  assertUntrusted(openEnvelope(detached({ lists: [list] }), policy).verdict, 'revocation-unknown');
  assert.throws(() => storeOf([], [list]));
  assert.throws(() =>
    storeOf([], [revocationList({ issuer: ROOT, extensions: [extension('2.5.29.28', sequence(), true)] })]),
  );
  assert.throws(() =>
    storeOf([], [revocationList({ issuer: ROOT, extensions: [extension('2.5.29.27', sequence(), true)] })]),
  );
});

test('a foreign authority is not known, even under the name of ours', () => {
  for (const subject of ['Foreign root', ROOT.name]) {
    const key = rsaKey();
    const foreign = certify({ subject, key, extensions: authorityExtensions() });
    const party = issued({ issuer: { name: subject, key } });
    const bag = [party.certificate, foreign.certificate];
    assertUntrusted(judge(party, [rootList], { bag }), 'issuer-unknown');
  }
});

test('a self-signed certificate vouches for nobody', () => {
  assertUntrusted(judge(certify({ subject: 'Dr X', extensions: mailExtensions(DOCTOR_ADDRESS) })), 'issuer-unknown');
});

/** A chain below the root: each step certifies the next, the last one the doctor; with a list by every issuer. */
function chained(steps: readonly (readonly Buffer[])[], leaf: readonly Buffer[] = mailExtensions(DOCTOR_ADDRESS)) {
  let issuer: { name: string; key: Party['privateKey'] } = ROOT;
  const bag: Buffer[] = [];
  const lists = [rootList];
  for (const [at, extensions] of steps.entries()) {
    const subject = `Authority ${at}`;
    const made = certify({ subject, issuer, key: doctorKey, extensions });
    issuer = { name: subject, key: made.privateKey };
    bag.push(made.certificate);
    lists.push(revocationList({ issuer }));
  }
  const party = certify({ subject: 'Dr Claire MARTIN', key: doctorKey, issuer, extensions: leaf });
  return judge(party, lists, { bag: [party.certificate, ...bag] });
}

test('a chain of authorities, each with its list, is climbed to the anchor', () => {
  assert.equal(chained([authorityExtensions(1), authorityExtensions(0)]).show, 'verified');
});

test('a leaf used as an authority certifies nobody', () => {
  assertUntrusted(chained([mailExtensions('lab@labo.example')]), 'certificate-refused');
  assertUntrusted(chained([[keyUsage(0x06)]]), 'certificate-refused');
  assertUntrusted(chained([[notAuthority(), keyUsage(0x06)]]), 'certificate-refused');
});

test('an authority without keyCertSign certifies nobody', () => {
  assertUntrusted(chained([[authority(), keyUsage(0x82)]]), 'certificate-refused');
});

test('a path longer than a pathLen allows is refused', () => {
  assertUntrusted(chained([authorityExtensions(0), authorityExtensions()]), 'certificate-refused');
});

test('a path of more steps than the limit is refused', () => {
  assertUntrusted(chained(Array.from({ length: 10 }, () => authorityExtensions())), 'certificate-refused');
});

test('an unknown critical extension refuses the certificate that carries it', () => {
  const strange = extension(STRANGE_OID, sequence(), true);
  assertUntrusted(judge(issued({ extensions: [...mailExtensions(DOCTOR_ADDRESS), strange] })), 'certificate-refused');
  assertUntrusted(chained([[...authorityExtensions(), strange]]), 'certificate-refused');
  const harmless = extension(STRANGE_OID, sequence());
  assert.equal(judge(issued({ extensions: [...mailExtensions(DOCTOR_ADDRESS), harmless] })).show, 'verified');
});

test('name constraints that cannot be read refuse the authority, whether marked critical or not', () => {
  for (const critical of [true, false]) {
    const constraints = extension('2.5.29.30', sequence(), critical);
    assertUntrusted(chained([[...authorityExtensions(), constraints]]), 'certificate-refused');
  }
});

test('a certificate with an extension twice is not read, so its signer is unknown', () => {
  const party = issued({ extensions: [...mailExtensions(DOCTOR_ADDRESS), addressName('other@cabinet.example')] });
  const verdict = judge(party);
  assert.equal(verdict.signature, 'invalid');
  assert.deepEqual(verdict.reasons, ['signer-unknown', 'not-encrypted']);
});

test('key usage without a signing bit refuses a signer', () => {
  const extensions = [notAuthority(), keyUsage(0x20), addressName(DOCTOR_ADDRESS)];
  assertUntrusted(judge(issued({ extensions })), 'certificate-refused');
});

test('extended key usage without emailProtection refuses a signer', () => {
  const withPurpose = (purpose: string) =>
    issued({ extensions: [notAuthority(), keyUsage(0xa0), extendedKeyUsage(purpose), addressName(DOCTOR_ADDRESS)] });
  assertUntrusted(judge(withPurpose('1.3.6.1.5.5.7.3.1')), 'certificate-refused');
  assert.equal(judge(withPurpose(OID.anyExtendedKeyUsage)).show, 'verified');
});

test('a NUL in a name makes the certificate unreadable, in an address it disqualifies the address', () => {
  const named = issued({ subject: element(0x0c, Buffer.from('Dr Claire\0MARTIN')) });
  assert.deepEqual(judge(named).reasons, ['signer-unknown', 'not-encrypted']);
  const addressed = issued({ extensions: mailExtensions(`${DOCTOR_ADDRESS}\0.elsewhere.example`) });
  assert.equal(judge(addressed).identity, 'mismatch');
});

test('names that only look alike are not the same issuer', () => {
  for (const lookalike of ['Test\u200b root', 'Test roo\u0442', 'Test-root']) {
    const party = issued({ issuer: { name: lookalike, key: ROOT.key } });
    assertUntrusted(judge(party), 'issuer-unknown');
  }
});

test('a malformed extension of the signer refuses it and never throws', () => {
  const broken = element(0x04, Buffer.from([1, 2, 3]));
  for (const type of [OID.keyUsage, OID.extendedKeyUsage, OID.subjectAltName]) {
    const rest = mailExtensions(DOCTOR_ADDRESS).filter((one) => !one.includes(oid(type)));
    const verdict = judge(issued({ extensions: [...rest, extension(type, broken)] }));
    assert.notEqual(verdict.show, 'verified', type);
  }
});

test('prevents: a stranger certificate with a malformed extension in the bag taking down a verified letter', () => {
  const odd = certify({
    subject: 'Odd',
    extensions: [extension(OID.keyUsage, element(0x04, Buffer.from([9]))), addressName(DOCTOR_ADDRESS)],
  });
  const worse = certify({ subject: 'Worse', extensions: [extension(OID.subjectAltName, Buffer.from([0x30, 5]))] });
  const encryptionOnly = [doctor.certificate, odd.certificate, worse.certificate];
  assert.equal(judge(doctor, [rootList], { bag: encryptionOnly }).show, 'verified');
  const signing = issued({ extensions: [notAuthority(), keyUsage(0x80), addressName(DOCTOR_ADDRESS)] });
  const bag = [signing.certificate, odd.certificate, worse.certificate];
  assert.equal(judge(signing, [rootList], { bag }).show, 'verified');
});

test('the time of judgement decides, not the clock of the machine', () => {
  const policy = policyOver(storeOf([root.certificate], [rootList]), { at: daysFromNow(400) });
  assertUntrusted(openEnvelope(detached(), policy).verdict, 'certificate-expired');
  assert.ok(NOW.getTime() < daysFromNow(1).getTime());
});
