/**
 * METADATA.XML of the archive (IHE ITI TF-3 §4.2, ebRIM 3.0), in the shape of the agency's examples: a submission set, one
 * document with its size and SHA-1, and that the one holds the other. Everything it says is what the CDA says.
 */
import { createHash } from 'node:crypto';
import { LOINC_OID, TYPE_NAMES } from './document-types.ts';
import type { Exchange } from './exchange.ts';
import { documentOid, serviceTimes, titleOf } from './exchange-cda.ts';
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
  sourceOid,
  splitName,
  structureId,
} from './filed-author.ts';
import { uuidOid, uuidUrn } from './filed-ids.ts';
import { birthNameOf, patientNumber, qualifiedIns, usedNameOf } from './filed-patient.ts';
import { parisTime } from './paris-time.ts';
import type { XmlElement } from './xml-writer.ts';
import { element, writeXml } from './xml-writer.ts';

export const DOCUMENT_NAME = 'DOC0001.XML';
const APPROVED = 'urn:oasis:names:tc:ebxml-regrep:StatusType:Approved';

/** Schemes of ITI TF-3 §4.2.3. */
const SCHEME = {
  submissionSet: 'urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd',
  setAuthor: 'urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d',
  contentType: 'urn:uuid:aa543740-bdda-424e-8c96-df4873be8500',
  setPatientId: 'urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446',
  sourceId: 'urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832',
  setUniqueId: 'urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8',
  document: 'urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1',
  author: 'urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d',
  eventCode: 'urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4',
  classCode: 'urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a',
  confidentiality: 'urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f',
  format: 'urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d',
  facility: 'urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1',
  practice: 'urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead',
  type: 'urn:uuid:f0306f51-975f-434e-a61c-c59651d33983',
  patientId: 'urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427',
  uniqueId: 'urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab',
} as const;

export function makeMetadata(exchange: Exchange, cda: Buffer): Buffer {
  const set = uuidUrn('submission', exchange.filingId);
  const document = uuidUrn('entry', exchange.filingId);
  return writeXml(
    element(
      'lcm:SubmitObjectsRequest',
      {
        'xmlns:lcm': 'urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0',
        'xmlns:rim': 'urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0',
      },
      element(
        'rim:RegistryObjectList',
        {},
        submissionSet(exchange, set),
        documentEntry(exchange, document, cda),
        hasMember(exchange, set, document),
      ),
    ),
  );
}

const slot = (name: string, ...values: string[]): XmlElement =>
  element(
    'rim:Slot',
    { name },
    element(
      'rim:ValueList',
      {},
      values.map((value) => element('rim:Value', {}, value)),
    ),
  );

const named = (value: string): XmlElement =>
  element('rim:Name', {}, element('rim:LocalizedString', { 'xml:lang': 'FR', charset: 'UTF8', value }));

const described = (): XmlElement =>
  element('rim:Description', {}, element('rim:LocalizedString', { 'xml:lang': 'FR', charset: 'UTF8', value: '' }));

/** Those of one object: each has an id of its own. */
function partsOf({ filingId }: Exchange, owner: string) {
  const idOf = (scheme: string): string => uuidUrn(`${owner} ${scheme}`, filingId);
  return {
    coded: (classificationScheme: string, { code, name }: Code, codingScheme: string): XmlElement =>
      element(
        'rim:Classification',
        { id: idOf(classificationScheme), classificationScheme, classifiedObject: owner, nodeRepresentation: code },
        slot('codingScheme', codingScheme),
        named(name),
      ),
    author: (classificationScheme: string, slots: XmlElement[]): XmlElement =>
      element(
        'rim:Classification',
        { id: idOf(classificationScheme), classificationScheme, classifiedObject: owner, nodeRepresentation: '' },
        slots,
      ),
    identifier: (identificationScheme: string, value: string, name: string): XmlElement =>
      element(
        'rim:ExternalIdentifier',
        { id: idOf(identificationScheme), identificationScheme, registryObject: owner, value },
        named(name),
      ),
  };
}

function submissionSet(exchange: Exchange, id: string): XmlElement {
  const { author, filedAt, filingId } = exchange;
  const parts = partsOf(exchange, id);
  return element(
    'rim:RegistryPackage',
    { id, status: APPROVED },
    slot('submissionTime', utc(filedAt)),
    named(titleOf(exchange)),
    described(),
    element('rim:Classification', {
      id: uuidUrn('submission class', filingId),
      classificationNode: SCHEME.submissionSet,
      classifiedObject: id,
      nodeRepresentation: '',
    }),
    parts.author(SCHEME.setAuthor, authorSlots(exchange)),
    parts.coded(SCHEME.contentType, facilityCode(author), FACILITY_OID),
    parts.identifier(SCHEME.setPatientId, patientCx(exchange), 'XDSSubmissionSet.patientId'),
    parts.identifier(SCHEME.sourceId, sourceOid(author), 'XDSSubmissionSet.sourceId'),
    parts.identifier(SCHEME.setUniqueId, uuidOid('submission', filingId), 'XDSSubmissionSet.uniqueId'),
  );
}

function documentEntry(exchange: Exchange, id: string, cda: Buffer): XmlElement {
  const { author, documentType, filedAt } = exchange;
  const { start, stop } = serviceTimes(exchange);
  const type = { code: documentType, name: TYPE_NAMES[documentType] };
  const format = { code: 'urn:ihe:iti:xds-sd:pdf:2008', name: 'Document à corps non structuré en Pdf/A-1' };
  const parts = partsOf(exchange, id);
  return element(
    'rim:ExtrinsicObject',
    { id, mimeType: 'text/xml', objectType: SCHEME.document, status: APPROVED },
    slot('hash', createHash('sha1').update(cda).digest('hex').toUpperCase()),
    slot('size', String(cda.length)),
    slot('URI', DOCUMENT_NAME),
    slot('creationTime', utc(filedAt)),
    slot('languageCode', 'fr-FR'),
    slot('legalAuthenticator', personXcn(author.responsible)),
    slot('serviceStartTime', utc(start)),
    slot('serviceStopTime', utc(stop)),
    slot('sourcePatientId', patientCx(exchange)),
    slot('sourcePatientInfo', ...patientPid(exchange)),
    named(titleOf(exchange)),
    described(),
    parts.coded(SCHEME.eventCode, type, LOINC_OID),
    parts.author(SCHEME.author, authorSlots(exchange)),
    parts.coded(SCHEME.classCode, { code: '10', name: 'Compte rendu' }, '1.2.250.1.213.1.1.4.1'),
    parts.coded(SCHEME.confidentiality, { code: 'N', name: 'Normal' }, '2.16.840.1.113883.5.25'),
    parts.coded(SCHEME.format, format, '1.2.250.1.213.1.1.4.12'),
    parts.coded(SCHEME.facility, facilityCode(author), FACILITY_OID),
    parts.coded(SCHEME.practice, PRACTICE, PRACTICE_OID),
    parts.coded(SCHEME.type, type, LOINC_OID),
    parts.identifier(SCHEME.patientId, patientCx(exchange), 'XDSDocumentEntry.patientId'),
    parts.identifier(SCHEME.uniqueId, documentOid(exchange), 'XDSDocumentEntry.uniqueId'),
  );
}

const hasMember = ({ filingId }: Exchange, sourceObject: string, targetObject: string): XmlElement =>
  element(
    'rim:Association',
    {
      id: uuidUrn('association', filingId),
      associationType: 'urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember',
      sourceObject,
      targetObject,
    },
    slot('SubmissionSetStatus', 'Original'),
  );

function utc(iso: string): string {
  const time = parisTime(iso);
  if (time === null) throw new RangeError('a time that is no time');
  return time.utc;
}

const HL7_ESCAPES: { readonly [separator: string]: string } = {
  '\\': '\\E\\',
  '|': '\\F\\',
  '^': '\\S\\',
  '&': '\\T\\',
  '~': '\\R\\',
};
/** A component of an HL7 v2 field (HL7 v2 §2.7). */
const component = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\|^&~]/g, (one) => HL7_ESCAPES[one] ?? one);

/** CX: `279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH`; `PI` of a number that is only ours. */
function patientCx(exchange: Exchange): string {
  const { number, oid } = patientNumber(exchange);
  return `${component(number)}^^^&${oid}&ISO^${qualifiedIns(exchange.patient) === null ? 'PI' : 'NH'}`;
}

/** The names of birth (L) and in use (D), date of birth, sex, as fields of PID (ITI TF-3 §4.2.3.2.23). */
function patientPid({ patient }: Exchange): string[] {
  const given = component(patient.givenName);
  return [
    `PID-5|${component(birthNameOf(patient))}^${given}^^^^^L`,
    `PID-5|${component(usedNameOf(patient))}^${given}^^^^^D`,
    ...(patient.birthDate === null ? [] : [`PID-7|${patient.birthDate.replaceAll('-', '')}`]),
    `PID-8|${patient.sex ?? 'U'}`,
    ...(patient.birthPlace === undefined ? [] : [`PID-11|^^^^^^BDL^^${component(patient.birthPlace)}`]),
  ];
}

/** XCN of a person (ITI TF-3 §4.2.3.1.4). */
function personXcn(person: FilingPerson): string {
  const { family, given } = splitName(person.name);
  const id = professionalId(person);
  const name = `${id ?? ''}^${component(family)}^${component(given)}`;
  return id === null ? name : `${name}^^^^^^&${PROFESSIONAL_OID}&ISO^D^^^IDNPS`;
}

function authorSlots(exchange: Exchange): XmlElement[] {
  const { author } = exchange;
  const id = structureId(author);
  const institution = component(author.organisation.name);
  const person = askingPerson(author);
  return [
    slot('authorInstitution', id === null ? institution : `${institution}^^^^^&${STRUCTURE_OID}&ISO^IDNST^^^${id}`),
    slot('authorPerson', personXcn(person)),
    ...(person.profession === null ? [] : [slot('authorSpecialty', specialty(professionCode(person.profession)))]),
  ];
}

const specialty = ({ code, name }: Code): string => `${component(code)}^${component(name)}^${PROFESSION_OID}`;
