/**
 * Starting and stopping, as a person or a supervisor sees it: the ready line, one sentence and an exit code for whatever
 * is in the way, an orderly end that leaves no process, and the same data at the next start.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { letterOf, textPart } from './support/letters.ts';
import { identityIn, sign } from './support/openssl.ts';
import { send } from './support/post-office.ts';
import { type Environment, type Server, Stage } from './support/stage.ts';
import { isAlive, until } from './support/waiting.ts';

/** What the server on a port says first, or null when nobody listens. */
function greetingOn(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}

/** A port that somebody else holds while `work` runs. */
async function whileHolding(work: (port: number) => Promise<void>): Promise<void> {
  const holder = createServer();
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
  const address = holder.address();
  try {
    await work(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    holder.close();
  }
}

const isOneSentence = (text: string): boolean => /^[^\n]+\.\n$/.test(text) && !/^\s+at /m.test(text);

describe('starting and stopping', () => {
  const stage = new Stage();
  let server: Server;
  after(() => stage.close());

  /** Starts in vain; the sentence on standard error, after checking its form and the exit code. */
  async function refused(settings: Environment, code: number): Promise<string> {
    const outcome = await stage.run(['start', '--json'], settings);
    assert.equal(outcome.code, code, outcome.errors);
    assert.equal(outcome.output.toString(), '');
    assert.ok(isOneSentence(outcome.errors), `one sentence, not: ${outcome.errors}`);
    return outcome.errors;
  }

  async function nothingIsLeft(redis: number, smtpPort: number): Promise<void> {
    await until('redis-server has ended', () => !isAlive(redis));
    assert.equal(await greetingOn(smtpPort), null);
    assert.equal(existsSync(join(stage.home, 'server.json')), false);
  }

  it('prints one ready line with the addresses it serves', async () => {
    server = await stage.start();
    const lines = server.printed().trim().split('\n');
    assert.equal(lines.length, 1);
    const ready = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(Object.keys(ready), ['event', 'smtp', 'web', 'enrol', 'doors']);
    assert.deepEqual(ready.doors, [{ space: 'demo', address: ready.smtp }]);
    assert.equal(ready.event, 'ready');
    assert.match((await greetingOn(server.smtpPort)) ?? '', /^220 /);
    assert.equal((await fetch(server.web)).status, 200);
    assert.ok(server.enrol.startsWith(server.web));
    assert.ok(new URL(server.enrol).hash.length > 20, 'the secret travels in the fragment');
  });

  it('a second start on the same data folder is refused, the first one goes on', async () => {
    assert.match(await refused({}, 1), /already runs/);
    assert.match((await greetingOn(server.smtpPort)) ?? '', /^220 /);
    assert.equal(isAlive(stage.redisPid()), true);
  });

  it('keeps the demo and its letters for the next start', async () => {
    const authorities = readFileSync(stage.demo('ca.pem'));
    const entity = await sign(identityIn(stage.demo('doctor')), textPart('À garder.'));
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'De la veille' };
    await send({ port: server.smtpPort, authorities: stage.demo('ca.pem') }, letterOf(heading, entity));
    const first = await stage.chat();
    await first.letter('De la veille');
    await first.end();

    const [redis, port] = [stage.redisPid(), server.smtpPort];
    assert.equal(await server.stop('SIGINT'), 0);
    await nothingIsLeft(redis, port);

    server = await stage.start();
    assert.deepEqual(readFileSync(stage.demo('ca.pem')), authorities);
    const second = await stage.chat('Dominique');
    await second.letter('De la veille');
    await second.end();
    assert.equal(server.printed().trim().split('\n').length, 1);
  });

  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    it(`stops in order at ${signal} and leaves no process`, async () => {
      const [redis, port] = [stage.redisPid(), server.smtpPort];
      assert.equal(await server.stop(signal), 0);
      await nothingIsLeft(redis, port);
      if (signal === 'SIGTERM') server = await stage.start();
    });
  }

  for (const setting of ['ESTAFETTE_SMTP_PORT', 'ESTAFETTE_HTTP_PORT', 'ESTAFETTE_DEMO_SMTP_PORT']) {
    it(`names the port when ${setting} is taken, and leaves nothing running`, async () => {
      await whileHolding(async (port) => {
        const sentence = await refused({ [setting]: String(port) }, 1);
        assert.match(sentence, new RegExp(`${port}.*in use`));
        assert.ok(sentence.includes(setting));
        const pidFile = join(stage.home, 'redis', 'child.pid');
        const redis = existsSync(pidFile) ? stage.redisPid() : null;
        if (redis !== null) await until('redis-server has ended', () => !isAlive(redis));
        assert.equal(existsSync(join(stage.home, 'server.json')), false);
      });
    });
  }

  it('says which data folder cannot be used', async () => {
    const file = join(stage.home, 'a-file');
    writeFileSync(file, '');
    assert.ok((await refused({ ESTAFETTE_HOME: file }, 1)).includes(file));
    assert.ok((await refused({ ESTAFETTE_HOME: join(file, 'below') }, 1)).includes(file));
    // Nobody may make a folder in sysfs, not even root.
    assert.match(await refused({ ESTAFETTE_HOME: '/sys/estafette' }, 1), /\/sys\/estafette.*ESTAFETTE_HOME/);
  });

  it('says when the path of the data folder is too long for the socket of Redis', async () => {
    const home = join(stage.home, 'x'.repeat(100));
    assert.match(await refused({ ESTAFETTE_HOME: home }, 1), /too long.*ESTAFETTE_HOME/);
  });

  it('says when the redis-server does not run', async () => {
    const home = join(stage.home, 'other');
    assert.match(await refused({ ESTAFETTE_HOME: home, ESTAFETTE_REDIS_SERVER: '/bin/false' }, 1), /redis/i);
    assert.match(await refused({ ESTAFETTE_HOME: home, ESTAFETTE_REDIS_SERVER: '/nowhere/redis' }, 1), /redis/i);
  });

  it('names a wrong setting and what was expected', async () => {
    assert.match(await refused({ ESTAFETTE_SMTP_PORT: 'smtp' }, 2), /^ESTAFETTE_SMTP_PORT must be a port.*“smtp”/);
    assert.match(await refused({ ESTAFETTE_TRUST_SPACE: 'all' }, 2), /^ESTAFETTE_TRUST_SPACE must be one of.*“all”/);
    assert.match(await refused({ ESTAFETTE_COLOUR: 'red' }, 2), /^ESTAFETTE_COLOUR is not a setting/);
    assert.match(await refused({ ESTAFETTE_DEMO: 'off' }, 2), /^ESTAFETTE_\w+ must be set when ESTAFETTE_DEMO is off/);
    const missing = { ESTAFETTE_TRUST_ANCHORS: join(stage.home, 'nothing.pem') };
    assert.match(await refused(missing, 2), /^ESTAFETTE_TRUST_ANCHORS: .*nothing\.pem does not exist/);
  });
});
