/** What a colleague newly wrote, apart from what his mail program quoted: each program as it writes, in French. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { freshRanges, type MarkedQuote } from './fresh-text.ts';

/** The ranges as words; a gap between them is `⋯`. Null when all is shown. */
function viewOf(text: string, quotes: readonly MarkedQuote[] = []): string | null {
  return (
    freshRanges(text, quotes)
      ?.map(({ from, to }) => text.slice(from, to))
      .join('\n⋯\n') ?? null
  );
}

const EARLIER = "Bonjour,\nL'INR est à 6,8 ce matin.\nDois-je suspendre ?";
const QUOTED = "> Bonjour,\n> L'INR est à 6,8 ce matin.\n> Dois-je suspendre ?";
const OUTLOOK =
  'De : Pharmacie des Tilleuls <tilleuls@officine.example>\nEnvoyé : lundi 5 janvier 2026 10:02\n' +
  'À : DUPONT Jean <jean.dupont@cabinet.example>\nObjet : RE: INR de Mme D.';

/** [what the writer uses, the text as it arrives]: in each the writer says only "Oui, suspendre." */
const REPLIES: readonly (readonly [string, string])[] = [
  ['Outlook', `Oui, suspendre.\n\n${OUTLOOK}\n\n${EARLIER}`],
  ['Outlook, with a rule above', `Oui, suspendre.\n\n________________________________\n${OUTLOOK}\n\n${EARLIER}`],
  [
    'Outlook within one hospital, without addresses',
    `Oui, suspendre.\n\nDe : DUPONT Jean\nEnvoyé : lundi 5 janvier 2026 10:02\nÀ : MARTIN Claire\nCc : SECRETARIAT; URGENCES\nObjet : INR\n\n${EARLIER}`,
  ],
  ['Outlook 2007', `Oui, suspendre.\n\n-----Message d'origine-----\n${OUTLOOK}\n\n${EARLIER}`],
  [
    'Outlook in English',
    `Oui, suspendre.\n\n-----Original Message-----\nFrom: X <x@y.example>\nSent: Monday, January 5, 2026 10:02 AM\nTo: Y\nSubject: INR\n\n${EARLIER}`,
  ],
  [
    'Outlook, recipients folded over several lines',
    `Oui, suspendre.\n\nDe : X <x@y.example>\nEnvoyé : lundi 5 janvier 2026 10:02\nÀ : A <a@b.example>; B <b@b.example>;\n C <c@b.example>\nCc : D <d@b.example>\nObjet : INR\n\n${EARLIER}`,
  ],
  [
    'Gmail from a formatted mail: bold header words',
    `Oui, suspendre.\n\n*De :* X <x@y.example>\n*Envoyé :* lundi 5 janvier 2026 10:02\n*À :* Y\n*Objet :* INR\n\n${EARLIER}`,
  ],
  [
    'Outlook on iPhone',
    `Oui, suspendre.\n\nTélécharger Outlook pour iOS<https://aka.ms/o0ukef>\n________________________________\n${OUTLOOK}\n\n${EARLIER}`,
  ],
  [
    'Apple Mail',
    `Oui, suspendre.\n\nLe 3 janv. 2026 à 10:02, Claire Martin <c.martin@mss.example> a écrit :\n\n${QUOTED}`,
  ],
  [
    'Apple Mail, folded',
    `Oui, suspendre.\n\nLe 3 janv. 2026 à 10:02, Laboratoire des Tilleuls et des\nAcacias <c.martin@mss.example> a\u00a0écrit\u00a0:\n\n${QUOTED}`,
  ],
  [
    'Apple Mail, folded over three lines',
    `Oui, suspendre.\n\nLe 3 janv. 2026 à 10:02,\nLaboratoire des Tilleuls\n<c.martin@mss.example> a écrit :\n\n${QUOTED}`,
  ],
  [
    'iPhone, with its footer',
    `Oui, suspendre.\n\nEnvoyé de mon iPhone\n\n> Le 3 janv. 2026 à 10:02, Claire Martin <c@mss.example> a écrit :\n> \n${QUOTED}`,
  ],
  [
    'Gmail',
    `Oui, suspendre.\n\nLe lun. 5 janv. 2026 à 10:02, Claire Martin <c.martin@mss.example> a écrit :\n\n${QUOTED}`,
  ],
  [
    'Gmail, folded before the address',
    `Oui, suspendre.\n\nLe lun. 5 janv. 2026 à 10:02, Claire Martin <\nc.martin@mss.example> a écrit :\n\n${QUOTED}`,
  ],
  [
    'Gmail in English',
    `Oui, suspendre.\n\nOn Mon, Jan 5, 2026 at 10:02 AM Claire Martin <c@mss.example> wrote:\n\n${QUOTED}`,
  ],
  ['Thunderbird', `Oui, suspendre.\n\nLe 03/01/2026 à 10:02, Claire Martin a écrit :\n${QUOTED}`],
  ['Thunderbird, the answer below', `Le 03/01/2026 à 10:02, Dr. Claire Martin a écrit :\n${QUOTED}\n\nOui, suspendre.`],
  ['Roundcube', `Le 2026-01-05 10:02, Claire Martin a écrit :\n${QUOTED}\n\nOui, suspendre.`],
  [
    'Zimbra',
    `Oui, suspendre.\n\n----- Mail original -----\nDe: "Claire Martin" <c@mss.example>\nÀ: "Jean Dupont" <j@mss.example>\nEnvoyé: Lundi 5 Janvier 2026 10:02:03\nObjet: Re: INR\n\n${EARLIER}`,
  ],
  [
    'Samsung',
    `Oui, suspendre.\n\n\nEnvoyé depuis mon appareil Galaxy\n\n\n-------- Message d'origine --------\nDe : Claire Martin <c@mss.example>\nDate : 05/01/2026 10:02 (GMT+01:00)\nÀ : j@mss.example\nObjet : INR\n\n${EARLIER}`,
  ],
  [
    'Yahoo',
    `Oui, suspendre.\n\n    Le lundi 5 janvier 2026 à 10:02:03 UTC+1, Claire Martin <c@mss.example> a écrit :  \n \n ${EARLIER}`,
  ],
  [
    'Orange',
    `Oui, suspendre.\n\n> Message du 05/01/26 10:02\n> De : "Claire Martin" <c@mss.example>\n> A : j@mss.example\n> Copie à : \n> Objet : INR\n> \n${QUOTED}`,
  ],
  [
    'Orange, on a telephone',
    `Oui, suspendre.\n\nEnvoyé depuis l'application Mail Orange\n\nDe : "Claire Martin" <c@mss.example>\nEnvoyé : 5 janvier 2026 à 10:02\nÀ : j@mss.example\nObjet : INR\n\n${EARLIER}`,
  ],
  [
    'Proton',
    `Oui, suspendre.\n\n------- Original Message -------\nLe lundi 5 janvier 2026 à 10:02, Claire Martin <c@mss.example> a écrit :\n\n${QUOTED}`,
  ],
  ['Horde', `Oui, suspendre.\n\nClaire Martin <c@mss.example> a écrit :\n\n${QUOTED}`],
  ['a footer alone', 'Oui, suspendre.\n\nEnvoyé de mon iPhone'],
  [
    'a footer of Samsung',
    'Oui, suspendre.\n\nEnvoyé depuis mon smartphone Samsung Galaxy.'.replace('Galaxy.', 'Galaxy'),
  ],
  [
    'a program that quotes without arrows',
    `Oui, suspendre.\n\nLe 5 janv. 2026 à 10:02, Claire Martin <c@mss.example> a écrit :\n${EARLIER}`,
  ],
  [
    'quotes within quotes',
    `Oui, suspendre.\n\nLe 05/01/2026 à 10:02, A a écrit :\n> D'accord.\n>\n> Le 04/01/2026 à 09:00, B a écrit :\n>> ${EARLIER.replaceAll('\n', '\n>> ')}`,
  ],
];

for (const [program, text] of REPLIES)
  test(`${program}: only what was newly written is fresh`, () => assert.equal(viewOf(text), 'Oui, suspendre.'));

test('answers between quoted lines all stay, each with the words it answers', () => {
  const text =
    'Bonjour,\nvoici mes réponses.\n\nLe 05/01/2026 à 10:02, Claire Martin a écrit :\n> Bonjour,\n>\n' +
    '> Dois-je suspendre ?\n\nOui, 48 heures.\n\n> Et quand contrôler ?\nJeudi.\n> Merci.\n> C. Martin\n\nDr Dupont\n01 02 03 04 05';
  assert.equal(
    viewOf(text),
    'Bonjour,\nvoici mes réponses.\n⋯\n> Dois-je suspendre ?\n\nOui, 48 heures.\n\n> Et quand contrôler ?\nJeudi.\n> Merci.\n> C. Martin\n\nDr Dupont\n01 02 03 04 05',
  );
});

test('the signature of the writer stays: it holds the number to call', () => {
  const text = `Oui, suspendre.\n-- \nDr Jean Dupont\nTél. 01 02 03 04 05\n\n${OUTLOOK}\n\n${EARLIER}`;
  assert.equal(viewOf(text), 'Oui, suspendre.\n-- \nDr Jean Dupont\nTél. 01 02 03 04 05');
});

/** What must be shown whole: nothing in it proves that a part is only quoted, or the quoted is what is said. */
const SHOWN_WHOLE: readonly (readonly [string, string])[] = [
  ['a letter without quotes', EARLIER],
  ['nothing but the quoted mail', `${OUTLOOK}\n\n${EARLIER}`],
  ['a greeting and the quoted mail', `Bonjour,\n\nBien cordialement,\nDr Dupont\n\n${OUTLOOK}\n\n${EARLIER}`],
  [
    'a forward of Gmail',
    `A voir.\n\n---------- Forwarded message ---------\nDe : X <x@y.example>\nDate: lun. 5 janv. 2026 à 10:02\nSubject: INR\nTo: <a@b.example>\n\n${EARLIER}`,
  ],
  [
    'a forward of Thunderbird',
    `A voir.\n\n-------- Message transféré --------\nSujet : INR\nDate : Mon, 5 Jan 2026\nDe : X <x@y.example>\n\n${EARLIER}`,
  ],
  [
    'an old forward of Thunderbird',
    `A voir.\n\n-------- Message original --------\nSujet: INR\nDate: Mon, 5 Jan 2026 10:02\nDe: X <x@y.example>\nPour: a@b.example\n\n${EARLIER}`,
  ],
  [
    'a forward of Apple',
    `A voir.\n\nDébut du message transféré :\n\n> De: X <x@y.example>\n> Objet: INR\n> Date: 5 janvier 2026 à 10:02\n> À: a@b.example\n> \n${QUOTED}`,
  ],
  [
    'a forward of Zimbra',
    `A voir.\n\n----- Mail transféré -----\nDe: "X" <x@y.example>\nÀ: "Y" <y@y.example>\nEnvoyé: Lundi 5 Janvier 2026 10:02:03\nObjet: INR\n\n${EARLIER}`,
  ],
  ['a sentence that quotes the patient', 'Le patient a écrit :\nje me sens mal depuis hier.\nA revoir.'],
  [
    'a dated sentence that quotes the patient',
    'Le 12/01/2026 à 10:02, le patient a écrit :\n> je me sens mal\n> depuis hier\nA revoir.',
  ],
  ['the same with his name', 'Le 12/01/2026, Mme Durand a écrit :\nje me sens mal.\nA revoir.'],
  [
    'the same with the hour',
    'Patiente revue.\nLe 12/01/2026 à 10:02, Mme Durand a écrit :\nje me sens mal.\nA revoir.',
  ],
  [
    'arrows before conclusions',
    'Au total, INR à 6,8.\n> arrêt du Previscan\n> contrôle le 15/01\n> revoir en consultation',
  ],
  ['arrows before values', 'Cibles :\n> 6 mmol/L\n> 3 mmol/L'],
  [
    'a header that a letter gives itself',
    'Veuillez trouver la note.\n\nDe : Service de cardiologie\nDate : 12/01/2026 14:30\nÀ : Dr Martin\nObjet : sortie\n\nPatiente stable.',
  ],
  ['a table of contents with the same words', 'Date : 12/01/2026\nObjet : INR\nPatiente stable.'],
  ['answers written into the quoted mail', `Voir mes réponses en rouge dans votre texte.\n\n${OUTLOOK}\n\n${EARLIER}`],
  ['a mail handed on in words', `Je vous transfère le message du laboratoire.\n\n${OUTLOOK}\n\n${EARLIER}`],
  ['laboratory lines', `Oui.\n\nLe 05/01/2026 à 10:02, A a écrit :\n> RES|INR|INR|N|6.8||2|3|HH|F`],
  ['a sentence with a telephone in it', 'Patiente vue.\nEnvoyée aux urgences avec avis de téléphone au 06 12 34 56 78'],
  ['a patient who was sent', 'Patiente vue.\nEnvoyée de la pharmacie ce jour.'],
  ['a rule at the end', 'Patiente vue.\nRAS.\n=========='],
  ['"forwarded" in a sentence', 'Message transféré au laboratoire ce matin.\nRAS.'],
];

for (const [what, text] of SHOWN_WHOLE) test(`${what}: everything is shown`, () => assert.equal(viewOf(text), null));

test('conclusions with arrows under a line that announces them stay in view', () => {
  const text = `Au total :\n> arrêt\n> contrôle jeudi\n\nLe 05/01/2026 à 10:02, A a écrit :\n> Dois-je suspendre ?\n\nConduite à tenir :\n> appeler le 15`;
  assert.equal(viewOf(text), 'Au total :\n> arrêt\n> contrôle jeudi\n⋯\nConduite à tenir :\n> appeler le 15');
});

test('a line of the writer right above an attribution is not taken for its beginning', () => {
  for (const own of ["Oui d'accord", 'Le 05/01/2026 INR 6,8', 'Le 05/01/2026 à 10:02 INR 6,8', 'Suspendre'])
    assert.equal(viewOf(`${own}\nClaire Martin <c@mss.example> a écrit :\n${QUOTED}`), own);
});

const LINES = [
  ...new Set([...REPLIES, ...SHOWN_WHOLE].flatMap(([, text]) => text.split('\n'))),
  '',
  ' ',
  '>',
  '> >',
  '\u00a0',
];

test('whatever is mixed, the fresh view is a subsequence of whole lines of the text, in order and within bounds', () => {
  const texts = fc.array(fc.oneof(fc.constantFrom(...LINES), fc.string({ maxLength: 30 })), { maxLength: 40 });
  const marks = fc.array(fc.tuple(fc.nat(40), fc.nat(200), fc.boolean()), { maxLength: 6 });
  fc.assert(
    fc.property(texts, marks, (lines, stretches) => {
      const text = lines.join('\n');
      let from = 0;
      const quotes = stretches.map(([gap, length, sure]) => {
        const quote = { from: from + gap, to: from + gap + length, sure };
        from = quote.to;
        return quote;
      });
      const ranges = freshRanges(text, quotes);
      if (ranges === null) return;
      assert.ok(ranges.length > 0);
      let end = -1;
      for (const range of ranges) {
        assert.ok(range.from > end && range.to > range.from && range.to <= text.length);
        assert.ok(range.from === 0 || text[range.from - 1] === '\n');
        assert.match(text.slice(range.to), /^[^\S\n]*(?:\n|$)/, 'a line is not cut');
        end = range.to;
      }
    }),
    { seed: 20260112, numRuns: 1_000 },
  );
});

test('long and hostile texts come to an end, with few ranges or none', () => {
  for (const unit of [
    ...LINES,
    'Le 5 janv. 2026 à 10:02, ',
    'De : ',
    '>',
    '> a\nb\n',
    'a',
    '<',
    ' ',
    '\n',
    'Le 05/01/2026 à 10:02, A a écrit :\n> q\nr\n',
  ]) {
    const ranges = freshRanges((unit || '\n').repeat(Math.ceil(200_000 / (unit.length || 1))));
    assert.ok(ranges === null || ranges.length <= 200);
  }
});
