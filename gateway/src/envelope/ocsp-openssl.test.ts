/** OCSP answers made by the openssl command to our own requests: believed when they should be, and only then. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { judgePath } from './certificate-path.ts';
import { nonceOfRequest, ocspRequest } from './ocsp-request.ts';
import { readOcspResponse, type StatusAnswer } from './ocsp-response.ts';
import { OID } from './oids.ts';
import type { RevocationList } from './revocation-list.ts';
import {
  authorityExtensions,
  DAY_MS,
  extendedKeyUsage,
  extension,
  keyUsage,
  mailExtensions,
  notAuthority,
  pem,
} from './test-authority.fixture.ts';
import {
  accessAt,
  common,
  distributionPoints,
  type Holder,
  hold,
  issuingPoint,
  listBy,
  MAIL,
  uriName,
} from './trust.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-ocsp-'));
after(() => rmSync(folder, { recursive: true }));

/** openssl dates its answers by the clock, so this authority lives now. */
const now = new Date();
const dates = { from: new Date(now.getTime() - DAY_MS), to: new Date(now.getTime() + 30 * DAY_MS) };
const authority = hold({ name: common('OCSP authority'), extensions: authorityExtensions(), ...dates });
const under = (name: string, extensions: readonly Buffer[], issuer = authority): Holder =>
  hold({ name: common(name), issuer, extensions, ...dates });
const doctor = under('Dr Claire MARTIN', [...mailExtensions(MAIL), accessAt([OID.ocsp, 'http://ocsp.example/'])]);
const colleague = under('Dr Paul DURAND', mailExtensions('paul.durand@cabinet.example'));
const forOcsp = [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.ocspSigning)];
const noCheck = extension(OID.ocspNoCheck, Buffer.from([5, 0]));
const responder = under('Responder', [...forOcsp, noCheck]);

function openssl(...words: readonly string[]): string {
  const { status, stderr, stdout } = spawnSync('openssl', words, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, `openssl ${words.join(' ')}\n${stderr}`);
  return stdout;
}

const hex = (holder: Holder): string => holder.certificate.serial.toString('hex').toUpperCase();
const END = '991231235959Z';

interface Wish {
  readonly about?: Holder;
  readonly issuer?: Holder;
  readonly signer?: Holder;
  readonly revoked?: string;
  readonly unlisted?: boolean;
  readonly options?: readonly string[];
  readonly request?: Buffer;
}

/** What `openssl ocsp` answers to a request. */
function answerOf(wish: Wish = {}): Buffer {
  const { about = doctor, issuer = authority, signer = issuer, options = ['-ndays', '1'] } = wish;
  const state = wish.revoked === undefined ? `V\t${END}\t` : `R\t${END}\t${wish.revoked}`;
  writeFileSync(join(folder, 'index.txt'), wish.unlisted ? '' : `${state}\t${hex(about)}\tunknown\t/CN=x\n`);
  writeFileSync(join(folder, 'ca.pem'), pem('CERTIFICATE', issuer.der));
  writeFileSync(join(folder, 'signer.pem'), pem('CERTIFICATE', signer.der));
  writeFileSync(join(folder, 'signer.key'), signer.key.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'request.der'), wish.request ?? ocspRequest(about.certificate, issuer.certificate));
  const who = ['-index', 'index.txt', '-CA', 'ca.pem', '-rsigner', 'signer.pem', '-rkey', 'signer.key'];
  openssl('ocsp', ...who, '-reqin', 'request.der', '-respout', 'answer.der', ...options);
  return readFileSync(join(folder, 'answer.der'));
}

function judge(answers: readonly StatusAnswer[], at = now, lists: readonly RevocationList[] = []) {
  const store = { anchors: [authority.certificate], intermediates: [], lists, responses: answers };
  const { certificate } = doctor;
  return judgePath({ certificate, store, bag: [], bagLists: [], at, uses: ['digitalSignature'] });
}

function wordOf(
  response: Buffer,
  asked: Buffer | null = null,
  at = now,
  lists: readonly RevocationList[] = [],
): string {
  const nonceAsked = asked === null ? null : nonceOfRequest(asked);
  const verdict = judge([{ response: readOcspResponse(response), nonceAsked }], at, lists);
  return verdict.trusted ? 'good' : verdict.reason;
}

const later = (milliseconds: number): Date => new Date(now.getTime() + milliseconds);

test('line 20: openssl reads our request and finds the certificate and the nonce in it', () => {
  writeFileSync(join(folder, 'own.der'), ocspRequest(doctor.certificate, authority.certificate));
  const text = openssl('ocsp', '-reqin', 'own.der', '-req_text');
  assert.match(text, new RegExp(`Serial Number: ${hex(doctor)}`));
  assert.match(text, /OCSP Nonce/);
  assert.equal(nonceOfRequest(readFileSync(join(folder, 'own.der')))?.length, 32);
});

test('line 20: the question a verdict proposes is answered, and with the answer the path is good until it ends', () => {
  const verdict = judge([]);
  assert.ok(!verdict.trusted && verdict.reason === 'revocation-unknown');
  const [source] = verdict.wants;
  assert.ok(source?.kind === 'ocsp' && source.url === 'http://ocsp.example/');
  const request = Buffer.from(source.request);
  const response = readOcspResponse(answerOf({ request }));
  const judged = judge([{ response, nonceAsked: nonceOfRequest(request) }]);
  assert.ok(judged.trusted);
  assert.equal(judged.until.getTime(), response.answers[0]?.nextUpdate?.getTime());
});

test('line 20: an answer signed by the issuer, or by a responder it certified, is believed', () => {
  assert.equal(wordOf(answerOf()), 'good');
  assert.equal(wordOf(answerOf({ options: ['-ndays', '1', '-resp_key_id'] })), 'good');
  assert.equal(wordOf(answerOf({ signer: responder })), 'good');
  assert.equal(wordOf(answerOf({ signer: responder, options: ['-ndays', '1', '-resp_key_id'] })), 'good');
});

test('line 20: a request by openssl with SHA-256 identifiers is answered, and the answer believed', () => {
  writeFileSync(join(folder, 'issuer.pem'), pem('CERTIFICATE', authority.der));
  writeFileSync(join(folder, 'doctor.pem'), pem('CERTIFICATE', doctor.der));
  openssl('ocsp', '-sha256', '-issuer', 'issuer.pem', '-cert', 'doctor.pem', '-reqout', 'sha256.der');
  const request = readFileSync(join(folder, 'sha256.der'));
  assert.equal(wordOf(answerOf({ request }), request), 'good');
});

test('line 20: an answer that says revoked is believed, also when it is stale', () => {
  const revoked = answerOf({ revoked: '260101000000Z,keyCompromise' });
  assert.equal(wordOf(revoked), 'certificate-revoked');
  assert.equal(wordOf(revoked, null, later(3 * DAY_MS)), 'certificate-revoked');
});

test('line 20: an answer that is stale or dated ahead is no answer', () => {
  const response = answerOf();
  assert.equal(wordOf(response, null, later(DAY_MS + 60_000)), 'revocation-unknown');
  assert.equal(wordOf(response, null, later(-3_600_000)), 'revocation-unknown');
  const endless = answerOf({ options: [] });
  assert.equal(wordOf(endless), 'good');
  assert.equal(wordOf(endless, null, later(2 * 3_600_000)), 'revocation-unknown');
});

test('line 20: an answer with the nonce of another question is no answer; one without a nonce is, while fresh', () => {
  const request = ocspRequest(doctor.certificate, authority.certificate);
  const other = ocspRequest(doctor.certificate, authority.certificate);
  const response = answerOf({ request });
  assert.equal(wordOf(response, request), 'good');
  assert.equal(wordOf(response, other), 'revocation-unknown');
  writeFileSync(join(folder, 'issuer.pem'), pem('CERTIFICATE', authority.der));
  writeFileSync(join(folder, 'doctor.pem'), pem('CERTIFICATE', doctor.der));
  openssl('ocsp', '-no_nonce', '-issuer', 'issuer.pem', '-cert', 'doctor.pem', '-reqout', 'plain.der');
  const plain = answerOf({ request: readFileSync(join(folder, 'plain.der')) });
  assert.equal(wordOf(plain, other), 'good');
  assert.equal(wordOf(plain, other, later(2 * DAY_MS)), 'revocation-unknown');
});

test('line 20: an answer about another certificate, or one the responder does not know, is no answer', () => {
  assert.equal(wordOf(answerOf({ about: colleague })), 'revocation-unknown');
  assert.equal(wordOf(answerOf({ unlisted: true })), 'revocation-unknown');
});

test('line 20: who was not certified to answer by this very issuer is not believed', () => {
  const foreign = hold({ name: authority.name, extensions: authorityExtensions(), ...dates });
  const strangers = [
    under('Just a doctor', [notAuthority(), keyUsage(0x80), noCheck]),
    under('For anything', [notAuthority(), keyUsage(0x80), extendedKeyUsage(OID.anyExtendedKeyUsage), noCheck]),
    under('Foreign', [...forOcsp, noCheck], foreign),
    hold({ name: common('Own'), extensions: [...forOcsp, noCheck], ...dates }),
    hold({ ...dates, name: common('Late'), issuer: authority, extensions: [...forOcsp, noCheck], to: later(-60_000) }),
    under('No signing', [notAuthority(), keyUsage(0x20), extendedKeyUsage(OID.ocspSigning), noCheck]),
  ];
  for (const signer of strangers) assert.equal(wordOf(answerOf({ signer })), 'revocation-unknown');
  assert.equal(wordOf(answerOf({ issuer: foreign, about: doctor })), 'revocation-unknown');
});

test('line 20: a responder without id-pkix-ocsp-nocheck needs a list that knows it as good', () => {
  const names = [uriName('http://lists.example/responders.crl')];
  const checked = under('Checked responder', [...forOcsp, distributionPoints({ names })]);
  const response = answerOf({ signer: checked });
  const fresh = { thisUpdate: later(-DAY_MS / 2), nextUpdate: later(DAY_MS / 2) };
  const extensions = [issuingPoint({ names })];
  assert.equal(wordOf(response), 'revocation-unknown');
  assert.equal(wordOf(response, null, now, [listBy(authority, { ...fresh, extensions })]), 'good');
  const revoking = listBy(authority, { ...fresh, extensions, entries: [{ holder: checked }] });
  assert.equal(wordOf(response, null, now, [revoking]), 'revocation-unknown');
});
