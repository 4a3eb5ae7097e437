/** The filed PDF is PDF/A-1b to several judges, says everything that was written, and is the same each time. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FILING_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { EXCHANGE, LETTER, REPLY } from './exchange.fixture.ts';
import type { Exchange } from './exchange.ts';
import { makeExchangePdf } from './exchange-pdf.ts';
import { preflightSays, structureSays } from './pdf-a.fixture.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'estafette-filing-'));
});
after(() => rmSync(folder, { recursive: true }));

function ran(command: string, words: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw error;
  assert.equal(status, 0, stderr);
  return stdout;
}

function kept(pdf: Buffer): string {
  const file = path.join(folder, 'filed.pdf');
  writeFileSync(file, pdf);
  return file;
}

const extracted = (pdf: Buffer): string => ran('pdftotext', ['-raw', kept(pdf), '-']);
const squeezed = (text: string): string => text.normalize('NFC').replace(/\s+/g, '');
const withText = (text: string): Exchange => ({ ...EXCHANGE, entries: [{ ...LETTER, text }] });

/** Everything that made a document invalid once, or might. */
const NASTY = [
  'Œuvre naïve, été à Noël : « 37,5 °C », ½ cp × 3 ≥ 20 µg ± 0,1 ‰ → ↑ ↓ ≠ √ 10⁹/l CO₂ Δ α β Ω',
  'emoji 💊👩‍⚕️, zéro\u200blargeur, renversé \u202eabc\u202c, contrôle \u0007\u0000, moitié \ud83d, 漢字',
  'עברית 123 456 ; العربية 789,5 mg ; e\u0301 décomposé ; ﬁn ligaturée ; a\u0308\u0301\u0323',
  '<script>alert(1)</script> & ]]> " \' %PDF-1.4 endstream endobj (((( \\',
  `${'sans-espace'.repeat(60)}\ttabulée\tdeux fois`,
  '\r\n\r\n\r\n\r\n\u2028fin\f\v',
].join('\n');

test('an exchange is PDF/A-1b to PDFBox, to qpdf and to our own reading of ISO 19005-1', async () => {
  const pdf = await makeExchangePdf({ ...EXCHANGE, entries: [LETTER, { ...REPLY, text: NASTY, person: NASTY }] });
  assert.deepEqual(structureSays(pdf), []);
  assert.equal(preflightSays(kept(pdf)), '');
  assert.match(ran('qpdf', ['--check', kept(pdf)]), /No syntax or stream encoding errors found/);
  const fonts = ran('pdffonts', [kept(pdf)])
    .trim()
    .split('\n')
    .slice(2);
  assert.equal(fonts.length, 3);
  for (const font of fonts) assert.match(font, /CID TrueType +Identity-H +yes yes yes/);
});

test('each judge refuses a file without its output intent', async () => {
  const pdf = await makeExchangePdf(EXCHANGE);
  const damaged = Buffer.from(pdf.toString('latin1').replace('GTS_PDFA1', 'GTS_PDFX1'), 'latin1');
  assert.deepEqual(structureSays(damaged), ['6.2.2 output intent']);
  assert.notEqual(preflightSays(kept(damaged)), '');
});

test('it says who, when, how far to be believed, what, and what proves it', async () => {
  const text = extracted(await makeExchangePdf(EXCHANGE)).replace(/\s+/g, ' ');
  for (const words of [
    'ESSAI (née PATIENTE-TEST) DOMINIQUE',
    '2 79 03 51 215 189 89 — INS qualifiée, identité de test',
    'Claire MARTIN — Pharmacien — RPPS 10101234567',
    'Pharmacie des Quatre Vents — FINESS 750012345',
    'Versé le 12 janvier 2026 à 11:30:22 (UTC+01:00)',
    '1. Courrier reçu — Laboratoire des Tilleuls <resultats@labo-tilleuls.test>',
    'Confiance : signature vérifiée, expéditeur certain',
    'INR 6,8 (cible 2,0 à 3,0) HH',
    'Plaquettes 245 10⁹/l (150 à 400)',
    "• 20260112_CR d'examens biologiques.pdf — application/pdf, 123 456 octets",
    `SHA-256 ${LETTER.attachments[0]?.sha256}`,
    `SHA-256 du courrier tel que reçu : ${LETTER.proof.sha256}`,
    'Message-ID : <20260112.0905.104512@labo-tilleuls.test>',
    `SHA-256 du texte ci-dessus (UTF-8) : ${REPLY.proof.sha256}`,
    '2. Réponse — Claire MARTIN, Pharmacie des Quatre Vents',
    'État : envoyée, lue le 12 janvier 2026 à 09:12',
    'Échange cnv_7f3a9c5e21d84b06 page 1 sur',
  ])
    assert.ok(text.includes(words), words);
});

test('who files in the name of another stands beside him, without his number', async () => {
  const author = { ...EXCHANGE.author, person: 'Paul PRÉPARATEUR' };
  const text = extracted(await makeExchangePdf({ ...EXCHANGE, author, entries: [] })).replace(/\s+/g, ' ');
  assert.ok(text.includes('Versé par Paul PRÉPARATEUR Au nom de MARTIN Claire — Pharmacien — RPPS 10101234567'));
});

test('an INS that nobody qualified is printed as a number to be checked', async () => {
  const { patient } = EXCHANGE;
  const ins = { number: '279035121518989', oid: '1.2.250.1.213.1.4.8', quality: 'unqualified' } as const;
  const text = extracted(await makeExchangePdf({ ...EXCHANGE, patient: { ...patient, ins } }));
  assert.match(text, /2 79 03 51 215 189 89 — INS non qualifiée : à vérifier, ne vaut pas identité/);
});

test('what can be printed is printed, and what cannot stands there as its code', async () => {
  const text = squeezed(extracted(await makeExchangePdf(withText(NASTY))));
  const [french = ''] = NASTY.split('\n');
  assert.ok(text.includes(squeezed(french)));
  for (const code of [
    '[U+1F48A]',
    '[U+200D]',
    '[U+200B]',
    '[U+202E]abc[U+202C]',
    '[U+0007][U+0000]',
    '[U+6F22][U+5B57]',
  ])
    assert.ok(text.includes(code), code);
  assert.ok(text.includes('sans-espace'.repeat(60)));
  for (const number of ['123456', '789,5']) assert.ok(text.includes(number), number);
});

test('of a text over many pages no word is lost, none leaves its page, and each page says which it is', async () => {
  const words = Array.from({ length: 6_000 }, (_, index) => `mot${index}`);
  const pdf = await makeExchangePdf(withText(words.join(' ')));
  const pages = Number(/Pages: +(\d+)/.exec(ran('pdfinfo', [kept(pdf)]))?.[1]);
  assert.ok(pages > 8);
  const text = extracted(pdf);
  assert.deepEqual(text.match(/mot\d+/g), words);
  const furniture = Array.from({ length: pages }, (_, index) => `page ${index + 1} sur ${pages}`);
  assert.deepEqual(text.match(/page \d+ sur \d+/g), furniture);
  assert.equal(text.match(/Échange cnv_7f3a9c5e21d84b06/g)?.length, pages + 1);
  const boxes = ran('pdftotext', ['-bbox', kept(pdf), '-']);
  const rights = [...boxes.matchAll(/xMax="([\d.]+)" yMax="([\d.]+)"/g)];
  assert.ok(rights.length > words.length);
  for (const [, right, bottom] of rights) assert.ok(Number(right) < 539 && Number(bottom) < 820);
});

test('the same exchange makes the same bytes, another one others', async () => {
  const first = await makeExchangePdf(EXCHANGE);
  assert.ok(first.equals(await makeExchangePdf(structuredClone(EXCHANGE))));
  assert.ok(!first.equals(await makeExchangePdf({ ...EXCHANGE, filedAt: '2026-01-12T10:30:23Z' })));
});

test('an exchange of more pages than a document may have is refused, not cut', async () => {
  const endless = 'ligne\n'.repeat(FILING_LIMITS.pagesMax * 70);
  await assert.rejects(makeExchangePdf(withText(endless)), RangeError);
});

test('prevents: a huge exchange keeping everybody else waiting while its lines are broken', async () => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  // Refused before a page is drawn: what is counted is the breaking into lines.
  const endless = 'ligne\n'.repeat(FILING_LIMITS.pagesMax * 70);
  await assert.rejects(makeExchangePdf(withText(endless)), RangeError);
  isOver = true;
  assert.ok(turns >= FILING_LIMITS.pagesMax - 1, `${turns} turns`);
});

test('whatever is written, the document stays PDF/A-1b', async () => {
  const anything = fc.string({ unit: 'binary', maxLength: 400 });
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (text, name, subject) => {
      const letter = { ...LETTER, text, subject, from: { name, address: name } };
      const author = { ...EXCHANGE.author, person: name, organisation: { name: subject, finess: '' } };
      const pdf = await makeExchangePdf({
        ...EXCHANGE,
        title: subject,
        author,
        conversationId: name,
        entries: [letter],
      });
      assert.deepEqual(structureSays(pdf), []);
    }),
    { seed: 20260112, numRuns: 20 },
  );
});

test('whatever is written in letters of Europe can be copied out as it was', async () => {
  const letters = fc.constantFrom(...'aeiouxyzfil éèàçœÉÀ0123456789,.;:/()%<>&"\'+-*=°²³µαβγΔΩ→←≤≥\n'.split(''));
  await fc.assert(
    fc.asyncProperty(fc.array(letters, { maxLength: 300 }), async (characters) => {
      const text = characters.join('');
      assert.ok(squeezed(extracted(await makeExchangePdf(withText(text)))).includes(squeezed(text)));
    }),
    { seed: 20260112, numRuns: 10 },
  );
});
