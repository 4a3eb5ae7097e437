/** A conversation that reaches its end while somebody looks at it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { doctorLetter, sendLetters } from '@estafette/cli/demo/letters';
import { countStores } from './support/browser-judgement.ts';
import { openConversation, part, wordsOf } from './support/browser-phone.ts';
import { joinByLink, openStage } from './support/browser-stage.ts';
import { until } from './support/waiting.ts';

/** Long enough for a slow machine to show the letter and to look at it; below a minute it is told in seconds. */
const LIFE_SECONDS = 40;
const PATIENCE_MS = 180_000;

const stage = await openStage({
  ESTAFETTE_CONVERSATION_TTL_SECONDS: String(LIFE_SECONDS),
  ESTAFETTE_EPOCH_SECONDS: '1',
});
after(() => stage.close());
const { page } = stage.phone;
page.setDefaultTimeout(PATIENCE_MS);

test('an expired conversation leaves the screen and the phone', async () => {
  await joinByLink(stage);
  const { demo, smtp } = stage.product;
  await sendLetters(demo, smtp, [await doctorLetter(demo)]);
  await openConversation(page, 'Votre avis sur une dispensation');
  assert.match(await wordsOf(page.locator('.bar').getByTestId('expiry')), /^s'efface dans \d+ s$/);
  const { keys, events } = await countStores(page);
  assert.deepEqual({ keys, events }, { keys: 1, events: 1 });
  await page.getByText('Cette conversation est échue : elle a été effacée.').waitFor();
  assert.doesNotMatch(await page.content(), /DESSAINT|dispensation/);
  await page.getByRole('link', { name: 'Retour aux conversations' }).click();
  await page.getByText('Aucun courrier en cours').waitFor();
  assert.equal(await part(page, 'conversation-item').count(), 0);
  const kept = async () => {
    const { self: _, ...left } = await countStores(page);
    return left;
  };
  // It leaves the screen at its time, the disk a moment later.
  await until('nothing is kept of it', async () => Object.values(await kept()).every((count) => count === 0));
  assert.deepEqual(await kept(), { keys: 0, events: 0, replies: 0, readMarks: 0, uploads: 0, receipts: 0 });
  assert.deepEqual(stage.phone.troubles, []);
});
