import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplyFile } from '../device/write-reply.ts';
import { type Draft, EMPTY_DRAFT } from './draft.ts';
import { pickFiles } from './pick-files.ts';
import type { FileTrouble } from './prepare-file.ts';

const file = (name: string): File => new File(['x'], name, { type: 'application/pdf' });
const ready = ({ name, type }: File): ReplyFile => ({ name, mediaType: type, bytes: new Uint8Array(1) });

/** A draft that is picked for. */
function opened() {
  let draft: Draft = EMPTY_DRAFT;
  const refused: FileTrouble[] = [];
  const change = (by: (draft: Draft) => Partial<Draft>): void => {
    draft = { ...draft, ...by(draft) };
  };
  return {
    refused,
    change,
    refuse: (trouble: FileTrouble) => void refused.push(trouble),
    waits: () => draft.preparing > 0,
    names: () => draft.files.map(({ name }) => name),
  };
}

test('a slow photo and a quick file picked together: the answer waits for both', async () => {
  const draft = opened();
  const slow = Promise.withResolvers<ReplyFile>();
  const photo = pickFiles([file('photo.jpg')], { ...draft, prepare: () => slow.promise });
  await pickFiles([file('quick.pdf')], { ...draft, prepare: async (one) => ready(one) });
  assert.deepEqual([draft.names(), draft.waits()], [['quick.pdf'], true]);
  slow.resolve(ready(file('photo.jpg')));
  await photo;
  assert.deepEqual([draft.names(), draft.waits()], [['quick.pdf', 'photo.jpg'], false]);
});

test('a file that cannot be had is said, whatever breaks; those behind it come, and the answer waits no longer', async () => {
  const draft = opened();
  const broken = async (one: File): Promise<ReplyFile> => {
    if (one.name === 'gone.pdf') throw new DOMException('the permission ended', 'NotReadableError');
    return ready(one);
  };
  await pickFiles([file('gone.pdf'), file('there.pdf')], { ...draft, prepare: broken });
  assert.deepEqual([draft.names(), draft.refused, draft.waits()], [['there.pdf'], ['unreadable'], false]);
});
