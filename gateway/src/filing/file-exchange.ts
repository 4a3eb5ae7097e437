/**
 * The mail that files an exchange (Ref#2 ECO.2.1.1–2.1.6): its CDA in `IHE_XDM.ZIP` for the software, the same document
 * as PDF/A-1 for people, a subject that names patient and type, and plain words.
 */
import { createHash } from 'node:crypto';
import { Refusal } from '@estafette/contracts/failure';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { TYPE_NAMES } from './document-types.ts';
import type { Exchange } from './exchange.ts';
import { makeExchangeCda, titleOf } from './exchange-cda.ts';
import { makeExchangePdf } from './exchange-pdf.ts';
import { asksHimself } from './filed-author.ts';
import type { FiledAttachment, FiledMail } from './filed-mail.ts';
import { birthNameOf, insWords, patientName, qualifiedIns } from './filed-patient.ts';
import { parisTime } from './paris-time.ts';
import { ARCHIVE_NAME, makeXdm } from './xdm-archive.ts';

const TYPE_MAX_CHARACTERS = 40;

/** Throws a `Refusal` when the exchange is larger than one document may be. */
export async function fileExchange(exchange: Exchange): Promise<FiledMail> {
  const { documentType, patient } = exchange;
  const pdf = await pdfOf(exchange);
  const archive = await makeXdm(exchange, makeExchangeCda(exchange, pdf));
  const document: FiledAttachment = { name: pdfName(exchange), mediaType: 'application/pdf', bytes: pdf };
  return {
    subject: subjectOf(exchange),
    text: words(exchange, document),
    attachments: [{ name: ARCHIVE_NAME, mediaType: 'application/zip', bytes: archive }, document],
    documents: { codes: [documentType], hasQualifiedIdentity: qualifiedIns(patient) !== null },
  };
}

async function pdfOf(exchange: Exchange): Promise<Buffer> {
  try {
    return await makeExchangePdf(exchange);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('filing-too-large', error.message);
    throw error;
  }
}

const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();

/** Upper case without accents, as a birth name is written (ECO.2.1.3). */
const plainUpper = (text: string): string => oneLine(text).normalize('NFD').replace(/\p{M}/gu, '').toUpperCase();

const typeOf = ({ documentType }: Exchange): string => TYPE_NAMES[documentType].slice(0, TYPE_MAX_CHARACTERS).trim();
const birthDay = ({ patient }: Exchange): string => (patient.birthDate ?? '').split('-').reverse().join('/');

/** `XDM/1.0/DDM+<type> <NOM> <prénom> <date de naissance>` (ECO.2.1.3). */
function subjectOf(exchange: Exchange): string {
  const { patient } = exchange;
  const parts = [typeOf(exchange), plainUpper(birthNameOf(patient)), oneLine(patient.givenName), birthDay(exchange)];
  return `XDM/1.0/DDM+${parts.filter((part) => part !== '').join(' ')}`.slice(0, CONTENT_LIMITS.subjectMaxCharacters);
}

/** `<AAAAMMJJ>_<type>_<NOM>_<prénom>_<n° de dossier>.pdf` (ECO.2.1.6). */
function pdfName(exchange: Exchange): string {
  const { patient, conversationId, filedAt } = exchange;
  const day = parisTime(filedAt)?.stamp.slice(0, 8) ?? '';
  const name = [day, typeOf(exchange), plainUpper(birthNameOf(patient)), oneLine(patient.givenName), conversationId];
  const plain = name
    .map((part) =>
      part
        .replace(/[\\/:*?"<>|_]/g, '-')
        .replace(/ +/g, ' ')
        .trim(),
    )
    .join('_');
  return `${plain.slice(0, CONTENT_LIMITS.fileNameMaxCharacters - 4)}.pdf`;
}

function words(exchange: Exchange, document: FiledAttachment): string {
  const { patient, author, documentType, conversationId, filedAt } = exchange;
  const born = birthDay(exchange) || 'inconnue';
  return [
    'Bonjour,',
    '',
    'Voici un échange par messagerie sécurisée, à verser au dossier du patient.',
    '',
    `Patient : ${oneLine(patientName(patient))}`,
    `Date de naissance : ${born}`,
    `Identité (INS) : ${insWords(patient)}`,
    `Document : ${TYPE_NAMES[documentType]} (${documentType})`,
    `Titre : ${oneLine(titleOf(exchange))}`,
    `Échange : ${conversationId}`,
    `Versé par : ${oneLine(author.person)}, ${oneLine(author.organisation.name)}, le ${parisTime(filedAt)?.words ?? filedAt}`,
    ...(asksHimself(author) ? [] : [`Au nom de : ${oneLine(author.responsible.name)}`]),
    '',
    `${ARCHIVE_NAME} est destiné à votre logiciel. Le même document est lisible ici :`,
    document.name,
    `SHA-256 : ${createHash('sha256').update(document.bytes).digest('hex')}`,
    '',
  ].join('\n');
}
