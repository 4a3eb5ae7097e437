/** All French texts of the app, in one place, as the pharmacist reads them. */
import { reasons } from './reasons-fr.ts';

const s = (count: number): string => (count > 1 ? 's' : '');

export const fr = {
  appName: 'Estafette',
  close: 'Fermer',
  reload: 'Recharger',
  laterFailed: "Cette partie de l'application n'a pas pu être chargée. Rechargez la page.",
  insecure: "Cette page n'est pas protégée (https). Demandez l'adresse sécurisée à la personne qui gère la passerelle.",
  noStorage:
    "Ce navigateur ne permet pas de garder les clés sur l'appareil (navigation privée ?). Ouvrez Estafette dans une fenêtre normale.",

  conversations: 'Conversations',
  noConversations: 'Aucun courrier en cours',
  noConversationsText: 'Les nouveaux courriers sécurisés apparaîtront ici, et seront effacés à leur échéance.',
  chooseConversation: 'Choisissez une conversation',
  conversationGone: 'Cette conversation est échue : elle a été effacée.',
  unread: (count: number) => `${count} non lu${s(count)}`,
  critical: 'Critique',
  urgent: 'Urgent',
  replyFailed: 'Réponse non partie',
  you: 'Vous',
  waitingForKey: "Courrier reçu, en attente de sa clé. Il s'ouvrira de lui-même.",
  waitingForKeyShort: 'En attente de sa clé',
  unreadable: "Ce message n'a pas pu être ouvert : il a été altéré, ou cette application est trop ancienne.",
  unreadableShort: 'Message illisible',
  newer: "Message d'un nouveau type : mettez l'application à jour pour le lire.",
  file: 'Verser au dossier',
  filing: 'Versement au dossier',
  filingFailed: 'Versement échoué',
  reminder: "S'efface bientôt, pas versé au dossier",
  noSubject: '(sans objet)',
  unknownCorrespondent: 'Correspondant inconnu',
  back: 'Retour aux conversations',
  lostReplies: (count: number) =>
    `${count} réponse${s(count)} non partie${s(count)} avant l'échéance de sa conversation : effacée${s(count)}.`,

  connection: {
    connecting: 'Connexion…',
    live: 'En ligne',
    offline: 'Hors ligne : vos réponses partiront au retour du réseau',
    replaced: 'Estafette est ouverte dans une autre fenêtre.',
    useHere: 'Utiliser ici',
    outdated: "Cette version de l'application est trop ancienne.",
    revoked: "Cet appareil n'est plus autorisé. Demandez un nouveau lien d'enrôlement.",
    closed: 'Déconnecté',
  },

  expiresIn: (left: string) => `s'efface dans ${left}`,
  days: (d: number, h: number) => (h === 0 ? `${d} j` : `${d} j ${h} h`),
  hours: (h: number, m: number) => `${h} h ${String(m).padStart(2, '0')}`,
  minutes: (m: number) => `${m} min`,
  seconds: (x: number) => `${x} s`,
  yesterday: 'hier',
  kilobytes: (n: string) => `${n} Ko`,
  megabytes: (n: string) => `${n} Mo`,

  resultCount: (abnormal: number, critical: number) => {
    if (critical === 0) return `${abnormal} résultat${s(abnormal)} ${abnormal > 1 ? 'anormaux' : 'anormal'}`;
    if (critical === abnormal) return `${critical} résultat${s(critical)} critique${s(critical)}`;
    return `${abnormal} résultats anormaux, dont ${critical} critique${s(critical)}`;
  },
  resultAllNormal: (total: number) =>
    total === 1 ? '1 résultat, dans les normes' : `${total} résultats, tous dans les normes`,
  resultSomeUnknown: (total: number, unknown: number) =>
    `${total} résultat${s(total)}, dont ${unknown} sans interprétation`,
  resultNone: 'Compte rendu sans résultat codé',
  reportStatuses: {
    provisional: 'Provisoire',
    corrected: 'Corrigé',
    replaced: 'Annule et remplace',
    deleted: 'Supprimé',
  },

  reasons,
  trust: {
    verified: (name: string) => `Vérifié\u00a0: ${name}`,
    unverified: 'Non vérifié',
    quarantine: 'Courrier en quarantaine',
  },
  noticeAbsent: (day: string | null) => (day === null ? 'Absent' : `Absent jusqu'au ${day}`),
  noticeAutomatic: (text: string) => `Message automatique\u00a0: ${text}`,
  quotedShow: 'Afficher le texte cité',
  quotedHide: 'Masquer le texte cité',
  textTruncated: 'Texte abrégé : la suite est dans le fichier joint.',

  replyLabel: (name: string) => `Votre réponse à ${name}`,
  replyGoesTo: (name: string) => `À ${name}`,
  replyPlaceholder: 'Votre réponse',
  replySend: 'Envoyer',
  replyLeft: (left: number) => (left >= 0 ? `${left} caractère${s(left)} restant${s(left)}` : `${-left} de trop`),
  replyQuick: ["D'accord", 'Non', 'Appelez-moi'],
  replyQuickLabel: 'Réponses rapides',
  replyNotKept: "La réponse n'a pas pu être enregistrée : elle est restée dans le champ.",
  replyMore: 'Joindre, destinataires, urgence',
  replyWentToAll: 'à tous',
  replyUploading: (sent: number, total: number) => `pièces jointes\u00a0: ${sent} sur ${total} transmise${s(sent)}…`,
  replyStates: {
    'writing-to-disk': 'enregistrement…',
    uploading: 'envoi des pièces jointes…',
    waiting: 'en attente du réseau',
    held: 'retenu',
    queued: 'transmis',
    accepted: 'accepté',
    'awaiting-key': 'en attente de clé',
    sealed: 'scellé',
    sent: 'envoyé',
    delivered: 'remis',
    read: 'lu',
    delayed: 'retardé',
    failed: 'échec',
    unknown: 'non confirmé',
  },
  replyAt: (state: string, moment: string) =>
    `${state} ${/^\d+:/.test(moment) ? '' : 'le '}${moment.replace(/(\d+:)/, 'à $1')}`,
  replyUncertain: 'échec probable',
  replyCorrected: 'Rectification\u00a0: finalement',
};
