/**
 * The pharmacist's day in a real browser on the real product: joins by a link, reads what a doctor and a laboratory
 * sent, and answers. `PICTURES=docs` renews the pictures in docs/images.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { doctorLetter, resultLetter, sendLetters } from '@estafette/cli/demo/letters';
import { contrastOf, keyboardWay, namelessControls } from './support/browser-judgement.ts';
import { letterWithFiles, openLetter, unsignedLetter } from './support/browser-letters.ts';
import {
  openConversation,
  openPhone,
  part,
  sendAnswer,
  waitForPhase,
  waitForState,
  wordsOf,
} from './support/browser-phone.ts';
import { paintPhoto } from './support/browser-png.ts';
import { answersSaying, openStage, pictureOf } from './support/browser-stage.ts';
import { until } from './support/waiting.ts';

const ANSWER = 'Oui : délivrance le 2 janvier. Patiente jointe, pas de saignement, elle attend votre appel.';
const ORDER = Buffer.from('%PDF-1.4\n% Ordonnance fictive : arrêt de la fluindione\n%%EOF\n');

const stage = await openStage();
after(() => stage.close());
const { product, phone } = stage;
const { page } = phone;
const { demo } = product;

test('the enrolment link leaves the address bar at once, and its secret never leaves the phone', async () => {
  await page.goto(product.enrol);
  await part(page, 'enrol-button').waitFor();
  const secret = product.enrol.split('.').at(-1) ?? '';
  assert.equal(secret.length, 43);
  assert.equal(await page.evaluate(() => location.hash), '#/');
  await pictureOf(stage, 'enrolment');
  await part(page, 'enrol-button').click();
  await waitForPhase(page, 'live');
  await page.getByRole('heading', { name: 'PHARMACIE DES HALLES' }).waitFor();
  await page.getByText('Aucun courrier en cours').waitFor();
  assert.ok(phone.requests.some((request) => request.includes('/v1/enrolments')));
  const told = phone.requests.filter((request) => request.includes(secret));
  assert.deepEqual(told, []);
});

test('the same link on a second phone is refused, with the reason in French', async () => {
  const second = await openPhone(join(stage.folder, 'second'));
  try {
    await second.page.goto(product.enrol);
    await part(second.page, 'enrol-button').click();
    const failure = part(second.page, 'enrol-failure');
    await failure.waitFor();
    assert.equal(await failure.getAttribute('data-code'), 'enrolment-used');
    assert.match(await wordsOf(failure), /Ce lien d'enrôlement a déjà servi\. Demandez un nouveau lien/);
    assert.deepEqual(second.troubles, []);
  } finally {
    await second.close();
  }
});

let doctorMessageId = '';

test("the doctor's letter and the laboratory's result appear without a reload", async () => {
  await page.evaluate(() => Object.assign(document.body, { sameDocument: true }));
  const letter = await doctorLetter(demo);
  doctorMessageId = letter.messageId;
  await sendLetters(demo, product.smtp, [letter]);
  await part(page, 'conversation-item').filter({ hasText: 'Votre avis sur une dispensation' }).waitFor();
  await sendLetters(demo, product.smtp, [await resultLetter(demo)]);
  const result = part(page, 'conversation-item').filter({ hasText: 'DESSAINT Marguerite' });
  await result.waitFor();
  assert.match(await wordsOf(result), /LABORATOIRE DES CHARMES .+ DESSAINT Marguerite Critique .*INR 6\.8/);
  await until('the title counts both', async () => (await page.title()) === '(2) Estafette');
  assert.equal(await page.evaluate(() => 'sameDocument' in document.body), true);
});

test('a letter without a signature is not verified, one without anything is in quarantine: the list says so', async () => {
  await sendLetters(demo, product.smtp, [
    await unsignedLetter(demo, 'Rendez-vous de jeudi', 'Bonjour, je vous confirme le rendez-vous.\n'),
    openLetter(demo, 'Message ordinaire', 'Contenu que personne ne doit lire ici.\n'),
  ]);
  const mark = part(page, 'trust-mark');
  await openConversation(page, 'Non vérifié');
  assert.equal(await mark.getAttribute('data-show'), 'unverified');
  const inert = "Rien ne prouve que le contenu n'a pas été modifié en route.";
  assert.equal(await wordsOf(mark), `Non vérifié ${inert} Le courrier n'est pas signé.`);
  await page.getByText('je vous confirme le rendez-vous').waitFor();
  await part(page, 'no-answer').waitFor();
  assert.match(await wordsOf(part(page, 'no-answer')), /l'expéditeur n'est pas vérifié\. Téléphonez-lui\.$/);
  await openConversation(page, 'Courrier en quarantaine');
  assert.equal(await mark.getAttribute('data-show'), 'quarantine');
  assert.equal(await wordsOf(mark), "Courrier en quarantaine Le courrier n'est ni signé ni chiffré.");
  await page.getByText("L'expéditeur affiché n'est pas prouvé.").waitFor();
  await page.getByText("Un courrier n'a pas pu être ouvert : son contenu n'est pas affiché.").waitFor();
  assert.doesNotMatch(await page.content(), /personne ne doit lire|Message ordinaire/);
  assert.equal(await part(page, 'composer').count(), 0);
});

test('a photo opens in the page, a file is downloaded byte for byte', async () => {
  const text = 'Bonjour,\n\nVoici la photo du bras de Mme DESSAINT et mon ordonnance.\n\nDr Claire MARTIN\n';
  const files = [
    { name: 'hematome.png', mediaType: 'image/png', bytes: paintPhoto() },
    { name: 'ordonnance.pdf', mediaType: 'application/pdf', bytes: ORDER },
  ];
  const letter = await letterWithFiles(demo, { subject: 'Hématome sous fluindione', text, files });
  await sendLetters(demo, product.smtp, [letter]);
  await openConversation(page, 'Hématome sous fluindione');
  await page.getByRole('button', { name: /Afficher la photo/ }).click();
  await page.getByRole('button', { name: 'Agrandir la photo' }).click();
  const large = page.getByRole('dialog').getByRole('img', { name: 'Photo : hematome.png' });
  const size = await until('the photo is drawn', () =>
    large.evaluate((seen) =>
      seen instanceof HTMLImageElement && seen.naturalWidth > 0 ? [seen.naturalWidth, seen.naturalHeight] : null,
    ),
  );
  assert.deepEqual(size, [320, 240]);
  await page.getByRole('button', { name: 'Fermer' }).click();
  const button = page.getByRole('button', { name: /ordonnance\.pdf/ });
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  assert.equal(download.suggestedFilename(), 'ordonnance.pdf');
  assert.deepEqual(await readFile(await download.path()), ORDER);
  await page.locator('.back').click();
  await part(page, 'conversation-list').waitFor();
  await pictureOf(stage, 'list');
});

test('the result card says patient, date, critical results first, and to telephone', async () => {
  await openConversation(page, 'DESSAINT Marguerite');
  const card = part(page, 'result-card');
  assert.equal(await card.getAttribute('data-severity'), 'critical');
  const said = await wordsOf(card);
  assert.match(
    said,
    /^DESSAINT Marguerite née le 14\/03\/1941, \d+ ans(?: lors de l'examen)?, F NIR seul .+ Résultats de laboratoire du 12\/01\/2026 Validé 2 résultats critiques/,
  );
  await part(page, 'urgency').waitFor();
  assert.match(
    await wordsOf(part(page, 'urgency')),
    /^Critique : .*INR 6\.8 .*(?:Appeler \d|Aucun numéro connu : appelez)/,
  );
  const rows = await part(page, 'result-row').evaluateAll((all) => all.map((row) => row.getAttribute('data-severity')));
  assert.deepEqual(rows, ['critical', 'critical']);
  const inr = part(page, 'result-row').filter({ hasText: 'INR' });
  assert.match(await wordsOf(inr), /^INR 6\.8 ↑↑ Critique, très haut réf\. 2\.0 – 3\.0/);
  const colour = await inr.locator('.value').evaluate((value) => getComputedStyle(value).color);
  assert.equal(colour, 'rgb(168, 15, 26)');
  await pictureOf(stage, 'result-card');
});

test('a verified letter says so, and why when it is tapped; its expiry counts down', async () => {
  await openConversation(page, 'Votre avis sur une dispensation');
  const mark = part(page, 'trust-mark');
  assert.equal(await mark.getAttribute('data-show'), 'verified');
  assert.equal(await wordsOf(mark), 'Vérifié : Claire MARTIN');
  await mark.locator('summary').click();
  await mark.locator('dl').waitFor();
  const why = await wordsOf(mark);
  assert.match(
    why,
    /Signature valide Identité l'expéditeur est le titulaire du certificat Chiffrement chiffré, ouvert/,
  );
  assert.match(
    why,
    /Adresse du certificat claire\.martin@cabinet\.example Autorité .+ Empreinte ([0-9a-f]{4} ?){16}$/i,
  );
  await mark.locator('summary').click();
  assert.match(await wordsOf(page.locator('.bar').getByTestId('expiry')), /^s'efface dans (7 j|6 j 23 h)$/);
});

/** What an attribute of the first such element says from now on, each once in a row, however short it stands there. */
const attributesFromNowOn = (selector: string, name: string) =>
  page.evaluateHandle(
    ([sought, attribute]) => {
      const seen: string[] = [];
      const look = (): void => {
        const said = document.querySelector(sought)?.getAttribute(attribute);
        if (typeof said === 'string' && said !== seen.at(-1)) seen.push(said);
      };
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
      return seen;
    },
    [selector, name] as const,
  );

test('the answer moves forward to «envoyé», and lies signed and sealed in the mailbox of the doctor', async () => {
  const states = await attributesFromNowOn('[data-testid="reply-state"]', 'data-state');
  await sendAnswer(page, ANSWER);
  await waitForState(page, ANSWER, 'sent');
  const passed = await states.jsonValue();
  const way = ['writing-to-disk', 'waiting', 'queued', 'accepted', 'sealed', 'sent'];
  assert.deepEqual(
    passed,
    way.filter((state) => passed.includes(state)),
  );
  // With its day, when midnight was in between.
  assert.match(await wordsOf(part(page, 'reply-state')), /^envoyé à (\d+ \S+ )?\d\d:\d\d$/);
  const [received, ...more] = await answersSaying(stage, ANSWER);
  assert.deepEqual(more, []);
  assert.match(received?.signer ?? '', /PHARMACIE DES HALLES/);
  assert.ok(received?.headers.split(/\r\n(?! )/).includes(`In-Reply-To: ${doctorMessageId}`), received?.headers);
  assert.doesNotMatch(received?.headers ?? '', /délivrance|DESSAINT/);
  await pictureOf(stage, 'conversation');
});

test('after a reload everything is still there', async () => {
  await page.reload();
  await waitForPhase(page, 'live');
  await waitForState(page, ANSWER, 'sent');
  await page.locator('.back').click();
  const items = part(page, 'conversation-item');
  await items.nth(4).waitFor();
  assert.equal(await items.count(), 5);
  assert.equal((await answersSaying(stage, ANSWER)).length, 1);
});

test('the screens can be used by keyboard and by ear: names, language, focus that is seen, a log', async () => {
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  assert.deepEqual(await namelessControls(page), []);
  for (const words of ['Hématome sous fluindione', 'DESSAINT Marguerite', 'Courrier en quarantaine']) {
    await openConversation(page, words);
    assert.deepEqual(await namelessControls(page), [], words);
  }
  await page.locator('.back').click();
  await part(page, 'conversation-list').waitFor();
  const manners = await attributesFromNowOn('[role="log"]', 'aria-live');
  await openConversation(page, 'DESSAINT Marguerite');
  await page.locator('[role="log"][aria-live="polite"]').waitFor();
  assert.deepEqual(await manners.jsonValue(), ['off', 'polite']);
  for (const loaded of ['result-card', 'urgency']) await part(page, loaded).waitFor();
  const way = await keyboardWay(page);
  assert.deepEqual(way, [
    'a',
    'button',
    'log',
    'summary',
    'summary',
    'button',
    'button',
    'button',
    'button',
    'textarea',
  ]);
});

test('what must be read has a contrast of 4.5 to 1 or more, in light and in dark', async () => {
  const read = async (words: string, selectors: readonly string[]): Promise<void> => {
    await openConversation(page, words);
    for (const selector of selectors) {
      const ratio = await contrastOf(page, selector);
      assert.ok(ratio >= 4.5, `${words}, ${selector}: ${ratio.toFixed(2)}`);
    }
  };
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    const card = [
      '.urgency strong',
      '.row .value',
      '.row .badge',
      '.row .range',
      '.row .comment',
      '.origin',
      '.expiry',
      '.back',
    ];
    await read('DESSAINT Marguerite', [...card, '.trust .strong', '.sender time', '.address']);
    if (colorScheme === 'dark') await pictureOf(stage, 'dark');
    await read('Non vérifié', ['.trust .strong', '.reasons', '.text', '.no-answer, .composer']);
    await read('Courrier en quarantaine', ['.trust .strong', '.reasons', '.note']);
    await read('Vous :', ['.ours .text', '.state', '.trust .strong', '.subject', '.quick button']);
  }
});

test('on the screen of the counter the list stands beside the conversation', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await openConversation(page, 'DESSAINT Marguerite');
  for (const shown of ['conversation-list', 'composer']) await part(page, shown).waitFor();
  await pictureOf(stage, 'desktop');
});

test('all this without an error in the console and without a breach of the content policy', () => {
  assert.deepEqual(phone.troubles, []);
});
