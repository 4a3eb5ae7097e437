/**
 * `IHE_XDM.ZIP` of an exchange (IHE ITI TF-2 §3.32, clinical-formats A.2.2): a page and a text for people, one submission
 * with its metadata and its CDA. Names are 8.3; the time of its entries is the filing's, so that the same filing makes the
 * same bytes.
 */
import { ZipFile } from 'yazl';
import type { Exchange } from './exchange.ts';
import { parisTime } from './paris-time.ts';
import { DOCUMENT_NAME, makeMetadata } from './xdm-metadata.ts';
import { element, writeXml } from './xml-writer.ts';

export const ARCHIVE_NAME = 'IHE_XDM.ZIP';
const SUBSET = 'IHE_XDM/SUBSET01';

export async function makeXdm(exchange: Exchange, cda: Buffer): Promise<Buffer> {
  const zip = new ZipFile();
  // The DOS time alone: the extended one would depend on the time zone of this machine.
  const options = { mtime: dosTime(exchange.filedAt), forceDosTimestamp: true } as const;
  zip.addBuffer(indexPage(exchange), 'INDEX.HTM', options);
  zip.addBuffer(readMe(exchange), 'README.TXT', options);
  zip.addEmptyDirectory('IHE_XDM', options);
  zip.addEmptyDirectory(SUBSET, options);
  zip.addBuffer(makeMetadata(exchange, cda), `${SUBSET}/METADATA.XML`, options);
  zip.addBuffer(cda, `${SUBSET}/${DOCUMENT_NAME}`, options);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

/** A Date whose local fields are those of Paris: of them the DOS time is made. */
function dosTime(iso: string): Date {
  const [, ...fields] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(parisTime(iso)?.stamp ?? '') ?? [];
  const [year = 1980, month = 1, day = 1, hour = 0, minute = 0, second = 0] = fields.map(Number);
  return new Date(year, month - 1, day, hour, minute, second);
}

/** 7 bits, as the profile asks (ITI TF-2 §3.32.4.1.2.2). */
const ascii = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[’‘]/g, "'")
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/gu, '?');

function readMe({ author }: Exchange): Buffer {
  const { finess, name } = author.organisation;
  const lines = [
    'Emetteur :',
    '==========',
    `    . Nom : ${ascii(author.person)}`,
    `    . Organisme : ${ascii(name)}${finess === '' ? '' : ` (FINESS ${ascii(finess)})`}`,
    `    . Adresse de messagerie : ${ascii(author.address)}`,
    '',
    "Application de l'emetteur :",
    '==========================',
    '    . Nom : Estafette',
    '',
    'Instructions :',
    '==============',
    '. Consultez les fichiers recus par messagerie securisee de sante dans votre logiciel de professionnel de sante.',
    '',
    'Arborescence :',
    '==============',
    '     README.TXT',
    '     INDEX.HTM',
    '     + IHE_XDM',
    '           + SUBSET01',
    '                METADATA.XML',
    `                ${DOCUMENT_NAME}`,
    '',
  ];
  return Buffer.from(lines.join('\r\n'), 'latin1');
}

/** XHTML; no patient stands in it. */
function indexPage({ author }: Exchange): Buffer {
  const link = (path: string, words: string) => element('li', {}, element('a', { href: path }, words));
  return writeXml(
    element(
      'html',
      { xmlns: 'http://www.w3.org/1999/xhtml', 'xml:lang': 'fr' },
      element('head', {}, element('title', {}, 'IHE_XDM')),
      element(
        'body',
        {},
        element('p', {}, `Émetteur : ${author.organisation.name}`),
        element(
          'ul',
          {},
          link('README.TXT', 'README.TXT'),
          link(`${SUBSET}/METADATA.XML`, 'METADATA.XML'),
          link(`${SUBSET}/${DOCUMENT_NAME}`, DOCUMENT_NAME),
        ),
      ),
    ),
  );
}
