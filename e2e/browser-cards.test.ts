/**
 * Reports on a phone in a real browser, as a pharmacist meets them: who, what, how bad, from whom, and what came before
 * and after. The gateway is a double (mobile-lite/src/test), so that each report can be had at will.
 * `PICTURES=FOLDER` keeps a picture of each card there.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { LetterMessage } from '@estafette/contracts/message';
import { labLetter, PRESSING_INR, unreadableFileLetter } from '@estafette/mobile-lite/test/demo-letters';
import * as demo from '@estafette/mobile-lite/test/demo-reports';
import { openPhoneBeforeDouble } from './support/browser-double.ts';
import { contrastOf, namelessControls } from './support/browser-judgement.ts';
import { openConversation, part, takePicture, wordsOf } from './support/browser-phone.ts';

const { relay, phone, page, close } = await openPhoneBeforeDouble();
after(close);

const card = part(page, 'result-card');
const rows = part(page, 'result-row');
const present = page.locator('[data-testid="result-card"][data-standing="present"]');

/**
 * Sends the letters as one conversation and opens it; cards are drawn after the heads of their letters. Returns what its
 * item in the list said once all had arrived.
 */
async function receive(letters: readonly LetterMessage[], inList: string): Promise<string> {
  if (await page.locator('.back').isVisible()) await page.locator('.back').click();
  const conversation = await relay.gateway.openConversation(7 * 86_400_000);
  await relay.gateway.sendKey(conversation);
  for (const one of letters) await relay.gateway.sendMessage(conversation, one);
  const item = part(page, 'conversation-item').filter({ hasText: inList });
  // By its title: the text beside it begins with the same figure, drawn.
  await item.filter({ has: page.getByTitle(new RegExp(`^${letters.length} non lus?$`)) }).waitFor();
  const said = await wordsOf(item);
  await openConversation(page, inList);
  const cards = letters.filter(({ documents }) => documents.some(({ kind }) => kind === 'report')).length;
  if (cards > 0) await card.nth(cards - 1).waitFor();
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
  await page.emulateMedia({ colorScheme: 'dark' });
  await takePicture(page, join(PICTURES, `${name}-dark.png`));
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
}

test('INR 6.8: who, how bad and to telephone stand first, with how it went before', async () => {
  const letters = [...demo.EARLIER_INRS.map(letterWith), { ...letterWith(demo.CRITICAL_INR), ...PRESSING_INR }];
  const listed = await receive(letters, 'DESSAINT');
  assert.match(listed, /DESSAINT Marguerite Critique INR 6\.8, TP 9 %/);
  assert.doesNotMatch(listed, /Urgent/);
  const band = part(page, 'urgency');
  await band.waitFor();
  assert.match(
    await wordsOf(band),
    /^Critique : INR 6\.8 \(très haut\) \(règle : INR > 5\) TP 9 % \(très bas\) Appeler 01 42 00 00 07$/,
  );
  assert.equal(await band.getByRole('link', { name: 'Appeler 01 42 00 00 07' }).getAttribute('href'), 'tel:0142000007');
  const last = card.last();
  const said = await wordsOf(last);
  assert.match(
    said,
    /^DESSAINT \(née LEROUX\) Marguerite née le 07\/03\/1941, 84 ans(?: lors de l'examen)?, F NIR seul 2 41 03 … 06/,
  );
  assert.match(said, /Résultats de laboratoire du 21\/11\/2025 Validé 4 résultats anormaux, dont 2 critiques INR/);
  assert.match(
    said,
    /Émetteur : Laboratoire des Charmes, n° 750000018 Prescripteur : Dr Claire MARTIN Pour : Pharmacie des Tilleuls dossier 251121-0417$/,
  );
  const inr = last.getByTestId('result-row').first();
  assert.match(
    await wordsOf(inr),
    /^INR 6\.8 ↑↑ Critique, très haut règle : INR > 5 réf\. 2\.0 – 3\.0 préc\. 2\.9 le 07\/11\/2025/,
  );
  const plot = inr.getByRole('img');
  const told = 'Évolution\u00a0: 2.3 le 20/10/2025, 2.9 le 07/11/2025, 6.8 le 21/11/2025';
  assert.equal(await plot.getAttribute('aria-label'), told);
  assert.equal(await part(page, 'trend').count(), 2, 'one at the second report, one at the third');
  await look('inr');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const selector of ['.urgency strong', '.urgency li', '.dial', '.row.critical .badge'])
      assert.ok((await contrastOf(page, selector)) >= 4.5, `${selector} ${colorScheme}`);
  }
});

test('a critical letter without any known number says so, and a card without a band asks for the telephone itself', async () => {
  const { urgency } = PRESSING_INR;
  const silent = { ...demo.CRITICAL_INR, phones: [], patient: { ...demo.CRITICAL_INR.patient, familyName: 'MUET' } };
  await receive([{ ...letterWith(silent), urgency: { ...urgency, phones: [] } }], 'MUET');
  await part(page, 'urgency').waitFor();
  assert.match(await wordsOf(part(page, 'urgency')), /Aucun numéro connu : appelez l'expéditeur\./);
  assert.equal(await page.locator('a[href^="tel:"]').count(), 0);
  await look('inr-no-number');
  const older = { ...demo.CRITICAL_INR, patient: { ...demo.CRITICAL_INR.patient, familyName: 'ANCIEN' } };
  await receive([letterWith(older)], 'ANCIEN');
  assert.match(
    await wordsOf(card),
    /4 résultats anormaux, dont 2 critiques : téléphonez La messagerie .* Appeler 01 42/,
  );
});

test('a rule of the mailbox makes critical what the laboratory only called high, in list, band, card and line', async () => {
  const patient = { ...demo.CRITICAL_INR.patient, familyName: 'REGLE' };
  const [inr] = demo.EARLIER_INRS;
  const first = { value: '5.4', unit: '', low: '2.0', high: '3.0' };
  const results = (inr?.results ?? []).map((one) => ({ ...one, first, flag: 'H', severity: 'abnormal' }) as const);
  const rule = { because: 'rule', label: 'INR', value: '5.4', rule: 'INR > 5' } as const;
  const letter = letterWith({ ...demo.CRITICAL_INR, patient, results: [...results] });
  const listed = await receive([{ ...letter, urgency: { level: 'critical', reasons: [rule], phones: [] } }], 'REGLE');
  assert.match(listed, /Critique INR 5\.4/);
  await part(page, 'urgency').waitFor();
  assert.match(await wordsOf(part(page, 'urgency')), /^Critique : INR 5\.4 \(règle : INR > 5\)/);
  assert.equal(await card.getAttribute('data-severity'), 'critical');
  assert.match(await wordsOf(rows.first()), /^INR 5\.4 ↑ Critique, haut règle : INR > 5 réf\./);
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
  const urgency: LetterMessage['urgency'] = { level: 'urgent', reasons: [{ because: 'corrected' }], phones: [] };
  const flag = { because: 'flag', label: 'Potassium', value: '6.1 mmol/l', flag: 'HH' } as const;
  const first = { urgency: { level: 'critical' as const, reasons: [flag], phones: ['01 42 00 00 07'] } };
  const letters = [
    { ...letterWith(demo.PROVISIONAL_POTASSIUM), ...first },
    { ...letterWith(demo.CORRECTED_POTASSIUM), urgency },
  ];
  const listed = await receive(letters, 'FAURE');
  assert.match(listed, /Corrigé : 2 résultats, tous dans les normes/);
  await part(page, 'urgency').waitFor();
  assert.match(await wordsOf(part(page, 'urgency')), /^Corrigé : change un résultat déjà envoyé$/);
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
  await page.getByRole('button', { name: 'Réduire' }).waitFor();
  assert.ok((await height()) > before);
});

test('a file that nobody could read is there, with the reason', async () => {
  await receive([unreadableFileLetter()], 'ROUSSEL');
  await page.getByText("n'a pas pu être lu").waitFor();
  assert.equal(await card.count(), 0);
  await look('unreadable');
  assert.deepEqual(phone.troubles, []);
});
