/** Who is taken for the patient that opposes, and who is not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { StatedPatient } from './opened-letter.ts';
import { isOpposing, keysOfOpposing, keysOfStated, type OpposingPatient } from './opposing-patient.ts';

const OWN = '279035121518989';
const OTHER = '279035121519088';

const stated = (change: Partial<StatedPatient> = {}): StatedPatient => ({
  index: 0,
  familyName: 'TERRIEUR',
  birthName: '',
  givenName: 'Alex',
  birthDate: '1979-03-28',
  sex: 'F',
  ins: null,
  ...change,
});

type Traits = NonNullable<OpposingPatient['traits']>;

const byTraits = (change: Partial<Traits> = {}, number: string | null = null): OpposingPatient => ({
  number,
  traits: { familyNames: ['Terrieur'], givenName: 'Alex', birthDate: '1979-03-28', sex: 'F', ...change },
});
const byNumber = (number: string): OpposingPatient => ({ number, traits: null });

const ins = (number: string, quality: 'qualified' | 'unqualified' | 'nir-only' = 'unqualified') => ({
  ins: { number, oid: '1.2.250.1.213.1.4.8', quality },
});

/** What is found by its keys and then recognised: the way the store goes. */
function isFound(who: OpposingPatient, patient: StatedPatient): boolean {
  const keys = new Set(keysOfOpposing(who));
  const isRecognised = isOpposing(who, patient);
  if (isRecognised)
    assert.ok(
      keysOfStated(patient).some((key) => keys.has(key)),
      'recognised, so findable',
    );
  return isRecognised;
}

const family = (mine: string, theirs: string): boolean =>
  isFound(byTraits({ familyNames: [mine] }), stated({ familyName: theirs }));
const given = (mine: string, theirs: string): boolean =>
  isFound(byTraits({ givenName: mine }), stated({ givenName: theirs }));

describe('family names', () => {
  const same: readonly [string, string][] = [
    ['Lefèvre', 'LEFEVRE'],
    ['LEFE\u0300VRE', 'lefèvre'],
    ['Nuñez', 'NUNEZ'],
    ['Cœurderoy', 'COEURDEROY'],
    ['Strauß', 'STRAUSS'],
    ['Łukasiewicz', 'LUKASIEWICZ'],
    ['Yıldız', 'YILDIZ'],
    ['Sørensen', 'SORENSEN'],
    ['Dupont-Martin', 'DUPONT MARTIN'],
    ['Dupont--Martin', 'DUPONTMARTIN'],
    ["d'Artagnan", 'D’ARTAGNAN'],
    ["d'Artagnan", 'DARTAGNAN'],
    ['de la Tour', 'DELATOUR'],
    ['de la Tour', 'TOUR (DE LA)'],
    ['Le Goff', 'LEGOFF'],
    ["N'Guyen", 'NGUYEN'],
    ['Αλεξίου', 'ΑΛΕΞΙΟΥ'],
    ['Dupont', 'DUPONT née MARTIN'],
    ['Martin', 'DUPONT NEE MARTIN'],
    ['Martin', 'DUPONT ép. MARTIN'],
    ['Martin', 'DUPONT (MARTIN)'],
    ['Martin', 'DUPONT née MARTIN veuve ROY'],
    ['Dupont-Martin', 'DUPONT NEE MARTIN'],
    ['Martin', 'MARTIN-DUPONT'],
    ['Dupont-Martin', 'DUPONT'],
  ];
  for (const [mine, theirs] of same)
    test(`${mine} and ${theirs} may be one patient`, () => {
      assert.equal(family(mine, theirs), true);
      assert.equal(family(theirs, mine), true);
    });

  const others: readonly [string, string][] = [
    ['Dupont', 'DUPOND'],
    ['Martin', 'MARTINEZ'],
    ['Martin', 'SAINTMARTIN'],
    ['Martin', 'DUPONT MARTIN LEGER'],
    ['Dupont-Martin', 'DUPONT-LEGER'],
    ['Née', 'DUPONT'],
    ['Terrieur', ''],
    ['Terrieur', '- ?'],
  ];
  for (const [mine, theirs] of others)
    test(`${mine} and ${theirs === '' ? 'no name' : theirs} are not`, () => {
      assert.equal(family(mine, theirs), false);
      assert.equal(family(theirs, mine), false);
    });

  test('the birth name is found where it stands, alone or beside the usual one', () => {
    const who = byTraits({ familyNames: ['Terrieur'] });
    assert.equal(isFound(who, stated({ familyName: 'DURAND', birthName: 'TERRIEUR' })), true);
    assert.equal(isFound(who, stated({ familyName: '', birthName: 'TERRIEUR' })), true);
    assert.equal(isFound(who, stated({ familyName: 'DURAND', birthName: 'LEGER' })), false);
    const both = byTraits({ familyNames: ['Durand', 'Terrieur'] });
    assert.equal(isFound(both, stated({ familyName: 'TERRIEUR' })), true);
    assert.equal(isFound(both, stated({ familyName: 'DURAND' })), true);
  });
});

describe('given names', () => {
  const same: readonly [string, string][] = [
    ['Marie-Claire', 'MARIE CLAIRE'],
    ['Marie-Claire', 'MARIECLAIRE'],
    ['Marie-Claire', 'MARIE'],
    ['Marie', 'MARIE, CLAIRE, ANNE'],
    ['Éloïse', 'ELOISE'],
    ['Anne Sophie', 'ANNE-SOPHIE JEANNE'],
  ];
  for (const [mine, theirs] of same)
    test(`${mine} and ${theirs} may be one patient`, () => {
      assert.equal(given(mine, theirs), true);
      assert.equal(given(theirs, mine), true);
    });
  const others: readonly [string, string][] = [
    ['Marie', 'MARINE'],
    ['Claire', 'MARIE CLAIRE'],
    ['Jean-Pierre', 'JEAN-PAUL'],
    ['Jean', 'J'],
    ['Jean', ''],
  ];
  for (const [mine, theirs] of others)
    test(`${mine} and ${theirs === '' ? 'no given name' : theirs} are not`, () => {
      assert.equal(given(mine, theirs), false);
      assert.equal(given(theirs, mine), false);
    });
});

describe('birth date and sex', () => {
  test('another day, or none, is not enough', () => {
    assert.equal(isFound(byTraits(), stated({ birthDate: '1979-03-29' })), false);
    assert.equal(isFound(byTraits(), stated({ birthDate: null })), false);
  });
  test('a twin of the other sex does not oppose; an unknown sex says nothing', () => {
    assert.equal(isFound(byTraits(), stated({ sex: 'M' })), false);
    assert.equal(isFound(byTraits(), stated({ sex: null })), true);
    assert.equal(isFound(byTraits({ sex: null }), stated({ sex: 'M' })), true);
  });
});

describe('national numbers', () => {
  test('the number is enough, with and without its key, whatever the names', () => {
    for (const number of [OWN, OWN.slice(0, 13)])
      for (const other of [OWN, OWN.slice(0, 13)])
        assert.equal(isFound(byNumber(number), stated({ familyName: 'X', birthDate: null, ...ins(other) })), true);
    assert.equal(isFound(byNumber('255012A00402555'), stated(ins('255012A004025', 'qualified'))), true);
    assert.equal(isFound(byNumber('255012A00402555'), stated(ins('255012B004025', 'qualified'))), false);
    assert.equal(isFound(byNumber(OWN), stated()), false);
  });
  test('the number of a parent beside the name of a child is not the child’s', () => {
    const child = { givenName: 'Zoé', birthDate: '2011-06-01', ...ins(OWN, 'nir-only') };
    assert.equal(isFound(byNumber(OWN), stated(child)), false);
    assert.equal(isFound(byNumber(OWN), stated({ ...child, birthDate: '1979-03-28' })), true);
    assert.equal(isFound(byNumber(OWN), stated({ ...child, birthDate: null })), true);
    assert.equal(isFound(byNumber(OWN), stated({ ...child, ...ins(OWN, 'qualified') })), true);
  });
  test('the traits find a patient whose number stands nowhere, or is not proven', () => {
    assert.equal(isFound(byTraits({}, OWN), stated()), true);
    assert.equal(isFound(byTraits({}, OWN), stated(ins(OTHER))), true);
    assert.equal(isFound(byTraits({}, OWN), stated(ins(OTHER, 'nir-only'))), true);
  });
  test('a qualified identity with another number is somebody else, however alike', () => {
    assert.equal(isFound(byTraits({}, OWN), stated(ins(OTHER, 'qualified'))), false);
    assert.equal(isFound(byTraits(), stated(ins(OTHER, 'qualified'))), true);
  });
});

const WORD = fc.constantFrom('de', 'la', 'Tour', 'MARTIN', 'née', 'Élise', "d'", 'Œ', '', '-', '(', 'Ana\u0308is', '9');
const NAME = fc.array(WORD, { maxLength: 6 }).chain((words) => fc.constantFrom(words.join(' '), words.join('-')));

test('whoever is recognised is found by his keys, on either side alike', () => {
  fc.assert(
    fc.property(NAME, NAME, NAME, NAME, (mine, theirs, myGiven, theirGiven) => {
      const one = isFound(
        byTraits({ familyNames: [mine], givenName: myGiven }),
        stated({ familyName: theirs, givenName: theirGiven }),
      );
      const other = isFound(
        byTraits({ familyNames: [theirs], givenName: theirGiven }),
        stated({ familyName: mine, givenName: myGiven }),
      );
      assert.equal(one, other);
    }),
    { seed: 20260112 },
  );
});

test('a patient is recognised however his own name is spelled', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abcdeéèçœîñüß'), minLength: 1, maxLength: 8 });
  const spellings = (words: string[]) =>
    [words.join(' '), words.join('-'), words.join("'"), words.join('')].flatMap((name) => [
      name,
      name.toUpperCase(),
      name.normalize('NFD'),
    ]);
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 3 }), letters, (words, first) => {
      fc.pre(words.every((word) => !/^(n[eéè]{1,2}|ép?)$/i.test(word)));
      for (const name of spellings(words))
        assert.equal(
          isFound(
            byTraits({ familyNames: [words.join(' ')], givenName: first }),
            stated({ familyName: name, givenName: first.toUpperCase() }),
          ),
          true,
          name,
        );
    }),
    { seed: 20260112 },
  );
});

test('a name without end is not compared without end', () => {
  const endless = 'de la '.repeat(200_000);
  assert.equal(isFound(byTraits(), stated({ familyName: endless, givenName: endless })), false);
  assert.ok(keysOfStated(stated({ givenName: endless })).length <= 12);
});
