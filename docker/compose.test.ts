/**
 * The distributed form, as far as a machine without a Docker engine can judge it: docker-compose reads the file, and
 * the commands of the images, taken from the Dockerfile, run by hand from the folders the images would hold, with the
 * settings that the compose file gives them, on a real Redis with our redis.conf and a real PostgreSQL.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { createDemoIdentities } from '@estafette/certs/demo-identities';
import { exportPkcs12 } from '@estafette/certs/pkcs12';
import { type OpenedMessage, openDeviceSession } from '@estafette/mobile-lite/device/device-session';
import { enrolDevice } from '@estafette/mobile-lite/device/enrol-device';
import { MemoryDeviceStore } from '@estafette/mobile-lite/device/memory-device-store';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { openAnswer, startOperator, writeDoctor, writeLetter } from './test/correspondent.ts';
import { commandOf, instructionsOf, layOutImage, repository, rootImageOf } from './test/dockerfile.ts';
import { checkProxy, startProxy } from './test/proxy.ts';
import { onPath, Program, run, stopPrograms, until } from './test/running.ts';
import { findPostgres, findRedisServer, startPostgres, startRedis } from './test/state.ts';

interface ComposeService {
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
  readonly build?: { readonly target: string };
  readonly healthcheck?: object;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

const FOLDER = join(repository, 'docker');
const ADDRESS = 'pharmacie.halles@officine.example';
/** Words that must not lie in clear anywhere. */
const QUESTION = 'Bonjour, la miansérine de Mme DESSAINT est-elle à poursuivre ?';
const ANSWER = 'Oui, nous la poursuivons : ordonnance renouvelée.';
/** A PNG of one pixel. */
const PHOTO = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

const ending: (() => unknown)[] = [];
after(async () => {
  await stopPrograms();
  for (const end of ending.reverse()) await end();
});

/** The compose file with the example's values, as docker-compose understands it; YAML is read by its own library. */
let compose: Compose | undefined;
function readCompose(): Compose {
  if (compose !== undefined) return compose;
  const words = ['--env-file', join(FOLDER, 'env.example'), '-f', join(FOLDER, 'compose.yaml'), 'config'];
  const yaml = execFileSync('docker-compose', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const convert = 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)';
  compose = JSON.parse(execFileSync('python3', ['-c', convert], { input: yaml, encoding: 'utf8' })) as Compose;
  return compose;
}

const withoutCompose = onPath('docker-compose') === null && 'docker-compose is not installed';

it('docker-compose accepts the file, and only the web ports and the SMTP port face outside', {
  skip: withoutCompose,
}, () => {
  const { services, networks } = readCompose();
  assert.deepEqual(Object.keys(services).sort(), ['database', 'gateway', 'proxy', 'redis', 'relay']);
  const open = Object.entries(services).filter(([, { ports }]) => (ports ?? []).length > 0);
  assert.deepEqual(open.map(([name]) => name).sort(), ['gateway', 'proxy']);
  const outside = Object.entries(networks).filter(([, network]) => network.internal !== true);
  assert.deepEqual(outside.map(([name]) => name).sort(), ['edge', 'mail']);
  for (const name of ['relay', 'redis', 'database'])
    for (const network of Object.keys(services[name]?.networks ?? {})) assert.equal(networks[network]?.internal, true);
});

it('every container is hardened and says whether it is well', { skip: withoutCompose }, () => {
  for (const [name, service] of Object.entries(readCompose().services)) {
    assert.equal(service.read_only, true, name);
    assert.equal(service.init, true, name);
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    const target = service.build?.target;
    if (target === undefined) assert.ok(service.healthcheck, name);
    else assert.ok(commandOf(target, 'HEALTHCHECK').length > 0, name);
  }
});

it('the relay has no secret, no database, and of the data nothing but sealed blobs', { skip: withoutCompose }, () => {
  const { services } = readCompose();
  const relay = services.relay as ComposeService;
  assert.deepEqual(relay.secrets ?? [], []);
  assert.deepEqual(Object.keys(relay.networks).sort(), ['queue', 'web']);
  assert.deepEqual(relay.volumes, ['blobs:/var/lib/estafette-blobs:rw']);
  const names = Object.keys(relay.environment ?? {});
  assert.deepEqual(
    names.filter((name) => /VAULT|DATABASE|PG/.test(name)),
    [],
  );
});

it('env.example has exactly the values that compose.yaml asks for', () => {
  const wanted = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8').matchAll(/\$\{([A-Z_]+)\}/g);
  const given = readFileSync(join(FOLDER, 'env.example'), 'utf8').matchAll(/^([A-Z_]+)=/gm);
  const names = (found: Iterable<RegExpMatchArray>) => [...new Set([...found].map(([, name]) => name))].sort();
  assert.deepEqual(names(given), names(wanted));
});

it('the images stand on Node 24 and Caddy, and none runs as root', () => {
  for (const [target, image] of [
    ['gateway', 'node:24-bookworm-slim'],
    ['relay', 'node:24-bookworm-slim'],
    ['web', 'caddy:2-alpine'],
  ] as const) {
    assert.equal(rootImageOf(target), image);
    assert.equal(instructionsOf(target).findLast(({ word }) => word === 'USER')?.rest, '10001:10001');
  }
});

/** The environment of a service, its places of the containers replaced by those of this machine. */
function environmentOf(
  service: string,
  places: readonly (readonly [string | RegExp, string])[],
): Record<string, string> {
  const given = readCompose().services[service]?.environment ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      places.reduce((text, [from, to]) => text.replace(from, to), String(value)),
    ]),
  );
}

const reasonToSkip = (): string | false => {
  if (withoutCompose !== false) return withoutCompose;
  if (findRedisServer() === null) return 'no redis-server was found';
  if (findPostgres() === null) return 'PostgreSQL is not installed';
  return ['openssl', 'swaks'].some((name) => onPath(name) === null) && 'openssl or swaks is not installed';
};

it('a letter goes through gateway and relay of their own, and its answer comes back', {
  skip: reasonToSkip(),
  timeout: 280_000,
}, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'estafette-docker-'));
  ending.push(() => rmSync(root, { recursive: true, force: true }));
  chmodSync(root, 0o711);
  const place = (...names: string[]) => join(root, ...names);
  for (const name of ['gateway', 'relay', 'home', 'relay-home', 'blobs', 'trust/anchors', 'trust/crls', 'secrets'])
    mkdirSync(place(name), { recursive: true });

  // What the operator brings: trust, certificates, secrets.
  const demo = await createDemoIdentities({ now: new Date() });
  const password = randomBytes(24).toString('hex');
  const write = (name: string, text: string | Buffer) => {
    writeFileSync(place(name), text, { mode: 0o600 });
    return place(name);
  };
  const authorities = write('trust/anchors/ca.pem', demo.authoritiesPem);
  write('trust/crls/crl.pem', demo.revocationListsPem);
  write('trust/next-hop.pem', demo.authoritiesPem);
  write('secrets/vault_key', `${randomBytes(32).toString('base64')}\n`);
  const certificate = write('secrets/smtp_certificate', demo.gatewayServer.certificateChainPem);
  const key = write('secrets/smtp_key', demo.gatewayServer.privateKeyPem);

  const redis = await startRedis(findRedisServer() as string, place('redis'));
  const database = await startPostgres(findPostgres() as string, place('postgres'), password);
  write('secrets/database_pgpass', `127.0.0.1:${database.port}:estafette:estafette:${password}\n`);
  const { certificateChainPem, privateKeyPem } = demo.operatorServer;
  const operator = await startOperator({ key: privateKeyPem, certificate: certificateChainPem });
  ending.push(operator.close);

  layOutImage('gateway', place('gateway'));
  layOutImage('relay', place('relay'));
  const [smtpPort, relayPort] = [await freePort(), await freePort()];
  const app = place('relay', 'mobile-lite', 'dist');
  const proxy = onPath('caddy') === null ? null : await startProxy(root, { certificate, key, app, relayPort });
  if (proxy === null) t.diagnostic('caddy is not installed: the device talks to the relay without the proxy');
  const web = proxy === null ? `http://127.0.0.1:${relayPort}` : `https://localhost:${proxy.https}`;

  const places = [
    ['0.0.0.0', '127.0.0.1'],
    ['/run/secrets', place('secrets')],
    ['/etc/estafette/trust', place('trust')],
    ['/var/lib/estafette-blobs', place('blobs')],
    ['redis:6379', `127.0.0.1:${redis.port}`],
    ['database:5432', `127.0.0.1:${database.port}`],
    ['https://app.officine.example', web],
    ['smtp.operateur.example:25', `localhost:${operator.port}`],
    [/^2525$/, String(smtpPort)],
    [/^8080$/, String(relayPort)],
  ] as const;
  const gatewayEnv = environmentOf('gateway', [...places, ['/var/lib/estafette', place('home')]]);
  const relayEnv = environmentOf('relay', [...places, ['/var/lib/estafette', place('relay-home')]]);
  const node = (words: readonly string[]) => words.map((word) => (word === 'node' ? process.execPath : word));
  // What one of the programs compiled the next ones need not.
  const compiled = { NODE_COMPILE_CACHE: place('compiled') };
  const start = (role: 'gateway' | 'relay', env: Record<string, string>) =>
    new Program(node(commandOf(role, 'CMD')), { cwd: place(role), env: { ...env, ...compiled } });
  const health = (role: 'gateway' | 'relay') => {
    const words = commandOf(role, 'HEALTHCHECK').map((word) => word.replace(/^2525$/, `${smtpPort}`));
    return run(node(words.map((word) => word.replace(/^8080$/, `${relayPort}`))), { cwd: place(role) });
  };
  await assert.rejects(health('gateway'), /ended with 1/);
  const relay = start('relay', relayEnv);
  const gateway = start('gateway', gatewayEnv);
  await relay.line('the ready line', ({ event }) => event === 'ready');
  await gateway.line('the ready line', ({ event }) => event === 'ready');
  await health('gateway');
  await health('relay');
  assert.deepEqual(readdirSync(place('relay-home')), [], 'the relay keeps nothing');

  // As docker/README.md tells: the mailbox, then a phone and a terminal.
  const { pharmacy } = demo;
  write(
    'pharmacy.p12',
    exportPkcs12({
      keyPem: pharmacy.privateKeyPem,
      certificatePem: pharmacy.certificatePem,
      chainPem: [demo.authority.issuingCertificatePem],
      password: 'officine',
      friendlyName: pharmacy.displayName,
    }),
  );
  write('pharmacy.password', 'officine\n');
  const estafette = [process.execPath, 'cli/src/main.ts'];
  const inGateway = { cwd: place('gateway'), env: { ...gatewayEnv, ...compiled, NODE_EXTRA_CA_CERTS: authorities } };
  const key12 = ['--p12', place('pharmacy.p12'), '--password-file', place('pharmacy.password')];
  await run([...estafette, 'mailbox', 'add', ADDRESS, '--name', 'Pharmacie des Halles', ...key12], inGateway);
  const { link } = JSON.parse(await run([...estafette, 'enrol', ADDRESS, '--json'], inGateway)) as { link: string };
  assert.ok(link.startsWith(web), link);
  const baseUrl = `http://127.0.0.1:${relayPort}`;
  const store = new MemoryDeviceStore();
  assert.equal((await enrolDevice({ link, baseUrl, store })).outcome, 'joined');
  const phone = await openDeviceSession({ baseUrl, store });
  assert.ok(phone !== null);
  ending.push(() => phone.close());
  const seen: OpenedMessage[] = [];
  phone.onMessage((message) => seen.push(message));
  phone.start();
  const chat = new Program([...estafette, 'chat', ADDRESS, '--json'], inGateway);
  await chat.line('the ready line', ({ type }) => type === 'ready');

  const doctor = writeDoctor(place('doctor'), demo);
  const recipient = { address: ADDRESS, certificate: write('pharmacy.pem', pharmacy.certificatePem) };
  await writeLetter({ file: place('letter.eml'), doctor, recipient, text: QUESTION, photo: PHOTO });
  const hop = ['--server', `127.0.0.1:${smtpPort}`, '--tls', '--from', doctor.address, '--to', ADDRESS];
  await run(['swaks', ...hop, '--data', `@${place('letter.eml')}`]);
  const letter = await chat.line('the letter', ({ type }) => type === 'letter');
  assert.equal(letter.show, 'verified');
  assert.equal((letter.documents as { kind: string; text: string }[])[0]?.text.trim(), QUESTION);

  // The photo went through the folder that the two share.
  const shown = await until(
    'the letter on the phone',
    () => seen.find(({ message }) => message.type === 'letter') ?? null,
  );
  const documents = shown.message.type === 'letter' ? shown.message.documents : [];
  const photo = documents.find(({ kind }) => kind === 'photo');
  assert.ok(photo?.kind === 'photo');
  assert.deepEqual(Buffer.from(await phone.openAttachment(shown.conversationId, photo)), PHOTO);

  chat.write({ conversationId: letter.conversationId, text: ANSWER });
  await chat.line('the status', ({ type, state }) => type === 'status' && state === 'sent');
  assert.equal(operator.mails.length, 1);
  const answer = await openAnswer(operator.mails[0] as string, doctor, authorities);
  assert.match(decodeQuotedPrintable(answer), new RegExp(ANSWER));

  if (proxy !== null) await checkProxy(proxy, { web, relay: baseUrl, authorities });
  for (const secret of ['DESSAINT', 'miansérine', 'ordonnance'])
    assert.deepEqual(
      filesHolding(
        secret,
        ['home', 'blobs', 'redis', 'postgres'].map((name) => place(name)),
      ),
      [],
    );

  await chat.stop();
  assert.equal(await gateway.stop(), 0, gateway.complaints);
  assert.equal(await relay.stop(), 0, relay.complaints);
  await assert.rejects(health('relay'), /ended with 1/);
});

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function filesHolding(text: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes(text)),
  );
}
