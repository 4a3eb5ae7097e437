/** Two times: a certificate is good as of when the letter was received, its revocation is what is known by now. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePath, rememberingJudge } from './certificate-path.ts';
import { DAY_MS, daysFromNow, NOW } from './test-authority.fixture.ts';
import { doctorUnder, listBy, root, storeOfHolders } from './trust.fixture.ts';

const HOUR_MS = 3_600_000;
const later = new Date(NOW.getTime() + HOUR_MS);
const doctor = doctorUnder(root);
const question = {
  certificate: doctor.certificate,
  bag: [],
  bagLists: [],
  at: NOW,
  uses: ['digitalSignature'] as const,
};
const storeWith = (...lists: ReturnType<typeof listBy>[]) => storeOfHolders({ anchors: [root.certificate], lists });

test('a list made after the letter was received counts for it when it is judged later', () => {
  const store = storeWith(listBy(root, { thisUpdate: new Date(later.getTime() - 60_000), nextUpdate: daysFromNow(1) }));
  assert.equal(judgePath({ ...question, store }).trusted, false);
  assert.equal(judgePath({ ...question, store, statusAt: later }).trusted, true);
});

test('a list that was fresh when the letter was received does not count when it is over by now', () => {
  const store = storeWith(listBy(root, { thisUpdate: daysFromNow(-1), nextUpdate: new Date(NOW.getTime() + 60_000) }));
  assert.equal(judgePath({ ...question, store }).trusted, true);
  const verdict = judgePath({ ...question, store, statusAt: later });
  assert.equal(!verdict.trusted && verdict.reason, 'revocation-unknown');
});

test('a certificate that ended between receipt and judgement is judged as of receipt', () => {
  const certificate = doctorUnder(root).certificate;
  const store = storeWith(listBy(root, { thisUpdate: daysFromNow(-1), nextUpdate: daysFromNow(900) }));
  const statusAt = new Date(certificate.notAfter.getTime() + DAY_MS);
  assert.equal(judgePath({ ...question, certificate, store, statusAt }).trusted, true);
  assert.equal(judgePath({ ...question, certificate, store, at: statusAt }).trusted, false);
});

test('a verdict that is remembered ends with its list, by the time of the status', () => {
  const list = listBy(root, { thisUpdate: daysFromNow(-1), nextUpdate: new Date(NOW.getTime() + 60_000) });
  const judge = rememberingJudge(storeWith(list));
  assert.equal(judge(question).trusted, true);
  assert.equal(judge({ ...question, statusAt: later }).trusted, false);
});
