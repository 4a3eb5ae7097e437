/**
 * A photo from the pharmacist's phone to the doctor's mailbox, in a real browser on the real product: what the camera
 * wrote into it stays behind, what lies at the relay says nothing, and the doctor gets it signed and encrypted. And the
 * other way: a letter that asks for it is told as read when it was looked at, and not before.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sendLetters } from '@estafette/cli/demo/letters';
import { namelessControls, readStores } from './support/browser-judgement.ts';
import { letterWithFiles } from './support/browser-letters.ts';
import { openConversation, openPhone, part, waitForState, wordsOf } from './support/browser-phone.ts';
import { answersSaying, joinByLink, openStage, pictureOf } from './support/browser-stage.ts';
import { runCommand } from './support/command.ts';
import { until } from './support/waiting.ts';

const MAIN = fileURLToPath(new URL('../cli/src/main.ts', import.meta.url));
const SUBJECT = 'Photo de la boîte';
const ANSWER = 'Voici la boîte que la patiente a rapportée.';
const ORDER = Buffer.from('%PDF-1.4\n% Bon de retour fictif\n%%EOF\n');

const stage = await openStage();
after(() => stage.close());
const { page } = stage.phone;
/** Frames of the device to the relay, as they left. */
const sent: string[] = [];
page.on('websocket', (socket) => {
  socket.on('framesent', ({ payload }) => void sent.push(payload.toString()));
});

before(async () => {
  await joinByLink(stage);
  const { demo, smtp } = stage.product;
  const text = 'Bonjour,\n\nPouvez-vous photographier la boîte ?\n\nDr Claire MARTIN\n';
  const headers = [`Disposition-Notification-To: ${demo.people.doctor.address}`];
  await sendLetters(demo, smtp, [await letterWithFiles(demo, { subject: SUBJECT, text, files: [], headers })]);
  await part(page, 'conversation-item').waitFor();
});

/** The letters the device told as read, a time for each telling: it tells again until the relay has noted it. */
const lettersToldAsRead = (): string[] =>
  sent
    .map((frame) => JSON.parse(frame) as { t: string; receipt?: { letterId: string } })
    .flatMap(({ t, receipt }) => (t === 'read' && receipt !== undefined ? [receipt.letterId] : []));

test('a letter that asks for it is told as read when it was looked at, once', async () => {
  await page.waitForTimeout(1_500);
  assert.deepEqual(lettersToldAsRead(), [], 'the list is not the letter');
  await openConversation(page, SUBJECT);
  const mailed = () => answersSaying(stage, 'message/disposition-notification');
  await until('the doctor is told', async () => (await mailed()).length > 0);
  await until('the telling was seen to leave', () => lettersToldAsRead().length > 0);
  await page.reload();
  await page.getByRole('log').waitFor();
  await page.waitForTimeout(1_500);
  assert.equal(new Set(lettersToldAsRead()).size, 1);
  assert.equal((await mailed()).length, 1, 'the doctor is told once');
});

test('another phone of the mailbox sees who has read it and that the doctor was told, and is seen in its turn', async () => {
  const { home, demo } = stage.product;
  const environment = { ...process.env, ESTAFETTE_HOME: home };
  const words = [MAIN, 'enrol', demo.people.pharmacy.address, '--person', 'Noé', '--json'];
  const { output, errors } = await runCommand(process.execPath, words, { environment });
  const { link } = JSON.parse(output.toString()) as { link: string };
  const second = await openPhone(join(stage.folder, 'second'));
  try {
    await second.page.goto(link);
    await part(second.page, 'enrol-button').click();
    await openConversation(second.page, SUBJECT);
    const told = part(second.page, 'read-by').filter({ hasText: 'envoyé' });
    await told.waitFor();
    const namesake = await runCommand(process.execPath, words, { environment });
    assert.doesNotMatch(errors, /Noé/);
    assert.match(namesake.errors, /bears the name Noé already/);
    assert.match(await wordsOf(told), /^Lu par PHARMACIE DES HALLES à \S+(, vous à \S+)? · accusé de lecture envoyé$/);
    const here = part(page, 'read-by').filter({ hasText: 'Noé' });
    await here.waitFor();
    const line = /^Lu par Noé à \d\d:\d\d, PHARMACIE DES HALLES à \d\d:\d\d · accusé de lecture envoyé$/;
    assert.match(await wordsOf(here), line);
    assert.equal(
      (await answersSaying(stage, 'message/disposition-notification')).length,
      1,
      'who reads second sends none',
    );
    assert.deepEqual(second.troubles, []);
  } finally {
    await second.close();
  }
});

/** A large photo as a camera makes it: JPEG, with a segment that tells where it was taken (Exif 2.32, APP1). */
async function cameraPhoto(): Promise<Buffer> {
  const drawn = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [3_000, 2_250];
    const pen = canvas.getContext('2d');
    for (let i = 0; pen !== null && i < 4_000; i += 1) {
      pen.fillStyle = `hsl(${(i * 37) % 360} 60% ${30 + (i % 50)}%)`;
      pen.fillRect((i * 97) % 3_000, (i * 61) % 2_250, 60, 45);
    }
    return canvas.toDataURL('image/jpeg', 0.95);
  });
  const jpeg = Buffer.from(drawn.split(',')[1] ?? '', 'base64');
  const told = Buffer.from('Exif\0\0GPS 48.8566 N 2.3522 E, IMEI 490154203237518');
  const segment = Buffer.alloc(4);
  segment.writeUInt16BE(0xffe1, 0);
  segment.writeUInt16BE(told.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), segment, told, jpeg.subarray(2)]);
}

test('a photo and a file are picked, seen, one is taken away and picked again; everything has a name', async () => {
  await part(page, 'composer-more').click();
  const photo = await cameraPhoto();
  assert.ok(photo.length > 400_000, 'large before');
  await part(page, 'attach-photo').setInputFiles({ name: 'IMG_2041.jpeg', mimeType: 'image/jpeg', buffer: photo });
  const paper = { name: 'retour.pdf', mimeType: 'application/pdf', buffer: ORDER };
  await part(page, 'attach-file').setInputFiles(paper);
  const picked = part(page, 'picked').locator('li');
  await picked.nth(1).waitFor();
  await page.getByRole('button', { name: 'Retirer retour.pdf' }).click();
  await picked.nth(1).waitFor({ state: 'detached' });
  assert.equal(await picked.count(), 1);
  await part(page, 'attach-file').setInputFiles(paper);
  await picked.nth(1).waitFor();
  assert.match(await wordsOf(picked.first()), /^IMG_2041\.jpg [12]?\d\d Ko$/);
  const unreadable = { name: 'faux.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('pas une photo') };
  await part(page, 'attach-photo').setInputFiles(unreadable);
  await page.getByText('Cette photo ne peut pas être lue ici').waitFor();
  assert.deepEqual(await namelessControls(page), []);
  await pictureOf(stage, 'attachments');
});

test('a slow photo and a quick file picked together: the answer waits until both are there', async () => {
  await page.evaluate(() => {
    const draw = createImageBitmap;
    const slow = Promise.withResolvers<void>();
    Object.assign(globalThis, {
      letGo: slow.resolve,
      createImageBitmap: (...given: Parameters<typeof draw>) => slow.promise.then(() => draw(...given)),
    });
  });
  await part(page, 'composer').locator('textarea').fill('…');
  const picked = part(page, 'picked').locator('li');
  const before = await picked.count();
  const jpeg = { name: 'lente.jpg', mimeType: 'image/jpeg', buffer: await cameraPhoto() };
  await part(page, 'attach-photo').setInputFiles(jpeg);
  await part(page, 'attach-file').setInputFiles({ name: 'vite.pdf', mimeType: 'application/pdf', buffer: ORDER });
  await picked.filter({ hasText: 'vite.pdf' }).waitFor();
  assert.equal(await part(page, 'send').isDisabled(), true);
  await page.getByText('Préparation…').waitFor();
  await page.evaluate(() => (globalThis as unknown as { letGo: () => void }).letGo());
  await picked.filter({ hasText: 'lente.jpg' }).waitFor();
  await until('it can leave', () => part(page, 'send').isEnabled());
  for (const name of ['vite.pdf', 'lente.jpg']) await page.getByRole('button', { name: `Retirer ${name}` }).click();
  await picked.nth(before).waitFor({ state: 'detached' });
});

test('they leave with the answer; the phone shows them again, and keeps no word of them in clear', async () => {
  await part(page, 'composer').locator('textarea').fill(ANSWER);
  await part(page, 'send').click();
  await waitForState(page, ANSWER, 'sent');
  const bubble = page.getByRole('article').filter({ hasText: ANSWER });
  await bubble.getByRole('button', { name: /Afficher la photo/ }).click();
  const shown = bubble.getByRole('img', { name: 'Photo : IMG_2041.jpg' });
  const width = await until('the photo is drawn', () =>
    shown.first().evaluate((seen) => (seen instanceof HTMLImageElement && seen.naturalWidth) || null),
  );
  assert.ok(width > 900 && width <= 2_000, String(width));
  assert.doesNotMatch(await readStores(page), /rapportée|IMG_2041|retour\.pdf|Bon de retour/);
});

test('the doctor gets both, signed and encrypted; what the camera wrote is not in it', async () => {
  const [received, ...more] = await answersSaying(stage, ANSWER);
  assert.deepEqual(more, []);
  assert.match(received?.signer ?? '', /PHARMACIE DES HALLES/);
  assert.match(received?.text ?? '', /IMG_2041\.jpg/);
  assert.match(received?.text ?? '', /retour\.pdf/);
  const bytes = Buffer.concat(
    [...(received?.text ?? '').matchAll(/(?:^[A-Za-z0-9+/=]{60,76}\r?\n)+[A-Za-z0-9+/=]*/gm)].map(([block]) =>
      Buffer.from(block, 'base64'),
    ),
  );
  assert.ok(bytes.includes(Buffer.from([0xff, 0xd8, 0xff])), 'a JPEG');
  for (const told of ['Exif', '48.8566', '490154203237518']) assert.equal(bytes.includes(told), false, told);
});

test('nothing waits at the relay any more, and what lies there is sealed', async () => {
  const folder = join(stage.product.home, 'blobs');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.deepEqual(
    files.filter(({ parentPath }) => parentPath.includes('uploads')).map(({ name }) => name),
    [],
  );
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    for (const clear of ['Bon de retour', 'JFIF', 'Exif']) assert.equal(bytes.includes(clear), false, name);
  }
});

test('all this without an error in the console and without a breach of the content policy', () => {
  assert.deepEqual(stage.phone.troubles, []);
});
