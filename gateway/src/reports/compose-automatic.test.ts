/** What the gateway writes by itself is sound whatever went in: 7-bit, short lines, no line that was smuggled in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '@estafette/contracts/failure';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import {
  type AutomaticDraft,
  type ComposedMail,
  composeAbsence,
  composeDelivery,
  composeDisposition,
} from './compose-automatic.ts';
import { readAutomatic } from './read-automatic.ts';

const DRAFT: AutomaticDraft = {
  from: { name: 'Pharmacie des Tilleuls', address: 'pharmacie@officine.example' },
  to: 'claire.martin@cabinet.example',
  messageId: '<est.a.b.c@gateway.officine.example>',
  about: '<letter-1@cabinet.example>',
  at: new Date('2026-06-15T10:25:00Z'),
  productNumber: 'DEV935997',
};
const FACTS = { envelopeId: 'QQ1', original: 'rfc822;a@b.example', arrivedAt: DRAFT.at, gateway: 'gw.example' };

const whole = ({ headers, entity }: ComposedMail): Buffer =>
  Buffer.concat([Buffer.from(`${headers.join('\r\n')}\r\nMIME-Version: 1.0\r\n`), entity]);

const all = (draft: AutomaticDraft, text = 'Absent.'): Buffer[] =>
  [composeAbsence(draft, text), composeDisposition(draft, DRAFT.at, 'gw.example'), composeDelivery(draft, FACTS)].map(
    whole,
  );

function assertSound(bytes: Buffer): void {
  assert.ok(bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a));
  const text = bytes.toString('latin1');
  assert.ok(!/\r(?!\n)|(?<!\r)\n/.test(text));
  for (const line of text.split('\r\n')) assert.ok(line.length <= 998);
  const head = text.slice(0, text.indexOf('\r\n\r\n')).split(/\r\n(?![ \t])/);
  const names = head.map((field) => field.split(':')[0]?.toLowerCase());
  assert.equal(new Set(names).size, names.length, 'a field stands twice');
  assert.ok(
    names.every((name) =>
      /^(date|from|to|subject|message-id|in-reply-to|references|auto-submitted|x-auto-response-suppress|x-mss-nil|mime-version|content-type|content-transfer-encoding)$/.test(
        name ?? '',
      ),
    ),
    names.join(),
  );
}

test('each mail says that it is automatic, and is recognised so by this very gateway', async () => {
  for (const bytes of all(DRAFT)) {
    assertSound(bytes);
    const read = await simpleParser(bytes);
    assert.equal(read.headers.get('auto-submitted'), 'auto-replied');
    assert.equal(read.headers.get('x-mss-nil'), 'DEV935997');
    assert.equal(read.inReplyTo, DRAFT.about);
    const facts = {
      content: null,
      subject: read.subject ?? '',
      from: DRAFT.from.address,
      nullSender: true,
      receivedAt: 0,
    };
    const found = readAutomatic({ letter: bytes, ...facts });
    assert.ok(found !== null && !found.guessed && found.ids.includes(DRAFT.about));
  }
  const kinds = all(DRAFT).map((letter) => {
    const found = readAutomatic({ letter, content: null, subject: '', from: '', nullSender: false, receivedAt: 0 });
    return [found?.kind, found?.reports[0]?.action, found?.reports[0]?.finalRecipient];
  });
  assert.deepEqual(kinds.slice(1), [
    ['disposition', 'read', DRAFT.from.address],
    ['report', 'delivered', DRAFT.from.address],
  ]);
});

test('names and words of any kind stay what they are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme', maxLength: 120 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      async (name, text) => {
        for (const bytes of all({ ...DRAFT, from: { ...DRAFT.from, name } }, text)) assertSound(bytes);
      },
    ),
    { seed: 20260112, numRuns: 60 },
  );
  const [bytes] = all(
    { ...DRAFT, from: { ...DRAFT.from, name: 'Pharmacie « Éléonore » du Bœuf, 3e étage \\ "Sud"' } },
    'Fermé à Noël.\nÀ bientôt',
  );
  const read = await simpleParser(bytes ?? '');
  assert.equal(read.from?.value[0]?.name, 'Pharmacie « Éléonore » du Bœuf, 3e étage \\ "Sud"');
  assert.equal(read.subject, 'Réponse automatique : absence');
  assert.equal(read.text?.replace(/\r\n/g, '\n').trim(), 'Fermé à Noël.\nÀ bientôt');
});

test('what was asked by the other side never becomes a line of its own', () => {
  for (const evil of ['x\r\nBcc: spy@elsewhere.example', 'x\nAction: failed', 'é', '', 'a'.repeat(2_000)]) {
    const facts = { ...FACTS, envelopeId: evil, original: `rfc822;${evil}` };
    const bytes = whole(composeDelivery({ ...DRAFT, about: evil, productNumber: evil }, facts));
    assertSound(bytes);
    assert.doesNotMatch(bytes.toString(), /Bcc|Action: failed/);
  }
  for (const to of [
    'a@b.example>\r\nBcc: c@d.example',
    'a@b.example, c@d.example',
    'hélène@b.example',
    '',
    '<a@b.example>',
  ])
    assert.throws(() => composeAbsence({ ...DRAFT, to }, 'x'), Refusal, to);
});
