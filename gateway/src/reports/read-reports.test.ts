/** What a report says, as real programs write it: delivery reports, bounces in words, receipts, refusals of MSSanté. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  DOCTOR,
  deliveryReport,
  dispositionReport,
  integrationRefused,
  mailOf,
  OURS,
  plainMail,
  read,
} from './mails.fixture.ts';

const recipient = (action: string, status: string, ...more: string[]): string[] => [
  `Final-Recipient: rfc822; ${DOCTOR}`,
  `Action: ${action}`,
  `Status: ${status}`,
  ...more,
];

test('a delivery report says what became of each recipient', () => {
  const found = read(
    deliveryReport([
      recipient('failed', '5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 <claire.martin@cabinet.example>: no such user'),
      [
        'Original-Recipient: rfc822;laure@autre.example',
        'Final-Recipient: RFC822;l.petit@autre.example',
        'Action: delayed',
        'Status: 4.4.1',
      ],
      ['Final-Recipient: utf-8; hélène@autre.example', 'Action: delivered', 'Status: 2.0.0'],
      ['Final-Recipient: rfc822; loin@autre.example', 'Action: relayed', 'Status: 2.0.0'],
    ]),
  );
  assert.equal(found?.kind, 'report');
  assert.equal(found?.envelopeId, 'mai_01J0000000000000000000000C');
  assert.deepEqual(found?.ids, [OURS]);
  assert.deepEqual(
    found?.reports.map(({ action, failure, finalRecipient, originalRecipient }) => [
      action,
      failure,
      finalRecipient,
      originalRecipient,
    ]),
    [
      ['failed', 'report-mailbox-unknown', DOCTOR, ''],
      ['delayed', 'report-delayed', 'l.petit@autre.example', 'laure@autre.example'],
      ['delivered', null, 'hélène@autre.example', ''],
      ['relayed', null, 'loin@autre.example', ''],
    ],
  );
  for (const [status, failure] of [
    ['5.2.2', 'report-mailbox-full'],
    ['5.3.4', 'report-too-large'],
    ['5.7.1', 'report-refused'],
    ['5.4.4', 'report-undelivered'],
    ['', 'report-undelivered'],
  ])
    assert.equal(read(deliveryReport([recipient('failed', status ?? '')]))?.reports[0]?.failure, failure);
});

test('bounces in plain words are understood when a robot sends them, and are only a guess otherwise', () => {
  const text = `This is the mail system at host mx.example.\n\n<${DOCTOR}>: host mx said: 550 5.2.2 mailbox full\n\nMessage-ID: ${OURS}`;
  for (const subject of [
    'Undelivered Mail Returned to Sender',
    'Message non distribué',
    'Échec de la remise : INR',
    'Non remis : INR',
    'Mail delivery failed: returning message to sender',
    'Avis de non-remise',
    'failure notice',
  ]) {
    const letter = plainMail(text, { subject });
    const found = read(letter, { nullSender: true });
    assert.deepEqual([found?.kind, found?.guessed], ['report', false], subject);
    const ours = found?.reports.find(({ finalRecipient }) => finalRecipient === DOCTOR);
    assert.deepEqual([ours?.action, ours?.failure], ['failed', 'report-mailbox-full'], subject);
    assert.ok(found?.ids.includes(OURS), subject);
    assert.equal(read(letter)?.guessed, true);
    // A postmaster is a person, too: his name alone is no mark, though it is enough for an id in the header.
    const fields = [`In-Reply-To: ${OURS}`];
    const byName = read(plainMail('Non.', { subject, fields }), { from: 'postmaster@cabinet.example' });
    assert.deepEqual([byName?.guessed, byName?.isResponse, byName?.ids], [true, false, [OURS]], subject);
    const generated = plainMail('Non.', { subject, fields: [...fields, 'Auto-Submitted: auto-generated'] });
    for (const from of ['mailer-daemon@mx.example', 'Bounces+12=a@mx.example', 'bounce-7@mx.example'])
      assert.equal(read(generated, { from })?.isResponse, true, from);
    for (const from of [
      'bouncet.marie@cabinet.example',
      'postmasterson@cabinet.example',
      'bounce.luc@cabinet.example',
    ]) {
      assert.equal(read(generated, { from })?.isResponse, false, from);
      assert.deepEqual(read(plainMail('Non.', { subject, fields }), { from })?.ids, [], from);
    }
  }
  assert.equal(
    read(plainMail(text, { subject: 'Delivery Status Notification (Delay)' }), { nullSender: true })?.reports[0]
      ?.action,
    'delayed',
  );
});

test('a disposition report says who read and whose software refused', () => {
  const said = (...fields: string[]) => {
    const found = read(dispositionReport(fields));
    assert.equal(found?.kind, 'disposition');
    assert.ok(found?.ids.includes(OURS));
    const [report] = found?.reports ?? [];
    return report === undefined ? null : `${report.action} ${report.failure ?? ''}`.trim();
  };
  const by = 'Disposition: automatic-action/MDN-sent-automatically;';
  assert.equal(said('Disposition: manual-action/MDN-sent-manually; displayed'), 'read');
  assert.equal(said(`${by} processed`), 'delivered');
  assert.equal(said(`${by} dispatched`), 'delivered');
  assert.equal(said(`${by} deleted`), 'delivered');
  assert.equal(said(`${by} denied`), 'delivered');
  assert.equal(said(`${by} failed`), 'failed integration-failed');
  assert.equal(said(`${by} displayed/error`), 'read');
  assert.equal(said(`${by} processed/error`), 'failed integration-failed');
  assert.equal(
    said(
      `${by} processed/error`,
      'Error: 902^Identifiant de patient inconnu^applicationErrorCondition| E^Error^errorSeverity',
    ),
    'failed integration-patient-unknown',
  );
  assert.equal(
    said(
      'Disposition:automatic-action/MDN-sent-automatically; processed/Error: 904^INS^messageErrorCondition| E^Error^errorSeverity',
    ),
    'failed integration-ins-mismatch',
  );
  assert.equal(said('Disposition: nonsense'), null);
  assert.equal(said(), null);
});

test('the malformed reports that MSSanté software sends are read, with each code', () => {
  const codes = {
    900: 'integration-version-wrong',
    901: 'integration-author-refused',
    902: 'integration-patient-unknown',
    903: 'integration-ins-missing',
    904: 'integration-ins-mismatch',
    905: 'integration-ins-incomplete',
    906: 'integration-failed',
    207: 'integration-failed',
  };
  for (const [code, failure] of Object.entries(codes)) {
    const found = read(integrationRefused(code, 'libellé'));
    assert.equal(found?.kind, 'disposition');
    assert.deepEqual(found?.ids[0], OURS);
    assert.deepEqual(found?.reports, [
      { action: 'failed', failure, finalRecipient: DOCTOR, originalRecipient: DOCTOR },
    ]);
  }
  for (const subject of [
    '[KO Intégration système !][902] XDM/1.0/DDM+X',
    "[Erreur d'intégration !][902] X",
    '[Erreur d’intégration !] [902] X',
  ]) {
    const found = read(plainMail(`Message-ID: ${OURS}`, { subject }));
    assert.deepEqual(
      [found?.kind, found?.guessed, found?.reports[0]?.failure],
      ['disposition', true, 'integration-patient-unknown'],
      subject,
    );
  }
});

test('a report under a signature is read, and a bounce that a person forwards is no report', () => {
  const inside = dispositionReport(['Disposition: manual-action/MDN-sent-manually; displayed']).toString();
  const body = inside.slice(inside.indexOf('Content-Type:'));
  const signed = mailOf(
    `From: ${DOCTOR}`,
    'Subject: Lu',
    'Content-Type: multipart/signed; boundary="s"; protocol="application/pkcs7-signature"',
    '',
    '--s',
    body,
    '--s',
    'Content-Type: application/pkcs7-signature',
    '',
    'AAAA',
    '--s--',
  );
  assert.equal(read(signed)?.reports[0]?.action, 'read');
  assert.equal(read(plainMail(''), { content: Buffer.from(body) })?.reports[0]?.action, 'read');
  const forwarded = mailOf(
    `From: ${DOCTOR}`,
    'Subject: Tr : votre courrier',
    'Content-Type: multipart/mixed; boundary="m"',
    '',
    '--m',
    'Content-Type: text/plain',
    '',
    'Voyez.',
    '--m',
    'Content-Type: message/rfc822',
    '',
    deliveryReport([recipient('failed', '5.1.1')]).toString(),
    '--m--',
  );
  assert.equal(read(forwarded), null);
});

const PROFILE = new URL('../../../../shared/samples/mss-mail/struct-msg-mdn.md', import.meta.url).pathname;

test('the example that the ANS prints is read', {
  skip: existsSync(PROFILE) ? false : 'the samples are not there',
}, () => {
  const page = readFileSync(PROFILE, 'utf8');
  const [, example = ''] = page.split('```');
  const found = read(Buffer.from(example.trimStart()));
  assert.deepEqual([found?.kind, found?.ids[0]], ['disposition', '<199509192301.23456>']);
  assert.deepEqual([found?.reports[0]?.action, found?.reports[0]?.failure], ['failed', 'integration-patient-unknown']);
});
