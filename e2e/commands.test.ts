/** The other commands, as scripts use them: --help and --json everywhere, and exit codes that can be relied on. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Outcome } from './support/command.ts';
import { letterOf, textPart } from './support/letters.ts';
import { identityIn, sign } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

/** All at once would hold up the server, and the stories beside this one. */
const COMMANDS_AT_A_TIME = 4;

const COMMANDS = [
  'start',
  'gateway',
  'relay',
  'demo',
  'doctor',
  'mailbox add',
  'mailbox list',
  'mailbox close',
  'mailbox open',
  'key list',
  'key import',
  'key request',
  'key install',
  'key certificate',
  'key renew-demo',
  'enrol',
  'chat',
  'inspect',
  'trace',
  'quarantine list',
  'quarantine inspect',
  'quarantine release',
  'quarantine delete',
  'opposition add',
  'opposition list',
  'opposition withdraw',
  'correspondent show',
  'correspondent set',
];

describe('the command line', () => {
  const stage = new Stage();
  let file: string;
  let letterId: string;
  let messageId: string;
  let destination: Destination;

  before(async () => {
    const server = await stage.start();
    const entity = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour.'));
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'Bonjour' };
    const letter = letterOf(heading, entity);
    file = join(stage.home, 'letter.eml');
    writeFileSync(file, letter.bytes);
    messageId = letter.messageId;
    const chat = await stage.chat();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    letterId = (await send(destination, letter))[0] ?? '';
    await chat.arrival(letterId);
    await chat.end();
  });
  after(() => stage.close());

  /** Every line of what the command prints, as JSON. */
  async function json(...words: string[]): Promise<Record<string, unknown>[]> {
    const { code, output, errors } = await stage.run([...words, '--json']);
    assert.equal(code, 0, errors);
    const lines = output.toString().trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async function runEach(commands: readonly (readonly string[])[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (let at = 0; at < commands.length; at += COMMANDS_AT_A_TIME) {
      const some = commands.slice(at, at + COMMANDS_AT_A_TIME);
      outcomes.push(...(await Promise.all(some.map((words) => stage.run(words)))));
    }
    return outcomes;
  }

  it('every command has --help, which names --json and the exit codes', async () => {
    const outcomes = await runEach(COMMANDS.map((command) => [...command.split(' '), '--help']));
    for (const [at, { code, output }] of outcomes.entries()) {
      assert.equal(code, 0, COMMANDS[at]);
      for (const wanted of ['--json', 'Exit codes:']) assert.ok(output.includes(wanted), `${COMMANDS[at]}: ${wanted}`);
    }
  });

  it('doctor finds nothing in the way', async () => {
    const findings = await json('doctor');
    assert.ok(findings.length >= 6);
    assert.deepEqual(
      findings.filter(({ outcome }) => outcome === 'failed'),
      [],
    );
  });

  it('mailbox add and list', async () => {
    const [added] = await json(
      'mailbox',
      'add',
      'Infirmiere@cabinet-soins.example',
      '--name',
      'Cabinet infirmier',
      '--kind',
      'CAB',
    );
    assert.equal(added?.address, 'infirmiere@cabinet-soins.example');
    const listed = await json('mailbox', 'list');
    assert.deepEqual(listed.map(({ address }) => address).sort(), [
      'infirmiere@cabinet-soins.example',
      'pharmacie.halles@officine.example',
    ]);
    const again = await stage.run([
      'mailbox',
      'add',
      'infirmiere@cabinet-soins.example',
      '--name',
      'Encore',
      '--kind',
      'CAB',
    ]);
    assert.equal(again.code, 1);
    assert.match(again.errors, /already a mailbox/);
  });

  it('mailbox close and open, while the product runs', async () => {
    const words = { from: stage.address('doctor'), to: stage.address('pharmacy') };
    const heading = { ...words, subject: 'Fermée' };
    const letter = () => letterOf(heading, Buffer.from('Content-Type: text/plain\r\n\r\nBonjour.\r\n'));
    assert.deepEqual(
      (await json('mailbox', 'close', words.to)).map(({ closed }) => closed),
      [true],
    );
    await assert.rejects(send(destination, letter()), /550.*5\.2\.1/);
    const [listed] = (await json('mailbox', 'list')).filter(({ address }) => address === words.to);
    assert.equal(typeof listed?.closedAt, 'number');
    assert.deepEqual(
      (await json('mailbox', 'open', words.to)).map(({ closed }) => closed),
      [false],
    );
    assert.equal((await send(destination, letter())).length, 1);
    const nobody = await stage.run(['mailbox', 'close', 'personne@officine.example']);
    assert.deepEqual([nobody.code, /not a mailbox/.test(nobody.errors)], [1, true]);
  });

  it('enrol gives a link that works once', async () => {
    const [{ link, expiresAt } = {}] = await json('enrol', stage.address('pharmacy'), '--person', 'Léa');
    assert.match(String(link), /^http:\/\/127\.0\.0\.1:\d+\/.*#/);
    assert.ok(Date.parse(String(expiresAt)) > Date.now());
  });

  it('inspect says what the letter is', async () => {
    const [line] = await json('inspect', file);
    const keys = [
      'file',
      'signature',
      'identity',
      'encryption',
      'show',
      'reasons',
      'signer',
      'layers',
      'headers',
      'urgency',
      'documents',
    ];
    assert.deepEqual(Object.keys(line ?? {}), keys);
    assert.equal(line?.show, 'verified');
  });

  it('trace tells the same by our id and by the Message-ID, and nothing of the content', async () => {
    // The phone shows a letter before its delivery is written down, which is the last of it.
    const byId = await until('the delivery is written down', async () => {
      const lines = await json('trace', letterId);
      return lines.some(({ event }) => event === 'letter-delivered') ? lines : null;
    });
    const byMessageId = await json('trace', messageId);
    assert.deepEqual(byMessageId, byId);
    const events = byId.map(({ event }) => event);
    for (const wanted of ['letter-accepted', 'letter-opened', 'letter-routed', 'letter-delivered'])
      assert.ok(events.includes(wanted), wanted);
    assert.ok(!JSON.stringify(byId).includes('claire.martin'));
  });

  it('demo --auto closes the loop', async () => {
    const [line] = await json('demo', '--auto');
    assert.equal(line?.event, 'answered');
    assert.equal(line?.verified, true);
  });

  it('exit codes: 1 failed, 2 wrong use, 3 nothing known', async () => {
    const expected: [number, ...string[]][] = [
      [1, 'chat', 'personne@officine.example'],
      [1, 'enrol', 'personne@officine.example'],
      [2, 'nonsense'],
      [2, 'start', '--nonsense'],
      [2, 'trace'],
      [2, 'inspect', join(stage.home, 'nothing.eml')],
      [2, 'inspect', file, '--at', 'yesterday'],
      [2, 'mailbox', 'add', 'not an address', '--name', 'X'],
      [2, 'mailbox', 'add', 'x@y.example', '--name', 'X', '--kind', 'ROBOT'],
      [2, 'gateway'],
      [3, 'trace', 'ltr_00000000000000000000000000'],
      [3, 'trace', '<unknown@nowhere.example>'],
    ];
    const outcomes = await runEach(expected.map(([, ...words]) => words));
    for (const [at, { code, errors }] of outcomes.entries()) {
      assert.equal(code, expected[at]?.[0], `${expected[at]?.slice(1).join(' ')}: ${errors}`);
      assert.ok(!/^\s+at /m.test(errors), `a sentence, not a stack: ${errors}`);
    }
  });
});
