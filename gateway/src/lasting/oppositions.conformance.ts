/** What every lasting store promises of patients who oppose. Run by the test file for each database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { LastingStore, NewOpposition, StatedPatient } from '../ports.ts';
import { NOW, newMailbox } from './rows.conformance.ts';

let patients = 0;

/** Somebody whom no other test of the same database opposes for. */
function newPatient(): StatedPatient {
  patients += 1;
  const givenName = `Alex${String.fromCodePoint(97 + (patients % 26), 97 + Math.floor(patients / 26))}`;
  const number = `2790351${String(100_000 + patients).slice(0, 6)}`;
  const ins = { number, oid: '1.2.250.1.213.1.4.8', quality: 'unqualified' } as const;
  return { index: 0, familyName: 'TERRIEUR', birthName: '', givenName, birthDate: '1979-03-28', sex: 'F', ins };
}

const opposed = (mailboxId: string | null, { givenName, ins }: StatedPatient): NewOpposition => ({
  id: newId('opposition'),
  mailboxId,
  patient: {
    number: ins?.number ?? null,
    traits: { familyNames: ['Terrieur'], givenName, birthDate: '1979-03-28', sex: null },
  },
  recordedBy: 'Paul LEROY',
});

/** Tests every promise on the store of a place. */
export function oppositionsConformance(place: string, open: () => Promise<LastingStore>): void {
  const promise = (title: string, work: (store: LastingStore) => Promise<void>) =>
    test(`${place}: ${title}`, async () => work(await open()));

  promise('an opposition is found by the number, by the traits, and in no other mailbox', async (store) => {
    const [mailboxId, other] = [await newMailbox(store), await newMailbox(store)];
    const [patient, nobody] = [newPatient(), newPatient()];
    const opposition = opposed(mailboxId, patient);
    await store.addOpposition(opposition, NOW);
    for (const stated of [patient, { ...patient, ins: null }, { ...patient, familyName: 'X', birthDate: null }])
      assert.deepEqual(await store.opposing(mailboxId, [nobody, stated]), [opposition.id]);
    // One of the keys alone leads to the row; who it is decides.
    assert.deepEqual(await store.opposing(mailboxId, [{ ...patient, ins: null, familyName: 'X' }]), []);
    assert.deepEqual(await store.opposing(mailboxId, [nobody]), []);
    assert.deepEqual(await store.opposing(mailboxId, []), []);
    assert.deepEqual(await store.opposing(other, [patient]), []);
  });

  promise('an opposition for every mailbox counts beside one of a mailbox', async (store) => {
    const [mailboxId, other] = [await newMailbox(store), await newMailbox(store)];
    const patient = newPatient();
    const [own, all] = [opposed(mailboxId, patient), opposed(null, patient)];
    for (const opposition of [own, all]) await store.addOpposition(opposition, NOW);
    assert.deepEqual(await store.opposing(mailboxId, [patient]), [own.id, all.id].sort());
    assert.deepEqual(await store.opposing(other, [patient]), [all.id]);
  });

  promise('held letters are counted once, by opposition and mailbox', async (store) => {
    const [mailboxId, other] = [await newMailbox(store), await newMailbox(store)];
    const opposition = opposed(null, newPatient());
    const { id } = opposition;
    await store.addOpposition(opposition, NOW);
    const [first, second] = [newId('letter'), newId('letter')];
    for (const letterId of [first, first, second]) await store.noteOpposed(letterId, mailboxId, [id], NOW);
    await store.noteOpposed(first, other, [id], NOW);
    const held = [
      { mailboxId, letters: 2 },
      { mailboxId: other, letters: 1 },
    ].sort((one, two) => (one.mailboxId < two.mailboxId ? -1 : 1));
    const listed = (await store.oppositions()).find((one) => one.id === id);
    assert.deepEqual(listed, { ...opposition, recordedAt: NOW, withdrawnAt: null, held });
    assert.deepEqual(await store.opposingLetter(first, mailboxId), [id]);
    assert.deepEqual(await store.opposingLetter(newId('letter'), mailboxId), []);
  });

  promise('a withdrawn opposition holds nothing, names nobody, and keeps its count', async (store) => {
    const mailboxId = await newMailbox(store);
    const patient = newPatient();
    const opposition = opposed(mailboxId, patient);
    const { id } = opposition;
    const letterId = newId('letter');
    await store.addOpposition(opposition, NOW);
    await store.noteOpposed(letterId, mailboxId, [id], NOW);
    assert.equal(await store.withdrawOpposition(id, NOW + 5), true);
    assert.equal(await store.withdrawOpposition(id, NOW + 9), false);
    assert.equal(await store.withdrawOpposition(newId('opposition'), NOW), false);
    assert.deepEqual(await store.opposing(mailboxId, [patient]), []);
    assert.deepEqual(await store.opposingLetter(letterId, mailboxId), []);
    const gone = { id, mailboxId, patient: null, recordedBy: null, recordedAt: NOW, withdrawnAt: NOW + 5 };
    const listed = (await store.oppositions()).find((one) => one.id === id);
    assert.deepEqual(listed, { ...gone, held: [{ mailboxId, letters: 1 }] });
  });

  promise('of more patients than one question holds, the one who opposes is found', async (store) => {
    const mailboxId = await newMailbox(store);
    const patient = newPatient();
    const opposition = opposed(mailboxId, patient);
    await store.addOpposition(opposition, NOW);
    const many = Array.from({ length: 1_200 }, (_, at) => ({
      ...patient,
      ins: null,
      givenName: 'x'.repeat(1 + (at % 190)),
      birthDate: `${1900 + (at % 100)}-01-01`,
    }));
    assert.deepEqual(await store.opposing(mailboxId, [...many, patient]), [opposition.id]);
  });
}
