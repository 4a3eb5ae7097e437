/** Exchanges for the tests of filing; all of it invented. */
import { createHash } from 'node:crypto';
import type { Exchange, ExchangeEntry } from './exchange.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const INR_TABLE = `Bonjour,

Veuillez trouver les résultats de votre patiente.

H E M O S T A S E
INR                                  6,8           (cible 2,0 à 3,0)      HH
Taux de prothrombine                 12 %          (70 à 120)             LL
Leucocytes                           2.920 /mm3    (4.000 à 10.000)       L
Créatinine                           73,5 µmol/l   (53,1 à 97,4)
Plaquettes                           245 10⁹/l     (150 à 400)

À rapprocher du traitement par fluindione. Δ depuis la veille : +2,1 → surveillance.`;

export const LETTER: Extract<ExchangeEntry, { kind: 'letter' }> = {
  kind: 'letter',
  letterId: 'ltr_01',
  from: { name: 'Laboratoire des Tilleuls', address: 'resultats@labo-tilleuls.test' },
  at: '2026-01-12T08:05:11Z',
  subject: "CR d'examens biologiques",
  verdict: 'signature vérifiée, expéditeur certain',
  text: INR_TABLE,
  attachments: [
    {
      name: "20260112_CR d'examens biologiques.pdf",
      mediaType: 'application/pdf',
      bytes: 123_456,
      sha256: sha256('pdf'),
    },
  ],
  proof: { sha256: sha256('letter'), messageId: '<20260112.0905.104512@labo-tilleuls.test>' },
};

export const REPLY: Extract<ExchangeEntry, { kind: 'reply' }> = {
  kind: 'reply',
  replyId: 'rep_02',
  person: 'Claire MARTIN',
  at: '2026-01-12T08:09:40Z',
  text: 'Patiente jointe à 9 h 08 : pas de saignement. Pas de prise ce soir, vitamine K 2 mg per os remise, INR demain matin.',
  state: 'envoyée, lue le 12 janvier 2026 à 09:12',
  attachments: [],
  proof: { sha256: sha256('reply'), messageId: '<rep_02@pharmacie.test>' },
};

export const EXCHANGE: Exchange = {
  conversationId: 'cnv_7f3a9c5e21d84b06',
  filingId: 'rep_c41d0be2a7f95836',
  filedAt: '2026-01-12T10:30:22.123Z',
  author: {
    person: 'Claire MARTIN',
    responsible: {
      name: 'MARTIN Claire',
      rpps: '10101234567',
      profession: { code: '21', name: 'Pharmacien' },
    },
    organisation: { name: 'Pharmacie des Quatre Vents', finess: '750012345' },
    address: 'contact@pharmacie.test',
  },
  patient: {
    familyName: 'ESSAI',
    birthName: 'PATIENTE-TEST',
    givenName: 'DOMINIQUE',
    birthDate: '1979-03-28',
    sex: 'F',
    birthPlace: '51215',
    ins: { number: '279035121518989', oid: '1.2.250.1.213.1.4.10', quality: 'qualified' },
  },
  documentType: '61357-0',
  title: 'INR à 6,8 sous fluindione : conduite tenue',
  entries: [LETTER, REPLY],
};
