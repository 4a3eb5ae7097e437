/** From the bytes of a mail to what stands on the card: raw header letters, the new apart from the quoted, winmail.dat. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64 } from '../content/entities.fixture.ts';
import { winmail } from '../content/tnef/tnef.fixture.ts';
import { openLetter } from '../letter-worker.ts';
import type { OpenedLetter } from '../ports.ts';

const NOW = Date.parse('2026-01-12T10:00:00Z');
const letters = { requires: 'nothing', opensTripleDes: false, revocationHoldHours: 0 } as const;

const opened = (fields: readonly string[], body: string): Promise<OpenedLetter> => {
  const head = ['From: Dr X <x@cabinet.example>', 'To: y@officine.example', 'MIME-Version: 1.0', ...fields].join(
    '\r\n',
  );
  const letter = Buffer.from(`${head}\r\n\r\n${body}`, 'latin1');
  return openLetter({ letter, keys: [], trust: null, letters, at: NOW });
};

const REPLY = 'Oui.\r\n\r\nLe 05/01/2026 =E0 10:02, Y a =E9crit :\r\n> Suspendre ?\r\n';
const TEXT = ['Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: quoted-printable'];

test('a reply is shown by what is new in it, a forward whole, whatever charset the mail says', async () => {
  for (const [subject, isCut] of [
    ['Re: INR', true],
    ['TR: INR', false],
    ['=?utf-8?Q?Tr_:?= INR', false],
  ] as const) {
    const { documents } = await opened([`Subject: ${subject}`, ...TEXT], REPLY);
    const [text] = documents;
    assert.ok(text?.kind === 'text' && text.text.includes('à 10:02, Y a écrit'));
    assert.deepEqual(text.fresh, isCut ? [{ from: 0, to: 4 }] : undefined, subject);
  }
});

test('a subject in raw bytes is read in the charset they are of, beside a name in another', async () => {
  for (const raw of [
    'R\xe9sultat pr\xe9lev\xe9',
    'R\x82sultat pr\x82lev\x82',
    'R\xc3\xa9sultat pr\xc3\xa9lev\xc3\xa9',
  ]) {
    const { headers } = await opened([`Subject: ${raw}`, 'Comments: H\xc3\xa9l\xc3\xa8ne', ...TEXT], 'x');
    assert.equal(headers.subject, 'Résultat prélevé');
  }
});

test('the files of a winmail.dat stand beside the words of the letter, which are shown once', async () => {
  const bytes = winmail({
    body: 'Voir ci-joint.',
    attachments: [{ title: 'bilan.pdf', bytes: Buffer.from('%PDF-1.4') }],
  });
  const parts = [
    'Content-Type: text/plain\r\n\r\nVoir ci-joint.',
    `Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64(bytes)}`,
  ];
  const body = `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`;
  const { documents } = await opened(['Subject: INR', 'Content-Type: multipart/mixed; boundary=b'], body);
  assert.deepEqual(
    documents.map((document) => (document.kind === 'file' ? document.name : document.kind)),
    ['text', 'bilan.pdf'],
  );
});
