/**
 * What the laboratory says of a result, from the interpretation codes of HL7 as the French value set has them
 * (JDV_HL7_ObservationInterpretation_CISIS, 2.16.840.1.113883.1.11.78, words of the agency). The severity of each is
 * ours (clinical-formats A.2.4); POS and DET depend on what was looked for and count as abnormal, so that a reader looks.
 *
 * Only interpretationCode directly inside the observation counts: the range has one of its own, nearly always N.
 */

import type { LabResult, Severity } from '@estafette/contracts/document';
import { attributeOf, childAt, childrenNamed } from '../xml/safe-xml.ts';
import { INTERPRETATION_OIDS } from './cda-codes.ts';
import type { References } from './references.ts';

type Meaning = { severity: Severity; flag: LabResult['flag']; words: string };
export type Interpretation = Meaning & { warnings: string[] };

const MEANINGS: Readonly<Record<string, readonly [Severity, LabResult['flag'], string]>> = {
  AA: ['critical', 'AA', ''],
  HH: ['critical', 'HH', ''],
  LL: ['critical', 'LL', ''],
  A: ['abnormal', 'A', ''],
  H: ['abnormal', 'H', ''],
  L: ['abnormal', 'L', ''],
  HU: ['abnormal', 'H', 'significativement haut'],
  LU: ['abnormal', 'L', 'significativement bas'],
  HX: ['abnormal', 'H', 'hors seuil supérieur'],
  LX: ['abnormal', 'L', 'hors seuil inférieur'],
  EX: ['abnormal', null, 'hors seuils'],
  R: ['abnormal', null, 'résistant'],
  NS: ['abnormal', null, 'non sensible'],
  POS: ['abnormal', null, 'positif'],
  DET: ['abnormal', null, 'détecté'],
  RR: ['abnormal', null, 'réactif'],
  WR: ['abnormal', null, 'faiblement réactif'],
  UNE: ['abnormal', null, 'inattendu'],
  W: ['abnormal', null, 'dégradation'],
  I: ['unknown', null, 'intermédiaire'],
  E: ['unknown', null, 'équivoque'],
  IND: ['unknown', null, 'indéterminé'],
  IE: ['unknown', null, 'preuves insuffisantes'],
  SDD: ['unknown', null, 'sensible à forte dose'],
  'SYN-R': ['unknown', null, 'synergie - résistant'],
  'SYN-S': ['unknown', null, 'synergie - sensible'],
  B: ['unknown', null, 'amélioration'],
  D: ['unknown', null, 'diminution significative par rapport au résultat antérieur'],
  U: ['unknown', null, 'augmentation significative par rapport au résultat antérieur'],
  '<': ['unknown', null, 'inférieur à la limite de détection'],
  '>': ['unknown', null, 'supérieur à la limite maximale de mesure'],
  NCL: ['unknown', null, 'pas de standard défini'],
  CAR: ['unknown', null, "porteur d'une forme altérée d'un gène"],
  N: ['normal', 'N', ''],
  S: ['normal', null, 'sensible'],
  NEG: ['normal', null, 'négatif'],
  ND: ['normal', null, 'non détecté'],
  NR: ['normal', null, 'non réactif'],
  EXP: ['normal', null, 'attendu'],
};
const WEIGHT: Readonly<Record<Severity, number>> = { critical: 3, abnormal: 2, unknown: 1, normal: 0 };
const CODES_MAX = 10;
const WORDS_MAX_CHARACTERS = 200;

/** The gravest of the codes directly inside, with the words of all; null when there is none. */
export function interpretationOf(observation: Element, references: References): Interpretation | null {
  const warnings: string[] = [];
  const meanings: Meaning[] = [];
  const codes = childrenNamed(observation, 'interpretationCode');
  if (codes.length > CODES_MAX) warnings.push('interpretation-unknown');
  for (const element of codes.slice(0, CODES_MAX)) {
    // The laboratory's own code may have that of HL7 beside it.
    const meaning = [element, ...childrenNamed(element, 'translation')].map(meaningOf).find((each) => each !== null);
    if (meaning) meanings.push(meaning);
    const words = meaning ? '' : unknownWords(element, references);
    if (words === '') continue;
    warnings.push('interpretation-unknown');
    meanings.push({ severity: 'unknown', flag: null, words });
  }
  if (meanings.length === 0 && warnings.length === 0) return null;
  const [gravest] = meanings.toSorted((a, b) => WEIGHT[b.severity] - WEIGHT[a.severity]);
  const words = [...new Set(meanings.map((meaning) => meaning.words).filter((written) => written !== ''))].join(', ');
  return { severity: gravest?.severity ?? 'unknown', flag: gravest?.flag ?? null, words, warnings };
}

function meaningOf(element: Element): Meaning | null {
  const code = attributeOf(element, 'code').trim().toUpperCase();
  const system = attributeOf(element, 'codeSystem').trim();
  const isOurs = system === '' || INTERPRETATION_OIDS.includes(system);
  const found = isOurs && Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
  return found ? { severity: found[0], flag: found[1], words: found[2] } : null;
}

/** What stands there instead of a code we know, the code itself if there are no words; empty when nothing does. */
function unknownWords(element: Element, references: References): string {
  const code = attributeOf(element, 'code').trim();
  const words = attributeOf(element, 'displayName').trim() || references.wordsAt(childAt(element, 'originalText'));
  return (words || (code === '' ? '' : `code ${code}`)).slice(0, WORDS_MAX_CHARACTERS);
}
