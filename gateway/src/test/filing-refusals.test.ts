/** What a filing must not carry: what a patient opposes, what another patient is, an identity nobody proved, a secret in clear. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import type { FilingMessage } from '@estafette/contracts/message';
import { newMailbox } from '../lasting/rows.conformance.ts';
import { NO_HEADERS } from '../ports.ts';
import { openFiling, PATIENT, SECRET } from './filing.fixture.ts';
import { START } from './world.fixture.ts';

let typing: Awaited<ReturnType<typeof openFiling>>;
let filing: ReturnType<typeof typing.wayOut>;
beforeEach(async () => {
  typing = await openFiling();
  filing = typing.wayOut();
});
afterEach(() => typing.world.close());

const THEO = { ...PATIENT, givenName: 'Théo', sex: 'M' } as const;
const BYTES = new Uint8Array([1, 2, 3]);
const PHOTO = { kind: 'photo', name: 'plaie.jpg', mediaType: 'image/jpeg', bytes: BYTES, width: 1, height: 1 } as const;
const INS = { number: '290019999999982', oid: '1.2.250.1.213.1.4.10', quality: 'qualified' } as const;
const TEXT = { kind: 'text', text: SECRET, truncated: false } as const;

/** Asks, and gives what became of it. */
async function outcome(wish: Partial<FilingMessage>): Promise<string | null | undefined> {
  const given = await typing.ask(wish);
  await filing.accept(given);
  const row = await typing.world.store.reply(given.reply.replyId);
  return row?.failure ?? row?.state;
}

const oppose = (mailboxId: string | null = null) => {
  const { familyName, givenName, birthDate, sex } = PATIENT;
  const traits = { familyNames: [familyName], givenName, birthDate: birthDate ?? '', sex };
  const id = newId('opposition');
  const opposition = { id, mailboxId, patient: { number: null, traits }, recordedBy: 'x' };
  return typing.world.store.addOpposition(opposition, START).then(() => id);
};

/** Of every PDF that was sealed last. */
function words(): string {
  const pdf = typing.sealed.at(-1)?.mail.attachments.find(({ mediaType }) => mediaType === 'application/pdf');
  const { status, stdout } = spawnSync('pdftotext', ['-raw', '-', '-'], { input: pdf?.bytes, encoding: 'utf8' });
  assert.equal(status, 0);
  return stdout.replace(/\s+/g, ' ');
}

test('prevents: a letter filed whose patient has opposed since it was shown, in whole, in part or under his name', async () => {
  const letterId = await typing.shown({ documents: [TEXT, PHOTO] });
  const id = await oppose();
  const wishes: Partial<FilingMessage>[] = [
    {},
    { what: { kind: 'original', letterId } },
    { what: { kind: 'document', letterId, index: 1 } },
    { patient: { from: 'report', letterId, index: 1 } },
  ];
  for (const wish of wishes) assert.equal(await outcome(wish), 'filing-opposed');
  assert.equal(typing.sealed.length, 0);
  await typing.world.store.withdrawOpposition(id, START);
  assert.equal(await outcome({}), 'sealed');
});

test('a patient who opposes is not filed under either, where the letter names nobody; elsewhere his wish is not ours', async () => {
  const letterId = await typing.shown({ patients: [] });
  await oppose(await newMailbox(typing.world.store));
  assert.equal(await outcome({ what: { kind: 'original', letterId } }), 'sealed');
  await oppose(typing.world.mailboxId);
  assert.equal(await outcome({ what: { kind: 'original', letterId } }), 'filing-opposed');
});

test('of a letter that is held because somebody opposes no record says why', async () => {
  await typing.shown();
  const held = await typing.shown();
  const facts = { receivedAt: START, bytes: 1, reasons: ['patient-opposes'], sealedSender: Buffer.from('x') } as const;
  const senderIndex = typing.world.vault.index('address-index', 'faux@cabinet.example');
  await typing.world.store.quarantineLetter({
    letterId: held,
    mailboxId: typing.world.mailboxId,
    senderIndex,
    ...facts,
  });
  assert.equal(await outcome({}), 'sealed');
  assert.match(words(), /Non affiché\./);
  assert.doesNotMatch(words(), /oppose/);
});

test('prevents: a photo filed under somebody whom its letter does not name', async () => {
  const letterId = await typing.shown({ documents: [PHOTO], patients: [THEO] });
  assert.equal(await outcome({ what: { kind: 'document', letterId, index: 0 } }), 'filing-patient-other');
});

test('a document of a letter about two patients goes without the subject, which may name the other', async () => {
  const headers = { ...NO_HEADERS, subject: 'Résultats de Théo et Camille' };
  const letterId = await typing.shown({
    headers,
    documents: [PHOTO, TEXT],
    patients: [PATIENT, { ...THEO, index: 2 }],
  });
  assert.equal(await outcome({ what: { kind: 'document', letterId, index: 1 } }), 'sealed');
  assert.match(words(), /Objet : \(sans objet\)/);
  assert.ok(words().includes(SECRET) && !words().includes('Théo'));
});

test('prevents: an identity that a released letter states filed as qualified', async () => {
  const patients = [{ ...PATIENT, ins: INS }];
  const letterId = await typing.shown({ patients });
  const wish = { patient: { from: 'report', letterId, index: 1 } } as const;
  assert.equal(await outcome(wish), 'sealed');
  const facts = { receivedAt: START, bytes: 1, reasons: ['content-altered'], sealedSender: null } as const;
  const senderIndex = typing.world.vault.index('address-index', 'faux@cabinet.example');
  const { store, mailboxId } = typing.world;
  await store.quarantineLetter({ letterId, mailboxId, senderIndex, ...facts });
  await store.settleQuarantined(letterId, mailboxId, { state: 'released', outcome: null });
  assert.equal(await outcome(wish), 'sealed');
  assert.deepEqual(
    typing.sealed.map(({ mail }) => mail.documents?.hasQualifiedIdentity),
    [true, false],
  );
});

test('prevents: an identity that came encrypted leaving in clear, with a letter that did not', async () => {
  const secret = await typing.shown();
  const letterId = await typing.shown({ layers: [], documents: [PHOTO], patients: [] });
  const what = { kind: 'document', letterId, index: 0 } as const;
  assert.equal(await outcome({ what }), 'sealed');
  assert.equal(await outcome({ what, patient: { from: 'report', letterId: secret, index: 1 } }), 'sealed');
  assert.deepEqual(
    typing.sealed.map(({ isSecret }) => isSecret),
    [false, true],
  );
});

test('an exchange of more words than its pages hold is refused before it is written', async () => {
  const text = 'x'.repeat(FILING_LIMITS.textMaxCharacters / 2 + 1);
  for (let letters = 0; letters < 2; letters += 1) await typing.shown({ documents: [{ ...TEXT, text }], patients: [] });
  assert.equal(await outcome({}), 'filing-too-large');
});
