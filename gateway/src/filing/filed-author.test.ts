/** Times, people and places of a filed document, as the French rules write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCHANGE } from './exchange.fixture.ts';
import {
  asksHimself,
  facilityCode,
  professionalId,
  professionCode,
  sourceOid,
  splitName,
  structureId,
} from './filed-author.ts';
import { parisTime } from './paris-time.ts';

test('a time is that of Paris, in winter, in summer, and in the hour that comes twice', () => {
  assert.equal(parisTime('2026-01-12T13:03:22Z')?.words, '12 janvier 2026 à 14:03:22 (UTC+01:00)');
  assert.equal(parisTime('2026-07-31T22:30:00.999Z')?.words, '1 août 2026 à 00:30:00 (UTC+02:00)');
  assert.equal(parisTime('2026-10-25T00:30:00Z')?.stamp, '20261025023000+0200');
  assert.equal(parisTime('2026-10-25T01:30:00Z')?.stamp, '20261025023000+0100');
  assert.equal(parisTime('2026-10-25T01:30:00Z')?.utc, '20261025013000');
});

test('what is no time is none', () => {
  for (const none of ['', 'hier', '+012026-01-01T00:00:00Z', '2026-13-01']) assert.equal(parisTime(none), null);
});

test('family and given name are told apart as people write them', () => {
  for (const [person, family, given] of [
    ['Claire MARTIN', 'MARTIN', 'Claire'],
    ['MARTIN Claire', 'MARTIN', 'Claire'],
    ['Dr Jean-Pierre DE LA TOUR', 'DE LA TOUR', 'Jean-Pierre'],
    ['Mme Claire Martin', 'Martin', 'Claire'],
    ['J. Dupont', 'Dupont', 'J.'],
    ['CLAIRE MARTIN', 'MARTIN', 'CLAIRE'],
    ['Comptoir', 'Comptoir', ''],
    ['Dr', 'Dr', ''],
  ] as const)
    assert.deepEqual(splitName(person), { family, given }, person);
});

test('who asks is the responsible professional only when every word of both names is the same', () => {
  const asks = (person: string, name: string) =>
    asksHimself({ ...EXCHANGE.author, person, responsible: { ...EXCHANGE.author.responsible, name } });
  for (const person of ['Zoé LE FÈVRE', 'le fevre zoe', 'Dr Zoé Le-Fèvre', 'Mme Dr. ZOÉ LE FÈVRE'])
    assert.ok(asks(person, 'Zoé LE FÈVRE'), person);
  for (const person of [
    '',
    'Dr',
    'LE FÈVRE',
    'Zoé',
    'Zoé FÈVRE',
    'Zoé LE FÈVRE-MARTIN',
    'Zoé LE LE FÈVRE',
    'Théo LE FÈVRE',
  ])
    assert.ok(!asks(person, 'Zoé LE FÈVRE'), person);
  assert.ok(!asks('Comptoir', 'Comptoir') && !asks('Dr Martin', 'Martin') && !asks('', ''), 'one word is no name');
});

test('a number that is no RPPS or FINESS number is not stated as one', () => {
  const { author } = EXCHANGE;
  const bad = { ...author, organisation: { name: 'x', finess: '7500' } };
  assert.equal(professionalId(author.responsible), '810101234567');
  assert.equal(structureId(author), '1750012345');
  assert.equal(sourceOid(author), '1.2.250.1.71.4.2.2.1750012345');
  assert.deepEqual([professionalId({ rpps: '123' }), structureId(bad)], [null, null]);
  assert.match(sourceOid(bad), /^2\.25\.\d+$/);
  assert.match(sourceOid({ ...author, organisation: { name: 'x', finess: '2A0012345' } }), /^2\.25\.\d+$/);
});

test('a pharmacist works in a pharmacy', () => {
  const { author } = EXCHANGE;
  const of = (code: string, name: string) =>
    facilityCode({ ...author, responsible: { ...author.responsible, profession: { code, name } } }).code;
  const holder = { code: '21/A', name: "Pharmacien titulaire d'officine" };
  assert.deepEqual([professionCode(holder).code, of(holder.code, holder.name)], ['G15_21/A', 'SA33']);
  assert.equal(of('10', 'Médecin'), 'SA07');
});
