/** Who an account is: by password, by certificate; what its rights allow; and that asking teaches nothing. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { ACCOUNT_LIMITS } from '@estafette/contracts/limits';
import { openSqlite } from '@estafette/runtime/sqlite-database';
import { openVault } from '@estafette/runtime/vault';
import { hashPassword, knownAccount, openAccounts } from './accounts.ts';
import { openLastingStore } from './lasting/lasting-store.ts';
import { migrate } from './lasting/migrations.ts';
import type { Schema } from './lasting/schema.ts';
import type { LastingStore, StoredAccount } from './ports.ts';

const PASSWORD = 'un mot de passe très long';
const CERTIFICATE = 'ab'.repeat(32);
const database = openSqlite<Schema>(':memory:');
let store: LastingStore;
let account: StoredAccount;

before(async () => {
  await migrate(database, 'sqlite');
  store = openLastingStore(database, openVault(randomBytes(32)));
  account = {
    id: 'acc_1',
    name: 'logiciel-labo',
    password: await hashPassword(PASSWORD),
    certificates: [CERTIFICATE],
    sendAs: ['@labo.example', 'dr.martin@cabinet.example'],
    writeTo: ['pharmacie@officine.example'],
  };
  assert.equal(await store.addAccount(account, 1), true);
  const other = { ...account, id: 'acc_2', name: 'sans-mot', password: null, certificates: [], writeTo: null };
  assert.equal(await store.addAccount(other, 2), true);
});
after(() => store.close());

test('the right password is the account, a wrong one is nobody, and so is a name that does not exist', async () => {
  const accounts = openAccounts(store);
  assert.equal((await accounts.ofPassword('logiciel-labo', PASSWORD))?.id, 'acc_1');
  assert.equal(
    (await accounts.ofPassword('Logiciel-Labo', PASSWORD))?.id,
    'acc_1',
    'letter case of names is no secret',
  );
  for (const [name, password] of [
    ['logiciel-labo', `${PASSWORD} `],
    ['logiciel-labo', ''],
    ['logiciel-labo', 'x'.repeat(ACCOUNT_LIMITS.passwordMaxBytes + 1)],
    ['sans-mot', ''],
    ['sans-mot', PASSWORD],
    ['personne', PASSWORD],
    ['x'.repeat(100_000), PASSWORD],
  ] as const)
    assert.equal(await accounts.ofPassword(name, password), null, name.slice(0, 20));
});

test('a password typed in composed or decomposed letters is the same', async () => {
  const accounts = openAccounts(store);
  assert.equal((await accounts.ofPassword('logiciel-labo', PASSWORD.normalize('NFD')))?.id, 'acc_1');
});

test('a name that does not exist is compared like one that does, with the same cost', async () => {
  const compared: { cost: number; hash: string }[] = [];
  const accounts = openAccounts(store, async (_password, kept) => {
    compared.push(kept);
    return true;
  });
  assert.equal(await accounts.ofPassword('personne', PASSWORD), null);
  assert.equal((await accounts.ofPassword('logiciel-labo', PASSWORD))?.id, 'acc_1');
  assert.deepEqual(
    compared.map(({ cost }) => cost),
    [ACCOUNT_LIMITS.scryptCost, ACCOUNT_LIMITS.scryptCost],
  );
  assert.equal(compared[0]?.hash, '', 'nothing is ever equal to it');
});

test('a certificate is its account by its fingerprint', async () => {
  const accounts = openAccounts(store);
  assert.equal((await accounts.ofCertificate(CERTIFICATE.toUpperCase()))?.id, 'acc_1');
  assert.equal(await accounts.ofCertificate('cd'.repeat(32)), null);
});

test('an account is asked for again by its id, and is nobody once it was removed', async () => {
  const accounts = openAccounts(store);
  const gone = { ...account, id: 'acc_3', name: 'parti', certificates: [] };
  assert.equal(await store.addAccount(gone, 3), true);
  assert.equal((await accounts.ofId('acc_3'))?.maySendAs('x@labo.example'), true);
  await store.removeAccount('acc_3');
  assert.equal(await accounts.ofId('acc_3'), null);
});

test('an account sends as its addresses and domains, whole, and writes to its mailboxes', () => {
  const known = knownAccount('acc_1', account);
  for (const [address, may] of [
    ['resultats@labo.example', true],
    ['Resultats@LABO.example', true],
    ['dr.martin@cabinet.example', true],
    ['autre@cabinet.example', false],
    ['x@sous.labo.example', false],
    ['x@faux-labo.example', false],
    ['@labo.example@evil.example', false],
    ['labo.example', false],
    ['', false],
  ] as const)
    assert.equal(known.maySendAs(address), may, address);
  for (const signs of ['x@\uff4cabo.example', 'dr.mart\u0130n@cabinet.example', 'dr.martin@cab\u0130net.example'])
    assert.equal(known.maySendAs(signs), false, signs);
  const international = knownAccount('acc_4', {
    sendAs: ['@xn--caf-dma.example', 'mark@a.example'],
    writeTo: ['k@a.example'],
  });
  assert.equal(international.maySendAs('x@CAFÉ.example'), true);
  assert.equal(international.maySendAs('mar\u212a@a.example'), false);
  assert.equal(international.mayWriteTo('\u212a@a.example'), false);
  assert.equal(known.mayWriteTo('Pharmacie@officine.example'), true);
  assert.equal(known.mayWriteTo('autre@officine.example'), false);
  assert.equal(knownAccount('acc_2', { ...account, writeTo: null }).mayWriteTo('autre@officine.example'), true);
});

test('names and rights are sealed in the database, and the password is only its hash', async () => {
  const rows = await database.selectFrom('accounts').selectAll().execute();
  const bytes = Buffer.concat(rows.flatMap(({ name_index, sealed_facts }) => [name_index, sealed_facts]));
  for (const clear of ['logiciel-labo', 'labo.example', 'scrypt', PASSWORD]) assert.ok(!bytes.includes(clear), clear);
  const kept = await store.accountByName('logiciel-labo');
  assert.deepEqual(kept, account);
  assert.ok(!JSON.stringify(kept).includes(PASSWORD));
});
