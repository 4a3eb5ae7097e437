/**
 * Letters of proven senders that look like automatic mail: software of a laboratory, a list of a hospital, a person with
 * an odd subject. They are shown whole, and no machine of ours answers them.
 */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { png } from '../content/pictures/photo.fixture.ts';
import { mail, multipartSigned, signedData } from '../envelope/letters.fixture.ts';
import { DOCTOR_ADDRESS, PHARMACY_ADDRESS, pharmacy } from '../envelope/test-authority.fixture.ts';
import type { SpoolFacts } from '../intake/spool.ts';
import { OURS, plainMail } from '../reports/mails.fixture.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openStation, type Station } from './station.fixture.ts';
import { HOUR_MS, questionIn, START } from './world.fixture.ts';

const OPERATOR = { kind: 'operator', domain: 'cabinet.example', name: 'CN=Operator' } as const;
const BY_OPERATOR = { mailFrom: DOCTOR_ADDRESS, carrier: OPERATOR };
const BY_ITSELF = 'Auto-Submitted: auto-generated';
const ANSWERS = `In-Reply-To: ${OURS}`;
const LONG = `${'Potassium : 6,8 mmol/L. '.repeat(40)} Arrêtez le traitement.`;

let station: Station;
let mailId: string;
afterEach(() => station.close());

/** A pharmacy that has written to the doctor. */
async function open(): Promise<void> {
  station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf('mssante') });
  const { world, outbox, mailboxId } = station;
  const routed = await world.route(questionIn(world, {}, { space: 'mssante' }));
  assert.ok(routed.outcome === 'routed');
  mailId = world.events.idFor('mail', DOCTOR_ADDRESS);
  await outbox.post({
    ...{ id: mailId, kind: 'reply', mailboxId, conversationId: routed.conversation.id, subject: 'rep_x' },
    ...{ space: 'mssante', urgent: false, asksReports: true, replyIds: [], from: PHARMACY_ADDRESS, messageId: OURS },
    ...{ to: DOCTOR_ADDRESS, recipientIndex: world.vault.index('address-index', DOCTOR_ADDRESS) },
    bytes: Buffer.from('x'),
  });
  await world.store.changeMail(mailId, { state: 'sent', failure: null, certain: true, sentAt: world.clock.ms }, START);
  station.posted.length = 0;
}

const textPart = (text: string): string =>
  'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
  `${Buffer.from(text).toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n`;

function signed(text: string, fields: readonly string[], subject = 'Résultats', inner = textPart(text)): Buffer {
  const entity = Buffer.from(inner);
  const outer = [`From: ${DOCTOR_ADDRESS}`, `To: ${PHARMACY_ADDRESS}`, `Subject: ${subject}`];
  const rest = ['Message-ID: <software-1@cabinet.example>', 'MIME-Version: 1.0', ...fields];
  return mail(multipartSigned(entity, signedData(entity)), [...outer, ...rest]);
}

/** What is shown of a mail with a return path, and every text of it. */
async function shown(bytes: Buffer, facts: Partial<SpoolFacts> = {}): Promise<{ types: string[]; text: string }> {
  await station.receive({ bytes, mailFrom: DOCTOR_ADDRESS, ...facts });
  const inbox = await station.inbox();
  const documents = inbox.flatMap((message) => (message.type === 'letter' ? message.documents : []));
  const texts = documents.map((document) => (document.kind === 'text' ? document.text : ''));
  return { types: inbox.map(({ type }) => type), text: texts.join() };
}

const ABSENT = 'Potassium 6,8 mmol/L, arrêtez le traitement. Le cabinet est fermé demain, je serai absent.';

for (const [what, make, facts] of [
  ['that holds words of an absence, signed', () => signed(ABSENT, [BY_ITSELF]), {}],
  [
    'that holds words of an absence, carried by an operator',
    () => plainMail(ABSENT, { fields: [BY_ITSELF] }),
    OPERATOR,
  ],
  ['that holds words of an absence and answers us', () => signed(ABSENT, [BY_ITSELF, ANSWERS]), {}],
  ['that came to a list', () => signed(ABSENT, ['List-Unsubscribe: <mailto:u@cabinet.example>']), {}],
  ['in bulk', () => signed(ABSENT, ['Precedence: bulk']), {}],
  ['with a subject of absence that answers us', () => signed(ABSENT, [ANSWERS], 'Absence du bureau'), {}],
] as const)
  test(`a letter of a proven sender ${what}, is a letter`, async () => {
    await open();
    const { types, text } = await shown(make(), 'kind' in facts ? { carrier: facts } : {});
    assert.deepEqual([types, text.includes('Le cabinet est fermé demain')], [['letter'], true]);
  });

test('a signed letter about a mail of ours that came back is read by a person and is no failure of it', async () => {
  await open();
  const text = `Voici ce que j'ai reçu. Passez à 10 mg.\r\nMessage-ID: ${OURS}\r\n`;
  for (const fields of [[], [BY_ITSELF]]) {
    const { types } = await shown(signed(text, fields, 'Message non remis'));
    assert.equal(types[0], 'letter');
  }
  const unsigned = plainMail(text, { subject: 'Message non remis' });
  assert.deepEqual((await shown(unsigned, { carrier: OPERATOR })).types, ['letter', 'letter', 'letter']);
  assert.equal((await station.world.store.mail(mailId))?.state, 'sent');
});

test('a refusal of MSSanté software that its operator carried stays a failure, even as ordinary mail', async () => {
  await open();
  const refusal = { subject: "[Erreur d'intégration !][904] XDM/1.0/DDM+X" };
  assert.deepEqual((await shown(plainMail(`Message-ID: ${OURS}`, refusal), { carrier: OPERATOR })).types, []);
  assert.equal((await station.world.store.mail(mailId))?.state, 'failed');
});

test('an automatic answer that says more than a line holds is a letter, and none of its words is lost', async () => {
  await open();
  const fields = ['Auto-Submitted: auto-replied', ANSWERS];
  for (const bytes of [signed(LONG, fields), plainMail(LONG, { fields })]) {
    const { types, text } = await shown(bytes, { mailFrom: '' });
    assert.deepEqual([new Set(types), text.includes('Arrêtez le traitement.')], [new Set(['letter']), true]);
  }
  assert.deepEqual((await shown(signed('Je suis absent.', fields), { mailFrom: '' })).types.at(-1), 'notice');
});

test('words of a bounce, a receipt or a refusal swallow no text of a letter, whatever a machine says of itself', async () => {
  await open();
  const fields = ['Auto-Submitted: auto-replied', ANSWERS];
  const subjects = ['Message non remis', 'Lu : résultats'];
  for (const subject of subjects) {
    const { types, text } = await shown(signed(`${LONG}${subject}`, fields, subject), { mailFrom: '' });
    assert.deepEqual([types.at(-1), text.includes(subject)], ['letter', true]);
  }
  const receipt = plainMail(`${LONG}Non signé.`, { fields, subject: 'Lu : résultats' });
  assert.ok((await shown(receipt, { mailFrom: '', carrier: OPERATOR })).text.includes('Non signé.'));
  const refusal = signed(`Message-ID: ${OURS}`, [], '[KO Intégration système !][902]');
  assert.deepEqual((await shown(refusal)).types, Array(4).fill('letter'));
  assert.equal((await station.world.store.mail(mailId))?.state, 'sent');
  await shown(signed('Courrier lu.', fields, 'Lu : résultats'), { mailFrom: '' });
  assert.equal((await station.world.store.mail(mailId))?.state, 'read');
});

test('an automatic answer in two texts is a letter: a line shows the first', async () => {
  await open();
  const parts = ['Je suis absent.', 'Arrêtez le traitement.'].map((text) => `--m\r\n${textPart(text)}`).join('');
  const inner = `Content-Type: multipart/mixed; boundary="m"\r\n\r\n${parts}--m--\r\n`;
  const fields = ['Auto-Submitted: auto-replied', ANSWERS];
  const { types, text } = await shown(signed('', fields, 'Absence', inner), { mailFrom: '' });
  assert.deepEqual([types, text.includes('Arrêtez')], [['letter'], true]);
});

test('more words than a line are a letter even of nobody who is proven, and about nothing of ours', async () => {
  await open();
  const bulk = plainMail(LONG, { fields: ['Precedence: bulk'] });
  const answer = plainMail(LONG, { fields: ['Auto-Submitted: auto-replied'] });
  assert.deepEqual((await shown(bulk)).types, ['letter']);
  assert.deepEqual((await shown(answer, { mailFrom: '' })).types, ['letter', 'letter']);
});

test('a letter of software whose signature does not hold is held where people see it', async () => {
  await open();
  const forged = signed(ABSENT, [BY_ITSELF]).toString('latin1').replace(textPart(ABSENT), textPart('Potassium 3,8'));
  assert.deepEqual((await shown(Buffer.from(forged, 'latin1'))).types, ['quarantine']);
});

test('no absence, report or receipt answers what software wrote', async () => {
  await open();
  const { world, mailboxId } = station;
  await world.store.setAbsence({ mailboxId, from: START, until: START + 100 * HOUR_MS, text: '' });
  const recipient = { mailboxId, address: PHARMACY_ADDRESS, original: null, notify: ['success'] as const };
  const wishes = { envelopeId: null, returns: null, recipients: [recipient] };
  const asks = `Disposition-Notification-To: ${DOCTOR_ADDRESS}`;
  const marks = [[BY_ITSELF], ['Precedence: bulk'], ['List-Id: <n.example>'], [BY_ITSELF, ANSWERS]];
  for (const [number, fields] of marks.entries())
    await station.receive({ bytes: signed(`${LONG}${number}`, [...fields, asks]), mailFrom: DOCTOR_ADDRESS, wishes });
  const letters = (await station.inbox()).filter((message) => message.type === 'letter');
  assert.deepEqual(
    letters.map(({ asksReceipt }) => asksReceipt ?? false),
    marks.map(() => false),
  );
  assert.deepEqual(station.posted, []);
  await station.receive({ bytes: signed(LONG, [asks]), mailFrom: DOCTOR_ADDRESS, wishes });
  assert.equal(station.posted.length, 2, 'a person is answered');
});

const STOP = 'INR 6,2 : arrêtez le Previscan ce soir.';
const REPLIED = 'Auto-Submitted: auto-replied';
/** What of this one text somebody can read. */
const words = async (): Promise<string[]> =>
  (await station.inbox()).flatMap((message) =>
    message.type === 'letter'
      ? message.documents.flatMap((document) => (document.kind === 'text' ? [`letter: ${document.text}`] : []))
      : message.type === 'notice'
        ? [`line: ${message.text}`]
        : [],
  );

for (const [what, fields, mailFrom, subject] of [
  ['from nobody', [], '', 'INR'],
  ['from nobody, generated', [BY_ITSELF], '', 'INR'],
  ['from nobody, passed on to a list', ['Precedence: bulk'], '', 'INR'],
  ['marked as an answer', [REPLIED], DOCTOR_ADDRESS, 'INR'],
  ['marked by an autoresponder', ['X-Autoreply: yes'], DOCTOR_ADDRESS, 'INR'],
  ['marked as an answer to a mail that we do not know', [REPLIED, 'In-Reply-To: <x@y.example>'], '', 'INR'],
  ['from nobody, with the subject of a receipt', [], '', 'Lu : INR'],
  ['from nobody, with the subject of a bounce', [REPLIED], '', 'Non remis : INR'],
] as const)
  test(`one line of a proven sender, ${what}, that speaks of no mail of ours, is a letter and never answered`, async () => {
    await open();
    const { world, mailboxId } = station;
    await world.store.setAbsence({ mailboxId, from: START, until: START + 100 * HOUR_MS, text: '' });
    await station.receive({ bytes: signed(STOP, fields, subject), mailFrom });
    await station.receive({ bytes: plainMail(STOP, { fields, subject }), mailFrom, carrier: OPERATOR });
    assert.deepEqual(await words(), [`letter: ${STOP}`, `letter: ${STOP}`]);
    assert.deepEqual(station.posted, []);
  });

test('a person whose name is or begins like that of a robot is read, whatever the subject', async () => {
  for (const from of ['bouncet.marie@cabinet.example', 'postmaster@cabinet.example', DOCTOR_ADDRESS])
    for (const subject of ['Lu : INR', 'Non remis : ordonnance de Mme D.', 'Absence du bureau']) {
      await open();
      const bytes = plainMail(STOP, { subject, fields: [ANSWERS], from });
      await station.receive({ bytes, mailFrom: from, carrier: OPERATOR });
      assert.deepEqual(await words(), [`letter: ${STOP}`], `${from} ${subject}`);
      assert.equal((await station.world.store.mail(mailId))?.state, 'sent');
      await station.close();
    }
  await open();
});

test('an answer to a conversation that is over has no line to stand in: it is a letter', async () => {
  await open();
  const { world } = station;
  const found = await world.store.mail(mailId);
  const conversation = await world.store.conversation(found?.conversationId ?? '');
  world.clock.ms = conversation?.expiresAt ?? 0;
  for (const subject of ['INR', 'Lu : INR'])
    await station.receive({ bytes: plainMail(STOP, { fields: [REPLIED, ANSWERS], subject }), ...BY_OPERATOR });
  await station.receive({
    bytes: plainMail(STOP, { fields: [ANSWERS], subject: 'Absence du bureau' }),
    mailFrom: 'x@y',
  });
  assert.deepEqual(await words(), Array(3).fill(`letter: ${STOP}`));
});

test('a line shows the text that a letter would show, and the subject', async () => {
  await open();
  const fields = [REPLIED, ANSWERS];
  const html = textPart(`<p>${STOP}</p>`).replace('text/plain', 'text/html');
  const both = `--m\r\nContent-Type: text/plain\r\n\r\n\r\n--m\r\n${html}--m--\r\n`;
  const inner = `Content-Type: multipart/alternative; boundary="m"\r\n\r\n${both}`;
  await shown(signed('', fields, 'Résultats', inner), { mailFrom: '' });
  await shown(signed('', fields, STOP, textPart('')), { mailFrom: '' });
  assert.deepEqual(await words(), [`line: Résultats\n${STOP}`, `line: ${STOP}`]);
});

test('a picture or a document that somebody signed is a letter, whatever its marks and its subject', async () => {
  await open();
  const pieces = [
    ['image/png', png()],
    ['application/pdf', Buffer.from('%PDF-1.4\n%%EOF')],
  ] as const;
  for (const [number, [type, bytes]] of pieces.entries()) {
    const fields = `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
    const inner = `Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\n${textPart(STOP)}--m\r\n${fields}`;
    const entity = `${inner}${bytes.toString('base64')}\r\n--m--\r\n`;
    await shown(signed('', [REPLIED, ANSWERS], ['INR', 'Lu : INR'][number], entity), { mailFrom: '' });
  }
  const kinds = (await station.inbox()).map((message) =>
    message.type === 'letter' ? message.documents.map(({ kind }) => kind) : message.type,
  );
  assert.deepEqual(kinds, [
    ['text', 'photo'],
    ['text', 'file'],
  ]);
});

test('a receipt or a bounce in words counts, and what its proven sender wrote is shown as a line', async () => {
  await open();
  const fields = [REPLIED, ANSWERS];
  await shown(signed(STOP, fields, 'Lu : INR'), { mailFrom: '' });
  assert.equal((await station.world.store.mail(mailId))?.state, 'read');
  await station.receive({ bytes: plainMail(STOP, { fields, subject: 'Non remis : INR' }), ...BY_OPERATOR });
  assert.deepEqual(await words(), [`line: Lu : INR\n${STOP}`, `line: Non remis : INR\n${STOP}`]);
});

test('an answer of a proven operator that must not be shown is held where people see it', async () => {
  await open();
  const answer = signed(STOP, [REPLIED, ANSWERS]).toString('latin1');
  const forged = Buffer.from(answer.replace(textPart(STOP), textPart('INR 2,2')), 'latin1');
  assert.deepEqual((await shown(forged, { carrier: OPERATOR })).types, ['quarantine']);
});
