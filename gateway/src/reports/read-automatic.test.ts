/** Who wrote it: a person or a machine; and what a machine says. A letter of a person is never taken for anything else. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
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
import { readOutside } from './read-automatic.ts';

const kindOf = (fields: readonly string[], text = 'Bonjour'): string => {
  const found = read(plainMail(text, { fields }));
  return found === null ? 'person' : `${found.kind}${found.guessed ? ', guessed' : ''}`;
};

test('what a header says of a machine is believed, and what ordinary mail carries is not', () => {
  for (const fields of [
    [],
    ['Auto-Submitted: no'],
    ['Auto-Submitted: No (by hand)'],
    ['X-Auto-Response-Suppress: All'],
    ['X-Auto-Response-Suppress: OOF, AutoReply'],
    ['Precedence: first-class'],
    ['X-Autoreply: no'],
    ['X-Priority: 1'],
  ])
    assert.equal(kindOf(fields), 'person', fields.join());
  for (const [field, kind] of [
    ['Auto-Submitted: auto-replied', 'automatic'],
    ['auto-submitted: auto-generated; owner=x', 'automatic'],
    ['Auto-Submitted:\r\n auto-notified', 'automatic'],
    ['Precedence: auto_reply', 'automatic'],
    ['X-Autoreply: yes', 'automatic'],
    ['X-Autorespond: INR', 'automatic'],
    ['Precedence: bulk', 'list'],
    ['Precedence: junk', 'list'],
    ['List-Id: <nouvelles.ordre.example>', 'list'],
    ['List-Unsubscribe: <https://ordre.example/u>', 'list'],
  ] as const)
    assert.equal(kindOf([field]), kind, field);
});

test('the null sender alone makes a mail automatic', () => {
  assert.equal(read(plainMail('Bonjour'), { nullSender: true })?.kind, 'automatic');
  assert.equal(read(plainMail('Bonjour'))?.kind, undefined);
});

test('a letter of a person with words of absence is a letter, even in answer to one of ours', () => {
  const fields = [`In-Reply-To: ${OURS}`, `References: ${OURS}`];
  for (const text of [
    'Je suis absent jusqu’au 12 décembre 2026, mon remplaçant vous appellera.',
    'Mme DESSAINT est absente du bureau des entrées, merci de la rappeler.',
    'I am out of office until 12 December, please phone.',
    "Absence d'INR ce mois-ci, à refaire.",
  ])
    for (const subject of [
      'Re: INR',
      'Absence de réponse au traitement',
      'Absent au rendez-vous',
      'Re: Réponse automatique',
    ])
      assert.equal(read(plainMail(text, { subject, fields })), null, `${subject}: ${text}`);
});

test('subjects that programs write are a guess, which needs an id of ours; a report must bring the mail back', () => {
  const fields = [`In-Reply-To: ${OURS}`];
  const absence = read(plainMail('Bonjour', { subject: 'Réponse automatique : INR', fields }));
  assert.deepEqual([absence?.kind, absence?.guessed, absence?.ids], ['absence', true, [OURS]]);
  const bounce = read(plainMail('Je ne comprends pas.', { subject: 'Message non distribué ?', fields }));
  assert.deepEqual([bounce?.kind, bounce?.guessed, bounce?.ids], ['report', true, []]);
});

test('whatever a person writes, it is at most a guess', () => {
  const words = fc.constantFrom(
    'absent',
    "jusqu'au",
    '12 décembre',
    'réponse automatique',
    'failed',
    'lu',
    'message',
    '550 5.1.1',
    OURS,
    'Auto-Submitted: auto-replied',
    'List-Id: x',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 8 }), fc.array(words, { maxLength: 30 }), (subject, text) => {
      const letter = plainMail(`Bonjour,\r\n${text.join('\r\n')}`, {
        subject: subject.join(' '),
        fields: [`References: ${OURS}`],
      });
      assert.ok(read(letter)?.guessed ?? true);
    }),
    { seed: 20260112 },
  );
});

test('an out-of-office is recognised with its end', () => {
  const field = { fields: ['Auto-Submitted: auto-replied', `In-Reply-To: ${OURS}`] };
  const absent = (text: string, subject = 'Réponse automatique : INR') => read(plainMail(text, { subject, ...field }));
  const found = absent('Bonjour,\nJe suis absente jusqu’au 12 décembre 2026.');
  assert.equal(found?.kind, 'absence');
  assert.deepEqual(found?.ids, [OURS]);
  assert.equal(found?.text, 'Bonjour,\nJe suis absente jusqu’au 12 décembre 2026.');
  for (const [text, until] of [
    ['Je suis absent jusqu’au 12 décembre 2026 inclus.', '2026-12-12'],
    ["Absent jusqu'au vendredi 4 décembre.", '2026-12-04'],
    ["Absent jusqu'au 4 janvier.", '2027-01-04'],
    ["Absent jusqu'au 1er décembre", '2026-12-01'],
    ['Je suis en congés du 20 novembre au 2 décembre 2026.', '2026-12-02'],
    ["Le cabinet est fermé jusqu'au 05/12/2026.", '2026-12-05'],
    ["Le cabinet est fermé jusqu'au 05/12.", '2026-12-05'],
    ['De retour le 14 décembre 2026.', '2026-12-13'],
    ['I am out of the office until 12 December.', '2026-12-12'],
    ['I am away until December 12th, 2026.', '2026-12-12'],
    ['I am away until 2026-12-12.', '2026-12-12'],
    ['I am away until 13/12/2026.', '2026-12-13'],
    // Two readers could differ, or there is no such day.
    ['I am away until 04/12/2026.', null],
    ["Absent jusqu'au 31 novembre 2026.", null],
    ["Absent jusqu'au 12 décembre 2019.", null],
    ["Absent jusqu'au 12 décembre 2099.", null],
    ["Absent jusqu'au 3 décembre, puis jusqu'au 9 décembre.", null],
    ["Absent jusqu'à nouvel ordre.", null],
  ] as const)
    assert.equal(absent(text)?.until, until, text);
  assert.equal(absent('…', "Absent jusqu'au 3 décembre 2026")?.until, '2026-12-03');
});

const recipient = (action: string, status: string): string[] => [
  `Final-Recipient: rfc822; ${DOCTOR}`,
  `Action: ${action}`,
  `Status: ${status}`,
];

test('the outside of a letter tells how far it came and whether machines may answer', () => {
  const letter = mailOf(
    ...Array.from({ length: 60 }, (_, hop) => `Received: from mx${hop}`),
    'From: a@b.example',
    '',
    'x',
  );
  assert.deepEqual(readOutside(letter), { hops: 60, suppresses: false });
  assert.equal(readOutside(plainMail('', { fields: ['X-Auto-Response-Suppress: DR, OOF'] })).suppresses, true);
  assert.equal(readOutside(plainMail('', { fields: ['X-Auto-Response-Suppress: DR, NRN'] })).suppresses, false);
});

test('whatever the bytes are, reading ends with a small answer', () => {
  const samples = [
    deliveryReport([recipient('failed', '5.1.1')]),
    dispositionReport(['Disposition: x; displayed']),
    integrationRefused('902', 'x'),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.uint8Array({ maxLength: 40 }),
      fc.boolean(),
      (sample, at, bytes, nullSender) => {
        const letter = Buffer.concat([
          sample.subarray(0, at % sample.length),
          bytes,
          sample.subarray((at * 7) % sample.length),
        ]);
        const found = read(letter, { nullSender });
        assert.ok(
          (found?.ids.length ?? 0) <= 100 && (found?.reports.length ?? 0) <= 100 && (found?.text.length ?? 0) <= 2_000,
        );
      },
    ),
    { seed: 20260112, numRuns: 300 },
  );
});

test('mail made to take long is read like any other', () => {
  const times = 200_000;
  for (const text of [
    "jusqu'au ".repeat(times / 9),
    'du '.repeat(times / 3),
    '<'.repeat(times),
    '> '.repeat(times / 2),
    `${'a'.repeat(times)}@`,
    'Message-ID: <'.repeat(times / 13),
    '-'.repeat(times),
    '=?utf-8?q?'.repeat(times / 10),
  ]) {
    read(plainMail(text, { subject: text.slice(0, 5_000) }), { nullSender: true });
    read(deliveryReport([[text]]));
    read(dispositionReport([`Disposition: ${text}`]));
    read(
      mailOf(
        `Content-Type: multipart/report; boundary="${text.slice(0, 100)}"`,
        '',
        ...(text.slice(0, times).match(/.{1,100}/g) ?? []),
      ),
    );
  }
});

const SAMPLES = new URL('../../../../shared/samples/mime/', import.meta.url).pathname;

test('mails of other projects are read without trouble', {
  skip: existsSync(SAMPLES) ? false : 'the samples are not there',
}, () => {
  let reports = 0;
  for (const name of readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })) {
    const file = join(SAMPLES, name);
    if (!statSync(file).isFile() || !/\.(msg|txt|eml)$/.test(name)) continue;
    if (read(readFileSync(file))?.kind === 'report') reports += 1;
  }
  assert.ok(reports >= 1, `${reports} reports`);
});
