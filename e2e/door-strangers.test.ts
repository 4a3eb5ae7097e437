/**
 * Whom a door still knows, and whom not yet: an account that is removed while it speaks, and strangers, who have proven
 * nothing and brought no letter: they have little time and few connections, so that they cannot keep others out.
 */
import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import { DoorPapers, type OpenDoor, openTestDoor } from './support/door.ts';
import { TalkingPeer } from './support/talking-peer.ts';

const TO = 'pharmacie@officine.example';
const FROM = 'labo@labo.example';
const LOGIN = 'AUTH PLAIN AGxhYm8Ac8Opc2FtZQ==';

const papers = new DoorPapers();
const opened: OpenDoor[] = [];
before(() => papers.issue());
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ intake }) => intake.close()));
});
after(() => papers.end());

async function openDoor(...[admits, limits]: [Parameters<typeof openTestDoor>[1], object?]): Promise<OpenDoor> {
  const door = await openTestDoor(papers, admits, limits === undefined ? {} : { limits });
  opened.push(door);
  return door;
}

/** The answers to a letter, from MAIL to its end. */
async function deliver(peer: TalkingPeer): Promise<string[]> {
  const answers: string[] = [];
  for (const line of [
    `MAIL FROM:<${FROM}>`,
    `RCPT TO:<${TO}>`,
    'DATA',
    `From: ${FROM}\r\nSubject: INR\r\n\r\nBonjour.\r\n.`,
  ])
    answers.push((await peer.say(line)).slice(0, 3));
  return answers;
}
const ACCEPTED = ['250', '250', '354', '250'];

describe('an account that is removed in the middle of a session', () => {
  for (const [name, client] of [
    ['by password', undefined],
    ['by client certificate', 'operator'],
  ] as const)
    it(`has no further letter accepted, ${name}, until it is there again`, async () => {
      const door = await openDoor('accounts');
      const peer = await TalkingPeer.secured(door.server, client);
      if (client === undefined) assert.match(await peer.say(LOGIN), /^235/);
      assert.deepEqual(await deliver(peer), ACCEPTED);
      door.mood.accountIsRemoved = true;
      for (const [line, answer] of [
        [`MAIL FROM:<${FROM}>`, '530'],
        [`RCPT TO:<${TO}>`, '503'],
        ['DATA', '503'],
      ] as const)
        assert.equal((await peer.say(line)).slice(0, 3), answer);
      assert.equal((await door.spool.waiting()).length, 1);
      door.mood.accountIsRemoved = false;
      assert.deepEqual(await deliver(peer), ACCEPTED);
      peer.end();
    });
});

describe('strangers at a door', () => {
  it('have few connections of one address, until a letter from it was accepted', async () => {
    const door = await openDoor('anyone', { strangerConnectionsPerAddressMax: 2 });
    const first = await TalkingPeer.secured(door.server);
    const second = await TalkingPeer.secured(door.server);
    const greeting = async (): Promise<string> => {
      const peer = new TalkingPeer(createConnection(door.server.port, '127.0.0.1'));
      const answer = await peer.answer();
      peer.end();
      return answer;
    };
    assert.equal(await greeting(), '421 4.7.0 Too many connections, try again later\r\n');
    assert.deepEqual(await deliver(first), ACCEPTED);
    assert.match(await greeting(), /^220 /);
    for (const peer of [first, second]) peer.end();
  });

  it('have two minutes in all, however busy they are; who is none has the whole hour', async () => {
    const limits = { sessionsCheckedEveryMs: 20 };
    const anyone = await openDoor('anyone', limits);
    const operators = await openDoor('listed-operators', limits);
    const accounts = await openDoor('accounts', limits);
    const strangers = await Promise.all([anyone, operators, accounts].map(({ server }) => TalkingPeer.secured(server)));
    const writer = await TalkingPeer.secured(anyone.server);
    assert.deepEqual(await deliver(writer), ACCEPTED);
    const operator = await TalkingPeer.secured(operators.server, 'operator');
    assert.match(await operator.say(`MAIL FROM:<${FROM}>`), /^250/);
    const account = await TalkingPeer.secured(accounts.server);
    assert.match(await account.say(LOGIN), /^235/);
    for (const peer of strangers) assert.match(await peer.say('NOOP'), /^250/);
    for (const { mood } of [anyone, operators, accounts]) mood.nowAhead = SMTP_LIMITS.strangerSessionMaxMs + 1_000;
    for (const peer of strangers) {
      assert.equal(await peer.answer(), '421 4.7.0 Session too long, connect again\r\n');
      await peer.closed();
    }
    for (const peer of [writer, operator, account]) {
      assert.match(await peer.say('NOOP'), /^250/);
      peer.end();
    }
  });
});
