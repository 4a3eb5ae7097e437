/**
 * What was found about a letter: who signed it, whether the signer is the one who writes, whether it
 * was encrypted, and therefore how it may be shown. The words are the same in code, JSON, app and docs
 * (docs/security-model.md). A word never says more than was checked.
 */
import * as v from 'valibot';

export const SIGNATURES = ['valid', 'invalid', 'untrusted', 'none'] as const;
export const IDENTITIES = ['match', 'mismatch', 'none'] as const;
export const ENCRYPTIONS = ['none', 'opened', 'refused'] as const;
export const SHOWS = ['verified', 'unverified', 'quarantine'] as const;

/**
 * Why a verdict is what it is. Each has a French sentence for the pharmacist and an English one for the
 * operator. Codes are stable; texts may be polished.
 */
export const REASONS = {
  'not-signed': { fr: "Le courrier n'est pas signé.", en: 'The letter carries no signature.' },
  'not-encrypted': { fr: "Le courrier n'était pas chiffré.", en: 'The letter was not encrypted.' },
  unprotected: {
    fr: "Le courrier n'est ni signé ni chiffré.",
    en: 'The letter is neither signed nor encrypted and the trust space requires one of both.',
  },
  'content-altered': {
    fr: 'Le contenu a été modifié après la signature.',
    en: 'The signed digest does not match the content.',
  },
  'signature-wrong': {
    fr: 'La signature est fausse.',
    en: 'The signature value does not match the signed attributes and the signer certificate.',
  },
  'signature-malformed': {
    fr: 'La signature est illisible ou mal formée.',
    en: 'The SignedData breaks RFC 5652 or the policy of this gateway.',
  },
  'signature-partial': {
    fr: 'La signature ne couvre pas tout le courrier.',
    en: 'The signature does not cover the whole root body.',
  },
  'algorithm-refused': {
    fr: "L'algorithme de signature n'est pas accepté.",
    en: 'Digest, signature or key algorithm outside the policy (weak or not supported).',
  },
  'signer-unknown': {
    fr: "Le certificat du signataire n'est pas joint.",
    en: 'No certificate in the message matches the signer identifier.',
  },
  'issuer-unknown': {
    fr: "L'autorité qui a émis le certificat n'est pas reconnue.",
    en: 'No path from the signer certificate to a trust anchor.',
  },
  'certificate-expired': { fr: 'Le certificat a expiré.', en: 'A certificate of the path is past its validity.' },
  'certificate-not-yet-valid': {
    fr: "Le certificat n'est pas encore valable.",
    en: 'A certificate of the path is not valid yet.',
  },
  'certificate-revoked': { fr: 'Le certificat a été révoqué.', en: 'A certificate of the path is revoked.' },
  'revocation-unknown': {
    fr: "La révocation du certificat n'a pas pu être vérifiée.",
    en: 'No usable, fresh CRL or OCSP answer for a certificate of the path.',
  },
  'certificate-refused': {
    fr: "Le certificat n'est pas fait pour signer des courriers.",
    en: 'Key usage, basic constraints, name constraints or an unknown critical extension forbid this use.',
  },
  'signing-time-ahead': {
    fr: 'La date de signature est dans le futur.',
    en: 'The claimed signing time is ahead of our clock.',
  },
  'signing-time-before': {
    fr: 'La date de signature est antérieure au certificat.',
    en: 'The claimed signing time lies before the signer certificate was valid.',
  },
  'signed-earlier': {
    fr: 'Le courrier a été signé il y a plus de sept jours.',
    en: 'The claimed signing time is more than seven days ago: an old letter may have been sent again.',
  },
  'from-mismatch': {
    fr: "L'expéditeur affiché n'est pas le titulaire du certificat.",
    en: 'The From address is not in the signer certificate.',
  },
  'from-missing': {
    fr: "Le courrier n'a pas d'expéditeur unique.",
    en: 'There is not exactly one From address.',
  },
  'address-confusable': {
    fr: "L'adresse de l'expéditeur contient des lettres qui peuvent en imiter d'autres.",
    en: 'The From address has letters outside the familiar Latin ones; it may imitate another address.',
  },
  'not-addressed': {
    fr: 'Le courrier signé ne nomme pas cette boîte parmi ses destinataires.',
    en: 'The signed To and Cc do not name this mailbox: the letter may have been written to somebody else.',
  },
  'not-authenticated': {
    fr: "Rien ne prouve que le contenu n'a pas été modifié en route.",
    en: 'Content of an unauthenticated cipher (CBC) without a right signature inside; never shown but as inert text.',
  },
  'encryption-partial': {
    fr: "Le chiffrement ne couvre qu'une partie du courrier ; cette partie n'a pas été ouverte.",
    en: 'An encrypted part beside or under others is never decrypted (EFAIL).',
  },
  'not-for-us': {
    fr: "Le courrier est chiffré pour quelqu'un d'autre.",
    en: 'No recipient of the encrypted content is a key of this mailbox.',
  },
  'cannot-open': {
    fr: "Le courrier chiffré n'a pas pu être ouvert.",
    en: 'Decryption failed (one reason for every cryptographic failure).',
  },
  'envelope-malformed': {
    fr: "L'enveloppe sécurisée est illisible.",
    en: 'The CMS structure is malformed or beyond its limits.',
  },
  'envelope-unsupported': {
    fr: "Cette forme d'enveloppe sécurisée n'est pas prise en charge.",
    en: 'A CMS content type or algorithm this gateway does not open.',
  },
  'mail-malformed': {
    fr: 'Le courrier est mal formé.',
    en: 'The MIME structure is ambiguous or malformed; no reading of it could be trusted.',
  },
  'too-complex': {
    fr: 'Le courrier dépasse les limites acceptées.',
    en: 'A limit of size, depth, count or time was passed.',
  },
  looping: {
    fr: "Ce courrier tourne en rond : il vient d'ici, ou de trop de serveurs.",
    en: 'It left this mailbox before, or came through more hosts than hopsMax.',
  },
  'virus-found': {
    fr: "L'antivirus a trouvé un fichier dangereux dans le courrier.",
    en: 'The antivirus found something in the letter; the trail names it. Released only when a new scan finds nothing.',
  },
  'patient-opposes': {
    fr: "Le courrier est retenu : un patient dont il parle s'oppose à cet échange.",
    en: 'A patient the letter names opposes that this mailbox sees letters about them; see estafette opposition list.',
  },
  released: {
    fr: 'Affiché par décision de la personne qui gère la passerelle.',
    en: 'Shown by decision of the operator, who released it from quarantine.',
  },
} as const satisfies Record<string, { fr: string; en: string }>;

export type ReasonCode = keyof typeof REASONS;

export const ReasonSchema = v.picklist(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]]);

/** The certificate holder, as the certificate says it. */
export const SignerSchema = v.object({
  /** Name for people: common name, or given name and surname. */
  name: v.string(),
  addresses: v.array(v.string()),
  organization: v.optional(v.string()),
  issuer: v.string(),
  serial: v.string(),
  /** SHA-256 of the certificate, hexadecimal. */
  fingerprint: v.string(),
  notAfter: v.string(),
});
export type Signer = v.InferOutput<typeof SignerSchema>;

export const VerdictSchema = v.object({
  signature: v.picklist(SIGNATURES),
  identity: v.picklist(IDENTITIES),
  encryption: v.picklist(ENCRYPTIONS),
  show: v.picklist(SHOWS),
  reasons: v.array(ReasonSchema),
  signer: v.nullable(SignerSchema),
});
export type Verdict = v.InferOutput<typeof VerdictSchema>;
