/** Letters of fictive people for tests and for looking at the screens: the INR result, a doctor's letter, bad ones. */
import { newId } from '@estafette/contracts/ids';
import type { LetterMessage, QuarantineMessage, Urgency } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';
import { CRITICAL_INR } from './demo-reports.ts';

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
    documents: [{ kind: 'report', report: CRITICAL_INR }],
    ...more,
  });
}

/** How the letter of the critical INR presses: by the laboratory's flags and by a rule of the mailbox. */
export const PRESSING_INR: { urgent: true; urgency: Urgency } = {
  urgent: true,
  urgency: {
    level: 'critical',
    reasons: [
      { because: 'flag', label: 'INR', value: '6.8', flag: 'HH' },
      { because: 'flag', label: 'TP', value: '9 %', flag: 'LL' },
      { because: 'rule', label: 'INR', value: '6.8', rule: 'INR > 5' },
    ],
    phones: ['01 42 00 00 07'],
  },
};

/** A file that nobody could read: its bytes stay to be downloaded, and the letter says so. */
export function unreadableFileLetter(): LetterMessage {
  return labLetter({
    subject: 'Compte rendu ROUSSEL Anne',
    documents: [
      { kind: 'text', text: 'Veuillez trouver ci-joint le compte rendu de votre patiente.', truncated: false },
      {
        kind: 'file',
        blobId: newId('blob'),
        name: 'IHE_XDM.ZIP',
        mediaType: 'application/zip',
        bytes: 48_213,
        sha256: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
        note: 'xdm-damaged',
      },
    ],
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
