/** Names of attached files, from honest to hostile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanFileName, extensionOf, isExecutableName } from './file-name.ts';

test('a name keeps its letters and loses what is not a name', () => {
  const cases: [string | undefined, string][] = [
    ['Résultats INR.pdf', 'Résultats INR.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\x\\bilan.pdf', 'bilan.pdf'],
    ['compte\u202Egpj.exe', 'comptegpj.exe'],
    ['a\r\nb\0.pdf', 'ab.pdf'],
    ['.htaccess', 'htaccess'],
    ['..', 'document.pdf'],
    ['', 'document.pdf'],
    [undefined, 'document.pdf'],
    ['con.pdf', '_con.pdf'],
    ['virus.exe. . ', 'virus.exe'],
    ['a:b?.pdf', 'a_b_.pdf'],
    ['lone\ud800.pdf', 'lone\ufffd.pdf'],
  ];
  for (const [given, clean] of cases) assert.equal(cleanFileName(given, 'application/pdf'), clean);
  assert.equal(cleanFileName(undefined, 'image/png'), 'photo.png');
  assert.equal(cleanFileName(undefined, 'x/y'), 'piece-jointe');
});

test('a long name is cut before its extension', () => {
  const clean = cleanFileName(`${'é'.repeat(500)}.hprim`, 'text/plain');
  assert.equal([...clean].length, 120);
  assert.equal(extensionOf(clean), 'hprim');
});

test('programs are known by their name, also behind a second extension', () => {
  for (const name of ['a.exe', 'a.PDF.SCR', 'a.lnk', 'a.js', 'a.bat', 'a.ps1']) assert.ok(isExecutableName(name), name);
  for (const name of ['a.pdf', 'exe', 'a.hpr', 'a.jpg']) assert.ok(!isExecutableName(name), name);
});

test('any name becomes one line without path or direction marks', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (name) => {
      const clean = cleanFileName(name, 'application/pdf');
      assert.match(clean, /^[^/\\\p{Cc}\p{Bidi_Control}]{1,240}$/u);
      assert.ok([...clean].length <= 121 && clean.isWellFormed());
    }),
    { seed: 20260112, numRuns: 500 },
  );
});
