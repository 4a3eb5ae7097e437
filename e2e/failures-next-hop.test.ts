/**
 * A next hop that answers 451, one that hangs in DATA, one that dies between the dot and the 250: what the pharmacist
 * and the operator see, and that the mail arrives. Two trust spaces, each with a next hop of its own, so that the other
 * one can be seen going on. When a hanging peer is left alone, and when a mail is given up, is a matter of minutes and
 * hours: gateway/src/dispatch/route.test.ts and gateway/src/test/sending.test.ts play these with another clock.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FAILURES } from '@estafette/contracts/failure';
import { DISPATCH_LIMITS } from '@estafette/contracts/limits';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { type SmtpPeer, startSmtpPeer } from '../gateway/src/dispatch/smtp-peer.fixture.ts';
import type { Chat, ChatLine } from './support/chat.ts';
import { fieldOf } from './support/maildir.ts';
import { OperatorView } from './support/operator-view.ts';
import { prepareDemo } from './support/operators.ts';
import { send } from './support/post-office.ts';
import { manyLetters } from './support/ready-letters.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const PATIENCE = 'Le serveur du correspondant demande de patienter : nouvel essai automatique.';

describe('a next hop', () => {
  const stage = new Stage();
  const operator = new OperatorView(stage);
  const letters: ChatLine[] = [];
  let chat: Chat;
  let [slow, quick]: SmtpPeer[] = [];

  before(async () => {
    await prepareDemo(stage);
    const read = (name: string) => readFileSync(stage.demo('operator', name), 'utf8');
    const certificate = { certificatePem: read('cert.pem'), privateKeyPem: read('key.pem'), chainPem: '' };
    const peers = [await startSmtpPeer(certificate), await startSmtpPeer(certificate)];
    const doors = [await freePort(), await freePort()];
    const trust = { anchors: stage.demo('ca.pem'), lists: stage.demo('crl.pem') };
    const spaces = ['lent', 'vif'].map((name, at) => ({
      name,
      preset: 'demo',
      door: { port: doors[at], certificate: stage.demo('gateway', 'cert.pem'), key: stage.demo('gateway', 'key.pem') },
      wayOut: {
        route: { kind: 'smart-host', host: '127.0.0.1', port: peers[at]?.port },
        servers: trust,
        // So that one mail that hangs stops the whole lane.
        connectionsPerDomainMax: 1,
      },
    }));
    const file = join(stage.home, 'spaces.json');
    writeFileSync(file, JSON.stringify({ spaces }));
    [slow, quick] = peers;
    await stage.start({ ESTAFETTE_TRUST_SPACES: file });
    chat = await stage.chat();
    for (const [at, port] of doors.entries()) {
      const ready = await manyLetters(stage, 3, at === 0 ? 'Lent' : 'Vif');
      await send({ port, authorities: stage.demo('ca.pem') }, ...ready);
      for (const { subject } of ready) letters.push(await chat.letter(subject));
    }
  });
  after(async () => {
    try {
      await stage.close();
    } finally {
      await slow?.close();
      await quick?.close();
    }
  });

  const peerOf = (name: 'lent' | 'vif'): SmtpPeer => {
    const peer = name === 'lent' ? slow : quick;
    if (peer === undefined) throw new Error('the peers have not started');
    return peer;
  };
  const answer = (subject: string): Promise<string> => {
    const letter = letters.find((one) => one.subject === subject);
    return chat.answer(letter?.conversationId ?? '', `Réponse à ${subject}`);
  };
  const reaches = (replyId: string, state: string): Promise<ChatLine> =>
    chat.line(`${replyId} is ${state}`, (line) => line.replyId === replyId && line.state === state);
  /** States that the gateway told, without those of the device alone. */
  const told = (replyId: string): string[] => {
    const states = chat.states(replyId);
    return states.slice(states.indexOf('accepted'));
  };
  const offered = (peer: SmtpPeer): number => peer.commands.filter((line) => line.startsWith('MAIL')).length;

  /**
   * The mail of a reply after another attempt, and how long it waits for the next: counted from the beginning of that
   * attempt, and from when we saw it. However slow the machine is, the pause that was chosen lies between the two.
   */
  async function afterAttempt(replyId: string, before: number) {
    return until(`${replyId} was tried again`, async () => {
      const mail = await operator.mailOf(replyId);
      const seenAt = Date.now();
      if (mail.attempts <= before || mail.state !== 'delayed') return null;
      const attempts = await operator.attempts(mail.id);
      const next = Date.parse(mail.nextAttemptAt ?? '');
      const pauseMs = next - (attempts.at(-1) ?? 0);
      // Else another attempt began between the two looks.
      const isOfThis = attempts.length === mail.attempts && pauseMs > DISPATCH_LIMITS.firstRetryMs / 2;
      return isOfThis ? { ...mail, pauseMs, leftMs: next - seenAt } : null;
    });
  }

  /** Twice as long after each attempt, give or take a fifth. */
  function assertPause(mail: { attempts: number; pauseMs: number; leftMs: number }): void {
    const usualMs = DISPATCH_LIMITS.firstRetryMs * 2 ** (mail.attempts - 1);
    const told = `${mail.pauseMs} and ${mail.leftMs} ms after attempt ${mail.attempts}`;
    assert.ok(mail.pauseMs >= 0.8 * usualMs && mail.leftMs <= 1.2 * usualMs, told);
  }

  it('that hangs in DATA keeps its own lane waiting and nobody else; no second copy begins meanwhile', async () => {
    const [peer, other] = [peerOf('lent'), peerOf('vif')];
    const before = offered(peer);
    peer.answers.DATA = 'hang';
    const hanging = await answer('Lent 002');
    await until('it hangs', () => offered(peer) > before && peer.commands.at(-1) === 'DATA');
    const behind = await answer('Lent 003');
    await reaches(await answer('Vif 001'), 'sent');
    assert.equal(other.mails.length, 1);
    for (const replyId of [hanging, behind]) await reaches(replyId, 'sealed');
    const mail = await operator.mailOf(hanging);
    assert.deepEqual([mail.state, mail.attempts, (await operator.mailOf(behind)).attempts], ['sealed', 1, 0]);
    // Not even because the operator asks for it: his wish waits for the end of the attempt.
    const asked = operator.retry(mail.id);
    await until('his wish is known', async () => (await operator.mailOf(hanging)).wish === 'retry');
    assert.equal(offered(peer), before + 1);
    assert.deepEqual(told(hanging), ['accepted', 'sealed']);

    delete peer.answers.DATA;
    peer.hangUp();
    assert.equal((await reaches(hanging, 'delayed')).failure, 'next-hop-unreachable');
    // On a slow machine the command ends before the attempt has.
    assert.match(await asked, /is tried now|has not done it yet: it will/);
    for (const replyId of [hanging, behind]) await reaches(replyId, 'sent');
    assert.equal(peer.mails.length, 2);
  });

  it('that answers 451 for an hour is tried more and more rarely; when it relents the mail arrives once', async () => {
    const peer = peerOf('lent');
    const before = peer.mails.length;
    peer.answers.RCPT = '451 4.7.1 greylisted';
    const replyId = await answer('Lent 001');
    const late = await reaches(replyId, 'delayed');
    assert.deepEqual([late.failure, FAILURES['next-hop-deferred'].person], ['next-hop-deferred', PATIENCE]);

    let mail = await afterAttempt(replyId, 0);
    for (let times = 1; times < 3; times += 1) {
      assert.equal(mail.failure, 'next-hop-deferred');
      assert.match(mail.reason, /answered 4xx/);
      assertPause(mail);
      assert.match(await operator.retry(mail.id), /is tried now/);
      mail = await afterAttempt(replyId, mail.attempts);
    }
    assertPause(mail);
    assert.equal(peer.mails.length, before);

    delete peer.answers.RCPT;
    // Its own next attempt may be quicker than the command.
    assert.match(await operator.retry(mail.id), /is tried now|has left or ended: it is sent/);
    await reaches(replyId, 'sent');
    assert.equal(peer.mails.length, before + 1);
    assert.deepEqual(told(replyId), ['accepted', 'sealed', 'delayed', 'sent']);
    const trail = await operator.trail(mail.id);
    assert.ok(trail.includes('mail-delayed next-hop-deferred') && trail.includes('mail-retried'), trail.join());
    assert.deepEqual([trail.at(-1), await operator.queue()], ['mail-sent', []]);
  });

  it('that dies between the dot and the 250 gets the very same bytes again', async () => {
    const peer = peerOf('vif');
    const before = peer.mails.length;
    // Once: however late we hear of it, the next attempt finds a peer that answers.
    Object.defineProperty(peer.answers, 'dot', {
      configurable: true,
      get: () => {
        delete peer.answers.dot;
        return 'die';
      },
    });
    const replyId = await answer('Vif 002');
    assert.equal((await reaches(replyId, 'delayed')).failure, 'outcome-unknown');
    await reaches(replyId, 'sent');
    const [first, second, ...others] = peer.mails.slice(before).map(({ bytes }) => bytes);
    assert.ok(first !== undefined && second !== undefined && others.length === 0);
    assert.ok(first.equals(second), 'byte for byte');
    assert.equal(fieldOf(first, 'Message-ID'), fieldOf(second, 'Message-ID'));
    assert.deepEqual(told(replyId), ['accepted', 'sealed', 'delayed', 'sent']);
    const trail = await operator.trail(replyId);
    assert.ok(trail.includes('reply-delayed outcome-unknown'), trail.join());
    assert.deepEqual(trail.slice(-3), ['mail-attempted 2', 'mail-sent', 'reply-sent']);
  });
});
