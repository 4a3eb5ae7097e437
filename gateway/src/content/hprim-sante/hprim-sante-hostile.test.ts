/** HPRIM Santé reading under all that is not a tidy file: arbitrary segments, noise, huge lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import fc from 'fast-check';
import { H, INR, OBR, P } from './hprim-sante.fixture.ts';
import { readHprimSante } from './hprim-sante.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

test('any text is read without error, no line of it is lost, and every figure of a result stands in it', () => {
  const piece = fc.constantFrom(
    ...['H|~^\\&|', 'P|', 'OBR|', 'OBX|', 'C|', 'L|', 'A|', 'NM', 'TX', 'FIC', 'CE', '|', '~', '^', '\\', '&', '\n'],
    ...['\r\n', '6.8', '-2', '19410314', 'HH', 'D', 'F', 'é', ' ', `\n${P}\n`, `\n${OBR}\n`, `\n${INR}\n`, `\n${H}\n`],
  );
  const texts = fc.array(piece, { maxLength: 120 }).map((all) => `H|~^\\&|\n${all.join('')}`);
  fc.assert(
    fc.property(texts, (text) => {
      const joined = text.split(/[\r\n]+ *A\|/).join('');
      for (const { results } of readHprimSante(text, NOW)) {
        for (const { label, code, first } of results) {
          for (const shown of [label, code, ...Object.values(first)])
            for (const word of shown.match(/[0-9.,]+/g) ?? []) assert.ok(joined.includes(word), `${word} of ${shown}`);
        }
      }
    }),
    { seed: 20260112, numRuns: 800 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (noise) => {
      readHprimSante(`${H}\n${P}\n${noise}`, NOW);
      readHprimSante(noise, NOW);
    }),
    { seed: 20260112, numRuns: 300 },
  );
  const marks = Array.from({ length: 60 }, (_, at) => `MARQUE${at}`);
  const everywhere = ['P|1||||NOM~Pr||19410314|F', 'OBR|1', 'OBX|1|ST|C~L', 'C|1|L', 'ZZZ', 'libre'].map(
    (line, at) => `${line}|${marks.slice(at * 10, at * 10 + 10).join('|')}`,
  );
  const shown = JSON.stringify(readHprimSante([H, ...everywhere, 'L|1', ''].join('\n'), NOW));
  // OBX.11, .12 (status), .15 and .16 are of use to machines only; so are the rank and identifiers of OBR.
  const machines = ['MARQUE20', 'MARQUE26', 'MARQUE27', 'MARQUE18', 'MARQUE16', 'MARQUE11', 'MARQUE10'];
  const lost = marks.filter((mark) => !shown.includes(`${mark}`) && !machines.includes(mark));
  assert.deepEqual(lost, []);
});

test('the longest text that is read, on one line or in as many lines as it can have, comes to an end', () => {
  const start = `${H}\n${P}\n${OBR}\n`;
  for (const unit of [
    '|',
    '~',
    '^',
    '\\',
    '&',
    'A|',
    '\nA|',
    '\nC|',
    '\nP|',
    '\nOBX|',
    'H|~^\\&|',
    `\n${H}`,
    '9',
    ' ',
  ]) {
    const many = unit.repeat(CONTENT_LIMITS.textMaxCharacters / unit.length);
    readHprimSante(start + many, NOW);
    readHprimSante(`${start}${INR}${many}\nL|1`, NOW);
  }
});
