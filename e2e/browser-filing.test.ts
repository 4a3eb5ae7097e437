/**
 * What a letter brings beside results, on a phone in a real browser: its new words apart from what it quotes, pictures of
 * photos and files; and how a conversation goes to the patient's record. The gateway is a double (mobile-lite/src/test).
 * `PICTURES=FOLDER` keeps pictures there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Bytes } from '@estafette/contracts/bytes';
import type { Document } from '@estafette/contracts/document';
import { newId } from '@estafette/contracts/ids';
import type { FilingMessage, Message } from '@estafette/contracts/message';
import { labLetter, letter, PRESSING_INR } from '@estafette/mobile-lite/test/demo-letters';
import { CORRECTED_POTASSIUM, CRITICAL_INR } from '@estafette/mobile-lite/test/demo-reports';
import type { DoubleConversation } from '@estafette/mobile-lite/test/gateway-double';
import { openPhoneBeforeDouble } from './support/browser-double.ts';
import { contrastOf, namelessControls } from './support/browser-judgement.ts';
import { openConversation, part, takePicture, wordsOf } from './support/browser-phone.ts';
import { until } from './support/waiting.ts';

const { relay, phone, page, close } = await openPhoneBeforeDouble();
after(close);

const WEEK_MS = 7 * 86_400_000;

async function begin(): Promise<DoubleConversation> {
  const conversation = await relay.gateway.openConversation(WEEK_MS);
  await relay.gateway.sendKey(conversation);
  return conversation;
}

async function receive(conversation: DoubleConversation, messages: readonly Message[], inList: string): Promise<void> {
  for (const one of messages) await relay.gateway.sendMessage(conversation, one);
  await openConversation(page, inList);
}

async function look(name: string): Promise<void> {
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= 390, `${name}: ${widest} px wide`);
  assert.deepEqual(await namelessControls(page), []);
  const { PICTURES } = process.env;
  if (PICTURES === undefined || PICTURES === 'docs') return;
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await takePicture(page, join(PICTURES, `${name}-${colorScheme}.png`));
  }
}

/** A page of paper, drawn by the browser itself. */
async function drawPage(width: number, height: number, lines: readonly string[]): Promise<Bytes> {
  const drawn = await page.evaluate(
    ([w, h, texts]) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [w, h];
      const pen = canvas.getContext('2d');
      if (pen === null) return '';
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, w, h);
      pen.fillStyle = '#222';
      pen.font = `${w / 24}px serif`;
      for (const [i, text] of texts.entries()) pen.fillText(text, w / 12, (h / 14) * (i + 2));
      return canvas.toDataURL('image/png');
    },
    [width, height, lines] as const,
  );
  return new Uint8Array(Buffer.from(drawn.split(',')[1] ?? '', 'base64'));
}

/** Seals bytes as a blob of the conversation that the phone can fetch. */
async function keep(conversation: DoubleConversation, clear: Bytes) {
  const { blobId, stored, sha256 } = await relay.gateway.sealBlob(conversation, clear);
  relay.blobs.set(blobId, stored);
  return { blobId, sha256, bytes: clear.length };
}

test('new words come first; what they quote is one button away and stays shown', async () => {
  const text = [
    'Bonjour,\nPas de fluindione ce soir, INR demain matin.\nDr Martin\n\n',
    'De : Pharmacie des Tilleuls\nEnvoyé : lundi 12 janvier 2026\n> Bonjour Docteur, INR à 6,8 ce jour.\n> Que faire ?',
  ] as const;
  const document: Document = {
    kind: 'text',
    text: text.join(''),
    truncated: false,
    fresh: [{ from: 0, to: text[0].length }],
  };
  await receive(await begin(), [letter({ subject: 'Re: INR', documents: [document] })], 'Re: INR');
  const shown = part(page, 'letter-text');
  assert.match(await wordsOf(shown), /^Bonjour, Pas de fluindione ce soir, INR demain matin\. Dr Martin$/);
  await look('quoted');
  await page.getByRole('button', { name: 'Afficher le texte cité' }).click();
  assert.equal(await page.getByRole('button', { name: 'Masquer le texte cité' }).getAttribute('aria-expanded'), 'true');
  assert.equal(await shown.textContent(), text.join(''));
  await look('quoted-whole');
});

test('a photo comes small by itself and large when it is opened; of a PDF the first page, its pages and its text', async () => {
  const conversation = await begin();
  const small = await drawPage(320, 240, ['Plaie, jour 3']);
  const large = await drawPage(1_280, 960, ['Plaie, jour 3']);
  const paper = await drawPage(620, 877, [
    'Centre hospitalier des Deux Rives',
    '',
    'Lettre de liaison',
    'Mme GIRARD Simone',
  ]);
  const picture = async (clear: Bytes, width: number, height: number) => ({
    ...(await keep(conversation, clear)),
    mediaType: 'image/png',
    width,
    height,
  });
  const photo: Document = {
    kind: 'photo',
    ...(await keep(conversation, new Uint8Array(4_000_000))),
    name: 'plaie.jpg',
    mediaType: 'image/jpeg',
    width: 4_000,
    height: 3_000,
    thumbnail: await picture(small, 320, 240),
    screen: await picture(large, 1_280, 960),
  };
  const file: Document = {
    kind: 'file',
    ...(await keep(conversation, new Uint8Array(180_000))),
    name: 'lettre-de-liaison.pdf',
    mediaType: 'application/pdf',
    note: null,
    preview: {
      picture: await picture(paper, 620, 877),
      pages: 3,
      text: 'Centre hospitalier des Deux Rives\nLettre de liaison',
    },
  };
  const scanned: Document = { ...file, name: 'fax.pdf', preview: { picture: null, pages: 1, text: 'Bon de retour' } };
  await receive(conversation, [letter({ subject: 'Photo', documents: [photo, file, scanned] })], 'Photo');
  const isDrawn = (which: string, width: number) =>
    until(`a picture of ${width} in ${which}`, () =>
      page
        .locator(which)
        .first()
        .evaluate((seen, wide) => seen instanceof HTMLImageElement && seen.naturalWidth === wide, width),
    );
  await isDrawn('[data-testid="photo"] .thumb img', 320);
  await page.locator('[data-testid="file"] .thumb img').waitFor();
  await part(page, 'file').nth(1).waitFor();
  assert.match(await wordsOf(part(page, 'file').first()), /lettre-de-liaison\.pdf 3 pages Télécharger \(180 Ko\)/);
  assert.match(await wordsOf(part(page, 'file').last()), /^Bon de retour fax\.pdf 1 page /);
  await look('previews');
  await page.getByRole('button', { name: 'Agrandir la photo' }).click();
  await isDrawn('dialog[open] img', 1_280);
  assert.equal(phone.requests.filter((one) => one.includes(photo.blobId)).length, 0, 'the photo itself was not needed');
  await look('photo-opened');
  await page.getByRole('button', { name: 'Fermer' }).click();
});

const inr = await begin();
const { conversationId } = inr;
const result = labLetter({ ...PRESSING_INR, fileable: true });

/** What the phone wrote last, opened as the gateway does; the sheet it was confirmed on is gone. */
async function lastFiling(count: number): Promise<FilingMessage> {
  await until('the wish to file', () => relay.framesOf('reply').length >= count);
  await part(page, 'filing-sheet').waitFor({ state: 'detached' });
  const { deviceId, frame } = relay.received.filter((one) => one.frame.t === 'reply')[count - 1] ?? {};
  assert.ok(deviceId !== undefined && frame?.t === 'reply');
  const written = await relay.gateway.openWritten(deviceId, frame.reply);
  assert.ok(written.type === 'filing');
  return written;
}

test('a reminder says until when, and its button opens what is to be filed: the patient is said in full', async () => {
  const expiresAt = new Date(inr.expiresAt).toISOString();
  const reminder = { type: 'reminder', expiresAt, at: new Date().toISOString() } as const;
  await receive(inr, [result, reminder], 'DESSAINT');
  const line = part(page, 'reminder');
  await line.waitFor();
  assert.match(
    await wordsOf(line),
    /^Cette conversation expire le .+ et n'est pas versée au dossier\. Verser au dossier$/,
  );
  await look('reminder');
  await line.getByRole('button').click();
  await part(page, 'filing-review').waitFor();
  assert.match(
    await wordsOf(part(page, 'filing-review')),
    /^Toute la conversation, dans le dossier de DESSAINT \(née LEROUX\) Marguerite, née le 07\/03\/1941, \d+ ans, F$/,
  );
  await look('filing');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const selector of ['.filing .review', '.filing legend', '.filing .muted', '.filing .primary'])
      assert.ok((await contrastOf(page, selector)) >= 4.5, `${selector} ${colorScheme}`);
  }
});

// A moment is said with its day (“18 nov. 14:03”) when midnight was in between.
test('confirmed, it leaves sealed and signed as an answer does, and the line says how far it has come', async () => {
  await part(page, 'filing-type').selectOption({ label: 'Intervention pharmaceutique' });
  await part(page, 'filing-confirm').click();
  const line = part(page, 'filing');
  await line.waitFor();
  const { replyId, what, patient, documentType } = await lastFiling(1);
  assert.deepEqual(
    { what, patient, documentType },
    {
      what: { kind: 'conversation' },
      patient: { from: 'report', letterId: result.letterId, index: 0 },
      documentType: '61357-0',
    },
  );
  await part(page, 'reminder').waitFor({ state: 'detached' });
  await relay.gateway.sendStatus(replyId, conversationId, { state: 'accepted', revision: 1 });
  await page.locator('[data-testid="filing"][data-state="accepted"]').waitFor();
  assert.match(
    await wordsOf(line),
    /^Versement au dossier en cours : accepté Toute la conversation · dossier de DESSAINT/,
  );
  await relay.gateway.sendStatus(replyId, conversationId, { state: 'delivered', revision: 2 });
  await page.locator('[data-testid="filing"][data-state="delivered"]').waitFor();
  assert.match(
    await wordsOf(line),
    /^Versé au dossier : remis à (\d+ \S+ )?\d\d:\d\d Toute la conversation · dossier de DESSAINT .* · Intervention pharmaceutique Vous, (\d+ \S+ )?\d\d:\d\d$/,
  );
  await look('filed');
});

test('one that fails says why in a sentence, and can be asked for again', async () => {
  await part(page, 'file-it').click();
  await part(page, 'filing-confirm').click();
  const { replyId } = await lastFiling(2);
  const failure = 'filing-patient-other';
  await relay.gateway.sendStatus(replyId, conversationId, { state: 'failed', failure, revision: 1 });
  const line = page.locator('[data-testid="filing"][data-state="failed"]');
  await line.waitFor();
  assert.match(await wordsOf(line), /^Versement au dossier : échec : Ce qui serait versé nomme un autre patient/);
  await line.getByRole('button', { name: 'Verser à nouveau' }).waitFor();
  await look('filing-failed');
});

test('where several patients are named nobody is chosen beforehand; somebody can be typed; a document warns of whom it names', async () => {
  const other = labLetter({ documents: [{ kind: 'report', report: CORRECTED_POTASSIUM }], fileable: true });
  await receive(await begin(), [labLetter({ documents: [{ kind: 'report', report: CRITICAL_INR }] }), other], 'FAURE');
  await part(page, 'file-it').click();
  await page.getByText('Choisissez le patient.').waitFor();
  assert.equal(await part(page, 'filing-confirm').isDisabled(), true);
  await look('filing-several');
  await page.getByLabel('Un seul document').check();
  await page.getByLabel(/DESSAINT/).check();
  await page.getByText('Attention : ce qui serait versé parle de FAURE André.').waitFor();
  await page.getByLabel('Un autre patient').check();
  await page.getByLabel('Nom de naissance').fill('Faure');
  await page.getByLabel('Prénom').fill('André');
  await page.getByLabel('Date de naissance').fill('1949-12-11');
  assert.equal(await part(page, 'filing-confirm').isDisabled(), true);
  await page.getByLabel('Masculin').check();
  await page.getByText('Attention : ce qui serait versé').waitFor({ state: 'detached' });
  await look('filing-typed');
  await page.keyboard.press('Escape');
  await part(page, 'filing-sheet').waitFor({ state: 'detached' });
  await part(page, 'file-it').click();
  await page.getByLabel(/FAURE/).check();
  await page.getByRole('button', { name: 'Annuler' }).click();
  assert.equal(relay.framesOf('reply').length, 2, 'nothing left');
});

test('a colleague sees who filed; a message of a kind that is not known here is a quiet line', async () => {
  const conversation = await begin();
  const { letterId } = result;
  const filing = {
    type: 'filing',
    replyId: newId('reply'),
    what: { kind: 'original', letterId },
    patient: { from: 'report', letterId, index: 0 },
    typedAt: new Date().toISOString(),
    person: 'Karim HADDAD',
  } as const;
  const unknown = { type: 'poll', question: 'x' } as unknown as Message;
  await receive(conversation, [{ ...result, subject: 'Collègue' }, filing, unknown], 'non lu');
  await part(page, 'filing').waitFor();
  assert.match(
    await wordsOf(part(page, 'filing')),
    /Courrier « Collègue » · dossier de DESSAINT .* Karim HADDAD, (\d+ \S+ )?\d\d:\d\d$/,
  );
  await page.getByText("Message d'un nouveau type").waitFor();
  await look('colleague');
  assert.deepEqual(phone.troubles, []);
});
