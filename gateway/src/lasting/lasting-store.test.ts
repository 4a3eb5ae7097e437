/** The lasting store on SQLite, in a file and in memory, and on PostgreSQL where the server programs are installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { openPostgres } from '@estafette/runtime/postgres-database';
import { openSqlite } from '@estafette/runtime/sqlite-database';
import { openVault } from '@estafette/runtime/vault';
import { type Kysely, sql } from 'kysely';
import type { LastingStore } from '../ports.ts';
import { accountsConformance } from './accounts.conformance.ts';
import { automaticConformance } from './automatic.conformance.ts';
import { canonicalMailboxes } from './canonical-mailboxes.ts';
import { filingsConformance } from './filings.conformance.ts';
import { lastingStoreConformance } from './lasting-store.conformance.ts';
import { openLastingStore } from './lasting-store.ts';
import { mailboxKeysConformance } from './mailbox-keys.conformance.ts';
import { mailsConformance } from './mails.conformance.ts';
import { migrate } from './migrations.ts';
import { oppositionsConformance } from './oppositions.conformance.ts';
import { participantsConformance } from './participants.conformance.ts';
import { quarantineConformance } from './quarantine.conformance.ts';
import { replyGroupsConformance } from './reply-groups.conformance.ts';
import { index, NOW, newLearnt, newMailbox } from './rows.conformance.ts';
import type { Schema } from './schema.ts';
import { urgencyConformance } from './urgency.conformance.ts';

const vault = openVault(randomBytes(32));
const folder = mkdtempSync(join(tmpdir(), 'estafette-store-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function sqlite(place: string): { database: Kysely<Schema>; store: Promise<LastingStore> } {
  const database = openSqlite<Schema>(place);
  const store = migrate(database, 'sqlite').then(() => openLastingStore(database, vault));
  after(() => database.destroy());
  return { database, store };
}

const inFile = sqlite(join(folder, 'store.sqlite'));
const inMemory = sqlite(':memory:');
lastingStoreConformance('SQLite file', () => inFile.store);
lastingStoreConformance('SQLite in memory', () => inMemory.store);
mailboxKeysConformance('SQLite in memory', () => inMemory.store);
quarantineConformance('SQLite in memory', () => inMemory.store);
participantsConformance('SQLite in memory', () => inMemory.store);
automaticConformance('SQLite in memory', () => inMemory.store);
accountsConformance('SQLite in memory', () => inMemory.store);
filingsConformance('SQLite in memory', () => inMemory.store);
oppositionsConformance('SQLite in memory', () => inMemory.store);
urgencyConformance('SQLite in memory', () => inMemory.store);
replyGroupsConformance('SQLite in memory', () => inMemory.store);
mailsConformance('SQLite in memory', () => inMemory.store);

test('a schema that is the newest already is left alone', async () => {
  await inFile.store;
  await migrate(inFile.database, 'sqlite');
});

test('what was committed is there after the file is opened again', async () => {
  const place = join(folder, 'again.sqlite');
  const first = openSqlite<Schema>(place);
  await migrate(first, 'sqlite');
  const mailboxId = await newMailbox(openLastingStore(first, vault));
  await first.destroy();
  const second = openSqlite<Schema>(place);
  await migrate(second, 'sqlite');
  assert.ok(await openLastingStore(second, vault).mailboxById(mailboxId));
  await second.destroy();
});

test('addresses of mailboxes kept in letters of their domain are found after an update; two forms of one both stay', async () => {
  const { database, store: opening } = sqlite(':memory:');
  const store = await opening;
  const id = newId('mailbox');
  await store.addMailbox({ id, address: 'Contact@CAFÉ.example', name: 'x', kind: 'ORG' });
  assert.equal((await store.mailboxById(id))?.address, 'contact@xn--caf-dma.example');
  const before = async (rowId: string, address: string) => {
    await database.updateTable('mailboxes').set({ address }).where('id', '=', rowId).execute();
    await canonicalMailboxes(database);
  };
  await before(id, 'contact@café.example');
  assert.equal((await store.mailboxByAddress('contact@café.example'))?.id, id);
  assert.deepEqual(await store.trace(id), []);
  const twin = newId('mailbox');
  await store.addMailbox({ id: twin, address: 'twin@cafe.example', name: 'x', kind: 'ORG' });
  await before(twin, 'contact@café.example');
  assert.equal((await store.mailboxById(twin))?.address, 'contact@café.example');
  assert.equal((await store.mailboxByAddress('contact@café.example'))?.id, id);
  assert.equal(await store.mailboxByAddress('contact@ca\u212a.example'), null);
  const told = (await store.trace(id)).map(({ at: _at, ...event }) => event);
  assert.deepEqual(told, [{ subject: twin, event: 'mailbox-address-shared', related: id }]);
  assert.deepEqual(await store.trace(twin), await store.trace(id));
});

test('prevents: a transaction that reads first failing as locked when another process has written in between', async () => {
  const place = join(folder, 'two-processes.sqlite');
  const [server, command] = [openSqlite<Schema>(place), openSqlite<Schema>(place)];
  await migrate(server, 'sqlite');
  await sql`pragma busy_timeout = 0`.execute(command);
  const mailboxId = await newMailbox(openLastingStore(server, vault, { oneWriter: true }));
  const elsewhere = openLastingStore(command, vault, { oneWriter: true });
  const rename = (id: string) => ({ id, address: `${id}@officine.example`, name: 'x', kind: 'PER' as const });
  await openLastingStore(server, vault, { oneWriter: true }).transaction(async (inside) => {
    await inside.keysOf(mailboxId);
    await assert.rejects(elsewhere.addMailbox(rename(newId('mailbox'))), /locked/);
    await inside.addMailbox(rename(newId('mailbox')));
  });
  await elsewhere.addMailbox(rename(newId('mailbox')));
  await server.destroy();
  await command.destroy();
});

/** Fills every sealed column, then looks at the raw rows. */
async function filled() {
  const { database, store: opening } = sqlite(':memory:');
  const store = await opening;
  const mailboxId = await newMailbox(store);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [secret, certificate, addressIndex] = [randomBytes(32), Buffer.from('certificate of Dr MARTIN'), index()];
  const key = {
    id: newId('event'),
    mailboxId,
    certificate: Buffer.from('own'),
    chain: [],
    privateKey,
    notBefore: 0,
    notAfter: 1,
  };
  await store.addMailboxKey(key);
  await store.addKeyRequest({ id: newId('event'), mailboxId, privateKey, createdAt: NOW });
  const person = 'Paul LEROY';
  const device = { id: newId('device'), mailboxId, person, wrappingKey: 'w', signingKey: 's', validUntil: null };
  await store.addDevice(device);
  const facts = { expiresAt: NOW, usedBy: null, deviceTtlSeconds: null };
  await store.addEnrolment({ id: newId('enrolment'), mailboxId, person, secret, ...facts });
  await store.saveCorrespondent(newLearnt(addressIndex, { certificate }), NOW);
  const traits = { familyNames: ['TERRIEUR'], givenName: 'Alex', birthDate: '1979-03-28', sex: null };
  const patient = { number: '279035121518989', traits };
  await store.addOpposition({ id: newId('opposition'), mailboxId, patient, recordedBy: person }, NOW);
  return { database, store, mailboxId, privateKey, secret, certificate, addressIndex, key, device };
}

test('raw rows hold no person, patient, secret, private key or correspondent certificate in clear', async () => {
  const { database, privateKey, secret, certificate } = await filled();
  const oppositions = ['oppositions', 'opposition_keys'] as const;
  const tables = ['mailbox_keys', 'key_requests', 'devices', 'enrolments', 'correspondents', ...oppositions] as const;
  const rows = await Promise.all(tables.map((table) => database.selectFrom(table).selectAll().execute()));
  const raw = Buffer.concat(
    rows
      .flat()
      .flatMap((row) =>
        Object.values(row).map((value) => (value instanceof Uint8Array ? value : Buffer.from(String(value)))),
      ),
  );
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const words = ['LEROY', 'TERRIEUR', 'Alex', '1979', '27903512'].map((word) => Buffer.from(word));
  for (const clear of [...words, secret, certificate, der, der.subarray(-40)]) assert.ok(!raw.includes(clear));
});

test('a sealed column copied to another row does not open there', async () => {
  const { database, store, mailboxId, key, device, addressIndex } = await filled();
  const { sealed_person } = await database.selectFrom('devices').select('sealed_person').executeTakeFirstOrThrow();
  const stolen = { ...device, id: newId('device') };
  await store.addDevice(stolen);
  await database.updateTable('devices').set({ sealed_person }).where('id', '=', stolen.id).execute();
  await assert.rejects(store.device(stolen.id, NOW));
  await database
    .updateTable('mailbox_keys')
    .set({ id: newId('event') })
    .where('id', '=', key.id)
    .execute();
  await assert.rejects(store.keysOf(mailboxId));
  const elsewhere = index();
  await database
    .updateTable('correspondents')
    .set({ address_index: elsewhere })
    .where('address_index', '=', addressIndex)
    .execute();
  await assert.rejects(store.correspondent(elsewhere));
  const [enrolment] = await database.selectFrom('enrolments').selectAll().execute();
  const moved = newId('enrolment');
  await database
    .updateTable('enrolments')
    .set({ id: moved })
    .where('id', '=', enrolment?.id as string)
    .execute();
  await assert.rejects(store.enrolment(moved));
});

test('what is sealed under one vault does not open under another', async () => {
  const { database, mailboxId } = await filled();
  const other = openLastingStore(database, openVault(randomBytes(32)));
  await assert.rejects(other.keysOf(mailboxId));
  await assert.rejects(other.liveDevices(NOW));
});

test('a private key comes back as the key it was', async () => {
  const { store, mailboxId, privateKey } = await filled();
  const [key] = await store.keysOf(mailboxId);
  assert.ok(
    createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).equals(key?.privateKey as typeof privateKey),
  );
});

const DEBIAN_POSTGRES = '/usr/lib/postgresql';
const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES).sort() : [];
const programs = versions
  .map((version) => join(DEBIAN_POSTGRES, version, 'bin'))
  .findLast((path) => existsSync(join(path, 'initdb')));
const asRoot = process.getuid?.() === 0;
const skip = programs === undefined ? 'PostgreSQL is not installed' : false;

/** PostgreSQL refuses to run as root: it runs as `nobody` then. */
function postgresProgram(name: string, ...words: string[]): void {
  const command = [join(programs as string, name), ...words];
  const whole = asRoot ? ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', ...command] : command;
  const run = spawnSync(whole[0] as string, whole.slice(1), { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  assert.equal(run.status, 0, run.stderr);
}

describe('PostgreSQL', { skip }, () => {
  const cluster = mkdtempSync(join(tmpdir(), 'est-pg-'));
  const control = ['-D', join(cluster, 'data'), '-w'];
  let store: LastingStore;
  let isRunning = false;

  before(async () => {
    chmodSync(cluster, 0o700);
    if (asRoot) {
      const { stdout } = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' });
      chownSync(cluster, Number(stdout), Number(spawnSync('id', ['-g', 'nobody'], { encoding: 'utf8' }).stdout));
    }
    postgresProgram('initdb', '-D', join(cluster, 'data'), '-U', 'estafette', '-A', 'trust', '-E', 'UTF8', '--no-sync');
    const settings = `-k ${cluster} -c listen_addresses= -c fsync=off`;
    postgresProgram('pg_ctl', 'start', ...control, '-l', join(cluster, 'log'), '-o', settings);
    isRunning = true;
    const database = openPostgres<Schema>(`postgresql://estafette@${encodeURIComponent(cluster)}/postgres`);
    await migrate(database, 'postgres');
    store = openLastingStore(database, vault);
  });
  after(async () => {
    await store?.close();
    if (isRunning) postgresProgram('pg_ctl', 'stop', ...control, '-m', 'immediate');
    rmSync(cluster, { recursive: true, force: true });
  });

  lastingStoreConformance('PostgreSQL', async () => store);
  mailboxKeysConformance('PostgreSQL', async () => store);
  quarantineConformance('PostgreSQL', async () => store);
  participantsConformance('PostgreSQL', async () => store);
  automaticConformance('PostgreSQL', async () => store);
  accountsConformance('PostgreSQL', async () => store);
  filingsConformance('PostgreSQL', async () => store);
  oppositionsConformance('PostgreSQL', async () => store);
  urgencyConformance('PostgreSQL', async () => store);
  replyGroupsConformance('PostgreSQL', async () => store);
  mailsConformance('PostgreSQL', async () => store);
});
