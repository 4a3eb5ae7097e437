/** Names as the list prints them, with every oddity that was measured, against names as certificates hold them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NamePart } from '../ports.ts';
import { nameKey, parseName } from './distinguished-name.ts';
import { subject } from './lists.fixture.ts';

const keyOfText = (text: string): string | null => {
  const parts = parseName(text);
  return parts === null ? null : nameKey(parts);
};

const HOST = [
  ['C', 'FR'],
  ['ST', 'Gironde (33)'],
] as const;
const named = (organization: string, ...more: readonly (readonly [string, string])[]) =>
  subject(...HOST, ['O', organization], ['OU', '1330000001'], ['CN', 'mta.hopital.example'], ...more);
const printed = (organization: string): string =>
  `CN=mta.hopital.example,OU=1330000001,O=${organization},ST=Gironde (33),C=FR`;

const SAME: readonly (readonly [oddity: string, text: string, certificate: NamePart[]])[] = [
  ['another order than the certificate', printed('HOPITAL'), named('HOPITAL')],
  ['a quoted value with double spaces', printed('"C.H. DE  L ESSAI"'), named('C.H. DE  L ESSAI')],
  ['the same value unquoted', printed('C.H. DE  L ESSAI'), named('C.H. DE L ESSAI')],
  ['quotes inside a value', printed('CENTRE "PAUL ESSAI"'), named('CENTRE "PAUL ESSAI"')],
  ['quotes around one word at the beginning', printed('"PAUL" ESSAI'), named('"PAUL" ESSAI')],
  ['quotes within quotes', printed('"CENTRE "PAUL" ESSAI"'), named('CENTRE "PAUL" ESSAI')],
  ['escaped quotes within quotes', printed('"CENTRE \\"PAUL\\" ESSAI"'), named('CENTRE "PAUL" ESSAI')],
  ['a comma in quotes', printed('"ESSAI, OU=2"'), named('ESSAI, OU=2')],
  ['a comma that was not escaped', printed('ESSAI, PERE ET FILS'), named('ESSAI, PERE ET FILS')],
  ['an escaped comma', printed('ESSAI\\, O=X'), named('ESSAI, O=X')],
  ['a plus that was not escaped', printed('ESSAI + FILS'), named('ESSAI + FILS')],
  ['escaped octets of UTF-8', printed('H\\C3\\B4pital'), named('Hôpital')],
  ['a backslash that escapes nothing', printed('A\\Z'), named('A\\Z')],
  [
    'spaces after commas',
    'CN=mta.hopital.example, OU=1330000001,  O=HOPITAL ,ST = Gironde (33), C=FR',
    named('HOPITAL'),
  ],
  ['a non-breaking space', printed('C.H.\u00a0ESSAI'), named('C.H. ESSAI')],
  ['a non-breaking space in the certificate', printed('C.H. ESSAI'), named('C.H.\u00a0ESSAI')],
  ['another composition of an accent', printed('Ho\u0302pital'), named('H\u00f4pital')],
  ['another case', printed('HÔPITAL DE L ESSAI'), named('Hôpital de l essai')],
  [
    'L where the certificate has ST',
    'CN=mta.hopital.example,OU=1330000001,O=HOPITAL,L=Gironde (33),C=FR',
    named('HOPITAL'),
  ],
  [
    'types by OID and by long name',
    'commonName=mta.hopital.example,OID.2.5.4.11=1330000001,2.5.4.10=HOPITAL,S=Gironde (33),c=FR',
    named('HOPITAL'),
  ],
  ['semicolons between parts', printed('HOPITAL').replaceAll(',', ';'), named('HOPITAL')],
  [
    'two parts in one relative name',
    'CN=mta.hopital.example+OU=1330000001,O=HOPITAL,ST=Gironde (33),C=FR',
    named('HOPITAL'),
  ],
];

for (const [oddity, text, certificate] of SAME)
  test(`a name matches its certificate in spite of ${oddity}`, () => {
    assert.notEqual(keyOfText(text), null);
    assert.equal(keyOfText(text), nameKey(certificate));
  });

test('parts of a certificate may be named by OID', () => {
  const byOid = subject(
    ['2.5.4.6', 'FR'],
    ['2.5.4.8', 'Gironde (33)'],
    ['2.5.4.10', 'HOPITAL'],
    ['2.5.4.11', '1330000001'],
    ['2.5.4.3', 'mta.hopital.example'],
  );
  assert.equal(nameKey(byOid), keyOfText(printed('HOPITAL')));
});

const OTHER: readonly (readonly [difference: string, certificate: NamePart[]])[] = [
  ['another organisation', named('HOPITAL 2')],
  ['a part more', named('HOPITAL', ['OU', '1330000001'])],
  ['a part less', named('HOPITAL').slice(1)],
  [
    'the values of two parts exchanged',
    subject(...HOST, ['OU', 'HOPITAL'], ['O', '1330000001'], ['CN', 'mta.hopital.example']),
  ],
  ['a letter of another alphabet', named('H\u041ePITAL')],
  ['something invisible in it', named('HOP\u200bITAL')],
  ['a soft hyphen in it', named('HOP\u00adITAL')],
  ['two parts in one value', subject(...HOST, ['O', 'HOPITAL,OU=1330000001'], ['CN', 'mta.hopital.example'])],
  ['a line end that looks like the next part', named('HOPITAL\n2.5.4.11=1330000001')],
];

for (const [difference, certificate] of OTHER)
  test(`a certificate with ${difference} is another one`, () => {
    assert.notEqual(nameKey(certificate), keyOfText(printed('HOPITAL')));
  });

test('signs that merely fold onto a letter are not that letter', () => {
  assert.notEqual(nameKey(named('\u212aARL')), nameKey(named('KARL')));
  assert.notEqual(nameKey(named('HOPİTAL')), nameKey(named('HOPITAL')));
});

for (const text of [
  '',
  'mta.hopital.example',
  'C=FR',
  'CN=,C=FR',
  'XX=1,CN=a',
  `CN=${'a'.repeat(2_000)}`,
  Array.from({ length: 40 }, () => 'OU=1').join(','),
])
  test(`a text that names nobody for certain gives no name: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.equal(keyOfText(text), null);
  });

/** RFC 4514 §2.4, as a program that keeps to it prints a value. */
const escaped = (value: string): string => value.replace(/["+,;<>\\]|^[ #]|(?<!^) $/g, '\\$&');

test('whatever a name holds, printed by the rules or in quotes it is read as the same name', () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (seed >>> 8) % below;
  };
  const signs = ['a', 'B', 'é', 'e\u0301', ' ', '\u00a0', ',', '"', '\\', '+', ';', '=', 'O=', '#', '<', '𝒳', 'ß', '1'];
  const types = ['C', 'ST', 'O', 'OU', 'L', 'DC', 'serialNumber', '2.5.4.97'];
  for (let round = 0; round < 3_000; round += 1) {
    const parts = Array.from({ length: 1 + random(5) }, () => ({
      type: types[random(types.length)] as string,
      value: Array.from({ length: 1 + random(8) }, () => signs[random(signs.length)]).join(''),
    }));
    const whole = [...parts, { type: 'CN', value: 'mta.example' }];
    const rules = whole.map(({ type, value }) => `${type}=${escaped(value)}`).join(random(2) === 0 ? ',' : ', ');
    const quoted = whole.map(({ type, value }) => `${type}="${value.replace(/["\\]/g, '\\$&')}"`).join(',');
    assert.equal(keyOfText(rules), nameKey(whole), rules);
    assert.equal(keyOfText(quoted), nameKey(whole.toReversed()), quoted);
  }
});
