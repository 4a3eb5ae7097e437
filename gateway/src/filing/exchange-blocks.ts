/**
 * What the filed document of an exchange says, in order: what it is, the patient, who files; each message with its time,
 * its people, how far it was to be believed, its words, its attachments and its proof values; and what these are good
 * for. French, for people who read a record years later without the software.
 */
import { TYPE_NAMES } from './document-types.ts';
import type { Exchange, ExchangeAttachment, ExchangeEntry } from './exchange.ts';
import { asksHimself } from './filed-author.ts';
import { insWords, patientName } from './filed-patient.ts';
import type { Block, Side } from './page-lines.ts';
import { parisTime } from './paris-time.ts';

const INDENT = 14;
const ENTRY_KEEP = 90;
const NO_WORDS = '(sans texte)';

const timeWords = (iso: string): string => parisTime(iso)?.words ?? iso;

const field = (label: string, text: string, before = 2): Block => ({ style: 'value', label, text, before });

/** Columns made with spaces, as laboratories print them, need letters of one width. */
const COLUMNS = /\S {3,}\S/;

export function exchangeBlocks(exchange: Exchange, monoHas: (text: string) => boolean): Block[] {
  return [
    ...headBlocks(exchange),
    ...exchange.entries.flatMap((entry, index) => entryBlocks(entry, index + 1, exchange, monoHas)),
    ...closingBlocks(exchange),
  ];
}

function headBlocks(exchange: Exchange): Block[] {
  const { author, patient, documentType, entries } = exchange;
  const born = patient.birthDate === null ? 'date inconnue' : patient.birthDate.split('-').reverse().join('/');
  const sex = patient.sex === null ? 'inconnu' : patient.sex === 'F' ? 'féminin' : 'masculin';
  const finess = author.organisation.finess === '' ? '' : ` — FINESS ${author.organisation.finess}`;
  return [
    { style: 'title', text: exchange.title },
    { style: 'subtitle', text: `${TYPE_NAMES[documentType]} (${documentType}) · échange de messages versé au dossier` },
    { style: 'section', text: 'Patient', before: 14, rule: true },
    { style: 'strong', label: 'Nom', text: patientName(patient), before: 4 },
    field('Naissance, sexe', `${born} — sexe ${sex}`),
    field('Identité (INS)', insWords(patient)),
    { style: 'section', text: 'Versement', before: 12, rule: true },
    ...filerBlocks(author),
    field('Structure', `${author.organisation.name}${finess}`),
    field('Adresse', author.address),
    field('Versé le', timeWords(exchange.filedAt)),
    field('Échange', exchange.conversationId),
    field('Versement', exchange.filingId),
    field('Contenu', contentWords(entries)),
    { style: 'section', text: 'Messages', before: 14, rule: true },
  ];
}

/** Who asked, and in whose name, who alone has the number. */
function filerBlocks(author: Exchange['author']): Block[] {
  const { name, rpps, profession } = author.responsible;
  const facts = `${profession.name}${rpps === '' ? '' : ` — RPPS ${rpps}`}`;
  if (asksHimself(author)) return [field('Versé par', `${author.person} — ${facts}`, 4)];
  return [field('Versé par', author.person, 4), field('Au nom de', `${name} — ${facts}`)];
}

function contentWords(entries: readonly ExchangeEntry[]): string {
  const counted = (count: number, one: string, many: string) => `${count} ${count > 1 ? many : one}`;
  const letters = entries.filter(({ kind }) => kind === 'letter').length;
  const replies = entries.length - letters;
  const files = entries.reduce((sum, { attachments }) => sum + attachments.length, 0);
  return [
    counted(letters, 'courrier reçu', 'courriers reçus'),
    counted(replies, 'réponse', 'réponses'),
    counted(files, 'pièce jointe', 'pièces jointes'),
  ].join(', ');
}

function entryBlocks(
  entry: ExchangeEntry,
  rank: number,
  { author }: Exchange,
  monoHas: (text: string) => boolean,
): Block[] {
  const side: Side = entry.kind === 'letter' ? 'received' : 'answered';
  const at = { indent: INDENT, side } as const;
  const meta = (text: string): Block => ({ ...at, style: 'meta', text });
  const title =
    entry.kind === 'letter'
      ? `${rank}. Courrier reçu — ${senderWords(entry.from)}`
      : `${rank}. Réponse — ${entry.person}, ${author.organisation.name}`;
  const known =
    entry.kind === 'letter'
      ? [meta(`Objet : ${entry.subject === '' ? '(sans objet)' : entry.subject}`), meta(`Confiance : ${entry.verdict}`)]
      : [meta(`État : ${entry.state}`)];
  const words = entry.text.trim() === '' ? NO_WORDS : entry.text.trimEnd().replace(/^(?:[ \t]*[\r\n])+/, '');
  const style = COLUMNS.test(words) && monoHas(words) ? 'table' : 'body';
  return [
    { ...at, style: side, text: title, before: 12, keep: ENTRY_KEEP, opens: true },
    meta(`Le ${timeWords(entry.at)}`),
    ...known,
    { ...at, style, text: words, before: 5 },
    ...attachmentBlocks(entry.attachments, at),
    { ...at, style: 'proof', text: proofWords(entry), before: 5 },
  ];
}

const senderWords = ({ name, address }: { readonly name: string; readonly address: string }): string =>
  [name === address ? '' : name, name === '' || name === address ? address : `<${address}>`].join(' ').trim() ||
  'expéditeur inconnu';

function attachmentBlocks(
  attachments: readonly ExchangeAttachment[],
  at: { readonly indent: number; readonly side: Side },
): Block[] {
  if (attachments.length === 0) return [];
  const title = attachments.length === 1 ? 'Pièce jointe' : `Pièces jointes (${attachments.length})`;
  return [
    { ...at, style: 'meta', text: `${title} :`, before: 5 },
    ...attachments.flatMap(({ name, mediaType, bytes, sha256 }): Block[] => [
      { ...at, style: 'value', text: `• ${name} — ${mediaType}, ${sizeWords(bytes)}` },
      { ...at, style: 'proof', text: `SHA-256 ${sha256}`, indent: at.indent + 9 },
    ]),
  ];
}

/** `123 456 octets`: thousands apart by a narrow space that does not break (U+202F). */
const sizeWords = (bytes: number): string =>
  `${String(bytes).replace(/\B(?=(?:\d{3})+$)/g, '\u202f')} octet${bytes > 1 ? 's' : ''}`;

function proofWords({ kind, proof }: ExchangeEntry): string {
  const whose = kind === 'letter' ? 'du courrier tel que reçu' : 'du texte ci-dessus (UTF-8)';
  return `SHA-256 ${whose} : ${proof.sha256 || 'inconnu'}\nMessage-ID : ${proof.messageId || 'inconnu'}`;
}

function closingBlocks({ entries }: Exchange): Block[] {
  const words = [
    'Document établi par la passerelle de messagerie sécurisée de la structure, à la demande de la personne qui le verse.',
    'Les messages y sont dans leur ordre, aux heures de Paris. Chaque empreinte SHA-256 est celle des octets tels qu’ils',
    'ont été reçus ou, d’une réponse, celle de son texte et de ses pièces jointes : elle permet de vérifier qu’un original conservé ailleurs n’a pas été modifié. Un caractère',
    'qui ne s’imprime pas est écrit par son code, entre crochets.',
  ].join(' ');
  const none: Block[] = entries.length === 0 ? [{ style: 'body', text: 'Aucun message.', before: 4 }] : [];
  return [...none, { style: 'meta', text: words, before: 14, rule: true, keep: 46 }];
}
