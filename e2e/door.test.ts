/**
 * The SMTP doors alone, each kind with its dialogues (dialogues/operators, accounts, wire), played over raw sockets.
 * What a dialogue was told to be accepted is in the spool, and nothing else. At the end: every answer ever heard was
 * one of the catalogue, and every answer of the catalogue was heard.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { FAILURES, type Failure } from '@estafette/contracts/failure';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import type { SpooledLetter } from '@estafette/gateway/intake/spool';
import { playDialogue } from './support/dialogue.ts';
import { DoorPapers, type OpenDoor, openTestDoor } from './support/door.ts';
import { TalkingPeer } from './support/talking-peer.ts';
import { until } from './support/waiting.ts';

const DIALOGUES = new URL('dialogues/', import.meta.url);
const TO = 'pharmacie@officine.example';
const WORDS = { from: 'martin@cabinet.example', to: TO, size: String(SMTP_LIMITS.letterMaxBytes + 1) };
const LETTER = `From: martin@cabinet.example\r\nSubject: INR\r\n\r\nBonjour.\r\n.\r\n`;
const START = [`MAIL FROM:<martin@cabinet.example>`, `RCPT TO:<${TO}>`, 'DATA'];

const papers = new DoorPapers();
const heard: string[] = [];
const opened: OpenDoor[] = [];

async function openDoor(...given: DropFirst<Parameters<typeof openTestDoor>>): Promise<OpenDoor> {
  const door = await openTestDoor(papers, ...given);
  opened.push(door);
  return door;
}
type DropFirst<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

async function lettersIn({ spool }: OpenDoor): Promise<SpooledLetter[]> {
  const waiting = await spool.waiting();
  const letters = await Promise.all(waiting.map(({ letterId }) => spool.read(letterId)));
  return letters.filter((letter) => letter !== null);
}

async function closed(door: OpenDoor): Promise<void> {
  await door.intake.close();
}

/** Every dialogue of a folder, each at a door of its own. */
function playFolder(folder: string, open: () => Promise<OpenDoor>, look: Looks = {}): void {
  for (const file of readdirSync(new URL(folder, DIALOGUES)).filter((name) => name.endsWith('.txt'))) {
    const name = file.slice(0, -'.txt'.length);
    it(name.replaceAll('-', ' '), async () => {
      const door = await open();
      try {
        const answers = await playDialogue(new URL(`${folder}${file}`, DIALOGUES), door.server, WORDS);
        heard.push(...answers);
        const accepted = answers.filter((answer) => answer.startsWith('250 2.6.0')).length;
        const letters = await lettersIn(door);
        assert.equal(letters.length, accepted);
        look[name]?.(letters);
      } finally {
        await closed(door);
      }
    });
  }
}
type Looks = Readonly<Record<string, (letters: readonly SpooledLetter[]) => void>>;

before(() => papers.issue());
after(async () => {
  // Those of tests that failed.
  await Promise.all(opened.map(closed));
  papers.end();
});

describe('a door for listed operators', () => {
  const name = 'C=FR,ST=Paris (75),O=CABINET MARTIN,OU=1750000001,CN=mta.cabinet.example';
  playFolder('operators/', () => openDoor('listed-operators'), {
    'takes-a-letter-of-a-listed-operator': ([letter]) => {
      assert.deepEqual(letter?.carrier, { kind: 'operator', domain: 'cabinet.example', name });
      assert.equal(letter?.space, 'test-space');
    },
    'takes-a-letter-written-from-another-domain-of-the-same-operator': ([letter]) =>
      assert.deepEqual(letter?.carrier, { kind: 'operator', domain: 'labo.example', name }),
    'takes-the-null-sender-of-a-listed-operator': ([letter]) =>
      assert.deepEqual(
        [letter?.mailFrom, letter?.carrier],
        ['', { kind: 'operator', domain: 'cabinet.example', name }],
      ),
  });
});

describe('a door for accounts', () => {
  const account = { kind: 'account', account: 'labo-software' } as const;
  playFolder('accounts/', () => openDoor('accounts'), {
    'takes-a-letter-by-password': ([letter]) => assert.deepEqual(letter?.carrier, account),
    'takes-a-letter-by-client-certificate': ([letter]) => assert.deepEqual(letter?.carrier, account),
  });

  it('counts failed logins of an address over its sessions', async () => {
    const door = await openDoor('accounts', { limits: { failedLoginsPerAddressMax: 2 } });
    const wrong = 'AUTH PLAIN AGxhYm8Ac2VzYW1l';
    const answers: string[] = [];
    for (const line of [wrong, wrong, wrong, 'AUTH PLAIN AGxhYm8Ac8Opc2FtZQ==']) {
      const peer = await TalkingPeer.secured(door.server);
      answers.push((await peer.say(line)).slice(0, 9));
      peer.end();
    }
    await closed(door);
    assert.deepEqual(answers, ['535 5.7.8', '535 5.7.8', '421 4.7.0', '421 4.7.0']);
  });
});

describe('what any door does on the wire', () => {
  const open = () => openDoor('anyone', { limits: { recipientsMax: 3 }, requiresTls: false });
  playFolder('wire/', open, {
    'keeps-addresses-in-utf-8': ([letter]) => {
      assert.equal(letter?.mailFrom, 'cécile@hôpital.example');
      const recipient = { mailboxId: 'mbx_2', address: 'élodie@officine.example', notify: ['failure'] };
      const original = 'utf-8;élodie@officine.example';
      assert.deepEqual(letter?.wishes, { envelopeId: null, returns: null, recipients: [{ ...recipient, original }] });
    },
    'keeps-what-the-sender-wants-to-hear': ([letter]) => {
      const notify = ['success', 'delay'];
      const original = 'rfc822;Pharmacie+x@officine.example';
      const recipients = [{ mailboxId: 'mbx_1', address: TO, original, notify }];
      assert.deepEqual(letter?.wishes, { envelopeId: 'QQ+314159', returns: 'headers', recipients });
      assert.equal(letter?.carrier, undefined);
    },
    'refuses-too-many-recipients': ([letter]) => {
      assert.deepEqual(letter?.mailboxIds, ['mbx_1']);
      assert.equal(letter?.wishes?.recipients.length, 3);
    },
    'answers-what-is-pipelined-in-order': (letters) =>
      assert.deepEqual(letters.map(({ bytes }) => bytes.toString()).sort(), [
        'Subject: one\r\n\r\n.dot\r\n',
        'Subject: two\r\n\r\n',
      ]),
    'refuses-a-smuggled-letter-in-pieces': ([letter]) =>
      assert.equal(letter?.bytes.toString(), '.\r\nMAIL FROM:<martin@cabinet.example>\r\n'),
  });
});

describe('the dialogues of the whole product, at a door alone', () => {
  playFolder('./', () => openDoor('anyone'));
});

describe('the numbers of a door', () => {
  const secured = async (door: OpenDoor, count: number): Promise<TalkingPeer[]> =>
    Promise.all(Array.from({ length: count }, () => TalkingPeer.secured(door.server)));
  const say = async (peer: TalkingPeer, line: string): Promise<string> => {
    const answer = await peer.say(line);
    heard.push(answer);
    return answer.slice(0, 9);
  };

  it('are those of connections, in all and of one address', async () => {
    for (const limits of [{ connectionsMax: 2 }, { connectionsPerAddressMax: 2 }]) {
      const door = await openDoor('anyone', { limits });
      const [one, other] = await secured(door, 2);
      const third = new TalkingPeer(createConnection(door.server.port, '127.0.0.1'));
      const answer = await third.answer();
      heard.push(answer);
      assert.equal(answer.slice(0, 9), '421 4.7.0');
      await third.closed();
      one?.end();
      // Who left makes room.
      await until('a free place', async () => {
        const peer = new TalkingPeer(createConnection(door.server.port, '127.0.0.1'));
        const greeting = await peer.answer();
        peer.end();
        return greeting.startsWith('220') ? true : null;
      });
      other?.end();
      await closed(door);
    }
  });

  it('are those of letters within a minute, of an address and of an operator', async () => {
    for (const limits of [{ lettersPerMinutePerAddressMax: 2 }, { lettersPerMinutePerOperatorMax: 2 }]) {
      const door = await openDoor('listed-operators', { limits });
      const peer = await TalkingPeer.secured(door.server, 'operator');
      const answers: string[] = [];
      for (let times = 0; times < 3; times += 1) {
        answers.push(await say(peer, 'MAIL FROM:<martin@cabinet.example>'));
        await say(peer, 'RSET');
      }
      door.mood.nowAhead = 61_000;
      answers.push(await say(peer, 'MAIL FROM:<martin@cabinet.example>'));
      peer.end();
      await closed(door);
      assert.deepEqual(answers, ['250 2.1.0', '250 2.1.0', '451 4.7.1', '250 2.1.0']);
    }
  });

  it('are those of commands and letters within a session', async () => {
    const door = await openDoor('anyone', {
      limits: { commandsPerSessionMax: 4, lettersPerSessionMax: 1 },
    });
    const [peer, writer] = await secured(door, 2);
    assert.ok(peer !== undefined && writer !== undefined);
    for (const expected of ['250 2.0.0', '421 4.7.0']) assert.equal(await say(peer, 'NOOP'), expected);
    await peer.closed();
    writer.end();
    await closed(door);
  });

  it('are those of letters within a session', async () => {
    const door = await openDoor('anyone', { limits: { lettersPerSessionMax: 1 } });
    const peer = await TalkingPeer.secured(door.server);
    for (const line of START) await say(peer, line);
    assert.equal(await say(peer, LETTER.trimEnd()), '250 2.6.0');
    assert.equal(await say(peer, START[0] ?? ''), '421 4.7.0');
    await peer.closed();
    await closed(door);
  });

  it('are those of time: an idle peer, an old session, a letter that drips', async () => {
    // Long enough for a slow handshake; what follows is played meanwhile.
    const idle = await openDoor('anyone', { limits: { idleTimeoutMs: 5_000 } });
    const sleeper = await TalkingPeer.secured(idle.server);
    const limits = { sessionsCheckedEveryMs: 20 };
    const door = await openDoor('anyone', { limits });
    const [old, slow] = await secured(door, 2);
    assert.ok(old !== undefined && slow !== undefined);
    for (const line of START) await say(slow, line);
    await slow.send('Subject: drip\r\n');
    door.mood.nowAhead = SMTP_LIMITS.dataPatienceMs + 1_000;
    const dripped = await slow.answer();
    door.mood.nowAhead = SMTP_LIMITS.sessionMaxMs + 1_000;
    const over = await old.answer();
    heard.push(dripped, over);
    assert.deepEqual([dripped.slice(0, 9), over.slice(0, 9)], ['421 4.4.2', '421 4.7.0']);
    await Promise.all([slow.closed(), old.closed()]);
    assert.deepEqual(await lettersIn(door), []);
    await closed(door);
    const word = await sleeper.answer();
    heard.push(word);
    assert.equal(word.slice(0, 9), '421 4.4.2');
    await closed(idle);
  });

  it('are those of what waits, and of a store that is away', async () => {
    const door = await openDoor('anyone');
    const peer = await TalkingPeer.secured(door.server);
    door.mood.backlog = SMTP_LIMITS.backlogMaxLetters;
    assert.equal(await say(peer, START[0] ?? ''), '451 4.3.1');
    door.mood.backlog = 0;
    await say(peer, START[0] ?? '');
    door.mood.storeFails = true;
    assert.equal(await say(peer, START[1] ?? ''), '451 4.3.0');
    const closing = closed(door);
    assert.equal(await say(peer, 'NOOP'), '421 4.3.2');
    await closing;
  });
});

it('every answer heard is of the catalogue, and every answer of the catalogue was heard', () => {
  const answers = Object.values(FAILURES).flatMap(({ smtp, peer }: Failure) =>
    smtp === undefined ? [] : [`${smtp.code} ${smtp.enhanced} ${peer}\r\n`],
  );
  const refusals = new Set(heard.filter((answer) => /^[45]/.test(answer)));
  assert.deepEqual(
    [...refusals].filter((answer) => !answers.includes(answer)),
    [],
  );
  assert.deepEqual(
    answers.filter((answer) => !refusals.has(answer)),
    [],
  );
  const accepting = heard.filter(
    (answer) => answer.startsWith('2') && !/^2\d\d[ -](?:2\.\d\.\d |door\.example)/.test(answer),
  );
  assert.deepEqual(accepting, []);
});
