import assert from 'node:assert/strict';
import { test } from 'node:test';
import { telephoneLink } from './telephone.ts';

test('a number is dialled as it is written, whatever it is grouped with', () => {
  assert.equal(telephoneLink('01 42 00 00 07'), 'tel:0142000007');
  assert.equal(telephoneLink('01.42.00.00.07'), 'tel:0142000007');
  assert.equal(telephoneLink('+33 (0)1 42 00 00 07'), 'tel:+33142000007');
});

test('what is not plainly one number is not dialled', () => {
  for (const written of ['01 42 00 00 07 poste 12', '01 42 00 00 07 / 06 00 00 00 01', '', 'secrétariat', '12', '+'])
    assert.equal(telephoneLink(written), null, written);
});
