/**
 * Reports on a phone in a real browser, as a pharmacist meets them: who, what, how bad, from whom, and what came before
 * and after. The gateway is a double (mobile-lite/src/test), so that each report can be had at will.
 * `PICTURES=FOLDER` keeps a picture of each card there.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import { buildApp } from '@estafette/mobile-lite/build';
import { labLetter, unreadableFileLetter } from '@estafette/mobile-lite/test/demo-letters';
import * as demo from '@estafette/mobile-lite/test/demo-reports';
import { RelayDouble } from '@estafette/mobile-lite/test/relay-double';
import { contrastOf, namelessControls } from './support/browser-judgement.ts';
import { openConversation, openPhone, part, takePicture, waitForPhase, wordsOf } from './support/browser-phone.ts';

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', html: 'text/html' };

const folder = await mkdtemp(join(tmpdir(), 'estafette-cards-'));
const { outFolder } = await buildApp({ outFolder: join(folder, 'app') });
const relay = await RelayDouble.start({
  serveFile: (request, response) => {
    const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
    const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    readFile(join(outFolder, name)).then(
      (bytes) => response.writeHead(200, { 'content-type': type }).end(bytes),
      () => response.writeHead(404).end(),
    );
  },
});
const phone = await openPhone(join(folder, 'profile'));
const { page } = phone;
after(async () => {
  await phone.close();
  await relay.stop();
  await rm(folder, { recursive: true, force: true });
});

await page.goto(relay.gateway.makeLink(relay.baseUrl));
await part(page, 'enrol-button').click();
await waitForPhase(page, 'live');

const card = part(page, 'result-card');
const rows = part(page, 'result-row');
const present = page.locator('[data-testid="result-card"][data-standing="present"]');

/** Sends the letters as one conversation and opens it. Returns what its item in the list said. */
async function receive(letters: readonly LetterMessage[], inList: string): Promise<string> {
  if (await page.locator('.back').isVisible()) await page.locator('.back').click();
  const conversation = await relay.gateway.openConversation(7 * 86_400_000);
  await relay.gateway.sendKey(conversation);
  for (const one of letters) await relay.gateway.sendMessage(conversation, one);
  const item = part(page, 'conversation-item').filter({ hasText: inList });
  await item.waitFor();
  const said = await wordsOf(item);
  await openConversation(page, inList);
  return said;
}

const letterWith = (report: ClinicalReport): LetterMessage =>
  labLetter({
    subject: `Compte rendu ${report.patient.familyName}`,
    documents: [{ kind: 'report', report }],
  });

/** A picture of what the phone shows at first, and of the whole card; nothing may be wider than the phone. */
async function look(name: string): Promise<void> {
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= 390, `${name}: ${widest} px wide`);
  const log = await page.getByRole('log').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
  assert.ok(log <= 0, `${name}: the conversation scrolls sideways by ${log} px`);
  assert.deepEqual(await namelessControls(page), []);
  const { PICTURES } = process.env;
  if (PICTURES === undefined || PICTURES === 'docs') return;
  await takePicture(page, join(PICTURES, `${name}.png`));
  await page.setViewportSize({ width: 390, height: 1900 });
  await takePicture(page, join(PICTURES, `${name}-whole.png`));
  await page.setViewportSize({ width: 390, height: 844 });
}

test('INR 6.8: who, how bad and to telephone stand first, with how it went before', async () => {
  const letters = [...demo.EARLIER_INRS, demo.CRITICAL_INR].map(letterWith);
  const listed = await receive(letters, 'DESSAINT');
  assert.match(listed, /DESSAINT Marguerite Critique INR 6\.8, TP 9 %/);
  const last = card.last();
  const said = await wordsOf(last);
  assert.match(said, /^DESSAINT \(née LEROUX\) Marguerite née le 07\/03\/1941, \d+ ans, F NIR seul 2 41 03 … 06/);
  assert.match(said, /Résultats de laboratoire du 21\/11\/2025 4 rés/);
  assert.match(
    said,
    /Émetteur : Laboratoire des Charmes Prescripteur : Dr Claire MARTIN Pour : Pharmacie des Tilleuls dossier 251121-0417$/,
  );
  assert.match(said, /4 résultats anormaux, dont 2 critiques : téléphonez La messagerie ne remplace jamais/);
  const inr = last.getByTestId('result-row').first();
  assert.match(await wordsOf(inr), /^INR 6\.8 ↑↑ Critique, très haut réf\. 2\.0 – 3\.0 préc\. 2\.9 le 07\/11\/2025/);
  const plot = inr.getByRole('img');
  const told = 'Évolution\u00a0: 2.3 le 20/10/2025, 2.9 le 07/11/2025, 6.8 le 21/11/2025';
  assert.equal(await plot.getAttribute('aria-label'), told);
  assert.equal(await part(page, 'trend').count(), 2, 'one at the second report, one at the third');
  await look('inr');
});

test('a blood count in two units: both are told, under their headings', async () => {
  await receive([letterWith(demo.BLOOD_COUNT)], 'BERNARD');
  const said = await wordsOf(card);
  assert.match(said, /Numération Leucocytes 3 100 \/mm3 ↓ Bas réf\. 4 000 – 10 000 soit 3\.1 G\/l réf\. 4\.0/);
  assert.match(said, /Formule leucocytaire Polynucléaires neutrophiles 1 364/);
  assert.equal(await part(page, 'trend').count(), 0);
  await look('blood-count');
});

test('a normal TSH is one line, with its range and a qualified identity', async () => {
  const listed = await receive([letterWith(demo.NORMAL_TSH)], 'PETIT');
  assert.match(listed, /1 résultat, dans les normes/);
  assert.match(await wordsOf(card), /INS qualifiée 2 87 09 … 41 CR d'examens biologiques du 12\/01\/2026/);
  assert.match(await wordsOf(rows), /^Thyréostimuline Sérum\/Plasma 1\.950 mUI\/L réf\. 0\.270 – 4\.200$/);
  await look('tsh');
});

test('an antibiogram stays whole under its germ, each line with letter and word', async () => {
  const listed = await receive([letterWith(demo.ANTIBIOGRAM)], 'MOREAU');
  assert.match(listed, /Provisoire : /);
  assert.equal(await wordsOf(part(page, 'report-status')), 'Provisoire');
  const lines = await page.locator('.antibiogram .row').allInnerTexts();
  const told = lines.map((line) => line.replace(/\s+/g, ' ').trim());
  assert.deepEqual(told.slice(0, 3), [
    'Amoxicilline >8 mg/L R résistant',
    'Amoxicilline + acide clavulanique 8 mg/L I intermédiaire',
    'Fosfomycine S sensible',
  ]);
  await look('antibiogram');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const selector of ['.sir-s', '.sir-i', '.sir-r', '.heading', '.standing', '.origin'])
      assert.ok((await contrastOf(page, selector)) >= 4.5, `${selector} ${colorScheme}`);
  }
});

test('a corrected potassium says so and what it was; the first card is folded and asks nobody to telephone', async () => {
  const letters = [demo.PROVISIONAL_POTASSIUM, demo.CORRECTED_POTASSIUM].map(letterWith);
  const listed = await receive(letters, 'FAURE');
  assert.match(listed, /Corrigé : 2 résultats, tous dans les normes/);
  assert.equal(await wordsOf(part(page, 'report-status').last()), 'Corrigé');
  assert.match(
    await wordsOf(present),
    /Potassium 4\.4 mmol\/l corrigé réf\. 3\.5 – 5\.1 6\.1 mmol\/l avant correction/,
  );
  const old = card.first();
  assert.match(await wordsOf(old), /Provisoire Remplacé|Remplacé/);
  assert.doesNotMatch(await wordsOf(old), /téléphonez|6\.1/);
  await look('potassium');
  await old.locator('summary').first().click();
  assert.match(await wordsOf(old), /6\.1 mmol\/l ↑↑ Critique/);
});

test('a deleted report is folded and struck through, and nothing of it counts', async () => {
  const letters = [demo.CORRECTED_POTASSIUM, demo.DELETED_POTASSIUM].map(letterWith);
  const listed = await receive(letters, 'Supprimé');
  assert.match(listed, /Supprimé : /);
  assert.equal(await present.count(), 0);
  assert.match(await wordsOf(card.last()), /Supprimé par son émetteur : n'en tenez plus compte\./);
  await card.last().locator('summary').first().click();
  const line = await card
    .last()
    .locator('.value')
    .first()
    .evaluate((value) => getComputedStyle(value).textDecorationLine);
  assert.equal(line, 'line-through');
  await look('deleted');
});

test('a discharge letter shows its text, the first lines, and all of it on demand', async () => {
  const listed = await receive([letterWith(demo.DISCHARGE_LETTER)], 'GIRARD');
  assert.match(listed, /Lettre de liaison à la sortie d'hospitalisation/);
  const text = part(page, 'report-text');
  const height = async (): Promise<number> => (await text.boundingBox())?.height ?? 0;
  const before = await height();
  await look('discharge');
  await page.getByRole('button', { name: 'Voir tout' }).click();
  assert.ok((await height()) > before);
  await page.getByRole('button', { name: 'Réduire' }).waitFor();
});

test('a file that nobody could read is there, with the reason', async () => {
  await receive([unreadableFileLetter()], 'ROUSSEL');
  await page.getByText("n'a pas pu être lu").waitFor();
  assert.equal(await card.count(), 0);
  await look('unreadable');
  assert.deepEqual(phone.troubles, []);
});
