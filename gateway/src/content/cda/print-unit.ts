/**
 * Prints a unit as people write it: CDA has UCUM (`m[IU]/L`, `10*9/L`, `ug/mL`), a French reader has mUI/L, 10⁹/L and
 * µg/mL (clinical-formats A.2.4). Only the writing changes, never the quantity; a part that is not in the table stays
 * as it is.
 */

/** Parts of a unit, between `/`. UCUM's own letters on the left. */
const ATOMS: Readonly<Record<string, string>> = {
  '1': '1',
  '[pH]': 'pH',
  'mm[Hg]': 'mmHg',
  'cm[H2O]': 'cmH₂O',
  Cel: '°C',
  deg: '°',
  d: 'j',
  wk: 'sem',
  mo: 'mois',
  a: 'an',
  '24.h': '24 h',
  eq: 'Eq',
  meq: 'mEq',
  ueq: 'µEq',
  osm: 'Osm',
  mosm: 'mOsm',
  '[HPF]': 'champ',
  '[ppm]': 'ppm',
  '[CFU]': 'UFC',
  '[PFU]': 'UFP',
  '[copies]': 'copies',
  '{copies}': 'copies',
  "[arb'U]": 'U arb.',
  "[GPL'U]": 'UGPL',
  "[MPL'U]": 'UMPL',
  "[APL'U]": 'UAPL',
  m2: 'm²',
  cm2: 'cm²',
  m3: 'm³',
  mm3: 'mm³',
  '{1.73_m2}': '1.73 m²',
  '{tbl}': 'comprimé',
  '{tablet}': 'comprimé',
};
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const POWER_OF_TEN = /^10[*^](-?)(\d{1,2})$/;
const INTERNATIONAL_UNIT = /^([kmunpf]?)\[(?:IU|iU)\]$/;
const MICRO = /^u(?=(?:g|mol|L|l|m|s|kat|U|V|Sv|Gy)$)/;
const ANNOTATION = /^([^{}]{0,60})\{([^{}]{1,60})\}$/;
const BRACKETED = /^\(([^()]{1,60})\)$/;
/** A solidus that divides, not one in the words of an annotation. */
const DIVISION = /\/(?![^{}]{0,100}\})/;
const UNIT_MAX_CHARACTERS = 100;

export function printUnit(ucum: string): string {
  // The Greek letter looks like the sign of micro, and is another character.
  const unit = ucum.trim().replaceAll('\u03bc', 'µ');
  if (unit === '' || unit === '1' || unit.length > UNIT_MAX_CHARACTERS) return unit === '1' ? '' : unit;
  return unit.split(DIVISION).map(printAtom).join('/');
}

function printAtom(atom: string): string {
  const known = Object.hasOwn(ATOMS, atom) ? ATOMS[atom] : undefined;
  if (known !== undefined) return known;
  const power = POWER_OF_TEN.exec(atom);
  if (power) return `10${power[1] === '-' ? '⁻' : ''}${raised(power[2] ?? '')}`;
  const international = INTERNATIONAL_UNIT.exec(atom);
  if (international) return `${(international[1] ?? '').replace('u', 'µ')}UI`;
  const bracketed = BRACKETED.exec(atom)?.[1];
  if (bracketed !== undefined && Object.hasOwn(ATOMS, bracketed)) return ATOMS[bracketed] ?? atom;
  const [, before = '', words] = ANNOTATION.exec(atom) ?? [];
  if (words !== undefined) return `${before === '' ? '' : `${printAtom(before)} `}${words.replaceAll('_', ' ')}`;
  return atom.replace(MICRO, 'µ');
}

const raised = (digits: string): string => [...digits].map((digit) => SUPERSCRIPTS.charAt(Number(digit))).join('');
