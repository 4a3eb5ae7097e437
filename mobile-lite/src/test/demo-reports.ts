/** Reports of fictive people, one for each way a card can look: for tests and for looking at the screens. */
import type { ClinicalReport, LabResult, Patient } from '@estafette/contracts/document';

type Written = [value: string, unit: string, low: string, high: string];

function result(label: string, [value, unit, low, high]: Written, more: Partial<LabResult> = {}): LabResult {
  const plain = {
    headings: [],
    interpretation: '',
    code: '',
    second: null,
    flag: 'N',
    flagComputed: false,
    severity: 'normal',
    status: 'F',
  } satisfies Partial<LabResult>;
  return { label, first: { value, unit, low, high }, comments: [], ...plain, ...more };
}

function person(familyName: string, givenName: string, birthDate: string, more: Partial<Patient> = {}): Patient {
  return { familyName, birthName: '', givenName, birthDate, sex: 'F', ins: null, ...more };
}

function report(patient: Patient, more: Partial<ClinicalReport>): ClinicalReport {
  return {
    source: 'hprim',
    title: '',
    typeCode: '',
    patient,
    date: '2026-01-12',
    status: 'final',
    fileNumber: '',
    sender: 'Laboratoire des Charmes',
    prescriber: 'Dr Claire MARTIN',
    recipient: 'Pharmacie des Tilleuls',
    results: [],
    text: '',
    warnings: [],
    ...more,
  };
}

const DESSAINT = person('DESSAINT', 'Marguerite', '1941-03-07', {
  birthName: 'LEROUX',
  ins: { masked: '2 41 03 … 06', quality: 'nir-only' },
});

export const CRITICAL_INR = report(DESSAINT, {
  date: '2025-11-21',
  fileNumber: '251121-0417',
  authorId: '750000018',
  phones: ['01 42 00 00 07'],
  results: [
    result('INR', ['6.8', '', '2.0', '3.0'], {
      code: 'INR',
      flag: 'HH',
      severity: 'critical',
      comments: ['Résultat contrôlé. Prescripteur prévenu par téléphone à 18h10.'],
    }),
    result('TP', ['9', '%', '70', '100'], { code: 'TP', flag: 'LL', severity: 'critical' }),
    result('Potassium', ['5.4', 'mmol/l', '3.5', '5.1'], {
      code: 'K',
      flag: 'H',
      flagComputed: true,
      severity: 'abnormal',
    }),
    result('Créatinine', ['98', 'µmol/l', '45', '84'], {
      code: 'CREAT',
      flag: 'H',
      severity: 'abnormal',
      second: { value: '11.1', unit: 'mg/l', low: '5.1', high: '9.5' },
    }),
    result('Leucocytes', ['6 200', '/mm3', '4 000', '10 000'], { code: 'GB' }),
    result('Hémoglobine', ['12.4', 'g/dl', '11.5', '16.0'], { code: 'HB' }),
    result('Plaquettes', ['231 000', '/mm3', '150 000', '400 000'], { code: 'PLA' }),
  ],
  text: 'Laboratoire des Charmes\n\nINR ............ 6,8   (2,0 - 3,0)\nTP ............. 9 %\n\nFluindione en cours.',
});

/** What the same laboratory found two weeks and a month before: the INR was in range. */
export const EARLIER_INRS = [
  report(DESSAINT, {
    date: '2025-10-20',
    fileNumber: '251020-0311',
    results: [result('INR', ['2.3', '', '2.0', '3.0'], { code: 'INR' })],
  }),
  report(DESSAINT, {
    date: '2025-11-07',
    fileNumber: '251107-0102',
    results: [result('INR', ['2.9', '', '2.0', '3.0'], { code: 'INR' })],
  }),
];

export const BLOOD_COUNT = report(person('BERNARD', 'Jean-Baptiste', '1978-06-30', { sex: 'M' }), {
  fileNumber: '260112-0033',
  results: [
    result('Leucocytes', ['3 100', '/mm3', '4 000', '10 000'], {
      headings: ['Hématologie', 'Numération'],
      flag: 'L',
      severity: 'abnormal',
      second: { value: '3.1', unit: 'G/l', low: '4.0', high: '10.0' },
    }),
    result('Hémoglobine', ['13.1', 'g/dl', '13.4', '16.7'], {
      headings: ['Hématologie', 'Numération'],
      flag: 'L',
      flagComputed: true,
      severity: 'abnormal',
      second: { value: '8.13', unit: 'mmol/l', low: '8.32', high: '10.36' },
    }),
    result('Polynucléaires neutrophiles', ['1 364', '/mm3', '1 800', '7 500'], {
      headings: ['Hématologie', 'Formule leucocytaire'],
      flag: 'L',
      severity: 'abnormal',
      second: { value: '1.36', unit: 'G/l', low: '1.80', high: '7.50' },
    }),
    result('Hématies', ['4.52', 'T/l', '4.28', '5.79'], { headings: ['Hématologie', 'Numération'] }),
    result('Plaquettes', ['231 000', '/mm3', '150 000', '400 000'], {
      headings: ['Hématologie', 'Numération'],
      second: { value: '231', unit: 'G/l', low: '150', high: '400' },
    }),
    result('Observation du frottis', ['Présence de rares lymphocytes activés', '', '', ''], {
      headings: ['Hématologie', 'Formule leucocytaire'],
      flag: null,
      severity: 'unknown',
    }),
  ],
});

export const NORMAL_TSH = report(
  person('PETIT', 'Élodie', '1987-09-02', { ins: { masked: '2 87 09 … 41', quality: 'qualified' } }),
  {
    source: 'cda',
    title: "CR d'examens biologiques",
    typeCode: '11502-2',
    results: [
      result('Thyréostimuline [Arbitraire/Volume] Sérum/Plasma ; Numérique', ['1.950', 'mUI/L', '0.270', '4.200'], {
        headings: ['Biochimie', 'Hormonologie'],
        code: '3016-3',
      }),
    ],
  },
);

const GERM = ['Microbiologie', 'Escherichia coli', 'Antibiogramme'];
const tested = (label: string, interpretation: string, severity: LabResult['severity'], value = ''): LabResult =>
  result(label, [value, value === '' ? '' : 'mg/L', '', ''], { headings: GERM, flag: null, interpretation, severity });

export const ANTIBIOGRAM = report(
  person('MOREAU', 'Lucie', '1994-04-18', { ins: { masked: '2 94 04 … 77', quality: 'unqualified' } }),
  {
    source: 'cda',
    title: "CR d'examens biologiques",
    typeCode: '11502-2',
    fileNumber: 'ECBU-26-118',
    status: 'provisional',
    results: [
      result('Leucocytes', ['500 000', '/mL', '', '10 000'], {
        headings: ['Microbiologie', 'Cytologie'],
        flag: 'H',
        severity: 'abnormal',
      }),
      result('Culture', ['Escherichia coli', '', '', ''], {
        headings: ['Microbiologie', 'Culture'],
        flag: null,
        interpretation: 'positif',
        severity: 'abnormal',
      }),
      tested('Amoxicilline [Sensibilité] Isolat ; Alphanumérique ; CMI', 'résistant', 'abnormal', '>8'),
      tested('Amoxicilline + acide clavulanique', 'intermédiaire', 'unknown', '8'),
      tested('Fosfomycine', 'sensible', 'normal'),
      tested('Nitrofurantoïne', 'sensible', 'normal'),
      tested('Triméthoprime-sulfaméthoxazole', 'résistant', 'abnormal'),
      tested('Ofloxacine', 'sensible', 'normal', '0.25'),
      result('Érythrocytes', ['2 000', '/mL', '', '10 000'], { headings: ['Microbiologie', 'Cytologie'] }),
    ],
  },
);

const FAURE = person('FAURE', 'André', '1949-12-11', { sex: 'M' });

export const PROVISIONAL_POTASSIUM = report(FAURE, {
  fileNumber: '260112-0208',
  status: 'provisional',
  results: [
    result('Potassium', ['6.1', 'mmol/l', '3.5', '5.1'], {
      code: 'K',
      flag: 'HH',
      severity: 'critical',
      status: 'P',
      comments: ['Échantillon possiblement hémolysé, à recontrôler.'],
    }),
    result('Sodium', ['139', 'mmol/l', '136', '145'], { code: 'NA' }),
  ],
});

export const CORRECTED_POTASSIUM = report(FAURE, {
  fileNumber: '260112-0208',
  status: 'corrected',
  results: [
    result('Potassium', ['4.4', 'mmol/l', '3.5', '5.1'], {
      code: 'K',
      status: 'C',
      comments: ['Nouveau prélèvement : le premier était hémolysé.'],
    }),
    result('Sodium', ['139', 'mmol/l', '136', '145'], { code: 'NA' }),
  ],
});

export const DELETED_POTASSIUM = report(FAURE, { ...CORRECTED_POTASSIUM, status: 'deleted' });

export const DISCHARGE_LETTER = report(
  person('GIRARD', 'Simone', '1942-01-25', { ins: { masked: '2 42 01 … 18', quality: 'qualified' } }),
  {
    source: 'cda',
    title: "Lettre de liaison à la sortie d'hospitalisation",
    typeCode: '11490-0',
    sender: 'Dr Hélène CARON, Centre hospitalier des Deux Rives',
    prescriber: '',
    text: [
      "Motif d'hospitalisation",
      'Décompensation cardiaque sur fibrillation atriale, du 05/01/2026 au 12/01/2026.',
      '',
      'Traitements arrêtés',
      'Furosémide 40 mg : ARRÊTÉ, remplacé par bumétanide 1 mg.',
      'Ibuprofène : ARRÊTÉ, contre-indiqué.',
      '',
      'Traitements de sortie',
      'Bumétanide 1 mg : 1 comprimé le matin.',
      'Bisoprolol 2,5 mg : 1 comprimé le matin.',
      'Apixaban 5 mg : 1 comprimé matin et soir.',
      '',
      'Suite à donner',
      'Kaliémie et créatinine dans 7 jours. Consultation de cardiologie le 10/02/2026.',
    ].join('\n'),
  },
);
