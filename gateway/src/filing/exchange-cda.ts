/**
 * The CDA R2 of level 1 (a PDF in `nonXMLBody`) of an exchange: header by the French rules (HL7 France 2.16.840.1.113883.
 * 2.8.2.1, CI-SIS 1.2.250.1.213.1.1.1.1), body by IHE XDS-SD, element by element as in the examples of the agency.
 *
 * The danger is a wrong patient: the matricule INS stands here only when it is qualified (filed-patient.ts); else the
 * patient has the identifier that this exchange gives him, which no software can take for another one's.
 */
import { LOINC_OID, TYPE_NAMES } from './document-types.ts';
import type { Exchange } from './exchange.ts';
import type { Code, FilingPerson } from './filed-author.ts';
import {
  askingPerson,
  FACILITY_OID,
  facilityCode,
  PRACTICE,
  PRACTICE_OID,
  PROFESSION_OID,
  PROFESSIONAL_OID,
  professionalId,
  professionCode,
  STRUCTURE_OID,
  splitName,
  structureId,
} from './filed-author.ts';
import { uuidOid } from './filed-ids.ts';
import { birthNameOf, patientNumber, usedNameOf } from './filed-patient.ts';
import { parisTime } from './paris-time.ts';
import type { XmlElement } from './xml-writer.ts';
import { element, writeXml } from './xml-writer.ts';

const SEXES = { M: 'Masculin', F: 'Féminin' } as const;

/** `id` of the document: also the uniqueId of its metadata. */
export const documentOid = ({ filingId }: Exchange): string => uuidOid('document', filingId);
export const titleOf = ({ title, documentType }: Exchange): string => title.trim() || TYPE_NAMES[documentType];

/** First and last message, in UTC; the filing itself when there is none. */
export function serviceTimes({ entries, filedAt }: Exchange): { readonly start: string; readonly stop: string } {
  const times = entries
    .map(({ at }) => at)
    .filter((at) => parisTime(at) !== null)
    .map((at) => new Date(at).toISOString())
    .toSorted();
  return { start: times[0] ?? filedAt, stop: times.at(-1) ?? filedAt };
}

export function makeExchangeCda(exchange: Exchange, pdf: Buffer): Buffer {
  const made = stampOf(exchange.filedAt);
  return writeXml(
    element(
      'ClinicalDocument',
      { xmlns: 'urn:hl7-org:v3', 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' },
      headOf(exchange, made),
      recordTarget(exchange),
      authorOf(exchange, made),
      custodianOf(exchange),
      legalAuthenticator(exchange, made),
      documentationOf(exchange),
      componentOf(exchange),
      element(
        'component',
        {},
        element(
          'nonXMLBody',
          {},
          element('text', { mediaType: 'application/pdf', representation: 'B64' }, pdf.toString('base64')),
        ),
      ),
    ),
  );
}

/** HL7 TS with its zone. */
function stampOf(iso: string): string {
  const time = parisTime(iso);
  if (time === null) throw new RangeError('a time that is no time');
  return time.stamp;
}

const SYSTEM_NAMES: { readonly [oid: string]: string } = {
  [LOINC_OID]: 'LOINC',
  [PRACTICE_OID]: 'practiceSettingCode',
};

function coded(name: string, { code, name: displayName }: Code, codeSystem: string): XmlElement {
  const codeSystemName = SYSTEM_NAMES[codeSystem];
  return element(name, { code, displayName, codeSystem, ...(codeSystemName === undefined ? {} : { codeSystemName }) });
}

function headOf(exchange: Exchange, made: string): XmlElement[] {
  const { documentType, filingId } = exchange;
  return [
    element('realmCode', { code: 'FR' }),
    element('typeId', { root: '2.16.840.1.113883.1.3', extension: 'POCD_HD000040' }),
    element('templateId', { root: '2.16.840.1.113883.2.8.2.1' }),
    element('templateId', { root: '1.2.250.1.213.1.1.1.1' }),
    element('templateId', { root: '1.3.6.1.4.1.19376.1.2.20' }),
    element('id', { root: documentOid(exchange) }),
    coded('code', { code: documentType, name: TYPE_NAMES[documentType] }, LOINC_OID),
    element('title', {}, titleOf(exchange)),
    element('effectiveTime', { value: made }),
    coded('confidentialityCode', { code: 'N', name: 'Normal' }, '2.16.840.1.113883.5.25'),
    element('languageCode', { code: 'fr-FR' }),
    element('setId', { root: uuidOid('set', filingId) }),
    element('versionNumber', { value: '1' }),
  ];
}

const UNKNOWN = { nullFlavor: 'UNK' } as const;

function recordTarget(exchange: Exchange): XmlElement {
  const { patient } = exchange;
  const { number, oid } = patientNumber(exchange);
  const given = patient.givenName.trim();
  const sex =
    patient.sex === null
      ? element('administrativeGenderCode', UNKNOWN)
      : coded('administrativeGenderCode', { code: patient.sex, name: SEXES[patient.sex] }, '2.16.840.1.113883.5.1');
  const birth = patient.birthDate === null ? UNKNOWN : { value: patient.birthDate.replaceAll('-', '') };
  return element(
    'recordTarget',
    {},
    element(
      'patientRole',
      {},
      element('id', { extension: number, root: oid }),
      element('addr', UNKNOWN),
      element('telecom', UNKNOWN),
      element(
        'patient',
        { classCode: 'PSN' },
        element(
          'name',
          {},
          element('family', { qualifier: 'BR' }, birthNameOf(patient)),
          element('given', {}, given),
          element('given', { qualifier: 'BR' }, given),
          element('family', { qualifier: 'CL' }, usedNameOf(patient)),
          element('given', { qualifier: 'CL' }, given),
        ),
        sex,
        element('birthTime', birth),
        birthPlace(patient.birthPlace),
      ),
    ),
  );
}

const birthPlace = (code: string | undefined): XmlElement | null =>
  code === undefined
    ? null
    : element('birthplace', {}, element('place', {}, element('addr', {}, element('county', {}, code))));

const telecom = ({ author }: Exchange) => element('telecom', { value: `mailto:${author.address}`, use: 'WP' });
const noAddress = () => element('addr', { nullFlavor: 'NAV' });

const structureIdElement = ({ author }: Exchange): XmlElement => {
  const id = structureId(author);
  return element('id', id === null ? UNKNOWN : { root: STRUCTURE_OID, extension: id });
};

/** The person: `assignedAuthor` and `assignedEntity` have the same content. Who is not known by number has none. */
function assigned(name: string, exchange: Exchange, person: FilingPerson, practice: XmlElement | null): XmlElement {
  const { author } = exchange;
  const id = professionalId(person);
  const { family, given } = splitName(person.name);
  return element(
    name,
    {},
    element('id', id === null ? UNKNOWN : { root: PROFESSIONAL_OID, extension: id }),
    person.profession === null ? null : coded('code', professionCode(person.profession), PROFESSION_OID),
    noAddress(),
    telecom(exchange),
    element(
      'assignedPerson',
      {},
      element('name', {}, given === '' ? null : element('given', {}, given), element('family', {}, family)),
    ),
    element(
      'representedOrganization',
      {},
      structureIdElement(exchange),
      element('name', {}, author.organisation.name),
      telecom(exchange),
      noAddress(),
      practice,
    ),
  );
}

const practice = () => coded('standardIndustryClassCode', PRACTICE, PRACTICE_OID);

/** Who answers for the document: the professional in whose name the mailbox files. */
const responsibleOf = (exchange: Exchange): XmlElement =>
  assigned('assignedEntity', exchange, exchange.author.responsible, practice());

function authorOf(exchange: Exchange, made: string): XmlElement {
  const asking = assigned('assignedAuthor', exchange, askingPerson(exchange.author), null);
  return element('author', {}, element('time', { value: made }), asking);
}

const custodianOf = (exchange: Exchange): XmlElement =>
  element(
    'custodian',
    {},
    element(
      'assignedCustodian',
      {},
      element(
        'representedCustodianOrganization',
        {},
        structureIdElement(exchange),
        element('name', {}, exchange.author.organisation.name),
        telecom(exchange),
        noAddress(),
      ),
    ),
  );

const legalAuthenticator = (exchange: Exchange, made: string): XmlElement =>
  element(
    'legalAuthenticator',
    {},
    element('time', { value: made }),
    element('signatureCode', { code: 'S' }),
    responsibleOf(exchange),
  );

function serviceInterval(exchange: Exchange): XmlElement {
  const { start, stop } = serviceTimes(exchange);
  return element(
    'effectiveTime',
    {},
    element('low', { value: stampOf(start) }),
    element('high', { value: stampOf(stop) }),
  );
}

function documentationOf(exchange: Exchange): XmlElement {
  const { documentType, filingId } = exchange;
  return element(
    'documentationOf',
    {},
    element(
      'serviceEvent',
      {},
      element('id', { root: uuidOid('act', filingId) }),
      coded('code', { code: documentType, name: TYPE_NAMES[documentType] }, LOINC_OID),
      serviceInterval(exchange),
      element('performer', { typeCode: 'PRF' }, responsibleOf(exchange)),
    ),
  );
}

const componentOf = (exchange: Exchange): XmlElement =>
  element(
    'componentOf',
    {},
    element(
      'encompassingEncounter',
      {},
      element('id', { root: uuidOid('encounter', exchange.conversationId) }),
      coded('code', { code: 'AMB', name: 'Ambulatoire (hors établissement)' }, '2.16.840.1.113883.5.4'),
      serviceInterval(exchange),
      element('responsibleParty', {}, responsibleOf(exchange)),
      element(
        'location',
        {},
        element(
          'healthCareFacility',
          {},
          coded('code', facilityCode(exchange.author), FACILITY_OID),
          element('location', {}, element('name', {}, exchange.author.organisation.name), noAddress()),
        ),
      ),
    ),
  );
