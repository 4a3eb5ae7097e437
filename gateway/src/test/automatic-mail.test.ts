/** Automatic mail on its way in: a status, a line, or nothing; never a letter, never answered. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { REPORT_LIMITS } from '@estafette/contracts/limits';
import { detached, mail, multipartSigned, signedData, TEXT_ENTITY } from '../envelope/letters.fixture.ts';
import { DOCTOR_ADDRESS, doctor, PHARMACY_ADDRESS, pharmacy } from '../envelope/test-authority.fixture.ts';
import type { MailState } from '../ports.ts';
import { deliveryReport, dispositionReport, integrationRefused, OURS, plainMail } from '../reports/mails.fixture.ts';
import { spaceOf } from './spaces.fixture.ts';
import { openStation, type Station } from './station.fixture.ts';
import { questionIn } from './world.fixture.ts';

const OPERATOR = { kind: 'operator', domain: 'cabinet.example', name: 'CN=Operator' } as const;

let station: Station;

/** A pharmacy that has sent one mail to each of these (or only posted it); gives the mail ids. */
async function pharmacyThatWrote(recipients: readonly string[] = [DOCTOR_ADDRESS], { hasSent = true } = {}) {
  station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf('mssante') });
  const { world, outbox } = station;
  const routed = await world.route(questionIn(world, {}, { space: 'mssante' }));
  assert.ok(routed.outcome === 'routed');
  const conversationId = routed.conversation.id;
  const ids: string[] = [];
  for (const to of recipients) {
    const id = world.events.idFor('mail', to);
    const recipientIndex = world.vault.index('address-index', to);
    const mailbox = { mailboxId: station.mailboxId, conversationId, subject: 'rep_x', space: 'mssante' };
    const facts = { kind: 'reply', urgent: false, asksReports: true, replyIds: [], from: PHARMACY_ADDRESS } as const;
    await outbox.post({ ...mailbox, ...facts, id, to, recipientIndex, messageId: OURS, bytes: Buffer.from('x') });
    const sent = { state: 'sent', failure: null, certain: true, sentAt: world.clock.ms } as const;
    if (hasSent) await world.store.changeMail(id, sent, world.clock.ms);
    ids.push(id);
  }
  station.posted.length = 0;
  return { conversationId, ids };
}

afterEach(() => station.close());

async function statesOf(ids: readonly string[]): Promise<string[]> {
  const states: string[] = [];
  for (const id of ids) {
    const found = await station.world.store.mail(id);
    states.push(
      [found?.state as MailState, found?.failure, found?.certain === true ? null : 'not certain']
        .filter(Boolean)
        .join(', '),
    );
  }
  return states;
}

const kinds = async (): Promise<string[]> => (await station.inbox()).map(({ type }) => type);

const failedFor = (address: string, status = '5.1.1'): string[] => [
  `Final-Recipient: rfc822; ${address}`,
  'Action: failed',
  `Status: ${status}`,
];

const DISPLAYED = [
  'Disposition: manual-action/MDN-sent-manually; displayed',
  `Original-Recipient: rfc822;${DOCTOR_ADDRESS}`,
];

test('a delivery report tells its mail and nobody else, and is no letter', async () => {
  const { ids } = await pharmacyThatWrote([DOCTOR_ADDRESS, 'laure@autre.example']);
  const envelope = { envelopeId: '', returned: OURS };
  const report = deliveryReport([failedFor('laure@autre.example', '5.2.2')], envelope);
  const letterId = await station.receive({ bytes: report, mailFrom: '', carrier: OPERATOR });
  assert.deepEqual(await statesOf(ids), ['sent', 'failed, report-mailbox-full, not certain']);
  assert.deepEqual(await kinds(), []);
  assert.deepEqual(await station.events(letterId), ['letter-accepted', 'letter-automatic report, failed']);
  assert.deepEqual(station.posted, []);
});

test('a failure is certain when the operator of the recipient tells it', async () => {
  const { ids } = await pharmacyThatWrote();
  await station.receive({
    bytes: deliveryReport([failedFor(DOCTOR_ADDRESS)], { envelopeId: ids[0] ?? '', returned: '' }),
    mailFrom: '',
    carrier: OPERATOR,
  });
  assert.deepEqual(await statesOf(ids), ['failed, report-mailbox-unknown']);
});

test('handed to mailboxes that write no reports: delivered, not for certain, where his operator says it', async () => {
  const { ids } = await pharmacyThatWrote();
  const relayed = [`Final-Recipient: rfc822; ${DOCTOR_ADDRESS}`, 'Action: relayed', 'Status: 2.0.0'];
  const bytes = deliveryReport([relayed], { envelopeId: ids[0] ?? '', returned: '' });
  await station.receive({ bytes, mailFrom: '' });
  assert.deepEqual(await statesOf(ids), ['sent']);
  await station.receive({ bytes, mailFrom: '', carrier: OPERATOR });
  assert.deepEqual(await statesOf(ids), ['delivered, not certain']);
});

test('a report that names no id of ours, or another mailbox, or another recipient, changes nothing', async () => {
  const { ids } = await pharmacyThatWrote([DOCTOR_ADDRESS, 'laure@autre.example']);
  const other = OURS.replace('0123', '9999');
  for (const bytes of [
    deliveryReport([failedFor(DOCTOR_ADDRESS)], { envelopeId: '', returned: other }),
    deliveryReport([failedFor(DOCTOR_ADDRESS)], { envelopeId: '', returned: '' }),
    deliveryReport([failedFor('paul@ailleurs.example')], { envelopeId: '', returned: OURS }),
    dispositionReport(['Disposition: manual-action/MDN-sent-manually; displayed'], { original: other }),
  ])
    await station.receive({ bytes, mailFrom: '' });
  assert.deepEqual(await statesOf(ids), ['sent', 'sent']);
});

test('prevents: a report about a mail that never left, by whoever got a copy of it, ending it', async () => {
  const { ids } = await pharmacyThatWrote([DOCTOR_ADDRESS], { hasSent: false });
  const { store, clock } = station.world;
  const envelope = { envelopeId: ids[0] ?? '', returned: OURS };
  const failed = { bytes: deliveryReport([failedFor(DOCTOR_ADDRESS)], envelope), mailFrom: '' };
  const shown = { bytes: dispositionReport(DISPLAYED), mailFrom: '' };
  for (const letter of [failed, shown])
    for (const carrier of [{}, { carrier: OPERATOR }]) await station.receive({ ...letter, ...carrier });
  assert.deepEqual(await statesOf(ids), ['sealed'], 'never offered');
  await store.beginMailAttempt(ids[0] ?? '', { by: 'one', now: clock.ms, until: clock.ms + 1 });
  await station.receive({ ...failed, carrier: OPERATOR });
  await station.receive(shown);
  assert.deepEqual(await statesOf(ids), ['sealed'], 'offered: neither a failure nor what is not proven ends it');
  await station.receive({ ...shown, carrier: OPERATOR });
  assert.deepEqual(await statesOf(ids), ['read']);
});

test('good news counts only from the domain of the recipient, and as certain only when that is proven', async () => {
  const { ids } = await pharmacyThatWrote();
  await station.receive({ bytes: dispositionReport(DISPLAYED, { from: 'pirate@ailleurs.example' }), mailFrom: '' });
  assert.deepEqual(await statesOf(ids), ['sent']);
  await station.receive({
    bytes: dispositionReport(['Disposition: automatic-action/MDN-sent-automatically; processed']),
    mailFrom: '',
  });
  assert.deepEqual(await statesOf(ids), ['delivered, not certain']);
  await station.receive({ bytes: dispositionReport(DISPLAYED), mailFrom: '', carrier: OPERATOR });
  assert.deepEqual(await statesOf(ids), ['read']);
});

test('a signed receipt is proven by its signature', async () => {
  const { ids } = await pharmacyThatWrote();
  const entity = dispositionReport(['Disposition: manual-action/MDN-sent-manually; displayed']).toString('latin1');
  const inner = Buffer.from(entity.slice(entity.indexOf('Content-Type:')), 'latin1');
  const people = [`From: ${DOCTOR_ADDRESS}`, `To: ${PHARMACY_ADDRESS}`];
  const outer = [...people, 'Subject: Lu', 'Message-ID: <mdn@cabinet.example>', 'MIME-Version: 1.0'];
  await station.receive({ bytes: mail(multipartSigned(inner, signedData(inner)), outer), mailFrom: '' });
  assert.deepEqual(await statesOf(ids), ['read']);
});

test('the refusals of MSSanté software become failures with their sentence, even malformed and even as ordinary mail', async () => {
  const { ids } = await pharmacyThatWrote();
  await station.receive({
    bytes: integrationRefused('902', 'Identifiant de patient inconnu'),
    mailFrom: DOCTOR_ADDRESS,
    carrier: OPERATOR,
  });
  assert.deepEqual(await statesOf(ids), ['failed, integration-patient-unknown']);
  assert.deepEqual(await kinds(), []);
});

test('the same refusal as an ordinary mail counts when it brings back our Message-ID, and is a letter otherwise', async () => {
  const { ids } = await pharmacyThatWrote();
  const refusal = { subject: "[Erreur d'intégration !][904] XDM/1.0/DDM+X" };
  await station.receive({ bytes: plainMail('Voyez.', refusal), mailFrom: DOCTOR_ADDRESS, carrier: OPERATOR });
  assert.deepEqual(await statesOf(ids), ['sent']);
  assert.deepEqual(await kinds(), ['letter']);
  await station.receive({ bytes: plainMail(`Message-ID: ${OURS}`, refusal), mailFrom: DOCTOR_ADDRESS });
  assert.deepEqual(await statesOf(ids), ['failed, integration-ins-mismatch, not certain']);
  assert.deepEqual(await kinds(), ['letter']);
});

test('an out-of-office is a line in the conversation it answers, and one line when it comes twice', async () => {
  await pharmacyThatWrote();
  const fields = ['Auto-Submitted: auto-replied', `In-Reply-To: ${OURS}`];
  const bytes = plainMail("Je suis absente jusqu'au 12 juillet 2026.", { subject: 'Réponse automatique', fields });
  const letterId = await station.receive({ bytes, mailFrom: '' });
  await station.receive({ bytes, mailFrom: '' });
  const [notice, ...others] = await station.inbox();
  assert.deepEqual(others, []);
  assert.ok(notice?.type === 'notice');
  assert.deepEqual(
    [notice.kind, notice.until, notice.letterId, notice.from.address],
    ['absent', '2026-07-12', letterId, DOCTOR_ADDRESS],
  );
  assert.equal(notice.text, "Je suis absente jusqu'au 12 juillet 2026.");
  assert.deepEqual(station.posted, []);
});

test('a stranger cannot put a line into a conversation, and a letter about an absence stays a letter', async () => {
  await pharmacyThatWrote();
  const stranger = plainMail('Je suis absent.', {
    fields: ['Auto-Submitted: auto-replied', 'In-Reply-To: <est.guess@gw.example>'],
  });
  const letterId = await station.receive({ bytes: stranger, mailFrom: '' });
  assert.deepEqual(await kinds(), []);
  assert.deepEqual(await station.events(letterId), ['letter-accepted', 'letter-automatic absence, dropped']);
  const text = "Je suis absent jusqu'au 12 juillet, mon remplaçant verra Mme DESSAINT.";
  await station.receive({ bytes: plainMail(text), mailFrom: DOCTOR_ADDRESS, carrier: OPERATOR });
  assert.deepEqual(await kinds(), ['letter']);
});

test('what the software of a proven sender writes by itself is a letter, and documents always are', async () => {
  station = await openStation({ address: PHARMACY_ADDRESS, party: pharmacy, space: spaceOf('mssante') });
  const fields = ['Auto-Submitted: auto-generated'];
  await station.receive({
    bytes: plainMail('Potassium : 6,8 mmol/L', { fields }),
    mailFrom: DOCTOR_ADDRESS,
    carrier: OPERATOR,
  });
  assert.deepEqual(await kinds(), ['letter']);
  const boundary = 'Content-Type: multipart/mixed; boundary="m"';
  const lines = [
    `From: ${DOCTOR_ADDRESS}`,
    'Subject: Résultats',
    'Precedence: bulk',
    'MIME-Version: 1.0',
    boundary,
    '',
    '--m',
    '',
    'Voyez.',
    '--m',
    'Content-Type: application/pdf; name=r.pdf',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('%PDF-1.4\n%%EOF').toString('base64'),
    '--m--',
    '',
  ];
  await station.receive({ bytes: Buffer.from(lines.join('\r\n')), mailFrom: '', carrier: OPERATOR });
  assert.deepEqual(await kinds(), ['letter', 'letter']);
  const bytes = plainMail('Notre lettre mensuelle', { fields: ['List-Id: <n.example>'] });
  await station.receive({ bytes, mailFrom: DOCTOR_ADDRESS });
  assert.deepEqual(await kinds(), ['letter', 'letter'], 'of nobody who is proven');
});

test('a mail of ours that comes back is held, and so is one that came through too many hosts', async () => {
  await pharmacyThatWrote();
  const ownCopy = Buffer.from(
    detached()
      .toString('latin1')
      .replace(/^Message-ID: .*$/m, `Message-ID: ${OURS}`),
    'latin1',
  );
  await station.receive({ bytes: ownCopy, mailFrom: DOCTOR_ADDRESS });
  const hops = Array.from({ length: REPORT_LIMITS.hopsMax + 1 }, () => 'Received: from a by b').join('\r\n');
  await station.receive({ bytes: Buffer.concat([Buffer.from(`${hops}\r\n`), detached()]), mailFrom: DOCTOR_ADDRESS });
  const held = (await station.inbox()).map((message) =>
    message.type === 'quarantine' ? message.verdict.reasons : message.type,
  );
  assert.deepEqual(
    held.map((reasons) => reasons.includes('looping')),
    [true, true],
  );
});

test('a storm of a thousand out-of-office mails is bounded, from one sender and from many', async () => {
  await pharmacyThatWrote();
  const fields = ['Auto-Submitted: auto-replied', `In-Reply-To: ${OURS}`];
  for (let number = 0; number < 500; number += 1) {
    await station.receive({ bytes: plainMail(`Absent ${number}`, { fields }), mailFrom: '' });
    await station.receive({
      bytes: plainMail(`Absent ${number}`, { fields, from: `p${number}@cabinet.example` }),
      mailFrom: '',
    });
  }
  const shown = await kinds();
  assert.deepEqual(new Set(shown), new Set(['notice']));
  assert.equal(shown.length, REPORT_LIMITS.noticesPerMailboxAndHourMax);
  const fromOne = (await station.inbox()).filter(
    (message) => message.type === 'notice' && message.from.address === DOCTOR_ADDRESS,
  );
  assert.equal(fromOne.length, REPORT_LIMITS.noticesPerPairAndHourMax);
  assert.deepEqual(station.posted, []);
});

test('a step that ran before runs again without a second line or a second trace', async () => {
  await pharmacyThatWrote();
  const bytes = plainMail('Absent', { fields: ['Auto-Submitted: auto-replied', `In-Reply-To: ${OURS}`] });
  const letterId = await station.receive({ bytes, mailFrom: '' });
  await station.receive({ bytes, mailFrom: '' }, letterId);
  assert.equal((await station.inbox()).length, 1);
  assert.equal((await station.events(letterId)).length, 2);
});

test('a signed letter of a person is a letter as ever', async () => {
  station = await openStation({
    address: PHARMACY_ADDRESS,
    party: pharmacy,
    space: spaceOf('demo'),
    knows: { [DOCTOR_ADDRESS]: doctor },
  });
  await station.receive({ bytes: detached({}, TEXT_ENTITY), mailFrom: DOCTOR_ADDRESS });
  const [letter] = await station.inbox();
  assert.ok(letter?.type === 'letter' && letter.verdict.show === 'verified');
  assert.deepEqual(station.posted, []);
});
