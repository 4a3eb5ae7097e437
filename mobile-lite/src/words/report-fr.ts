/** The French texts of a report's card: they come with it, after the list. */
const s = (count: number): string => (count > 1 ? 's' : '');

export const report = {
  titleResults: 'Résultats de laboratoire',
  titleText: 'Compte rendu',
  dated: (date: string) => `du ${date}`,
  noPatient: 'Patient non identifié',
  birthName: (sex: 'M' | 'F' | null, name: string) =>
    `${sex === 'F' ? 'née' : sex === 'M' ? 'né' : 'né(e)'}\u00a0${name}`,
  born: (sex: 'M' | 'F' | null, date: string) => `${sex === 'F' ? 'née' : sex === 'M' ? 'né' : 'né(e)'} le ${date}`,
  age: (years: number) => `${years} an${s(years)}`,
  ageMonths: (months: number) => `${months} mois`,
  ins: { qualified: 'INS qualifiée', unqualified: 'INS non qualifiée', 'nir-only': 'NIR seul' },
  sender: (name: string) => `Émetteur\u00a0: ${name}`,
  prescriber: (name: string) => `Prescripteur\u00a0: ${name}`,
  recipient: (name: string) => `Pour\u00a0: ${name}`,
  file: (number: string) => `dossier\u00a0${number}`,

  call: (results: string) => `${results}\u00a0: téléphonez`,
  callText: 'La messagerie ne remplace jamais le téléphone.',
  normal: (count: number) => `${count} résultat${s(count)} dans les normes`,
  unjudged: (count: number) => `${count} résultat${s(count)} sans interprétation`,
  text: 'Voir le texte du compte rendu',
  showAll: 'Voir tout',
  showLess: 'Réduire',
  range: (low: string, high: string) =>
    low === '' ? `max. ${high}` : high === '' ? `min. ${low}` : `${low} – ${high}`,
  reference: 'réf.',
  also: 'soit',
  computed: '(calculé)',
  critical: 'Critique',
  abnormal: 'Anormal',
  flags: { L: 'bas', H: 'haut', LL: 'très bas', HH: 'très haut', AA: 'très anormal' },
  statuses: { F: 'validé', R: 'non validé', P: 'provisoire', C: 'corrigé' },

  previous: (value: string, date: string) => `préc. ${value} le ${date}`,
  trend: (points: string) => `Évolution\u00a0: ${points}`,
  point: (value: string, date: string) => `${value} le ${date}`,
  before: 'avant correction',
  replaced: 'Remplacé',
  replacedBy: (date: string | null) =>
    date === null ? 'Remplacé par un compte rendu plus récent' : `Remplacé par le compte rendu du ${date}`,
  deletedText: "Supprimé par son émetteur\u00a0: n'en tenez plus compte.",
  deletedFold: 'Voir ce qui est supprimé',
  completedBy: (date: string | null) =>
    `Complété par un autre compte rendu du même dossier${date === null ? '' : `, du ${date}`}.`,

  warnings: {
    'header-missing': "Le fichier ne dit pas de quel patient il s'agit.",
    'birth-date-unreadable': 'Date de naissance illisible dans le fichier.',
    'birth-century-guessed': 'Siècle de naissance incertain dans le fichier.',
    'date-unreadable': 'Date illisible dans le fichier.',
    'flag-unknown': "Une interprétation du laboratoire n'a pas été comprise.",
    'too-many-results': 'Très nombreux résultats\u00a0: la suite est dans le texte.',
    'patient-missing': "Le fichier ne dit pas de quel patient il s'agit.",
    'patient-name-missing': 'Le fichier ne donne pas le nom du patient.',
    'several-patients': 'Le fichier parle de plusieurs patients\u00a0: vérifiez le nom.',
    'other-subject':
      'Certains résultats concernent une autre personne (mère, enfant, donneur)\u00a0: voyez leur titre.',
    'nir-key-wrong': 'La clé du NIR est fausse.',
    'interpretation-unknown': "Une interprétation du laboratoire n'a pas été comprise.",
    'several-dates': 'Le fichier contient plusieurs dates\u00a0: voyez le texte.',
    'value-in-text': 'Une valeur longue est dans le texte.',
    'result-negated': 'Un résultat est donné par une négation\u00a0: voyez le texte.',
    'file-damaged': "Une pièce du fichier n'a pas pu être lue.",
    'text-truncated': 'Texte abrégé\u00a0: la suite est dans le fichier joint.',
    'replaces-earlier': 'Annule et remplace une version précédente.',
    'xdm-patient-differs': "L'enveloppe du document nomme un autre patient\u00a0: vérifiez l'identité.",
    'xdm-hash-missing': "L'archive ne permet pas de vérifier que le document est entier.",
  },
  warningOther: (codes: string) => `Fichier atypique (${codes})\u00a0: en cas de doute, voyez le texte.`,
};
