/**
 * The phone between two networks: installed, cut off, reloaded in the cellar, the server stopped under its feet. What
 * was typed is kept and leaves exactly once; what lies on the phone meanwhile says nothing to who finds it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { doctorLetter, resultLetter, sendLetters } from '@estafette/cli/demo/letters';
import { readStores } from './support/browser-judgement.ts';
import { letterWithFiles } from './support/browser-letters.ts';
import { openConversation, part, sendAnswer, waitForPhase, waitForState, wordsOf } from './support/browser-phone.ts';
import { startProduct } from './support/browser-product.ts';
import { answersSaying, joinByLink, openStage } from './support/browser-stage.ts';

const CUT_OFF_ANSWER = 'Écrit sans réseau : vitamine K donnée à 10 h.';
const STOPPED_ANSWER = "Écrit pendant l'arrêt du serveur : contrôle demain matin.";

const stage = await openStage();
after(() => stage.close());
const { phone } = stage;
const { page, context } = phone;
// After a long stop the phone comes back with pauses of up to half a minute.
page.setDefaultTimeout(180_000);
let letterId: string;

before(async () => {
  await joinByLink(stage);
  const { demo, smtp } = stage.product;
  const letter = await doctorLetter(demo);
  letterId = letter.messageId;
  await sendLetters(demo, smtp, [letter, await resultLetter(demo)]);
  await part(page, 'conversation-item').filter({ hasText: 'DESSAINT Marguerite' }).waitFor();
  await openConversation(page, 'Votre avis sur une dispensation');
});

interface Manifest {
  name: string;
  start_url: string;
  display: string;
  icons: { src: string; sizes: string; type: string }[];
}

test('the app can be installed: its manifest, its icons, its service worker', async () => {
  const address = await page.locator('link[rel="manifest"]').getAttribute('href');
  const manifest: Manifest = await (await context.request.get(new URL(address ?? '', page.url()).href)).json();
  assert.deepEqual([manifest.name, manifest.start_url, manifest.display], ['Estafette', '/', 'standalone']);
  for (const edge of [192, 512]) {
    const icon = manifest.icons.find(({ sizes, type }) => sizes === `${edge}x${edge}` && type === 'image/png');
    const png = await (await context.request.get(new URL(icon?.src ?? '', page.url()).href)).body();
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [edge, edge]);
  }
  const worker = await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state);
  assert.ok(worker === 'activated' || worker === 'activating', worker);
  const session = await context.newCDPSession(page);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(
    installabilityErrors.map(({ errorId }) => errorId),
    [],
  );
});

test('what lies on the phone holds no word of the letters, no patient and no answer', async () => {
  await sendAnswer(page, 'Fluindione délivrée le 2 janvier.');
  await waitForState(page, 'Fluindione délivrée le 2 janvier.', 'sent');
  const stores = await readStores(page);
  for (const present of ['estafette/events', 'estafette/replies', 'CryptoKey', 'cnv_'])
    assert.ok(stores.includes(present));
  assert.doesNotMatch(stores, /dessaint|marguerite|fluindione|inqui|confratern|charmes|martin|104512|hémostase/i);
});

test('cut off, the app says so, opens again without a network, and keeps what is typed', async () => {
  phone.cut = true;
  await context.setOffline(true);
  await waitForPhase(page, 'offline');
  assert.equal(await wordsOf(part(page, 'connection')), 'Hors ligne : vos réponses partiront au retour du réseau');
  await sendAnswer(page, CUT_OFF_ANSWER);
  await waitForState(page, CUT_OFF_ANSWER, 'waiting');
  await page.reload();
  await waitForPhase(page, 'offline');
  await waitForState(page, CUT_OFF_ANSWER, 'waiting');
  await page.getByText('Son INR de ce matin').waitFor();
  await openConversation(page, 'DESSAINT Marguerite');
  await part(page, 'result-card').waitFor();
  assert.deepEqual(await answersSaying(stage, CUT_OFF_ANSWER), []);
});

test('when the network is back, the answer leaves by itself, as one to the letter that was seen then', async () => {
  const { demo, smtp } = stage.product;
  const later = { subject: 'Votre avis sur une dispensation', text: 'Un mot encore.', files: [] };
  await sendLetters(demo, smtp, [await letterWithFiles(demo, { ...later, headers: [`References: ${letterId}`] })]);
  await context.setOffline(false);
  await waitForPhase(page, 'live');
  phone.cut = false;
  // By its sender: the answer or the new letter stands last in the list, whichever comes first.
  await openConversation(page, 'Claire MARTIN');
  await page.getByText('Un mot encore.').waitFor();
  await waitForState(page, CUT_OFF_ANSWER, 'sent');
  const [answer, ...others] = await answersSaying(stage, CUT_OFF_ANSWER);
  assert.deepEqual(others, []);
  assert.equal(/^In-Reply-To:\s+(<[^<>]+>)/im.exec(answer?.headers ?? '')?.[1], letterId);
});

test('an answer typed while the server is stopped leaves when it is back', async () => {
  phone.cut = true;
  assert.equal(await stage.product.stop(), 0);
  await waitForPhase(page, 'offline');
  await sendAnswer(page, STOPPED_ANSWER);
  await waitForState(page, STOPPED_ANSWER, 'waiting');
  stage.product = await startProduct({ home: stage.product.home, again: stage.product });
  await waitForState(page, STOPPED_ANSWER, 'sent');
  await waitForPhase(page, 'live');
  phone.cut = false;
});

test('after one more reload every answer stands once, here and in the mailbox of the doctor', async () => {
  await page.reload();
  await waitForPhase(page, 'live');
  for (const text of [CUT_OFF_ANSWER, STOPPED_ANSWER]) {
    await waitForState(page, text, 'sent');
    assert.equal(await page.getByRole('article').filter({ hasText: text }).count(), 1);
    assert.equal((await answersSaying(stage, text)).length, 1, text);
  }
  assert.deepEqual(phone.troubles, []);
});
