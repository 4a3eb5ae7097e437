/**
 * METADATA.XML of an XDM archive: ebRIM 3.0 `SubmitObjectsRequest` as IHE ITI TF-3 §4.2 and the French guide use it
 * (clinical-formats A.2.2). Read by local names and by containment, never by `classifiedObject` or `registryObject`,
 * which real files get wrong; prefixes, prolog and leading spaces vary.
 *
 * It claims nothing: what a slot says stands here as written, or is empty. Danger: `urn:action:extraMetadataSlot` turns
 * a document into its replacement or its deletion; a file whose metadata cannot be read is therefore not read at all.
 */

import { XDM_LIMITS } from '@estafette/contracts/limits';
import { attributeOf, childAt, childrenAt, childrenNamed, descendantsNamed, readXml, textOf } from '../xml/safe-xml.ts';
import type { XmlRefusal } from '../xml/xml-tree.ts';

export type PatientNumber = { number: string; authority: string };
export type PatientTraits = {
  birthName: string;
  /** All of them, as the birth certificate has them, separated by spaces. */
  givenNames: string;
  /** `YYYY-MM-DD`, or empty. */
  birthDate: string;
  sex: string;
};

export type XdmDocument = {
  /** ebRIM id: what associations name. */
  id: string;
  uri: string;
  mediaType: string;
  /** As written; SHA-1 in hexadecimal of either case. */
  hash: string;
  size: string;
  typeCode: string;
  typeName: string;
  title: string;
  uniqueId: string;
  patient: PatientNumber | null;
  traits: PatientTraits;
  author: string;
  action: 'replace' | 'delete' | null;
};

export type XdmMetadata = {
  submissionTime: string;
  submissionId: string;
  patient: PatientNumber | null;
  documents: XdmDocument[];
  replacements: Replacement[];
};

/** RPLC: `by` replaces `replaced`; ids of documents, here or of an earlier submission. */
export type Replacement = { by: string; replaced: string };

/** Schemes of IHE ITI TF-3 §4.2.3. */
const SCHEME = {
  author: '93606bcf-9494-43ec-9b4e-a7748d1a838d',
  type: 'f0306f51-975f-434e-a61c-c59651d33983',
  patientId: '58a6f841-87b3-4a3e-92fd-a8ffeff98427',
  uniqueId: '2e82c1f6-a085-4c72-9da3-8640a32e42ab',
  setPatientId: '6b5aea1a-874d-4603-a4bc-96a0a7b38446',
  setUniqueId: '96fdda7c-d067-4183-912e-bf5ee74998a8',
} as const;
const ACTION_SLOT = 'urn:action:extraMetadataSlot';

export type MetadataRefusal = XmlRefusal | 'xdm-metadata-large' | 'xdm-metadata-other' | 'xdm-metadata-many';

export function readMetadata(bytes: Buffer): XdmMetadata | { refused: MetadataRefusal } {
  if (bytes.length > XDM_LIMITS.metadataMaxBytes) return { refused: 'xdm-metadata-large' };
  const xml = readXml(bytes);
  if ('refused' in xml) return xml;
  const documents = descendantsNamed(xml, 'ExtrinsicObject');
  if (documents.length === 0) return { refused: 'xdm-metadata-other' };
  const associations = descendantsNamed(xml, 'Association');
  if (documents.length > XDM_LIMITS.documentsMax || associations.length > XDM_LIMITS.associationsMax)
    return { refused: 'xdm-metadata-many' };
  const set = descendantsNamed(xml, 'RegistryPackage')[0] ?? null;
  return {
    submissionTime: set ? slotOf(set, 'submissionTime') : '',
    submissionId: set ? identifierOf(set, SCHEME.setUniqueId) : '',
    patient: set ? patientNumber(identifierOf(set, SCHEME.setPatientId)) : null,
    documents: documents.map(documentOf),
    replacements: associations.filter(isReplacement).map((association) => ({
      by: clean(attributeOf(association, 'sourceObject')),
      replaced: clean(attributeOf(association, 'targetObject')),
    })),
  };
}

/** RPLC, and the transformation that replaces as well (ITI TF-3 §4.2.2.2). */
const isReplacement = (association: Element): boolean =>
  /(?:^|:)(?:XFRM_)?RPLC$/.test(attributeOf(association, 'associationType').trim());

function documentOf(element: Element): XdmDocument {
  const type = classificationOf(element, SCHEME.type);
  return {
    id: clean(attributeOf(element, 'id')),
    uri: slotOf(element, 'URI'),
    mediaType: clean(attributeOf(element, 'mimeType')).toLowerCase(),
    hash: slotOf(element, 'hash'),
    size: slotOf(element, 'size'),
    typeCode: clean(attributeOf(type, 'nodeRepresentation')),
    typeName: type ? nameOf(type) : '',
    title: nameOf(element),
    uniqueId: identifierOf(element, SCHEME.uniqueId),
    patient: patientNumber(identifierOf(element, SCHEME.patientId)),
    traits: traitsOf(slotValues(element, 'sourcePatientInfo')),
    author: authorOf(classificationOf(element, SCHEME.author)),
    action: actionOf(slotValues(element, ACTION_SLOT)),
  };
}

/** A deletion weighs more: showing what should be gone is the worse mistake. */
function actionOf(values: readonly string[]): XdmDocument['action'] {
  const codes = values.map((value) => value.toUpperCase());
  if (codes.includes('D')) return 'delete';
  return codes.includes('C') ? 'replace' : null;
}

/** One line, without control characters, bounded. */
function clean(text: string): string {
  const cut = text.length > XDM_LIMITS.wordMaxCharacters ? text.slice(0, XDM_LIMITS.wordMaxCharacters) : text;
  return cut
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

function slotValues(parent: Element, name: string): string[] {
  const slots = childrenNamed(parent, 'Slot').filter((slot) => attributeOf(slot, 'name').trim() === name);
  return slots.flatMap((slot) => childrenAt(slot, 'ValueList/Value')).map((value) => clean(textOf(value)));
}

/** A long URI may be cut in numbered pieces, `1|…` `2|…` (ITI TF-3 §4.2.3.2.27). */
function slotOf(parent: Element, name: string): string {
  const values = slotValues(parent, name);
  if (name !== 'URI' || !values.every((value) => /^\d\|/.test(value))) return values[0] ?? '';
  return values
    .toSorted()
    .map((value) => value.slice(2))
    .join('');
}

const nameOf = (element: Element): string => clean(attributeOf(childAt(element, 'Name/LocalizedString'), 'value'));

const isOfScheme = (value: string, scheme: string): boolean => value.trim().toLowerCase() === `urn:uuid:${scheme}`;

const classificationOf = (element: Element, scheme: string): Element | null =>
  childrenNamed(element, 'Classification').find((each) =>
    isOfScheme(attributeOf(each, 'classificationScheme'), scheme),
  ) ?? null;

function identifierOf(element: Element, scheme: string): string {
  const identifier = childrenNamed(element, 'ExternalIdentifier').find((each) =>
    isOfScheme(attributeOf(each, 'identificationScheme'), scheme),
  );
  return clean(attributeOf(identifier ?? null, 'value'));
}

/** HL7 v2 CX: `279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH`. */
function patientNumber(value: string): PatientNumber | null {
  const parts = value.split('^');
  const number = (parts[0] ?? '').trim();
  const authority = ((parts[3] ?? '').split('&')[1] ?? '').trim();
  return number === '' || authority === '' ? null : { number, authority };
}

/** PID fields as `PID-5|…`: of several names the legal one (XPN type L). */
function traitsOf(values: readonly string[]): PatientTraits {
  const fields = (name: string): string[] =>
    values.filter((value) => value.startsWith(`${name}|`)).map((value) => value.slice(name.length + 1));
  const names = fields('PID-5').map((value) => value.split('^').map((part) => part.trim()));
  const legal = names.find((parts) => parts[6] === 'L') ?? (names.length === 1 ? (names[0] ?? []) : []);
  const date = /^(\d{4})(\d{2})(\d{2})/.exec(fields('PID-7')[0] ?? '');
  return {
    birthName: legal[0] ?? '',
    givenNames: legal[2] || legal[1] || '',
    birthDate: date ? `${date[1]}-${date[2]}-${date[3]}` : '',
    sex: (fields('PID-8')[0] ?? '').trim(),
  };
}

/** `CAMPARINI Marcel, Laboratoire des charmes`, of XCN and XON. */
function authorOf(classification: Element | null): string {
  if (!classification) return '';
  const [, family = '', given = ''] = slotOf(classification, 'authorPerson').split('^');
  const institution = slotOf(classification, 'authorInstitution').split('^')[0] ?? '';
  return [`${family} ${given}`.trim(), institution.trim()].filter((part) => part !== '').join(', ');
}
