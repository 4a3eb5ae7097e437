/** What every lasting store promises of mailbox keys, in code. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore } from '../ports.ts';
import { HOUR_MS, NOW, newMailbox } from './rows.conformance.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const promises = new Map<string, (store: LastingStore, mailboxId: string) => Promise<void>>();

/** Tests every promise on the store of a place. */
export function mailboxKeysConformance(place: string, open: () => Promise<LastingStore>): void {
  for (const [title, work] of promises) {
    test(`${place}: ${title}`, async () => {
      const store = await open();
      await work(store, await newMailbox(store));
    });
  }
}

promises.set('keys of a mailbox come back whole, newest first', async (store, mailboxId) => {
  const chain = [Buffer.from('first'), Buffer.alloc(300, 7)];
  for (const notBefore of [NOW - 2 * HOUR_MS, NOW, NOW - HOUR_MS]) {
    const certificate = Buffer.from(`certificate of ${notBefore}`);
    await store.addMailboxKey({
      id: `key-${mailboxId}-${notBefore}`,
      mailboxId,
      certificate,
      chain,
      privateKey,
      notBefore,
      notAfter: NOW + HOUR_MS,
    });
  }
  const keys = await store.keysOf(mailboxId);
  assert.deepEqual(
    keys.map((key) => key.notBefore),
    [NOW, NOW - HOUR_MS, NOW - 2 * HOUR_MS],
  );
  assert.deepEqual(
    keys[0]?.chain.map((der) => Buffer.from(der)),
    chain,
  );
  assert.ok(keys[0]?.privateKey.equals(privateKey));
  assert.deepEqual(await store.keysOf(newId('mailbox')), []);
});

promises.set('a key that waits for its certificate comes back whole, until it is removed', async (store, mailboxId) => {
  const request = { id: `request-${mailboxId}`, mailboxId, privateKey, createdAt: NOW };
  await store.addKeyRequest(request);
  const [found, ...others] = await store.keyRequestsOf(mailboxId);
  assert.deepEqual([found?.id, found?.mailboxId, found?.createdAt, others], [request.id, mailboxId, NOW, []]);
  assert.ok(found?.privateKey.equals(privateKey));
  assert.deepEqual(await store.keysOf(mailboxId), []);
  assert.deepEqual(await store.keyRequestsOf(newId('mailbox')), []);
  await store.removeKeyRequest(request.id);
  assert.deepEqual(await store.keyRequestsOf(mailboxId), []);
});
