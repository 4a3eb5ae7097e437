/**
 * Analytes that a rule of a mailbox may name by one of several words: as French laboratories label them, with their LOINC
 * codes, and the units in which a limit without a unit is meant. Part of urgency-rule.ts.
 *
 * Two dangers: another analyte under like words (potassium of urine, glycated haemoglobin), and a real result passed over
 * for a word beside it (`INR (zone thérapeutique 2 à 3)`). So only the words below lead away, and only where they stand.
 */

export interface KnownAnalyte {
  /** Comparable words (`comparableWords`), each found as whole words anywhere in a label. */
  readonly words: readonly string[];
  /** Too short to be looked for inside a label: the whole of it. */
  readonly whole: readonly string[];
  readonly loinc: readonly string[];
  /** Comparable units (`comparableUnit`) of one and the same number; none: a rule must say its unit. */
  readonly units: readonly string[];
}

/** Sodium and potassium carry one charge: a millimole is a milliequivalent. */
const IONS = ['mmol/l', 'meq/l'];

export const KNOWN_ANALYTES: readonly KnownAnalyte[] = [
  {
    words: [
      'inr',
      'international normalized ratio',
      'international normalised ratio',
      'rapport normalise international',
    ],
    whole: [],
    loinc: ['6301-6', '34714-6', '38875-1', '46418-0'],
    units: ['inr', 'ratio', '1'],
  },
  {
    words: ['potassium', 'kaliemie', 'k+'],
    whole: ['k'],
    loinc: ['2823-3', '6298-4', '77142-8', '32713-0', '39789-3', '39790-1'],
    units: IONS,
  },
  {
    words: ['sodium', 'natremie', 'na+'],
    whole: ['na'],
    loinc: ['2951-2', '2947-0', '77139-4', '32717-1', '39791-9', '39792-7'],
    units: IONS,
  },
  {
    words: ['hemoglobine', 'hemoglobinemie'],
    whole: ['hb', 'hgb'],
    loinc: ['718-7', '30313-1', '30350-3', '20509-6'],
    units: ['g/dl', 'g/100ml'],
  },
  { words: [], whole: ['ph', 'ph arteriel', 'ph sanguin', 'ph veineux'], loinc: ['2744-1', '2746-6'], units: ['ph'] },
  {
    words: ['plaquettes', 'thrombocytes', 'numeration plaquettaire'],
    whole: [],
    loinc: ['777-3', '26515-7'],
    units: [],
  },
  { words: ['glucose', 'glycemie'], whole: [], loinc: ['2345-7', '2339-0', '14749-6', '15074-8'], units: [] },
  { words: ['creatinine', 'creatininemie'], whole: [], loinc: ['2160-0', '14682-9', '38483-4', '59826-8'], units: [] },
  { words: ['crp', 'proteine c reactive'], whole: [], loinc: ['1988-5'], units: ['mg/l'] },
  { words: ['lithium', 'lithiemie'], whole: ['li', 'li+'], loinc: ['14334-7'], units: IONS },
];

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

/** In a label or a heading: the analyte of another specimen, unless blood is named as well (`Biochimie sang et urines`). */
export const OTHER_SPECIMENS = setOf(
  `urine urines urinaire urinaires urinary kaliurese natriurese diurese lcr cephalorachidien ascite pleural pleurale
  synovial peritoneal liquide dialysat selles sueur salive`,
);
export const BLOOD = setOf(
  `sang sanguin sanguine sanguins serum serique seriques plasma plasmatique plasmatiques blood capillaire veineux
  arteriel`,
);
/** In a label: a quantity made of the analyte, or another substance of a like name. */
export const OTHER_QUANTITIES = setOf(
  `clairance clearance excretion excretee fraction rapport corpusculaire globulaire erythrocytaire intraerythrocytaire
  erythrocytes hematies glyquee glyque glycosylee hba1c a1c fetale foetale reticulocytaire geantes anticorps`,
);
