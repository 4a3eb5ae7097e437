/** Letters of fictive people for tests and for looking at the screens: the INR result, a doctor's letter, bad ones. */
import type { Document, LabResult } from '@estafette/contracts/document';
import { newId } from '@estafette/contracts/ids';
import type { LetterMessage, QuarantineMessage } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';

function result(label: string, first: [string, string, string, string], more: Partial<LabResult> = {}): LabResult {
  const [value, unit, low, high] = first;
  const plain = { code: '', second: null, flag: 'N', flagComputed: false, severity: 'normal', status: 'F' } as const;
  return { label, first: { value, unit, low, high }, comments: [], ...plain, ...more };
}

export const CRITICAL_INR: Document = {
  kind: 'hprim',
  report: {
    patient: { familyName: 'DESSAINT', givenName: 'Marguerite', birthDate: '1941-03-07', sex: 'F' },
    date: '2025-11-21',
    fileNumber: '251121-0417',
    sender: 'Laboratoire des Charmes',
    recipient: 'Pharmacie des Tilleuls',
    results: [
      result('Hémoglobine', ['12.4', 'g/dl', '11.5', '16.0']),
      result('INR', ['6.8', '', '2.0', '3.0'], {
        flag: 'HH',
        severity: 'critical',
        comments: ['Résultat contrôlé. Prescripteur prévenu par téléphone à 18h10.'],
      }),
      result('TP', ['9', '%', '70', '100'], { flag: 'LL', severity: 'critical' }),
      result('Potassium', ['5.4', 'mmol/l', '3.5', '5.1'], { flag: 'H', flagComputed: true, severity: 'abnormal' }),
      result('Créatinine', ['98', 'µmol/l', '45', '84'], {
        flag: 'H',
        severity: 'abnormal',
        status: 'C',
        second: { value: '11.1', unit: 'mg/l', low: '5.1', high: '9.5' },
      }),
      result('Leucocytes', ['6 200', '/mm3', '4 000', '10 000'], { status: 'R' }),
      result('Plaquettes', ['231 000', '/mm3', '150 000', '400 000']),
    ],
    text: 'Laboratoire des Charmes\n\nINR ............ 6,8   (2,0 - 3,0)\nTP ............. 9 %\n\nFluindione en cours.',
    warnings: [],
  },
};

export function verdict(show: Verdict['show'], more: Partial<Verdict> = {}): Verdict {
  return {
    signature: 'valid',
    identity: 'match',
    encryption: 'opened',
    show,
    reasons: [],
    signer: {
      name: 'Claire MARTIN',
      addresses: ['claire.martin@cabinet.example'],
      organization: 'Cabinet médical des Lilas',
      issuer: 'AC Démonstration Professionnels',
      serial: '4A:11:08',
      fingerprint: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
      notAfter: '2027-05-30T00:00:00.000Z',
    },
    ...more,
  };
}

export function letter(more: Partial<LetterMessage> = {}): LetterMessage {
  return {
    type: 'letter',
    letterId: newId('letter'),
    from: { name: 'Claire MARTIN', address: 'claire.martin@cabinet.example' },
    subject: 'Mme DESSAINT : fluindione',
    subjectProtected: false,
    receivedAt: new Date().toISOString(),
    verdict: verdict('verified'),
    documents: [{ kind: 'text', text: 'Bonjour,\nPas de fluindione ce soir.\nDr Martin', truncated: false }],
    route: 'new',
    answerable: true,
    ...more,
  };
}

export function labLetter(more: Partial<LetterMessage> = {}): LetterMessage {
  const from = { name: 'Laboratoire des Charmes', address: 'resultats@labo.example' };
  const signer = {
    ...verdict('verified').signer,
    name: 'Laboratoire des Charmes',
    addresses: ['resultats@labo.example'],
  };
  return letter({
    from,
    subject: 'Résultats DESSAINT Marguerite',
    verdict: verdict('verified', { signer: signer as Verdict['signer'] }),
    documents: [CRITICAL_INR],
    ...more,
  });
}

export function quarantine(): QuarantineMessage {
  return {
    type: 'quarantine',
    letterId: newId('letter'),
    from: { name: 'Dr Paul GARNIER', address: 'p.garnier@inconnu.example' },
    receivedAt: new Date().toISOString(),
    verdict: verdict('quarantine', {
      signature: 'none',
      identity: 'none',
      encryption: 'none',
      reasons: ['unprotected'],
      signer: null,
    }),
  };
}
