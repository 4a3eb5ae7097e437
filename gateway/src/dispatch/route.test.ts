/**
 * The way out against real SMTP servers: what is permanent is said of the mail by the other side, nothing leaves without
 * TLS, and nobody gets a mail who is not who he must be.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import type { TrustList, WayOutPolicy } from '../ports.ts';
import {
  ANCHORS,
  commonNameOf,
  ELSEWHERE,
  FOREIGN,
  judgePeer,
  listOf,
  OURS,
  RIGHT,
  smartHost,
} from './peers.fixture.ts';
import { createRoute } from './route.ts';
import { type PeerBehaviour, type SmtpPeer, startSmtpPeer } from './smtp-peer.fixture.ts';
import { later, type SendOutcome } from './smtp-session.ts';

const BYTES = Buffer.from('Subject: sealed\r\n\r\nMIIB...\r\n.\r\n..dots\r\n');
const MAIL = {
  mailId: 'mai_01JD3X00000000000000000000',
  from: 'pharmacie@officine.example',
  to: 'claire.martin@cabinet.example',
  bytes: BYTES,
  asksReports: false,
};

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
const folder = mkdtempSync(join(tmpdir(), 'estafette-route-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function peer(behaviour: PeerBehaviour = {}, certificate = RIGHT): Promise<SmtpPeer> {
  const started = await startSmtpPeer(certificate, behaviour);
  closing.push(started.close);
  return started;
}

function routeWith(limits: Partial<typeof DISPATCH_LIMITS> | object = {}) {
  const route = createRoute({
    ownName: 'gateway.officine.example',
    judgePeer,
    limits: { ...DISPATCH_LIMITS, ...limits },
  });
  closing.push(route.close);
  return route;
}

const sendBy = (
  policy: WayOutPolicy,
  { route = routeWith(), list = null as TrustList | null, mail = MAIL } = {},
): Promise<SendOutcome> => route.send(mail, { policy, list, lane: 'lane', domain: 'cabinet.example' });
const outcome = ({ port }: SmtpPeer, change: Partial<WayOutPolicy> = {}): Promise<SendOutcome> =>
  sendBy(smartHost(port, change));
const SENT = { outcome: 'sent' };
const refused = (smtpCode: number) => ({ outcome: 'refused', failure: 'next-hop-refused', smtpCode });

test('a 250 is sent, over TLS, byte for byte', async () => {
  const here = await peer();
  assert.deepEqual(await outcome(here), SENT);
  assert.deepEqual(
    here.mails.map(({ bytes, secure }) => [bytes, secure]),
    [[BYTES, true]],
  );
});

test('a 4xx and a 503 are deferred, any other 5xx of the mail is refused, wherever they are said', async () => {
  for (const place of ['MAIL', 'RCPT', 'DATA', 'dot']) {
    for (const extensions of [[], ['PIPELINING']]) {
      for (const smtpCode of [421, 450, 451, 503]) {
        const here = await peer({ answers: { [place]: `${smtpCode} as the test asks` }, extensions });
        const expected = later('next-hop-deferred', { smtpCode, isOfDomain: smtpCode === 421 });
        assert.deepEqual(await outcome(here), expected, `${place} ${smtpCode}`);
      }
      for (const code of [550, 552, 554]) {
        const here = await peer({ answers: { [place]: `${code} as the test asks` }, extensions });
        assert.deepEqual(await outcome(here), refused(code), `${place} ${code}`);
      }
    }
  }
});

test('prevents: a 5xx of the greeting, EHLO or STARTTLS, which says nothing of the mail, ending a reply', async () => {
  for (const place of ['greeting', 'EHLO', 'STARTTLS']) {
    const here = await peer({ answers: { [place]: '554 not you' } });
    const result = await outcome(here);
    assert.ok(result.outcome === 'later' && result.isOfDomain && result.smtpCode === 554, place);
  }
});

test('a next hop without STARTTLS, or with STARTTLS cut out on the way, gets nothing in clear', async () => {
  for (const behaviour of [{ hasNoTls: true }, { answers: { STARTTLS: '454 not now' } }]) {
    const here = await peer(behaviour);
    const result = await outcome(here);
    assert.equal(result.outcome === 'later' && result.failure, 'next-hop-without-tls');
    assert.deepEqual([here.mails, here.commands.filter((line) => line.startsWith('MAIL'))], [[], []]);
  }
});

test('a connection refused, or cut before anything was answered, is tried again later', async () => {
  const here = await peer();
  await here.close();
  assert.deepEqual(await outcome(here), later('next-hop-unreachable'));
  for (const place of ['greeting', 'MAIL', 'RCPT', 'DATA'])
    assert.deepEqual(await outcome(await peer({ answers: { [place]: 'die' } })), later('next-hop-unreachable'), place);
});

test('a connection that dies between the final dot and the answer leaves the outcome unknown', async () => {
  const here = await peer({ answers: { dot: 'die' } });
  assert.deepEqual(await outcome(here), later('outcome-unknown'));
  assert.equal(here.mails.length, 1);
});

test('a peer that hangs is left alone after a while, whether before DATA or after the dot', async () => {
  const route = routeWith({ socketTimeoutMs: 200 });
  const stuck = async (place: string): Promise<SendOutcome> =>
    sendBy(smartHost((await peer({ answers: { [place]: 'hang' } })).port), { route });
  assert.deepEqual(await stuck('MAIL'), later('next-hop-unreachable'));
  assert.deepEqual(await stuck('dot'), later('outcome-unknown'));
  const slow = await peer({ answers: { greeting: 'hang' } });
  const impatient = routeWith({ setupTimeoutMs: 200 });
  assert.deepEqual(await sendBy(smartHost(slow.port), { route: impatient }), later('next-hop-unreachable'));
  const whole = routeWith({ attemptMaxMs: 200 });
  const deaf = await peer({ answers: { RCPT: 'hang' } });
  assert.deepEqual(await sendBy(smartHost(deaf.port), { route: whole }), later('next-hop-unreachable'));
});

test('prevents: a peer that drips its answer to EHLO byte by byte holding an attempt for days', async () => {
  const dripping = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 here\r\n');
    socket.once('data', () => {
      const drip = setInterval(() => socket.write('250-x\r\n'), 20);
      socket.once('close', () => clearInterval(drip));
    });
  });
  await new Promise<void>((done) => dripping.listen(0, '127.0.0.1', done));
  closing.push(() => void dripping.close());
  const policy = smartHost((dripping.address() as AddressInfo).port);
  for (const limits of [{ setupTimeoutMs: 200 }, { attemptMaxMs: 200 }]) {
    const result = await sendBy(policy, { route: routeWith(limits) });
    assert.deepEqual(result, later('next-hop-unreachable'));
  }
});

test('prevents: an attempt lasting for ever because the judge of certificates does not answer', async () => {
  const here = await peer();
  const deaf = createRoute({
    ...{ ownName: 'gateway.officine.example', judgePeer: () => new Promise<never>(() => {}) },
    limits: { ...DISPATCH_LIMITS, attemptMaxMs: 200 },
  });
  closing.push(deaf.close);
  assert.deepEqual(await sendBy(smartHost(here.port), { route: deaf }), later('next-hop-unreachable'));
  assert.ok(!here.commands.some((line) => line.startsWith('MAIL')));
});

test('a domain of other letters stands in the commands as A-labels, the local part as it is', async () => {
  const here = await peer({ extensions: ['DSN'] });
  const mail = { ...MAIL, to: 'Claire.M@cabinet-médical.example', asksReports: true };
  assert.deepEqual(await sendBy(smartHost(here.port), { mail }), SENT);
  const ascii = 'Claire.M@xn--cabinet-mdical-jkb.example';
  const told = here.mails[0]?.lines[1];
  assert.equal(told, `RCPT TO:<${ascii}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;${ascii}`);
});

test('prevents: a 250 that comes before our final dot being taken for the answer to it', async () => {
  for (const bytes of [BYTES, Buffer.alloc(3_000_000, 'abcdefg\r\n')]) {
    const here = await peer({ answers: { DATA: '354 go on\r\n250 early', dot: '550 refused' } });
    assert.deepEqual(await sendBy(smartHost(here.port), { mail: { ...MAIL, bytes } }), later('next-hop-unreachable'));
  }
  const eager = await peer({ answers: { MAIL: '250 ok\r\n250 ok', RCPT: '550 nobody' } });
  assert.deepEqual(await outcome(eager), later('next-hop-unreachable'));
  const atOnce = { MAIL: '250 ok\r\n250 ok\r\n354 go on\r\n250 early', RCPT: 'hang' };
  const hasty = await peer({ answers: atOnce, extensions: ['PIPELINING'] });
  assert.deepEqual(await outcome(hasty), later('next-hop-unreachable'));
  const wordy = await peer({ answers: { RCPT: '250-go\r\n250 on' }, extensions: ['PIPELINING'] });
  assert.deepEqual(await outcome(wordy), SENT);
});

test('prevents: a mail going again and again because its answer and the end of the session come together', async () => {
  const ends: [string, string, object][] = [
    ['dot', '250 taken\r\n421 one mail each', SENT],
    ['dot', '554 no\r\n421 closing', refused(554)],
    ['RCPT', '550 nobody\r\n421 closing', refused(550)],
  ];
  for (const extensions of [[], ['PIPELINING']])
    for (const [place, answer, expected] of ends) {
      const here = await peer({ answers: { [place]: answer }, extensions });
      const [route, policy] = [routeWith(), smartHost(here.port)];
      for (const session of [1, 2]) {
        assert.deepEqual(await sendBy(policy, { route }), expected, answer);
        assert.equal(here.sessions, session, 'never over the same session again');
      }
    }
});

test('where commands were sent together, their answers stand although one more came with them', async () => {
  const answers = { MAIL: '250 ok\r\n550 nobody\r\n554 no recipient\r\n421 closing', RCPT: 'hang' };
  assert.deepEqual(await outcome(await peer({ answers, extensions: ['PIPELINING'] })), refused(550));
});

test('a certificate of another name, or of another authority, gets nothing', async () => {
  for (const certificate of [ELSEWHERE, FOREIGN]) {
    const here = await peer({}, certificate);
    assert.deepEqual(await outcome(here), later('peer-untrusted'));
    assert.deepEqual([here.mails, here.commands.some((line) => line.startsWith('MAIL'))], [[], false]);
  }
});

test('where the list names the peer, its name decides and the name of the host does not', async () => {
  const here = await peer({}, ELSEWHERE);
  const named = { checksPeerName: true };
  const by = (list: TrustList | null) => sendBy(smartHost(here.port, named), { list });
  assert.deepEqual(await by(listOf({ 'cabinet.example': commonNameOf(ELSEWHERE) })), SENT);
  const ofThisMail = later('peer-not-listed', { isOfDomain: false });
  assert.deepEqual(await by(listOf({ 'cabinet.example': 'somebody else' })), ofThisMail);
  assert.deepEqual(await by(listOf({})), ofThisMail);
  assert.deepEqual(await by(listOf(null)), later('peer-list-unavailable'));
  assert.deepEqual(await by(null), later('peer-list-unavailable'));
  assert.equal(here.mails.length, 1);
});

test('prevents: a kept connection that was listed for one domain taking mail of another', async () => {
  const here = await peer();
  const policy = smartHost(here.port, { checksPeerName: true });
  const list = listOf({ 'cabinet.example': commonNameOf(RIGHT), 'hopital.example': 'somebody else' });
  const route = routeWith();
  const send = (domain: string) => route.send(MAIL, { policy, list, lane: 'lane', domain });
  assert.deepEqual(await send('cabinet.example'), SENT);
  assert.deepEqual(await send('hopital.example'), later('peer-not-listed', { isOfDomain: false }));
  assert.deepEqual(await send('cabinet.example'), SENT);
  assert.deepEqual([here.mails.length, here.sessions], [2, 1]);
});

test('our client certificate is shown', async () => {
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => join(folder, name));
  assert.ok(certificate !== undefined && key !== undefined);
  writeFileSync(certificate, OURS.certificatePem + OURS.chainPem);
  writeFileSync(key, OURS.privateKeyPem);
  const here = await peer({ clients: ANCHORS });
  assert.deepEqual(await outcome(here, { ownCertificate: { certificate, key } }), SENT);
  assert.deepEqual(here.clients, [commonNameOf(OURS)]);
  const lost = { certificate: join(folder, 'nowhere.pem'), key };
  assert.deepEqual(await outcome(here, { ownCertificate: lost }), later('way-out-missing'));
});

test('several mails go over a kept connection; one that was closed meanwhile is replaced at once', async () => {
  const here = await peer();
  const route = routeWith();
  const policy = smartHost(here.port);
  for (let times = 0; times < 3; times += 1) assert.deepEqual(await sendBy(policy, { route }), SENT);
  assert.deepEqual([here.mails.length, here.sessions], [3, 1]);
  here.answers.MAIL = 'die';
  const again = sendBy(policy, { route });
  assert.deepEqual(await again, later('next-hop-unreachable'));
  assert.equal(here.sessions, 2);
  delete here.answers.MAIL;
  assert.deepEqual(await sendBy(policy, { route }), SENT);
});

test('reports are asked for where the peer offers them and the mail wants them, never for the null sender', async () => {
  const asked = async (mail: typeof MAIL, extensions: readonly string[]): Promise<readonly string[]> => {
    const here = await peer({ extensions });
    assert.deepEqual(await sendBy(smartHost(here.port), { mail }), SENT);
    return here.mails[0]?.lines.slice(0, 2) ?? [];
  };
  const wish = { ...MAIL, asksReports: true };
  assert.deepEqual(await asked(wish, ['DSN']), [
    `MAIL FROM:<${MAIL.from}> RET=HDRS ENVID=${MAIL.mailId}`,
    `RCPT TO:<${MAIL.to}> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;${MAIL.to}`,
  ]);
  const plain = [`MAIL FROM:<${MAIL.from}>`, `RCPT TO:<${MAIL.to}>`];
  assert.deepEqual(await asked(wish, []), plain);
  assert.deepEqual(await asked(MAIL, ['DSN']), plain);
  const automatic = await asked({ ...wish, from: '' }, ['DSN']);
  assert.deepEqual(automatic, ['MAIL FROM:<>', `RCPT TO:<${MAIL.to}> NOTIFY=NEVER`]);
});

test('an attempt that is broken off ends at once', async () => {
  const here = await peer({ answers: { dot: 'hang' } });
  const route = routeWith();
  const running = sendBy(smartHost(here.port), { route });
  while (here.mails.length === 0) await new Promise((again) => setTimeout(again, 10));
  route.abort();
  assert.deepEqual(await running, later('outcome-unknown'));
});
