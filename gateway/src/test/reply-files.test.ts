/**
 * Photos and files of a reply: opened, looked at, kept in the conversation, sent; what may not leave is refused with a
 * reason that its author reads.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { sealBlob } from '@estafette/contracts/conversation-seal';
import { newId } from '@estafette/contracts/ids';
import { CONVERSATION_LIMITS } from '@estafette/contracts/limits';
import type { ReplyMessage } from '@estafette/contracts/message';
import { PAUSE_MS } from './outbound.fixture.ts';
import { openTyping, PHOTO, type Typing } from './typing.fixture.ts';

let world: Typing['world'];
let conversation: Typing['conversation'];
let key: Typing['key'];
let sealed: Typing['sealed'];
let typing: Typing;
beforeEach(async () => {
  typing = await openTyping();
  ({ world, conversation, key, sealed } = typing);
});
afterEach(() => world.close());
const outboundOf: Typing['outboundOf'] = (pauseMs) => typing.outboundOf(pauseMs);
const given: Typing['given'] = (change) => typing.given(change);
const uploaded: Typing['uploaded'] = (clear, change) => typing.uploaded(clear, change);
const kept: Typing['kept'] = (place, blobId) => typing.kept(place, blobId);
const refusals = () => typing.refusals();

test('a photo without a word leaves, lies in the conversation for the other devices, and ends with it', async () => {
  const outbound = outboundOf();
  const photo = await uploaded(PHOTO);
  await outbound.accept(await given({ text: '', attachments: [photo], sendNow: true }));
  assert.deepEqual(sealed[0]?.files, [{ name: photo.name, mediaType: photo.mediaType, bytes: PHOTO }]);
  assert.equal(await kept('uploads', photo.blobId), null);
  assert.ok(!(await kept('blobs', photo.blobId))?.includes(PHOTO.subarray(0, 100)), 'kept sealed');
  const { store, mailboxId } = world;
  assert.deepEqual(await store.blobsOf(conversation.id), [{ blobId: photo.blobId, mailboxId }]);
});

test('a crash between the row and the move loses no attachment', async () => {
  const photo = await uploaded(PHOTO);
  const reply = await given({ attachments: [photo] });
  const stored = (await kept('uploads', photo.blobId)) as Buffer;
  await outboundOf().accept(reply);
  await world.blobs.put(`uploads/${world.mailboxId}/${photo.blobId}`, stored);
  await world.blobs.delete(`blobs/${world.mailboxId}/${photo.blobId}`);
  world.clock.ms += PAUSE_MS;
  await outboundOf().resume();
  assert.equal(sealed[0]?.files.length, 1);
  await outboundOf().accept(reply);
  assert.deepEqual([await kept('uploads', photo.blobId), (await kept('blobs', photo.blobId)) === null], [null, false]);
});

test('what may not leave is refused with its reason, and nothing of it is kept', async () => {
  const outbound = outboundOf();
  const program = Buffer.from(`MZ${'\0'.repeat(200)}`);
  const { blobId: taken } = await uploaded(PHOTO);
  await world.store.addBlob({ blobId: taken, mailboxId: world.mailboxId, conversationId: conversation.id });
  const half = CONVERSATION_LIMITS.attachmentMaxBytes;
  const lost = { ...(await uploaded(PHOTO)), blobId: newId('blob') };
  const refused: [string, NonNullable<ReplyMessage['attachments']>][] = [
    ['attachment-missing', [lost]],
    ['attachment-missing', [await uploaded(PHOTO, { bytes: PHOTO.length + 1 })]],
    ['attachment-refused', [await uploaded(program)]],
    ['attachment-refused', [await uploaded(PHOTO, { name: 'photo.jpg.exe' })]],
    ['attachment-refused', [await uploaded(PHOTO, { name: 'photo\u202egpj.exe. ' })]],
    ['reply-too-large', [await uploaded(PHOTO, { bytes: half }), await uploaded(PHOTO, { bytes: half })]],
    ['reply-malformed', [{ ...(await uploaded(PHOTO)), blobId: taken }]],
  ];
  const twice = await uploaded(PHOTO);
  refused.push(['reply-malformed', [twice, twice]]);
  for (const [, attachments] of refused) await outbound.accept(await given({ attachments }));
  await outbound.accept(await given({ text: ' \n' }));
  assert.deepEqual(refusals(), [...refused.map(([code]) => code), 'reply-malformed']);
  assert.deepEqual([await world.store.unfinishedReplies(), sealed], [[], []]);
});

test('an upload sealed under another key or for another conversation is not taken', async () => {
  const photo = await uploaded(PHOTO);
  const other = await sealBlob(key.key, newId('conversation'), photo.blobId, new Uint8Array(PHOTO));
  await world.blobs.put(`uploads/${world.mailboxId}/${photo.blobId}`, other);
  await outboundOf().accept(await given({ attachments: [photo] }));
  assert.deepEqual(refusals(), ['attachment-missing']);
});

test('names are cleaned and types told by the bytes', async () => {
  const outbound = outboundOf();
  const page = await uploaded(Buffer.from('<script>'), { name: '../../a\r\nb/page.html', mediaType: 'text/html' });
  const photo = await uploaded(PHOTO, { name: 'con.jpg', mediaType: 'application/octet-stream' });
  await outbound.accept(await given({ attachments: [page, photo], sendNow: true }));
  assert.deepEqual(
    sealed[0]?.files.map(({ name, mediaType }) => [name, mediaType]),
    [
      ['page.html', 'application/octet-stream'],
      ['_con.jpg', 'image/jpeg'],
    ],
  );
});

test('an id that a reply has already takes no other bytes, and nothing that is kept is written over', async () => {
  const { store, blobs, mailboxId } = world;
  const outbound = outboundOf();
  const letterBlob = newId('blob');
  const seal = (text: string) => sealBlob(key.key, conversation.id, letterBlob, new Uint8Array(Buffer.from(text)));
  const document = await seal('Ordonnance : 5 mg');
  await blobs.put(`blobs/${mailboxId}/${letterBlob}`, document);
  await store.addBlob({ blobId: letterBlob, mailboxId, conversationId: conversation.id });
  const first = await given({ text: 'Un.' });
  await outbound.accept(first);
  await blobs.put(`uploads/${mailboxId}/${letterBlob}`, await seal('Ordonnance : 9 mg'));
  const attachments = [{ blobId: letterBlob, name: 'x.txt', mediaType: 'text/plain', bytes: 17 }];
  const { replyId } = first.reply;
  const other = { ...typing.device, id: newId('device') };
  await store.addDevice(other);
  await outbound.accept(await given({ replyId, attachments }));
  await outbound.accept(await typing.given({ replyId, attachments }, other));
  assert.deepEqual(refusals(), ['reply-malformed', 'reply-malformed']);
  assert.deepEqual(await kept('blobs', letterBlob), Buffer.from(document));
  await outbound.accept(first);
  assert.equal(refusals().length, 2, 'the same reply again is no other one');
});
