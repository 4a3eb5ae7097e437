/**
 * What the screen says of a letter beside its verdict, and of an answer on its way, in a real browser: the operator's
 * mark, people, urgency, automatic mail as lines, every state in words, corrections, whom an answer goes to. The gateway
 * is a double here (mobile-lite/src/test), so that each state can be had at will.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { NoticeMessage, StatusMessage } from '@estafette/contracts/message';
import { labLetter, letter, verdict } from '@estafette/mobile-lite/test/demo-letters';
import type { Locator } from 'playwright-core';
import { openPhoneBeforeDouble } from './support/browser-double.ts';
import { contrastOf, namelessControls } from './support/browser-judgement.ts';
import { openPhone, part, sendAnswer, wordsOf } from './support/browser-phone.ts';
import { until } from './support/waiting.ts';

const DOCTOR = { name: 'Claire MARTIN', address: 'claire.martin@medecin.example' };
const COLLEAGUE = { name: 'Paul GARNIER', address: 'paul.garnier@medecin.example' };

/** A time of day, and its day when midnight came in between. */
const MOMENT = String.raw`(?:\d+ \S+ )?\d\d:\d\d`;

const { folder, relay, phone, page, close } = await openPhoneBeforeDouble();
after(close);
const conversation = await relay.gateway.openConversation(7 * 86_400_000);
await relay.gateway.sendKey(conversation);
const { conversationId } = conversation;

/** Waits until the place reads like this: what was sent is drawn when it has come, and some parts after the others. */
async function reads(place: Locator, wanted: RegExp | string): Promise<void> {
  let said = '';
  const isSo = async (): Promise<boolean> => {
    said = await wordsOf(place);
    return typeof wanted === 'string' ? said === wanted : wanted.test(said);
  };
  await until('the words', isSo).catch((cause: unknown) => {
    throw new Error(`“${said}” instead of ${wanted}`, { cause });
  });
}

test('the operator has a mark of his own beside the verdict; urgency, people and a doubtful identifier are said', async () => {
  const unsigned = { signature: 'none', identity: 'none', encryption: 'none', reasons: ['not-signed'], signer: null };
  const people = [
    { ...COLLEAGUE, role: 'to', reachable: true },
    { name: 'Cabinet des Lilas', address: 'idel@ailleurs.example', role: 'cc', reachable: false },
  ] as const;
  await relay.gateway.sendMessage(
    conversation,
    letter({
      from: DOCTOR,
      people: [...people],
      operator: { name: 'Opérateur Santé Ouest', domain: 'medecin.example' },
      urgent: true,
      sameMessageId: true,
      verdict: verdict('unverified', unsigned as Parameters<typeof verdict>[1]),
    }),
  );
  await reads(part(page, 'conversation-item'), /Urgent Non vérifié/);
  await part(page, 'conversation-item').click();
  await reads(part(page, 'trust-mark'), "Non vérifié Le courrier n'est pas signé.");
  const mark = "Opérateur de l'espace de confiance : Opérateur Santé Ouest";
  await reads(part(page, 'operator-mark'), mark);
  await reads(part(page, 'people'), 'Aussi à : Paul GARNIER, Cabinet des Lilas (copie)');
  await page.getByText('Un courrier précédent portait le même identifiant, avec un autre contenu.').waitFor();
});

test('a letter that no operator is proven for has no such mark', async () => {
  const other = await relay.gateway.openConversation(86_400_000);
  await relay.gateway.sendKey(other);
  await relay.gateway.sendMessage(other, letter({ subject: 'Sans opérateur' }));
  await page.locator('.back').click();
  await part(page, 'conversation-item').filter({ hasText: 'Sans opérateur' }).click();
  await part(page, 'trust-mark').waitFor();
  assert.equal(await part(page, 'operator-mark').count(), 0);
  assert.equal(await part(page, 'recipients').count(), 0);
  await page.locator('.back').click();
  await part(page, 'conversation-item').filter({ hasText: 'fluindione' }).click();
});

test('an answer to all says who gets it and who cannot be reached, and leaves as such, urgent', async () => {
  await page.getByLabel('À tous (2)').check();
  const everybody = /Claire MARTIN, Paul GARNIER Ne peut pas être joint : Cabinet des Lilas \(hors de l'espace/;
  await reads(part(page, 'recipients'), everybody);
  await part(page, 'composer-more').click();
  await page.getByRole('button', { name: 'Urgent' }).click();
  await page.getByRole('button', { name: 'Partir sans attendre', pressed: true }).waitFor();
  assert.deepEqual(await namelessControls(page), []);
  await sendAnswer(page, 'Compris.');
  while (relay.framesOf('reply').length === 0) await page.waitForTimeout(20);
  const frame = relay.received.find((one) => one.frame.t === 'reply');
  assert.ok(frame?.frame.t === 'reply');
  const reply = await relay.gateway.openReply(frame.deviceId, frame.frame.reply);
  assert.deepEqual([reply.to, reply.urgent, reply.text], ['all', true, 'Compris.']);
});

test('every state is said in words, with its time or its reason; what is taken back is said as such', async () => {
  const replyId = relay.framesOf('reply')[0]?.reply.replyId ?? '';
  const at = new Date().toISOString();
  const isTold = async (status: Partial<StatusMessage>, words: RegExp | string): Promise<void> => {
    await relay.gateway.sendStatus(replyId, conversationId, status);
    await page.locator(`[data-testid="reply-state"][data-state="${status.state}"]`).waitFor();
    await reads(part(page, 'reply-state'), words);
  };
  await isTold({ state: 'accepted' }, 'accepté');
  const waits = { state: 'awaiting-key', failure: 'own-certificate-unusable' } as const;
  await isTold(waits, /^en attente de clé : Le certificat de votre structure/);
  await isTold({ state: 'sealed' }, 'scellé');
  await isTold({ state: 'delayed', failure: 'next-hop-deferred' }, /^retardé : Le serveur/);
  await isTold({ state: 'sent' }, new RegExp(`^envoyé à ${MOMENT}$`));
  await isTold({ state: 'unknown' }, 'non confirmé');
  await isTold({ state: 'failed', failure: 'next-hop-refused' }, /^échec : .+ refusé la réponse\.$/);
  const recipients = [
    { address: DOCTOR.address, state: 'read', failure: null, at },
    { address: COLLEAGUE.address, state: 'delayed', failure: 'next-hop-deferred', at },
  ] as const;
  const taken = new RegExp(`^Rectification : finalement remis à ${MOMENT}$`);
  await isTold({ state: 'delivered', correction: true, recipients: [...recipients] }, taken);
  const each = String.raw`^claire\.martin@medecin\.example : lu à ${MOMENT} paul\.garnier@\S+ : retardé : Le serveur`;
  await reads(part(page, 'reply-recipients').locator('li'), new RegExp(each));
});

test('automatic mail is a line, not a bubble, and nothing of it is unread', async () => {
  const notice = (more: Partial<NoticeMessage>): NoticeMessage => ({
    type: 'notice',
    letterId: newId('letter'),
    kind: 'absent',
    from: DOCTOR,
    receivedAt: new Date().toISOString(),
    replyId: null,
    until: '2026-12-12',
    text: 'Je suis absente.',
    ...more,
  });
  const bubbles = await page.getByRole('article').count();
  await relay.gateway.sendMessage(conversation, notice({}));
  await relay.gateway.sendMessage(conversation, notice({ kind: 'automatic', until: null, text: 'Bien reçu.' }));
  await part(page, 'notice').nth(1).waitFor();
  await reads(part(page, 'notice').first(), new RegExp(`^Absent jusqu'au 12 décembre Claire MARTIN, ${MOMENT}`));
  await reads(part(page, 'notice').nth(1), /^Message automatique : Bien reçu\./);
  assert.equal(await page.getByRole('article').count(), bubbles);
  assert.equal(await page.title(), 'Estafette');
});

test('who has read a letter stands at its foot; nothing of it is unread, and the list stays as it is', async () => {
  const place = await relay.gateway.openConversation(86_400_000);
  await relay.gateway.sendKey(place);
  const seen = letter({ from: DOCTOR, subject: 'Lue à plusieurs', asksReceipt: true });
  await relay.gateway.sendMessage(place, seen);
  const before = page.url();
  await page.locator('.back').click();
  // Without what is left of its time, which changes by itself.
  const listed = () => page.locator('.item').locator('.who, .when, .preview, .dot').allInnerTexts();
  const item = part(page, 'conversation-item').filter({ hasText: 'Lue à plusieurs' });
  await item.click();
  const readBy = part(page, 'read-by');
  await readBy.waitFor();
  assert.equal(await wordsOf(readBy), 'Accusé de lecture demandé');
  await page.locator('.back').click();
  await part(page, 'conversation-list').waitFor();
  const stood = await listed();
  await item.click();
  await readBy.waitFor();
  const { height } = (await page.getByRole('article').boundingBox()) ?? {};
  const telling = (person: string, more: object = {}) =>
    relay.gateway.sendMessage(place, {
      ...{ type: 'read', letterId: seen.letterId, person, at: new Date().toISOString() },
      ...more,
    });
  await telling('Inès BERGER', { toldSender: true });
  await readBy.filter({ hasText: 'envoyé' }).waitFor();
  assert.match(await wordsOf(readBy), /^Lu par vous à \d\d:\d\d · accusé de lecture envoyé$/);
  assert.equal((await page.getByRole('article').boundingBox())?.height, height, 'nothing moves');
  await telling('Camille');
  await telling('Noé');
  await readBy.filter({ hasText: 'Noé' }).waitFor();
  assert.match(await wordsOf(readBy), /^Lu par Camille à \S+, Noé à \S+, vous à \S+ · accusé de lecture envoyé$/);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.ok((await contrastOf(page, '.read-by')) >= 4.5, colorScheme);
  }
  await page.locator('.back').click();
  await part(page, 'conversation-list').waitFor();
  assert.deepEqual(await listed(), stood);
  await page.goto(before);
});

test('a plain letter that two others read while one reads it stays where it is, down to its card', async () => {
  const place = await relay.gateway.openConversation(86_400_000);
  await relay.gateway.sendKey(place);
  const before = page.url();
  const report = labLetter();
  await relay.gateway.sendMessage(place, report);
  await page.locator('.back').click();
  await part(page, 'conversation-item').filter({ hasText: report.from.name }).click();
  const parts = ['.subject', '.trust', '[data-testid="result-card"]'].map((selector) => page.locator(selector).first());
  for (const one of parts) await one.waitFor();
  const tops = () => Promise.all(parts.map(async (one) => (await one.boundingBox())?.y));
  const stood = await tops();
  assert.equal(await part(page, 'read-by').count(), 0);
  for (const [person, toldSender] of [
    ['Camille', false],
    ['Inès BERGER', true],
    ['Noé', false],
  ] as const) {
    const at = new Date().toISOString();
    await relay.gateway.sendMessage(place, { type: 'read', letterId: report.letterId, person, at, toldSender });
  }
  const line = /^Lu par Camille à \S+, Noé à \S+, vous à \S+ · accusé de lecture envoyé$/;
  await reads(part(page, 'read-by'), line);
  assert.deepEqual(await tops(), stood);
  const [card, foot] = [await parts[2]?.boundingBox(), await part(page, 'read-by').boundingBox()];
  assert.ok(card && foot && foot.y >= card.y + card.height, 'at the foot');
  await page.goto(before);
});

test('where a part of the screen cannot be loaded, a letter that has nothing of it does not say so', async () => {
  const second = await openPhone(join(folder, 'second'));
  try {
    await second.page.addInitScript(() => Object.defineProperty(navigator, 'serviceWorker', { value: undefined }));
    await second.page.goto(relay.gateway.makeLink(relay.baseUrl));
    await part(second.page, 'enrol-button').click();
    const place = await relay.gateway.openConversation(86_400_000);
    await relay.gateway.sendKey(place);
    await relay.gateway.sendMessage(place, letter({ subject: 'Sans accusé' }));
    await relay.gateway.sendMessage(place, letter({ subject: 'Avec accusé', asksReceipt: true }));
    await part(second.page, 'conversation-item').filter({ hasText: 'Avec accusé' }).click();
    await part(second.page, 'read-by').waitFor();
    await second.context.route(/later-parts/, (route) => route.abort());
    await second.page.reload();
    const bubble = (subject: string) => second.page.getByRole('article').filter({ hasText: subject });
    const note = second.page.getByText("Cette partie de l'application n'a pas pu être chargée.");
    await bubble('Avec accusé').filter({ has: note }).waitFor();
    assert.equal(await bubble('Sans accusé').count(), 1);
    assert.equal(await bubble('Sans accusé').filter({ has: note }).count(), 0);
  } finally {
    await second.close();
  }
});

test('the marks can be read, in light and in dark', async () => {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const selector of [
      '.operator',
      '.people',
      '.notice',
      '.state',
      '.recipients li',
      '.recipients .amber',
      '.to .note',
    ])
      if ((await page.locator(selector).count()) > 0)
        assert.ok((await contrastOf(page, selector)) >= 4.5, `${selector} ${colorScheme}`);
  }
});

test('a letter that comes while an answer is written does not turn it: it says to whom it goes, and goes there', async () => {
  const place = await relay.gateway.openConversation(86_400_000);
  await relay.gateway.sendKey(place);
  const [first, second] = [letter({ from: DOCTOR, subject: 'Brouillon' }), letter({ from: COLLEAGUE })];
  await relay.gateway.sendMessage(place, first);
  await page.locator('.back').click();
  await part(page, 'conversation-item').filter({ hasText: 'Brouillon' }).click();
  const field = part(page, 'composer').locator('textarea');
  const aim = part(page, 'answers-to');
  const sent = async (text: string): Promise<string | undefined> => {
    const before = relay.framesOf('reply').length;
    await sendAnswer(page, text);
    while (relay.framesOf('reply').length === before) await page.waitForTimeout(20);
    const { deviceId, frame } = relay.received.findLast((one) => one.frame.t === 'reply') ?? {};
    assert.ok(frame?.t === 'reply' && deviceId !== undefined);
    return (await relay.gateway.openReply(deviceId, frame.reply)).answers;
  };
  await field.fill('Chère consœur, ');
  assert.equal(await aim.count(), 0);
  await relay.gateway.sendMessage(place, second);
  await page.getByRole('heading', { level: 1, name: COLLEAGUE.name }).waitFor();
  await reads(aim, `À ${DOCTOR.name}`);
  assert.equal(await field.getAttribute('aria-label'), `Votre réponse à ${DOCTOR.name}`);
  assert.ok((await contrastOf(page, '[data-testid="answers-to"]')) >= 4.5);
  assert.equal(await sent('Chère consœur, entendu.'), first.letterId);
  await aim.waitFor({ state: 'detached' });
  await field.fill('Cher confrère');
  await relay.gateway.sendMessage(place, letter({ from: DOCTOR }));
  await aim.getByText(`À ${COLLEAGUE.name}`).waitFor();
  await field.fill('');
  await aim.waitFor({ state: 'detached' });
  assert.deepEqual(phone.troubles, []);
});
