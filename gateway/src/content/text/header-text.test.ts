/** Subjects and names as people read them, however they were written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FixtureCharset } from '../hprim/hprim.fixture.ts';
import { encode } from '../hprim/hprim.fixture.ts';
import { headerText } from './header-text.ts';

test('encoded words are read in the charset their bytes show, whatever they say they are', () => {
  const written: [string, string][] = [
    ['=?utf-8?Q?R=C3=A9sultat?= =?utf-8?Q?_d=27INR?=', "Résultat d'INR"],
    ['=?iso-8859-1?B?UulzdWx0YXQ=?=', 'Résultat'],
    ['=?us-ascii?Q?R=E9sultat?=', 'Résultat'],
    ['=?utf-8?Q?R=E9sultat?=', 'Résultat'],
    ['=?iso-8859-1?Q?R=C3=A9sultat?=', 'Résultat'],
    ['=?cp850?Q?R=82sultat?=', 'Résultat'],
    ['=?x-inconnu?Q?R=E9sultat?=', 'Résultat'],
    ['=?windows-1252*fr?Q?c=9Cur_=96_ECG?=', 'cœur – ECG'],
    ['=?utf-8?Q?R=C3?= =?utf-8?Q?=A9sultat?=', 'Résultat'],
    ['=?utf-8?B?UsOpc3Vs?=\r\n =?utf-8?B?dGF0?=', 'Résultat'],
    ['INR =?utf-8?Q?=C3=A0?= 6,8 =?utf-8?Q?=C3=A0?= jeun', 'INR à 6,8 à jeun'],
    ['TR: =?utf-8?Q?=C3=A0_=0D=0A_Bcc:?= x', 'TR: à Bcc: x'],
    ['a =?utf-8?Q?b', 'a =?utf-8?Q?b'],
    ['=?utf-8?X?b?= =?', '=?utf-8?X?b?= =?'],
  ];
  for (const [value, expected] of written) assert.equal(headerText(value), expected, value);
});

test('raw letters above ASCII are read by evidence', () => {
  for (const charset of ['windows-1252', 'cp850', 'macintosh'] as const satisfies FixtureCharset[])
    for (const words of ['Résultat prélevé à jeun', 'HÉMOSTASE de Zoé', 'NFS à contrôler'])
      assert.equal(headerText(encode(words, charset).toString('latin1')), words, charset);
  assert.equal(headerText('Résultat prélevé à jeun'), 'Résultat prélevé à jeun', 'what is decoded stays');
});

test('any value gives one short line without controls', () => {
  const piece = fc.constantFrom(
    '=?',
    '?=',
    'utf-8',
    '?Q?',
    '?B?',
    '=E9',
    '=',
    '_',
    '\r\n ',
    '\u0085',
    '\u202e',
    'é',
    '?',
    '*fr',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(piece).map((pieces) => pieces.join('')),
      ),
      (value) => {
        const text = headerText(value);
        assert.ok(text.length <= 300 && !/[\p{Cc}\p{Cf}\n]/u.test(text) && text.isWellFormed());
      },
    ),
    { seed: 20260112, numRuns: 500 },
  );
  for (const unit of ['=?', '=?a?Q?', '=?utf-8?Q?a?= ', '?', ' ', '=?a?Q?=E9?='])
    headerText(unit.repeat(200_000 / unit.length));
});
