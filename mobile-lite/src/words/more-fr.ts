/** The French texts of what comes later: joining, photos and files, more than a plain answer, why something failed. */
import { failures } from './failures-fr.ts';

export const more = {
  welcomeTitle: 'Bienvenue',
  welcomeText:
    'Pour recevoir les courriers de votre structure ici, ouvrez le lien reçu (ou scannez le QR code), ou collez-le ci-dessous.',
  welcomeLabel: "Lien d'enrôlement",
  welcomeNext: 'Continuer',
  enrolTitle: 'Recevoir vos courriers sécurisés ici',
  enrolSteps: [
    "Des clés sont créées ici ; elles ne quitteront pas l'appareil.",
    'La passerelle vérifie que le lien est bien le vôtre.',
    "Les courriers de votre boîte s'affichent ensuite ici, et s'effacent d'eux-mêmes.",
  ],
  enrolButton: 'Relier cet appareil',
  enrolOnce: "Le lien ne sert qu'une fois.",
  enrolReplaces: (name: string) =>
    `Cet appareil est déjà relié à « ${name} ». Continuer efface ce qu'il contient et le relie à la nouvelle boîte.`,
  enrolProgress: {
    'making-keys': 'Création des clés…',
    asking: 'Envoi de la demande…',
    waiting: 'La passerelle vérifie…',
    joined: 'Appareil relié.',
  },
  enrolFailed: "L'appareil n'a pas été relié",
  enrolRetry: 'Réessayer',
  enrolCancel: 'Annuler',
  enrolAskNew: 'Demandez un nouveau lien à la personne qui gère la passerelle.',
  enrolmentFailures: {
    'link-malformed': 'Ce lien est incomplet : copiez-le en entier, ou scannez à nouveau le QR code.',
    network: "La passerelle n'est pas joignable. Vérifiez le réseau, puis réessayez.",
    'no-answer': "La passerelle n'a pas répondu à temps. Réessayez dans un instant.",
    'answer-forged': 'La réponse reçue ne vient pas de votre passerelle. Ne continuez pas et prévenez-la.',
  },
  failures,
  failureUnknown: "La passerelle n'a pas donné de raison.",

  photoShow: (size: string) => `Afficher la photo (${size})`,
  photoEnlarge: 'Agrandir la photo',
  photoOf: (name: string) => `Photo : ${name}`,
  fileDownload: 'Télécharger',
  fileOpening: 'Ouverture…',
  attachmentTroubles: {
    offline: 'Pas de réseau : réessayez au retour de la connexion.',
    gone: "Ce document n'est plus disponible.",
    altered: "Ce document a été altéré : il n'est pas affiché.",
    'no-key': 'La clé de la conversation manque.',
  },

  replyTo: 'Destinataires',
  replyToSender: "À l'expéditeur",
  replyToAll: (count: number) => `À tous (${count})`,
  replyUnreachable: (names: string) =>
    `Ne peut pas être joint\u00a0: ${names} (hors de l'espace de confiance, ou certificat inconnu).`,
  replyNow: 'Partir sans attendre',
  replyNowText: 'Sinon, ce que vous envoyez dans les secondes qui suivent part dans le même courrier.',
  attachPhoto: 'Photo',
  attachFile: 'Fichier',
  attachRemove: (name: string) => `Retirer ${name}`,
  attachPreparing: 'Préparation…',
  attachTroubles: {
    unreadable: 'Cette photo ne peut pas être lue ici\u00a0: choisissez-en une autre.',
    'too-large': 'Trop lourd\u00a0: 10\u00a0Mo au plus par fichier, 12\u00a0Mo en tout.',
    'too-many': '5 pièces jointes au plus.',
    empty: 'Ce fichier est vide.',
  },
};
