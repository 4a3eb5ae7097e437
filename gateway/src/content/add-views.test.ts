/** What becomes of a letter's pictures and PDFs: views where they can be made, a reason where not, nothing lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENT_LIMITS, STUDIO_LIMITS } from '@estafette/contracts/limits';
import type { Developed, ReadDocument, ReadPicture, StudioTask } from '../ports.ts';
import { addViews } from './add-views.ts';

const view = (width: number): ReadPicture => ({
  mediaType: 'image/jpeg',
  bytes: Buffer.from(`view of ${width}`),
  width,
  height: 10,
});
const text = { kind: 'text', text: 'Bonjour', truncated: false } as const;
const photo = (mediaType = 'image/jpeg'): ReadDocument => ({
  kind: 'photo',
  name: 'plaie.jpg',
  mediaType,
  bytes: Buffer.from('photo'),
  width: 3_000,
  height: 2_000,
});
const file = (name: string, mediaType: string, note: string | null = null): ReadDocument => ({
  kind: 'file',
  name,
  mediaType,
  bytes: Buffer.from(name),
  note,
});
const pdf = file('bilan.pdf', 'application/pdf');
const heic = file('IMG_0001.HEIC', 'image/heic');

const PICTURE = { converted: null, thumbnail: view(320), screen: view(1_600), pages: 1 };
const CONVERTED = { converted: view(3_000), thumbnail: view(320), screen: null, pages: 1 };
const PAPER = { picture: view(1_000), pages: 4, text: 'INR 6,8' };

/** A studio that answers by what it is asked; `now` moves on by `ms` with each. */
function studioOf(answer: (task: StudioTask) => Developed, ms = 0) {
  const asked: StudioTask[] = [];
  let now = 1_000;
  const develop = async (task: StudioTask): Promise<Developed> => {
    asked.push(task);
    now += ms;
    return answer(task);
  };
  return { asked, world: { studio: { develop }, clock: { now: () => new Date(now) } } };
}

const answers = (task: StudioTask): Developed => {
  if (task.kind === 'pdf') return { kind: 'pdf', pdf: PAPER };
  const isForeign = task.format === 'heic' || task.format === 'tiff';
  return { kind: 'picture', picture: isForeign ? CONVERTED : PICTURE };
};

test('photos and PDFs get their views; every document keeps its place and its bytes', async () => {
  const { world } = studioOf(answers);
  const given = [text, photo(), pdf, photo('image/png')];
  const shown = await addViews(given, world);
  assert.deepEqual(shown[0], text);
  assert.deepEqual(shown[1], { ...photo(), thumbnail: PICTURE.thumbnail, screen: PICTURE.screen });
  assert.deepEqual(shown[2], { ...pdf, preview: PAPER });
  assert.equal(shown.length, given.length);
});

test('a HEIC is shown as a JPEG in its place, and its original stands at the end', async () => {
  const { world } = studioOf((task) =>
    task.kind === 'picture' && task.format === 'tiff'
      ? { kind: 'picture', picture: { ...CONVERTED, pages: 3 } }
      : answers(task),
  );
  const [first, second, third, ...originals] = await addViews([heic, file('fax.tif', 'image/tiff'), text], world);
  assert.ok(first?.kind === 'photo' && second?.kind === 'photo' && third === text);
  assert.deepEqual([first.name, first.mediaType, second.name], ['IMG_0001.jpg', 'image/jpeg', 'fax.jpg']);
  assert.deepEqual(
    [first.bytes, first.width, first.thumbnail],
    [CONVERTED.converted.bytes, 3_000, CONVERTED.thumbnail],
  );
  const fax = file('fax.tif', 'image/tiff', 'picture-more-pages');
  assert.deepEqual(originals, [{ ...heic, note: 'picture-original' }, fax]);
});

test('what cannot be decoded becomes a file that says why', async () => {
  const cases: [ReadDocument, 'damaged' | 'locked' | 'too-large' | 'costly', string][] = [
    [photo(), 'damaged', 'picture-damaged'],
    [photo(), 'too-large', 'picture-too-large'],
    [heic, 'costly', 'picture-too-large'],
    [pdf, 'locked', 'pdf-locked'],
    [pdf, 'damaged', 'pdf-unreadable'],
    [pdf, 'costly', 'pdf-unreadable'],
  ];
  for (const [document, refused, note] of cases) {
    const [shown] = await addViews([document], studioOf(() => ({ refused })).world);
    assert.ok(shown?.kind === 'file' && document.kind !== 'text' && document.kind !== 'report');
    assert.deepEqual([shown.note, shown.name, shown.bytes], [note, document.name, document.bytes]);
    assert.ok(!('width' in shown));
  }
});

test('what could not be tried stays as it came', async () => {
  const given = [photo(), heic, pdf];
  assert.deepEqual(await addViews(given, studioOf(() => ({ refused: 'absent' })).world), given);
});

test('a file that says already why it is only a file, what is no picture and what is small enough is not decoded', async () => {
  const logo = { ...photo(), width: 200, height: 60 } as ReadDocument;
  const given = [file('x.pdf', 'application/pdf', 'xdm-replaced'), file('notes.docx', 'application/zip'), text, logo];
  const { asked, world } = studioOf(answers);
  assert.deepEqual([await addViews(given, world), asked], [given, []]);
});

test('a letter whose pictures cost one process after the other does not get a third', async () => {
  const { asked, world } = studioOf(() => ({ refused: 'costly' }));
  const shown = await addViews(
    Array.from({ length: 10 }, () => photo()),
    world,
  );
  assert.equal(asked.length, STUDIO_LIMITS.overrunsPerLetterMax);
  assert.deepEqual(
    shown.map(({ kind }) => kind).slice(2),
    Array.from({ length: 8 }, () => 'photo'),
  );
});

test('a letter has so much time for its pictures, and shows the rest as they came', async () => {
  const { asked, world } = studioOf(answers, STUDIO_LIMITS.letterTimeoutMs / 4);
  const shown = await addViews(
    Array.from({ length: 10 }, () => photo()),
    world,
  );
  assert.equal(asked.length, 4);
  assert.deepEqual(shown[9], photo());
});

test('originals never make a letter longer than it may be', async () => {
  const given = Array.from({ length: CONTENT_LIMITS.documentsMax - 1 }, () => heic);
  const shown = await addViews(given, studioOf(answers).world);
  assert.equal(shown.length, CONTENT_LIMITS.documentsMax);
  assert.equal(shown.filter(({ kind }) => kind === 'photo').length, 1);
});
