/** What every lasting store promises of accounts. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore, StoredAccount } from '../ports.ts';
import { NOW } from './rows.conformance.ts';

const newAccount = (change: Partial<StoredAccount> = {}): StoredAccount => {
  const id = newId('account');
  return {
    id,
    name: `logiciel-${id.toLowerCase()}`,
    password: { cost: 2, blockSize: 1, parallelization: 1, salt: 'c2Vs', hash: 'aGFzaA==' },
    certificates: [randomBytes(32).toString('hex')].sort(),
    sendAs: ['@labo.example'],
    writeTo: null,
    ...change,
  };
};

/** Tests every promise on the store of a place. */
export function accountsConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('an account is found by name, whatever its letter case, and by each of its certificates', async (store) => {
    const certificates = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')].sort();
    const account = newAccount({ certificates });
    assert.equal(await store.addAccount(account, NOW), true);
    assert.deepEqual(await store.accountByName(account.name.toUpperCase()), account);
    for (const fingerprint of certificates) assert.deepEqual(await store.accountByCertificate(fingerprint), account);
    assert.deepEqual(await store.accountById(account.id), account);
    assert.equal(await store.accountByName('personne'), null);
    assert.equal(await store.accountByName(account.name.replace('k', '\u212a').replace('l', '\u2113')), null);
    assert.ok((await store.accounts()).some(({ id }) => id === account.id));
  });

  promise('a name and a certificate belong to one account, and a refused one leaves nothing behind', async (store) => {
    const first = newAccount();
    assert.equal(await store.addAccount(first, NOW), true);
    assert.equal(await store.addAccount(newAccount({ name: first.name.toUpperCase() }), NOW), false);
    const fresh = randomBytes(32).toString('hex');
    const thief = newAccount({ certificates: [fresh, ...first.certificates] });
    assert.equal(await store.addAccount(thief, NOW), false);
    assert.equal(await store.accountByName(thief.name), null);
    assert.equal(await store.accountByCertificate(fresh), null);
    assert.deepEqual(await store.accountByName(first.name), first);
  });

  promise('a removed account is gone with its certificates, and its name is free again', async (store) => {
    const account = newAccount();
    await store.addAccount(account, NOW);
    assert.equal(await store.removeAccount(account.id), true);
    assert.equal(await store.removeAccount(account.id), false);
    assert.equal(await store.accountById(account.id), null);
    assert.equal(await store.accountByName(account.name), null);
    assert.equal(await store.accountByCertificate(account.certificates[0] ?? ''), null);
    assert.equal(
      await store.addAccount(newAccount({ name: account.name, certificates: account.certificates }), NOW),
      true,
    );
  });
}
