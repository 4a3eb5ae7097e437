/** Attachments of replies before the antivirus: infected ones are never kept, and without a verdict nothing is decided. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import { type Antivirus, NotScanned } from '../ports.ts';
import { createAttachmentKeeper, type FileRules, type ReplyPlace } from '../reply/reply-attachments.ts';
import { openTyping, type Typing } from './typing.fixture.ts';

const RULES: FileRules = {
  sniff: () => null,
  servedType: (declared) => declared,
  cleanName: (name) => name,
  isProgramName: () => false,
};
const CLEAN = Buffer.from('%PDF-1.4 bon de retour');
const INFECTED = Buffer.from('%PDF-1.4 virus');

let typing: Typing;
let scan: Antivirus['scan'];
beforeEach(async () => {
  typing = await openTyping();
  scan = async (files) => (files.some((file) => Buffer.from(file).equals(INFECTED)) ? 'Eicar-Test' : null);
});
afterEach(() => typing.world.close());

function keeperAndPlace() {
  const { world, conversation, key } = typing;
  const { blobs, store } = world;
  const antivirus = { scan: (files: readonly Uint8Array[]) => scan(files) };
  const place: ReplyPlace = { mailboxId: world.mailboxId, conversationId: conversation.id, key: key.key };
  return { keeper: createAttachmentKeeper({ blobs, store, rules: RULES, antivirus }), place };
}

const refusedAs = (code: string) => (error: unknown) => error instanceof Refusal && error.code === code;

test('a clean attachment is taken, an infected one is refused before it is kept, and again before it leaves', async () => {
  const { keeper, place } = keeperAndPlace();
  const clean = { attachments: [await typing.uploaded(CLEAN)] };
  const infected = { attachments: [await typing.uploaded(CLEAN), await typing.uploaded(INFECTED)] };
  assert.equal(await keeper.check(place, clean), CLEAN.length);
  assert.deepEqual((await keeper.open(place, clean))[0]?.bytes, CLEAN);
  await assert.rejects(keeper.check(place, infected), refusedAs('attachment-infected'));
  await assert.rejects(keeper.open(place, infected), refusedAs('attachment-infected'));
});

test('while there is no verdict the reply is neither taken nor refused', async () => {
  const { keeper, place } = keeperAndPlace();
  const reply = { attachments: [await typing.uploaded(CLEAN)] };
  scan = () => Promise.reject(new NotScanned('antivirus-unavailable', 'away'));
  await assert.rejects(keeper.check(place, reply), NotScanned);
  await assert.rejects(keeper.open(place, reply), NotScanned);
});
