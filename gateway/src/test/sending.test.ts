/**
 * Sending: the next hop against a real SMTP server, and the states of a reply while it tries. An outcome is permanent
 * only when the next hop said so of this mail; nothing ever leaves without TLS.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { after, afterEach, beforeEach, test } from 'node:test';
import {
  createAuthority,
  type IssuedCertificate,
  issueServerCertificate,
} from '@estafette/certs/development-authority';
import { newId } from '@estafette/contracts/ids';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createReplyStatus } from '../conversation/reply-status.ts';
import { type NextHop, openNextHop, pauseBeforeAttempt, type SendOutcome } from '../dispatch/next-hop.ts';
import { createSender } from '../dispatch/send-reply.ts';
import { newConversation, newReply } from '../lasting/rows.conformance.ts';
import type { ReplyRow } from '../ports.ts';
import { openWorld, type World } from './world.fixture.ts';

const structure = { name: 'Operateur', number: { siret: '00000000000000' }, department: 'Paris (75)' };
const now = new Date();
const authority = await createAuthority({ now });
const issue = (hostNames: string[]): Promise<IssuedCertificate> =>
  issueServerCertificate(authority, { now, hostNames, structure });
const right = await issue(['mail.operateur.example']);
const elsewhere = await issue(['elsewhere.example']);
const foreign = await issueServerCertificate(await createAuthority({ now }), {
  now,
  hostNames: ['mail.operateur.example'],
  structure,
});

const BYTES = Buffer.from('Subject: sealed\r\n\r\nMIIB...\r\n.\r\n..dots\r\n');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Received {
  readonly bytes: Buffer[];
  readonly secure: boolean[];
}

const answering = (code: number): Error => Object.assign(new Error('as the test asks'), { responseCode: code });

/** A real SMTP server that answers as told; gives its port and what it received. */
async function operator(options: SMTPServerOptions = {}): Promise<{ port: number; received: Received }> {
  const received: Received = { bytes: [], secure: [] };
  const server = new SMTPServer({
    key: right.privateKeyPem,
    cert: right.certificatePem + authority.issuingCertificatePem,
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.bytes.push(Buffer.concat(chunks));
        received.secure.push(session.secure);
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => {});
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port));
  });
  closing.push(() => new Promise((done) => server.close(() => done())));
  return { port, received };
}

/** A server of a few lines: greets, then answers each command by the first pattern that fits. */
async function scripted(greeting: string, answers: readonly (readonly [RegExp, string])[]): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(`${greeting}\r\n`);
    socket.on('data', (chunk: Buffer) => {
      const answer = answers.find(([pattern]) => pattern.test(chunk.toString()))?.[1];
      if (answer === undefined) socket.destroy();
      else socket.write(answer);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(() => new Promise((done) => server.close(() => done())));
  return (server.address() as { port: number }).port;
}

function hopTo(port: number, authorities = authority.rootCertificatePem): NextHop {
  const names = { ownName: 'gateway.officine.example', serverName: 'mail.operateur.example' };
  const hop = openNextHop({ host: '127.0.0.1', port, authorities, ...names });
  closing.unshift(async () => hop.close());
  return hop;
}

const MAIL = { from: 'pharmacie@officine.example', to: 'claire.martin@cabinet.example', bytes: BYTES };
const outcome = async (port: number): Promise<SendOutcome> => hopTo(port).send(MAIL);
const unreachable = { outcome: 'later', failure: 'next-hop-unreachable', smtpCode: null };

test('a 250 is sent, over TLS, byte for byte', async () => {
  const { port, received } = await operator();
  assert.deepEqual(await outcome(port), { outcome: 'sent' });
  assert.deepEqual(received.secure, [true]);
  assert.deepEqual(received.bytes, [BYTES]);
});

test('a mail with an empty sender leaves with the null return path', async () => {
  const senders: string[] = [];
  const onMailFrom: SMTPServerOptions['onMailFrom'] = ({ address }, _session, callback) => {
    senders.push(address);
    callback();
  };
  const { port, received } = await operator({ onMailFrom });
  assert.deepEqual(await hopTo(port).send({ ...MAIL, from: '' }), { outcome: 'sent' });
  assert.deepEqual([senders, received.bytes], [[''], [BYTES]]);
});

test('several mails go over a kept connection', async () => {
  const { port, received } = await operator();
  const hop = hopTo(port);
  for (let times = 0; times < 3; times += 1) assert.deepEqual(await hop.send(MAIL), { outcome: 'sent' });
  assert.equal(received.bytes.length, 3);
});

test('a 4xx and a 503 are deferred, any other 5xx of the mail is refused, wherever they are said', async () => {
  for (const place of ['onMailFrom', 'onRcptTo', 'onData'] as const) {
    for (const code of [421, 450, 451, 503]) {
      const { port } = await operator({ [place]: refusing(place, code) });
      assert.deepEqual(await outcome(port), { outcome: 'later', failure: 'next-hop-deferred', smtpCode: code }, place);
    }
    for (const code of [550, 552, 554]) {
      const { port } = await operator({ [place]: refusing(place, code) });
      assert.deepEqual(await outcome(port), { outcome: 'refused', smtpCode: code }, place);
    }
  }
});

function refusing(place: 'onMailFrom' | 'onRcptTo' | 'onData', code: number) {
  return (subject: { resume?: () => void }, _session: unknown, callback: (error?: Error) => void): void => {
    if (place === 'onData') subject.resume?.();
    callback(answering(code));
  };
}

test('a connection refused is tried again later', async () => {
  const { port } = await operator();
  await closing.pop()?.();
  assert.deepEqual(await outcome(port), unreachable);
});

test('a next hop without STARTTLS gets nothing in clear', async () => {
  const { port, received } = await operator({ disabledCommands: ['STARTTLS'] });
  const result = await outcome(port);
  assert.equal(result.outcome, 'later');
  assert.deepEqual(received.bytes, []);
});

test('a next hop with a certificate of another name, or of another authority, gets nothing', async () => {
  for (const { certificatePem, privateKeyPem } of [elsewhere, foreign]) {
    const cert = certificatePem + authority.issuingCertificatePem;
    const { port, received } = await operator({ cert, key: privateKeyPem });
    assert.deepEqual(await outcome(port), unreachable);
    assert.deepEqual(received.bytes, []);
  }
});

test('prevents: a 5xx of the greeting, EHLO or STARTTLS, which says nothing of the mail, ending a reply', async () => {
  const ehlo = [/^(EHLO|HELO)/i, '250-here\r\n250 STARTTLS\r\n'] as const;
  for (const port of [
    await scripted('554 no service now', []),
    await scripted('220 here', [[/^(EHLO|HELO)/i, '550 not you\r\n']]),
    await scripted('220 here', [ehlo, [/^STARTTLS/i, '554 no TLS now\r\n']]),
  ]) {
    assert.equal((await outcome(port)).outcome, 'later');
  }
});

test('a connection cut in the middle is tried again later', async () => {
  const port = await scripted('220 here', [[/^EHLO/i, '250-here\r\n250 STARTTLS\r\n']]);
  assert.deepEqual(await outcome(port), unreachable);
});

test('pauses between attempts grow to an hour and no further', () => {
  for (let attempt = 1; attempt <= DISPATCH_LIMITS.attemptsMax; attempt += 1) {
    const pause = pauseBeforeAttempt(attempt);
    assert.ok(pause >= DISPATCH_LIMITS.firstRetryMs * 0.8 && pause <= 3_600_000 * 1.2);
  }
});

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());
after(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A sender whose next hop gives these outcomes in turn and remembers the bytes it was given. */
async function senderWith(...outcomes: SendOutcome[]) {
  const given: Buffer[] = [];
  const nextHop: NextHop = {
    send: async ({ bytes }) => {
      given.push(bytes);
      return outcomes.shift() ?? { outcome: 'sent' };
    },
    close: () => {},
  };
  const status = createReplyStatus(world);
  const sender = createSender({ ...world, safe: world.blobs, nextHop, change: status.change });
  const conversation = newConversation(world.mailboxId);
  await world.store.addConversation(conversation, world.clock.ms);
  const reply: ReplyRow = { ...newReply(world.mailboxId, conversation.id), state: 'sealed' };
  await world.store.addReply(reply, world.clock.ms);
  await sender.keep(reply.id, 'claire.martin@cabinet.example', BYTES);
  const events = async () => (await world.store.trace(reply.id)).map((line) => line.event);
  const row = () => world.store.reply(reply.id);
  const sends = () => world.jobs.filter(({ queue }) => queue === 'send');
  return { sender, id: reply.id, given, events, row, sends };
}

const LATER: SendOutcome = { outcome: 'later', failure: 'next-hop-deferred', smtpCode: 451 };

test('a reply that is sent is sent once, and its sealed bytes are gone', async () => {
  const { sender, id, given, events, row } = await senderWith();
  const kept = await world.blobs.get(`out/${id}`);
  assert.ok(kept !== null && !kept.includes('claire.martin') && !kept.includes('sealed'));
  await sender.attempt(id);
  await sender.attempt(id);
  assert.deepEqual(given, [BYTES]);
  assert.equal((await row())?.state, 'sent');
  assert.equal(await world.blobs.get(`out/${id}`), null);
  assert.deepEqual(await events(), ['reply-attempted', 'reply-sent']);
});

test('a deferred reply waits with a growing pause and leaves with the same bytes', async () => {
  const { sender, id, given, row, sends } = await senderWith(LATER, LATER);
  await sender.attempt(id);
  const waiting = await row();
  assert.deepEqual([waiting?.state, waiting?.failure, waiting?.certain], ['delayed', 'next-hop-deferred', false]);
  await sender.attempt(id);
  assert.equal((await row())?.revision, waiting?.revision);
  await sender.attempt(id);
  assert.equal((await row())?.state, 'sent');
  assert.deepEqual(given, [BYTES, BYTES, BYTES]);
  assert.equal(new Set(sends().map(({ jobId }) => jobId)).size, 2);
  assert.ok(sends().every(({ delayMs }) => (delayMs ?? 0) >= DISPATCH_LIMITS.firstRetryMs * 0.8));
});

test('a refused reply fails for good and is not offered again', async () => {
  const { sender, id, given, row, sends } = await senderWith({ outcome: 'refused', smtpCode: 550 });
  await sender.attempt(id);
  await sender.attempt(id);
  const failed = await row();
  assert.deepEqual([failed?.state, failed?.failure, failed?.certain], ['failed', 'next-hop-refused', true]);
  assert.deepEqual([given.length, sends().length], [1, 0]);
  assert.equal(await world.blobs.get(`out/${id}`), null);
});

test('after the last attempt a reply fails, uncertain, and nothing more is scheduled', async () => {
  const { sender, id, row, sends } = await senderWith(
    ...Array.from({ length: DISPATCH_LIMITS.attemptsMax + 3 }, () => LATER),
  );
  for (let times = 0; times < DISPATCH_LIMITS.attemptsMax + 3; times += 1) await sender.attempt(id);
  const failed = await row();
  assert.deepEqual([failed?.state, failed?.failure, failed?.certain], ['failed', 'next-hop-gave-up', false]);
  assert.equal(failed?.attempts, DISPATCH_LIMITS.attemptsMax);
  assert.equal(sends().length, DISPATCH_LIMITS.attemptsMax - 1);
  assert.equal(await world.blobs.get(`out/${id}`), null);
});

test('jobs of sending carry an id and nothing else', async () => {
  const { sender, id, sends } = await senderWith(LATER);
  await sender.attempt(id);
  assert.deepEqual(
    sends().map(({ job }) => job),
    [{ replyId: id }],
  );
  await sender.attempt(newId('reply'));
});
