/** Letters with an archive and what stands beside it, and a small CDA to put in. Invented patients only. */
import { readContent } from '../read-content.ts';
import type { ReadDocument } from '../read-document.ts';
import type { ListedDocument } from './metadata.fixture.ts';
import { metadataOf } from './metadata.fixture.ts';
import type { ZipEntry } from './zip.fixture.ts';
import { zipOf } from './zip.fixture.ts';

export const PDF = Buffer.from('%PDF-1.4\n% une copie\n%%EOF\n');
export const FOLDER = 'IHE_XDM/SUBSET01';

type Cda = {
  id?: string;
  setId?: string;
  version?: number;
  replaces?: string;
  value?: string;
  pdf?: Buffer;
  birth?: string;
  number?: string;
  title?: string;
};

export function cdaOf(given: Cda = {}): Buffer {
  const { id = '1.2.3.4', setId = '1.2.3', version = 1, replaces, value = '3.9', pdf, birth = '19900112' } = given;
  const parent = replaces
    ? `<relatedDocument typeCode="RPLC"><parentDocument><id root="${replaces}"/></parentDocument></relatedDocument>`
    : '';
  const copy = pdf
    ? `<component><section><code code="55108-5"/><title>Copie</title><text/><entry><observationMedia><value mediaType="application/pdf" representation="B64">${pdf.toString('base64')}</value></observationMedia></entry></section></component>`
    : '';
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="cda.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="${id}"/>
<code code="11502-2" displayName="CR"/><title>${given.title ?? "CR d'examens biologiques"}</title><effectiveTime value="20260520150000+0200"/>
<setId root="${setId}"/><versionNumber value="${version}"/>
<recordTarget><patientRole><id root="1.2.250.1.213.1.4.10" extension="${given.number ?? '199015112345678'}"/><patient>
<name><family qualifier="BR">ESSAI</family><given>CAMILLE ANNE</given><given qualifier="BR">CAMILLE</given></name>
<administrativeGenderCode code="F"/><birthTime value="${birth}"/></patient></patientRole></recordTarget>${parent}
<component><structuredBody><component><section><title>Biochimie</title><text>Potassium ${value} mmol/L</text></section></component>${copy}</structuredBody></component>
</ClinicalDocument>`);
}

type Archive = {
  documents: readonly ListedDocument[];
  replacements?: readonly (readonly [string, string])[];
  more?: readonly ZipEntry[];
  folder?: string;
};

/** As the French agency packs its examples. */
export function archiveOf({ documents, replacements = [], more = [], folder = FOLDER }: Archive): Buffer {
  const files = new Map(documents.map(({ uri, bytes }) => [uri, bytes]));
  return zipOf([
    { name: 'INDEX.HTM', bytes: Buffer.from('<html/>') },
    { name: 'README.TXT', bytes: Buffer.from('Émetteur') },
    { name: 'IHE_XDM/', stored: true },
    ...[...files].map(([uri, bytes]) => ({ name: `${folder}/${uri}`, bytes })),
    { name: `${folder}/METADATA.XML`, bytes: metadataOf(documents, { replacements }) },
    ...more,
  ]);
}

export type Part = { name: string; bytes: Buffer; type?: string };

export function letterOf(parts: readonly Part[], headers: readonly string[] = []): Buffer {
  const body = parts.map(({ name, bytes, type = 'application/octet-stream' }) =>
    [
      '--b',
      `Content-Type: ${type}; name="${name}"`,
      `Content-Disposition: attachment; filename="${name}"`,
      'Content-Transfer-Encoding: base64',
      '',
      bytes.toString('base64').replace(/.{76}/g, '$&\r\n'),
    ].join('\r\n'),
  );
  return Buffer.from(
    [...headers, 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', '', ...body, '--b--', ''].join(
      '\r\n',
    ),
  );
}

export async function readLetter(parts: readonly Part[], headers: readonly string[] = []): Promise<ReadDocument[]> {
  const now = new Date('2026-05-21T10:00:00Z');
  return (await readContent(letterOf(parts, headers), { approved: null, now })).documents;
}

export const archived = (archive: Archive): Part => ({ name: 'IHE_XDM.ZIP', bytes: archiveOf(archive) });
