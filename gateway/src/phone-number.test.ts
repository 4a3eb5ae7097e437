/** Telephone numbers as people write them, with exactly the digits that were stated. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { phoneNumber } from './phone-number.ts';

test('a French number stands in pairs, any other as it was stated', () => {
  for (const [stated, written] of [
    ['tel:0142000000', '01 42 00 00 00'],
    ['01.42.00.00.00', '01 42 00 00 00'],
    ['tel:01%2042%2000%2000%2000', '01 42 00 00 00'],
    ['tel:+33-1-42-00-00-01', '+33 1 42 00 00 01'],
    ['+33 (0)1 42 00 00 00', '+33 (0)1 42 00 00 00'],
    ['tel:014537865', '014537865'],
    ['+1 (212) 555-0100', '+1 (212) 555-0100'],
    ['tel:0142000000;ext=12', '01 42 00 00 00 poste 12'],
  ] as const)
    assert.equal(phoneNumber(stated), written, stated);
});

test('what is no number to call is none', () => {
  for (const stated of ['', 'tel:', '15', 'mailto:a@labo.example', 'fax:0142000000', 'sip:0142000000', 'abc'])
    assert.equal(phoneNumber(stated), null, stated);
  for (const stated of ['0142000000 0143000000', '<b>0142000000', '٠١٤٢٠٠٠٠٠٠', `0${' '.repeat(1_000_000)}142000000`])
    assert.equal(phoneNumber(stated), null);
});

test('no digit is added, lost or moved', () => {
  const stated = fc.stringMatching(/^\+?[0-9][0-9 .()/-]{0,20}$/);
  fc.assert(
    fc.property(stated, (number) => {
      const written = phoneNumber(`tel:${number}`);
      if (written !== null) assert.equal(written.replaceAll(/[^\d+]/g, ''), number.replaceAll(/[^\d+]/g, ''));
    }),
    { seed: 20260112 },
  );
});
