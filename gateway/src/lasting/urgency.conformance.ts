/** What every lasting store promises of rules for what is critical, and of the numbers to call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LastingStore, UrgencyRule } from '../ports.ts';
import { index, newMailbox } from './rows.conformance.ts';

type Work = (store: LastingStore) => Promise<void>;
const promises = new Map<string, Work>();
const promise = (title: string, work: Work) => promises.set(title, work);

/** Tests every promise on the store of a place. */
export function urgencyConformance(place: string, open: () => Promise<LastingStore>): void {
  for (const [title, work] of promises) test(`${place}: ${title}`, async () => work(await open()));
}

const INR: UrgencyRule = { analyte: 'INR', comparison: '>', limit: 4.5, unit: '' };
const POTASSIUM: UrgencyRule = { analyte: 'K⁺', comparison: '>=', limit: 6, unit: 'mmol/L' };

promise('a rule belongs to one mailbox, once however it was typed, until it is removed', async (store) => {
  const [mailboxId, other] = [await newMailbox(store), await newMailbox(store)];
  assert.equal(await store.addUrgencyRule(mailboxId, POTASSIUM), true);
  assert.equal(await store.addUrgencyRule(mailboxId, INR), true);
  assert.equal(await store.addUrgencyRule(mailboxId, { ...INR, analyte: 'i.n.r.' }), false);
  assert.equal(await store.addUrgencyRule(mailboxId, { ...POTASSIUM, unit: 'MMOL/L' }), false);
  assert.deepEqual(await store.urgencyRulesOf(mailboxId), [INR, POTASSIUM]);
  assert.deepEqual(await store.urgencyRulesOf(other), []);
  assert.equal(await store.removeUrgencyRule(other, INR), false);
  assert.equal(await store.removeUrgencyRule(mailboxId, { ...INR, analyte: 'inr' }), true);
  assert.equal(await store.removeUrgencyRule(mailboxId, INR), false);
  assert.deepEqual(await store.urgencyRulesOf(mailboxId), [POTASSIUM]);
});

promise('the number of a correspondent is kept, changed and forgotten', async (store) => {
  const addressIndex = index();
  assert.equal(await store.correspondentPhone(addressIndex), null);
  for (const phone of ['01 42 00 00 00', '+33 1 42 00 00 01', null, null]) {
    await store.setCorrespondentPhone(addressIndex, phone);
    assert.equal(await store.correspondentPhone(addressIndex), phone);
  }
});
