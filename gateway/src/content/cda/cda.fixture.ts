/** For tests: CDA documents of fictive people, built from what a test wants to say and usual around it, and read. */
import assert from 'node:assert/strict';
import type { ClinicalReport } from '@estafette/contracts/document';
import { type CdaDocument, readCda } from './read-cda.ts';

const NOW = new Date('2026-01-12T12:00:00Z');

export const read = (xml: string): CdaDocument | null => readCda(Buffer.from(xml), NOW);

/** The report in a document that must be a CDA. */
export function reportOf(xml: string): ClinicalReport {
  const found = read(xml);
  assert.ok(found, 'is a CDA');
  return found.report;
}

export type FixtureParts = {
  code?: string;
  title?: string;
  version?: string;
  related?: string;
  patient?: string;
  author?: string;
  /** Between the author and the body. */
  context?: string;
  body?: string;
};

export const PATIENT = `
  <recordTarget><patientRole>
    <id extension="241035999999906" root="1.2.250.1.213.1.4.10"/>
    <id extension="77001" root="1.2.3.4.5"/>
    <patient>
      <name>
        <family qualifier="BR">DELVAUX</family><family qualifier="CL">DESSAINT</family>
        <given>Marguerite Anne</given><given qualifier="BR">Marguerite</given>
      </name>
      <administrativeGenderCode code="F"/><birthTime value="19410314"/>
    </patient>
  </patientRole></recordTarget>`;

export const AUTHOR = `
  <author><time value="20260112093000+0100"/><assignedAuthor>
    <id root="1.2.250.1.71.4.2.1" extension="899999999991"/>
    <assignedPerson><name><prefix>MME</prefix><given>Iris</given><family>TILLEUL</family><suffix>DR</suffix></name></assignedPerson>
    <representedOrganization><name>Laboratoire des Tilleuls</name></representedOrganization>
  </assignedAuthor></author>`;

export const ACT = `
  <documentationOf><serviceEvent><id root="1.2.3" extension="B26-104512"/>
    <statusCode xmlns="urn:oid:1.3.6.1.4.1.19376.1.3.2" code="completed"/>
    <effectiveTime><low value="20260112074200+0100"/></effectiveTime>
  </serviceEvent></documentationOf>`;

export function cdaOf({ code, title, version, related, patient, author, context, body }: FixtureParts = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="../CDA-FO.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id root="1.2.3.4" extension="DOC-2"/>
  ${code ?? '<code code="11502-2" displayName="CR d\'examens biologiques" codeSystem="2.16.840.1.113883.6.1"/>'}
  <title>${title ?? "Compte rendu d'examens"}</title>
  <effectiveTime value="20260112110000+0100"/>
  <setId root="1.2.3.4" extension="SET"/>
  <versionNumber value="${version ?? '1'}"/>
  ${patient ?? PATIENT}${author ?? AUTHOR}${context ?? ACT}${related ?? ''}
  ${body ?? ''}
</ClinicalDocument>`;
}

export const sectionsOf = (...sections: string[]): string =>
  `<component><structuredBody>${sections.map((section) => `<component>${section}</component>`).join('')}</structuredBody></component>`;

/** A chapter with its narrative and the statements of one laboratory entry. */
export function chapter(statements: string, { title = 'Biochimie', text = '' } = {}): string {
  return `<section><code code="18719-5" displayName="Biochimie"/><title>${title}</title><text>${text}</text>
    <entry><templateId root="1.3.6.1.4.1.19376.1.3.1"/><act classCode="ACT" moodCode="EVN"><statusCode code="completed"/>
    ${statements}</act></entry></section>`;
}

export const related = (statement: string, typeCode = 'COMP'): string =>
  `<entryRelationship typeCode="${typeCode}">${statement}</entryRelationship>`;

export type ObservationParts = { code?: string; attributes?: string; status?: string };

export function observation(inside: string, { code, attributes, status }: ObservationParts = {}): string {
  return `<observation classCode="OBS" ${attributes ?? 'moodCode="EVN"'}>
    ${code ?? '<code code="2823-3" displayName="Potassium" codeSystem="2.16.840.1.113883.6.1"/>'}
    <statusCode code="${status ?? 'completed'}"/><effectiveTime value="20260112"/>${inside}</observation>`;
}

export const quantity = (value: string, unit = 'mmol/L'): string =>
  `<value xsi:type="PQ" value="${value}" unit="${unit}"/>`;

export const interpretation = (code: string): string =>
  `<interpretationCode code="${code}" codeSystem="2.16.840.1.113883.5.83"/>`;

export const range = (low: string, high: string, inside = ''): string =>
  `<referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="${low}" unit="mmol/L"/><high value="${high}" unit="mmol/L"/></value>${inside}</observationRange></referenceRange>`;

/** A laboratory report with these observations, each in its own relationship. */
export const laboratoryCda = (...observations: string[]): string =>
  cdaOf({ body: sectionsOf(chapter(observations.map((each) => related(each)).join(''))) });
