/** Mail exchangers by a real name server: their order, their absence, their refusal, and addresses nobody may lead us to. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { WayOutPolicy } from '../ports.ts';
import { startNameServer, type Zone } from './dns-server.fixture.ts';
import { commonNameOf, ELSEWHERE, judgePeer, listOf, RIGHT, smartHost } from './peers.fixture.ts';
import { createRoute } from './route.ts';
import { type PeerBehaviour, type SmtpPeer, startSmtpPeer } from './smtp-peer.fixture.ts';
import { later, type SendOutcome } from './smtp-session.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const MAIL = {
  mailId: 'mai_01JD3X00000000000000000000',
  from: 'pharmacie@officine.example',
  to: 'claire.martin@cabinet.example',
  bytes: Buffer.from('Subject: sealed\r\n\r\nMIIB\r\n'),
  asksReports: false,
};
const SENT = { outcome: 'sent' };

/** Servers on loopback addresses, all on one port, as exchangers are. */
async function exchangers(...behaviours: (PeerBehaviour & { certificate?: typeof RIGHT })[]): Promise<SmtpPeer[]> {
  const peers: SmtpPeer[] = [];
  for (const [at, { certificate = RIGHT, ...behaviour }] of behaviours.entries()) {
    const port = peers[0]?.port ?? 0;
    const started = await startSmtpPeer(certificate, { ...behaviour, address: `127.0.0.${at + 1}`, port });
    closing.push(started.close);
    peers.push(started);
  }
  return peers;
}

async function byName(zone: Zone, port: number, change: Partial<WayOutPolicy> = {}, isOpen = true) {
  const server = await startNameServer(zone);
  const route = createRoute({ ownName: 'gateway.officine.example', judgePeer });
  closing.push(server.close, route.close);
  const exchanger = {
    kind: 'mail-exchanger',
    port,
    nameServers: [server.address],
    allowsPrivateAddresses: isOpen,
  } as const;
  const policy = smartHost(0, { route: exchanger, serverName: null, ...change });
  return (domain: string): Promise<SendOutcome> => route.send(MAIL, { policy, list: null, lane: domain, domain });
}

const ZONE: Zone = {
  'cabinet.example': { MX: ['20 second.example', '10 mail.operateur.example'] },
  'mail.operateur.example': { A: ['127.0.0.1'] },
  'second.example': { A: ['127.0.0.2'] },
  'none.example': { MX: ['0 .'] },
  'alone.example': { A: ['127.0.0.1'] },
  'inside.example': { MX: ['10 localhost.example'] },
  'localhost.example': { A: ['127.0.0.1', '10.0.0.1', '169.254.169.254'], AAAA: ['::1'] },
  'broken.example': 'servfail',
};

test('the exchanger of the lowest preference gets the mail, and its name must be on its certificate', async () => {
  const [first, second] = await exchangers({}, {});
  const send = await byName(ZONE, first?.port ?? 0);
  assert.deepEqual(await send('cabinet.example'), SENT);
  assert.deepEqual([first?.mails.length, second?.mails.length], [1, 0]);
});

test('an exchanger that cannot be reached, has no TLS, is not trusted or takes nobody is passed over', async () => {
  for (const trouble of [
    { answers: { greeting: 'die' } },
    { answers: { greeting: '554 no' } },
    { hasNoTls: true },
    { certificate: ELSEWHERE },
    { answers: { MAIL: '421 closing' } },
  ]) {
    const [first, second] = await exchangers(trouble, {});
    const send = await byName(ZONE, first?.port ?? 0, { serverName: 'mail.operateur.example' });
    assert.deepEqual(await send('cabinet.example'), SENT, JSON.stringify(trouble));
    assert.deepEqual([first?.mails.length, second?.mails.length], [0, 1]);
  }
});

test('what an exchanger said of the mail, or may have taken, is asked of no other', async () => {
  const said = [
    [{ MAIL: '550 no' }, { outcome: 'refused', failure: 'next-hop-refused', smtpCode: 550 }],
    [{ RCPT: '451 later' }, later('next-hop-deferred', { smtpCode: 451, isOfDomain: false })],
    [{ dot: 'die' }, later('outcome-unknown')],
  ] as const;
  for (const [answers, expected] of said) {
    const [first, second] = await exchangers({ answers }, {});
    const send = await byName(ZONE, first?.port ?? 0);
    assert.deepEqual(await send('cabinet.example'), expected);
    assert.equal(second?.sessions, 0);
  }
});

test('when every exchanger fails the last trouble is told', async () => {
  const [first] = await exchangers({ hasNoTls: true }, { certificate: ELSEWHERE });
  const send = await byName(ZONE, first?.port ?? 0);
  assert.deepEqual(await send('cabinet.example'), later('peer-untrusted'));
});

test('a domain without MX is its own exchanger; one that does not exist, or does not answer, is not found', async () => {
  const [here] = await exchangers({});
  const send = await byName(ZONE, here?.port ?? 0, { serverName: 'mail.operateur.example' });
  assert.deepEqual(await send('alone.example'), SENT);
  for (const domain of ['nowhere.example', 'broken.example'])
    assert.deepEqual(await send(domain), later('domain-not-found'), domain);
});

test('a null MX is a refusal for good (RFC 7505)', async () => {
  const send = await byName(ZONE, 25);
  assert.deepEqual(await send('none.example'), { outcome: 'refused', failure: 'domain-takes-no-mail', smtpCode: null });
});

test('private, loopback and link-local addresses are nobody unless the space says so', async () => {
  const [here] = await exchangers({});
  const send = await byName(ZONE, here?.port ?? 0, {}, false);
  for (const domain of ['inside.example', 'alone.example'])
    assert.deepEqual(await send(domain), later('domain-not-found'), domain);
  assert.equal(here?.sessions, 0);
});

test('an exchanger that is not listed for the domain is passed over', async () => {
  const [first, second] = await exchangers({ certificate: ELSEWHERE }, {});
  const server = await startNameServer(ZONE);
  const route = createRoute({ ownName: 'gateway.officine.example', judgePeer });
  closing.push(server.close, route.close);
  const exchanger = {
    kind: 'mail-exchanger',
    port: first?.port ?? 0,
    nameServers: [server.address],
    allowsPrivateAddresses: true,
  } as const;
  const policy = smartHost(0, { route: exchanger, serverName: null, checksPeerName: true });
  const list = listOf({ 'cabinet.example': commonNameOf(RIGHT) });
  assert.deepEqual(await route.send(MAIL, { policy, list, lane: 'l', domain: 'cabinet.example' }), SENT);
  assert.deepEqual([first?.mails.length, second?.mails.length], [0, 1]);
});
