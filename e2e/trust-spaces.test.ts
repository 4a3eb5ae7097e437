/**
 * Several trust spaces in one gateway, as an operator sets them: two doors with their own policies, software of one's own
 * with a password, a reload of the running server, and a wrong file that changes nothing. swaks speaks the dialogues.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '@estafette/runtime/free-port.fixture';
import type { Chat } from './support/chat.ts';
import { type Outcome, runCommand } from './support/command.ts';
import { letterOf, textPart } from './support/letters.ts';
import { prepareDemo } from './support/operators.ts';
import { type Server, Stage } from './support/stage.ts';

const MAIN = fileURLToPath(new URL('../cli/src/main.ts', import.meta.url));
const PASSWORD = 'un mot de passe de labo';

describe('several trust spaces', () => {
  const stage = new Stage();
  const file = join(stage.home, 'spaces.json');
  const settings = { ESTAFETTE_TRUST_SPACES: file };
  let [sealedPort, ownPort, addedPort] = [0, 0, 0];
  let server: Server;
  let chat: Chat;

  const tls = { certificate: 'demo/gateway/cert.pem', key: 'demo/gateway/key.pem' };
  const spaces = (): object[] => [
    { name: 'plis', preset: 'apicrypt-style', door: { port: sealedPort, ...tls } },
    { name: 'interne', preset: 'internal', door: { port: ownPort, ...tls, clients: { anchors: 'demo/ca.pem' } } },
  ];
  const write = (given: readonly object[]): void => writeFileSync(file, JSON.stringify({ spaces: given }));

  const estafette = (words: readonly string[], input?: string): Promise<Outcome> =>
    runCommand(process.execPath, [MAIN, ...words], {
      environment: stage.environment(settings),
      ...(input === undefined ? {} : { input: Buffer.from(input) }),
    });

  /** Offers an unsigned letter; gives the last answer that mattered. */
  async function offer(port: number, words: readonly string[] = [], from = 'resultats@labo.example') {
    const letter = letterOf({ from, to: stage.address('pharmacy'), subject: 'Résultats' }, textPart('INR 2,4\r\n'));
    const place = ['--server', `127.0.0.1:${port}`, '--tls', '--timeout', '120'];
    const all = [...place, '--from', from, '--to', letter.to, '--data', '-', ...words];
    const { output } = await runCommand('swaks', all, { input: letter.bytes });
    const text = output.toString();
    const answers = [...text.matchAll(/^<(?:~|-|\*\*|~\*) +(\d{3} .*)$/gm)].map(([, answer = '']) => answer);
    const refused = answers.find((answer) => /^[45]/.test(answer));
    return { answer: refused ?? text.match(/250 .*(ltr_\w+)/)?.[0] ?? text, id: /ltr_\w{26}/.exec(text)?.[0] ?? '' };
  }
  const login = (password: string): string[] => ['--auth', 'PLAIN', '--auth-user', 'labo', '--auth-password', password];

  before(async () => {
    [sealedPort, ownPort, addedPort] = [await freePort(), await freePort(), await freePort()];
    await prepareDemo(stage);
    write(spaces());
    server = await stage.start(settings);
    chat = await stage.chat();
  });
  after(() => stage.close());

  it('opens a door for each, and says so', () => {
    const lines = server.printed().split('\n');
    const ready = JSON.parse(lines.find((line) => line.startsWith('{"event":"ready"')) ?? '{}') as { doors: object };
    assert.deepEqual(ready.doors, [
      { space: 'plis', address: `127.0.0.1:${sealedPort}` },
      { space: 'interne', address: `127.0.0.1:${ownPort}` },
    ]);
  });

  it('keeps an unsigned letter in quarantine where letters must be sealed', async () => {
    const { id } = await offer(sealedPort);
    assert.equal((await chat.arrival(id)).show, 'quarantine');
  });

  it('takes letters from its own software by password, as whom it may, and shows them unverified', async () => {
    const added = await estafette(
      ['account', 'add', 'labo', '--password-stdin', '--may-send-as', '@labo.example', '--json'],
      `${PASSWORD}\n`,
    );
    assert.equal(added.code, 0, added.errors);
    assert.match((await offer(ownPort)).answer, /^530 /);
    assert.match((await offer(ownPort, login('faux mot de passe'))).answer, /^535 /);
    assert.match((await offer(ownPort, login(PASSWORD), 'dr.martin@cabinet.example')).answer, /^55\d /);
    const { id, answer } = await offer(ownPort, login(PASSWORD));
    assert.match(answer, /^250 /);
    const seen = await chat.arrival(id);
    assert.deepEqual([seen.show, seen.signature], ['unverified', 'none']);
  });

  it('lists accounts without their secrets, and a removed one is nobody', async () => {
    const { output } = await estafette(['account', 'list']);
    assert.match(output.toString(), /^labo {2}acc_/);
    assert.ok(!output.toString().includes(PASSWORD));
    assert.equal((await estafette(['account', 'remove', 'labo'])).code, 0);
    assert.equal((await estafette(['account', 'remove', 'labo'])).code, 3);
    assert.match((await offer(ownPort, login(PASSWORD))).answer, /^535 /);
  });

  it('opens a further door and changes a policy at a reload, without a new start', async () => {
    const [sealed = {}, own = {}] = spaces();
    const added = { name: 'essai', preset: 'demo', door: { port: addedPort, ...tls } };
    write([{ ...sealed, letters: { requires: 'signed-or-encrypted' } }, own, added]);
    const outcome = await estafette(['reload']);
    assert.equal(outcome.code, 0, outcome.errors);
    assert.equal(outcome.output.toString(), 'In force: plis, interne, essai.\n');
    assert.match((await offer(addedPort)).answer, /^250 /);
  });

  it('tells what is wrong with a file, and goes on by the old one', async () => {
    write([{ ...spaces()[0], door: { ...tls, port: 'abc' } }]);
    const { code, errors } = await estafette(['reload']);
    assert.equal(code, 2);
    assert.match(errors, /spaces\[0\]\.door\.port: a port, 1 to 65535, but is “abc”/);
    process.kill(server.pid, 'SIGHUP');
    assert.match((await offer(addedPort)).answer, /^250 /);
  });

  it('does not start on a wrong file', async () => {
    await server.stop();
    const { code, errors } = await estafette(['start', '--json']);
    assert.equal(code, 2);
    assert.match(errors, /spaces\.json:\n {2}spaces\[0\]\.door\.port/);
  });
});
