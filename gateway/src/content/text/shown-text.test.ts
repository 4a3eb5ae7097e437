/** Whatever a letter's text is, what is shown of it stands in it, in its order: nothing is invented on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { entity, plain } from '../entities.fixture.ts';
import { readContent } from '../read-content.ts';
import { decodeEntities } from './html-entities.ts';

const NOW = new Date('2026-01-12T10:00:00Z');
/** Its shown texts, each as the letters and figures in it. */
async function shownIn(letter: Buffer): Promise<string[]> {
  const { documents } = await readContent(letter, { approved: null, now: NOW });
  return documents.flatMap((document) => {
    if (document.kind === 'report') return [document.report.text];
    if (document.kind !== 'text') return [];
    const { text, fresh = [] } = document;
    return [text, fresh.map(({ from, to }) => text.slice(from, to)).join('\n')];
  });
}

const marks = (text: string): string[] => [...text.normalize('NFC').replace(/[^\p{L}\p{N}%<>=,.;:|]/gu, '')];
function isSubsequence(part: string, whole: string): boolean {
  const wanted = marks(part);
  let at = 0;
  for (const mark of marks(whole)) if (mark === wanted[at]) at += 1;
  return at === wanted.length;
}

const LINES = [
  'Bonjour,',
  'INR à 6,8',
  '> Suspendre ?',
  '>> 2.920 /mm3',
  'Le 5 janv. 2026 à 10:02, Claire Martin <c@mss.example> a écrit :',
  'De : X <x@y.example>',
  'Envoyé : lundi 5 janvier 2026 10:02',
  'Objet : INR',
  '---------- Forwarded message ---------',
  "-----Message d'origine-----",
  'Envoyé de mon iPhone',
  'Cordialement',
  '-- ',
  'RES|INR|INR|N|6.8||2.0|3.0|HH|F',
  '****LAB****',
  '****FIN****',
  'DUPONT',
  'Jeanne',
  '14/03/1941',
  '',
];
const seed = { seed: 20260112, numRuns: 300 } as const;

test('the text, the fresh view and the text of a report are subsequences of what was written', async () => {
  const texts = fc.array(fc.oneof(fc.constantFrom(...LINES), fc.string({ unit: 'binary', maxLength: 12 })), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(texts, async (lines) => {
      const written = lines.join('\r\n').toWellFormed();
      for (const shown of await shownIn(plain(written))) assert.ok(isSubsequence(shown, written), shown);
    }),
    seed,
  );
});

test('of HTML too, whose markup is only left out', async () => {
  const tags = [
    '<p>',
    '</p>',
    '<br>',
    '<div class="gmail_quote">',
    '<blockquote type=cite>',
    '</blockquote>',
    '</div>',
    '<table><tr><td>',
    '<td>',
    '<b',
    '>',
    '<script>',
    '</script>',
    '<!--',
    '-->',
    '&eacute;',
    '&#8805;',
    '&amp;lt;',
    '<form><input value=x>',
    '<div id="divRplyFwdMsg">',
    '<style>',
    '<pre>',
    '</pre>',
  ];
  const pieces = fc.array(fc.oneof(fc.constantFrom(...LINES, ...tags), fc.string({ maxLength: 8 })), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      const html = all.join(' ').toWellFormed();
      const letter = entity(['Content-Type: text/html; charset=utf-8'], Buffer.from(html, 'utf8'));
      for (const shown of await shownIn(letter)) assert.ok(isSubsequence(shown, decodeEntities(html)), shown);
    }),
    seed,
  );
});
