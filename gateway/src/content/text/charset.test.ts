/** Which charset was this written in? The bytes answer; the declaration only when they leave it open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FixtureCharset } from '../hprim/hprim.fixture.ts';
import { encode } from '../hprim/hprim.fixture.ts';
import { decodeClinicalText } from './charset.ts';

const LEGACY: readonly FixtureCharset[] = ['windows-1252', 'cp850', 'macintosh'];

const SENTENCES = [
  'Prélevé à jeun',
  'HÉMOSTASE',
  'NUMÉRATION GLOBULAIRE',
  'contrôle à prévoir',
  'Cher Confrère, merci de m’avoir adressé',
  'otite moyenne aiguë gauche',
  'Sérum hémolysé : à contrôler sur nouveau prélèvement',
  'garçon né le',
  'À revoir à jeun',
  'déjà vu',
  'Créatinine 84 µmol/L, débit 62 mL/min/1,73 m²',
  'Né le 14/03/1941',
  'ÉTAT',
  'À jeun',
  'Zoé ou Noël',
  'Antériorité 08/12/2025 : 2,6',
  'TP 9 *% 70 à 120',
  'Température 38,5 °C, pouls régulier, état général conservé',
];

for (const charset of LEGACY) {
  test(`${charset} is recognised in what doctors and laboratories write`, () => {
    for (const sentence of SENTENCES) {
      if (charset === 'macintosh' && sentence.includes('²')) continue;
      if (charset === 'cp850' && sentence.includes('’')) continue;
      assert.deepEqual(decodeClinicalText(encode(sentence, charset)), { text: sentence, charset }, sentence);
    }
  });
}

test('signs that stand alone in a file of figures are read too: a dose, a unit, a degree', () => {
  for (const written of [
    '2½ comprimés',
    'RES|CREAT|C|N|84|µmol/L|45|84||F',
    'DFG 62 mL/min/1,73 m²',
    'conservé à 4°C',
  ]) {
    for (const charset of ['windows-1252', 'cp850'] as const)
      assert.equal(decodeClinicalText(encode(written, charset)).text, written, charset);
  }
  for (const written of ['MAÎTRE', 'âge', 'µmol/L', '4°C'])
    assert.equal(decodeClinicalText(encode(written, 'macintosh')).text, written);
});

test('a declared charset that the bytes contradict is not believed', () => {
  const bytes = encode('Résultats prélevés à domicile', 'cp850');
  for (const lie of ['us-ascii', 'utf-8', 'iso-8859-1', 'utf-7', 'x-unknown', 'macintosh']) {
    assert.equal(decodeClinicalText(bytes, lie).text, 'Résultats prélevés à domicile', lie);
  }
});

test('UTF-8 is read with and without its mark, and when its last character was cut', () => {
  assert.deepEqual(decodeClinicalText(encode('œdème', 'utf-8')), { text: 'œdème', charset: 'utf-8' });
  assert.deepEqual(decodeClinicalText(encode('œdème', 'utf-8-bom')), { text: 'œdème', charset: 'utf-8' });
  const cut = Buffer.from('Prélevé à jeun, contrôlé, é', 'utf8').subarray(0, -1);
  assert.equal(decodeClinicalText(cut).text, 'Prélevé à jeun, contrôlé, \ufffd');
});

test('UTF-16 is read by its mark, or at its word', () => {
  const bytes = Buffer.from('\ufeffétat', 'utf16le');
  assert.deepEqual(decodeClinicalText(bytes), { text: 'état', charset: 'utf-16le' });
  assert.equal(decodeClinicalText(bytes.subarray(2), 'utf-16').text, 'état');
});

test('ISO-8859-15 is taken at its word for the letters it does not share', () => {
  assert.equal(decodeClinicalText(Buffer.from('c\xbdur, \xe9tat', 'latin1'), 'iso-8859-15').text, 'cœur, état');
});

test('letters written as letter and accent are put together', () => {
  assert.equal(decodeClinicalText(Buffer.from('e\u0301tat', 'utf8')).text, 'état');
});

test('names from elsewhere and letters in other alphabets are read as well', () => {
  for (const name of ['Frösche', 'MÜLLER Jürgen', 'Muñoz Zoé']) {
    assert.equal(decodeClinicalText(encode(name, 'windows-1252'), 'us-ascii').text, name);
  }
  assert.equal(decodeClinicalText(Buffer.from('Fr\xf6sche klagten \xfcber', 'latin1')).text, 'Frösche klagten über');
  assert.equal(decodeClinicalText(Buffer.from([0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4]), 'koi8-r').text, 'Привет');
});

test('a text of two charsets is read line by line; letters that look like UTF-8 by chance do not lose the others', () => {
  const header = Buffer.from('Laboratoire fictif, Prélevé à jeun\r\n', 'utf8');
  for (const charset of LEGACY) {
    const { text } = decodeClinicalText(Buffer.concat([header, encode('Sérum hémolysé à contrôler', charset)]));
    assert.equal(text, 'Laboratoire fictif, Prélevé à jeun\r\nSérum hémolysé à contrôler', charset);
  }
  const odd = 'TEMPÉRATURE EN Â° ÉLEVÉE, à contrôler';
  const { text } = decodeClinicalText(Buffer.concat([header, encode(odd, 'windows-1252')]));
  assert.equal(text.split('\r\n')[1], odd);
});

test('UTF-7 stays what it is, so that nothing is smuggled in it', () => {
  assert.equal(decodeClinicalText(Buffer.from('+ADw-script+AD4-'), 'utf-7').text, '+ADw-script+AD4-');
});

test('any bytes under any declaration give a text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 12 }), (bytes, declared) => {
      const { text } = decodeClinicalText(bytes, declared);
      assert.equal(typeof text, 'string');
      assert.equal(text, text.normalize('NFC'));
    }),
    { seed: 20260112, numRuns: 500 },
  );
});
