/** What `estafette opposition add` takes for a patient, and what it refuses with a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opposingPatient } from './opposition.ts';

const NOW = new Date('2026-06-15T10:00:00Z');
const TRAITS = { family: "  d'Orgeval ", given: 'Marie-Claire', born: '1958-04-02' };
const WHO = { familyNames: ["d'Orgeval"], givenName: 'Marie-Claire', birthDate: '1958-04-02', sex: null };

test('a patient is meant by number, by traits, or by both', () => {
  assert.deepEqual(opposingPatient({ ins: '2 79 03 51 215 189 89' }, NOW), { number: '279035121518989', traits: null });
  assert.deepEqual(opposingPatient({ ins: '2790351215189', ...TRAITS }, NOW), { number: '2790351215189', traits: WHO });
  const { family, ...rest } = TRAITS;
  const born = { ...rest, birthName: family, sex: 'F' } as const;
  assert.deepEqual(opposingPatient(born, NOW), { number: null, traits: { ...WHO, sex: 'F' } });
});

test('what cannot be meant is refused with a sentence that tells how to say it', () => {
  const wrong: readonly [Parameters<typeof opposingPatient>[0], RegExp][] = [
    [{}, /Say who opposes/],
    [{ ins: '' }, /no national number/],
    [{ ins: '12345' }, /no national number/],
    [{ ins: '279035121518988' }, /key does not belong/],
    [{ family: 'DUPONT' }, /--given and --born/],
    [{ sex: 'M' }, /--given and --born/],
    [{ given: 'Jean', born: '1958-04-02' }, /--family/],
    [{ ...TRAITS, family: ' ' }, /--family must be a name/],
    [{ ...TRAITS, given: '12' }, /--given must be a name/],
    [{ ...TRAITS, birthName: 'DU\nPONT' }, /--birth-name must be a name/],
    [{ ...TRAITS, family: 'x'.repeat(201) }, /--family must be a name/],
    [{ ...TRAITS, born: '02/04/1958' }, /no day of birth/],
    [{ ...TRAITS, born: '1958-02-30' }, /no day of birth/],
    [{ ...TRAITS, born: '2026-06-16' }, /no day of birth/],
  ];
  for (const [options, sentence] of wrong) assert.throws(() => opposingPatient(options, NOW), sentence);
});
