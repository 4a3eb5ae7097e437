/** Who hears that his letter could not be opened: a proven person, once, rarely, in one text; never a machine. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { NOTICE_LIMITS } from '@estafette/contracts/limits';
import type { AnswerPolicy, LastingStore, MailboxKey, OpenedLetter, SealMail, TrustSpace } from '../ports.ts';
import { NO_HEADERS } from '../ports.ts';
import { createNotifier, isAutomatic, isSenderAuthenticated, type RefusedLetter } from './refusal-notice.ts';

const NOW = Date.UTC(2026, 5, 15, 10, 20);
const PLAIN = 'From: claire.martin@cabinet.example\r\nSubject: INR\r\n\r\n';
const CERTIFICATE = {
  der: Buffer.from('his'),
  chain: [],
  fingerprint: 'f',
  capabilities: null,
  signedAt: 1,
  signer: 's',
};

/** A space that allows answers in clear: a notice is none. */
const ANSWERS: AnswerPolicy = {
  encrypts: 'when-possible',
  content: 'aes-256-cbc',
  keyTransport: 'rsa-pkcs1',
  hasHtmlTwin: false,
  hasOperatorLabel: true,
  productNumber: null,
};

const verdict = (change: Partial<OpenedLetter['verdict']> = {}): OpenedLetter['verdict'] => ({
  signature: 'valid',
  identity: 'match',
  encryption: 'refused',
  show: 'quarantine',
  reasons: ['not-for-us'],
  signer: null,
  ...change,
});

function letter(change: Partial<RefusedLetter> = {}, opened: Partial<OpenedLetter> = {}): RefusedLetter {
  const headers = { ...NO_HEADERS, from: 'claire.martin@cabinet.example', messageId: '<a@b.example>', subject: 'INR' };
  return {
    letterId: newId('letter'),
    mailboxId: newId('mailbox'),
    conversationId: newId('conversation'),
    senderIndex: randomBytes(32),
    bytes: Buffer.from(PLAIN),
    mailFrom: 'claire.martin@cabinet.example',
    receivedAt: NOW,
    opened: {
      verdict: verdict(),
      layers: [],
      headers,
      documents: [],
      wants: [],
      senderCertificate: null,
      noticeCertificate: CERTIFICATE,
      identity: 'x',
      ...opened,
    },
    ...change,
  };
}

let told: { to: string; text: string; headers: readonly string[] }[];
let withheld: string[];
let notice: string;
let counts: { mailbox: number; given: number };
/** Since when the letters of the sender were counted, the last time. */
let countedSince: { mailbox: number; given: number };
let refused: 'certificate-unusable' | 'own-certificate-unusable' | null;
beforeEach(() => {
  told = [];
  withheld = [];
  notice = 'none';
  counts = { mailbox: 1, given: 0 };
  countedSince = { mailbox: 0, given: 0 };
  refused = null;
});

function notifier() {
  let mail: { text: string; headers: readonly string[] } = { text: '', headers: [] };
  const store = {
    quarantinedLetter: async () => ({ notice }),
    countQuarantined: async (_sender: Buffer, which: object, since: number) => {
      const what = 'mailboxId' in which ? 'mailbox' : 'given';
      countedSince[what] = since;
      return counts[what];
    },
    correspondent: async () => null,
    mailboxById: async () => ({ address: 'pharmacie@officine.example', name: 'Pharmacie' }),
    rememberMessageId: async () => {},
    moveNotice: async (_letter: string, _mailbox: string, from: string, to: string) => {
      if (notice !== from) return false;
      notice = to;
      return true;
    },
  } as unknown as LastingStore;
  const seal: SealMail = async ({ entity, headers, recipient, answers }) => {
    assert.deepEqual([recipient === null, answers.encrypts], [false, 'always'], 'never in clear');
    mail = { text: Buffer.from(entity).toString(), headers };
    return refused === null ? { sealed: Buffer.from('sealed') } : { refused, wants: [] };
  };
  const key = { certificate: Buffer.from('own'), chain: [], privateKey: null } as unknown as MailboxKey;
  return createNotifier({
    store,
    ownKeys: { forSealing: async () => ({ signing: [key], encryption: key }) },
    seal,
    trust: { anchors: '', lists: null, fetched: { folder: '', version: 0 } },
    clock: { now: () => new Date(NOW) },
    log: { debug() {}, info() {}, warn: (_message, { error } = {}) => assert.fail(error as Error), error() {} },
    trail: { noticeWithheld: async (_letter, _mailbox, why) => void withheld.push(why) },
    messageIdFor: () => '<est.notice@gateway.officine.example>',
    messageIdIndex: () => randomBytes(32),
    mailIdFor: (name) => name,
    outbox: {
      post: async ({ to, from, kind, replyIds, asksReports }) => {
        assert.deepEqual([from, kind, replyIds, asksReports], ['', 'notice', [], false]);
        told.push({ to, ...mail });
      },
    },
    spaces: { judging: () => ({ name: 'mssante', answers: ANSWERS }) as TrustSpace },
  });
}

test('a proven sender is told at his proven address, in a text that says nothing of the failure', async () => {
  await notifier()(letter());
  assert.deepEqual([told.length, told[0]?.to, notice], [1, 'claire.martin@cabinet.example', 'sealed']);
  const headers = told[0]?.headers.join('\n') ?? '';
  assert.match(headers, /^Auto-Submitted: auto-replied$/m);
  assert.match(headers, /^In-Reply-To: <a@b\.example>$/m);
  assert.match(headers, /^Subject: \[\.\.\.\]$/m);
});

test('the text is the same whatever failed', async () => {
  for (const reason of ['not-for-us', 'cannot-open', 'envelope-unsupported', 'envelope-malformed'] as const) {
    notice = 'none';
    await notifier()(letter({}, { verdict: verdict({ reasons: [reason] }) }));
  }
  assert.equal(told.length, 4);
  assert.deepEqual([...new Set(told.map(({ text }) => text))].length, 1);
});

test('who is not proven hears nothing', async () => {
  for (const change of [
    { signature: 'none', identity: 'none' },
    { signature: 'invalid' },
    { signature: 'untrusted' },
    { identity: 'mismatch' },
  ] as const) {
    const unproven = letter({}, { verdict: verdict(change) });
    assert.equal(isSenderAuthenticated(unproven), false);
    await notifier()(unproven);
  }
  assert.deepEqual([told, withheld], [[], []]);
});

test('who is proven by the operator that handed the letter over is told, and nobody of another domain', () => {
  const unsigned = letter({}, { verdict: verdict({ signature: 'none', identity: 'none' }) });
  const domain = unsigned.opened.headers.from.split('@')[1] ?? '';
  const by = (carrier: Parameters<typeof isSenderAuthenticated>[0]['carrier']) =>
    isSenderAuthenticated({ ...unsigned, carrier });
  assert.equal(by({ kind: 'operator', domain, name: 'mta.operateur.example' }), true);
  assert.equal(by({ kind: 'operator', domain: 'ailleurs.example', name: 'mta.operateur.example' }), false);
  assert.equal(by({ kind: 'operator', domain: '', name: 'mta.operateur.example' }), false);
  assert.equal(by({ kind: 'account', account: 'acc_1' }), false);
  assert.equal(by(undefined), false);
});

test('machines and lists hear nothing', async () => {
  assert.equal(isAutomatic(letter()), false);
  assert.equal(isAutomatic(letter({ bytes: Buffer.from(`Auto-Submitted: no\r\n${PLAIN}`) })), false);
  assert.equal(isAutomatic(letter({ bytes: Buffer.from(`${PLAIN}Auto-Submitted: auto-replied\r\n`) })), false);
  assert.equal(isAutomatic(letter({ mailFrom: '' })), true);
  for (const field of [
    'Auto-Submitted: auto-generated',
    'auto-submitted:auto-notified',
    'Precedence: bulk',
    'List-Id: <liste.example>',
    'Content-Type: multipart/report; report-type=delivery-status',
  ]) {
    const automatic = letter({ bytes: Buffer.from(`${field}\r\n${PLAIN}`) });
    assert.equal(isAutomatic(automatic), true, field);
    await notifier()(automatic);
  }
  const marked = { kind: 'automatic', guessed: false, inWords: false, isResponse: true } as const;
  const automatic = { ...marked, reports: [], envelopeId: '', ids: [], until: null, text: '' };
  await notifier()(letter({}, { automatic }));
  assert.deepEqual([told, withheld], [[], []]);
});

test('that a patient opposes is told to no sender, nor that his letter could not be opened', async () => {
  await notifier()(letter({}, { verdict: verdict({ encryption: 'opened', reasons: ['patient-opposes'] }) }));
  assert.deepEqual([told, withheld], [[], []]);
});

test('a second run tells nobody again', async () => {
  const once = letter();
  await notifier()(once);
  await notifier()(once);
  assert.equal(told.length, 1);
});

test('above the limits nothing is said outside, and the trail says so', async () => {
  counts = { mailbox: NOTICE_LIMITS.failuresPerSenderAndHourMax, given: NOTICE_LIMITS.perSenderAndDayMax - 1 };
  await notifier()(letter());
  assert.equal(told.length, 1);
  for (const over of [
    { mailbox: NOTICE_LIMITS.failuresPerSenderAndHourMax + 1, given: 0 },
    { mailbox: 1, given: NOTICE_LIMITS.perSenderAndDayMax },
  ]) {
    [counts, notice] = [over, 'none'];
    await notifier()(letter());
    assert.equal(notice, 'withheld');
  }
  assert.deepEqual([told.length, withheld], [1, ['limit', 'limit']]);
});

test('the limits hold for letters that lay in the spool for days: they count from when a letter arrived', async () => {
  const receivedAt = NOW - 5 * 24 * 3_600_000;
  await notifier()(letter({ receivedAt }));
  assert.deepEqual(countedSince, { mailbox: receivedAt - 3_600_000, given: receivedAt - 24 * 3_600_000 });
});

test('what cannot be sealed is not sent, and the trail says why', async () => {
  await notifier()(letter({}, { noticeCertificate: null }));
  for (const code of ['certificate-unusable', 'own-certificate-unusable'] as const) {
    [refused, notice] = [code, 'none'];
    await notifier()(letter());
  }
  assert.deepEqual([told, withheld], [[], ['certificate-missing', 'certificate-unusable', 'own-certificate-unusable']]);
});
