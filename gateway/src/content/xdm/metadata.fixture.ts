/** METADATA.XML as the French examples write it, with invented patients; every trap is one option away. */
import { createHash } from 'node:crypto';

export type ListedDocument = {
  uri: string;
  bytes: Buffer;
  id?: string;
  mediaType?: string;
  hash?: string | null;
  size?: string;
  typeCode?: string;
  typeName?: string;
  title?: string;
  uniqueId?: string;
  patient?: string;
  traits?: readonly string[];
  action?: 'C' | 'D';
};

export const INS = '199015112345678^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH';
export const TRAITS: readonly string[] = [
  'PID-5|ESSAI^CAMILLE^CAMILLE ANNE^^^^L',
  'PID-5|USAGE^CAMILLE^^^^^D',
  'PID-7|19900112',
  'PID-8|F',
  'PID-11|^^^^^^BDL^^51215',
];

const slot = (p: string, name: string, values: readonly string[]): string =>
  `<${p}Slot name="${name}"><${p}ValueList>${values.map((value) => `<${p}Value>${value}</${p}Value>`).join('\r\n')}</${p}ValueList></${p}Slot>`;
const named = (p: string, value: string): string => `<${p}Name><${p}LocalizedString value="${value}"/></${p}Name>`;
const identifier = (p: string, scheme: string, value: string): string =>
  `<${p}ExternalIdentifier identificationScheme="urn:uuid:${scheme}" registryObject="elsewhere" value="${value}">${named(p, 'x')}</${p}ExternalIdentifier>`;
const classification = (p: string, scheme: string, code: string, inside: string): string =>
  `<${p}Classification classificationScheme="urn:uuid:${scheme}" classifiedObject="elsewhere" nodeRepresentation="${code}">${slot(p, 'codingScheme', ['2.16'])}${inside}</${p}Classification>`;

function listed(p: string, document: ListedDocument): string {
  const hash =
    document.hash === undefined ? createHash('sha1').update(document.bytes).digest('hex').toUpperCase() : document.hash;
  return [
    `<${p}ExtrinsicObject mimeType="${document.mediaType ?? 'text/xml'}" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1" id="${document.id ?? `urn:uuid:${document.uri}`}">`,
    document.action ? slot(p, 'urn:action:extraMetadataSlot', [document.action]) : '',
    hash === null ? '' : slot(p, 'hash', [hash]),
    slot(p, 'size', [document.size ?? String(document.bytes.length)]),
    slot(p, 'URI', [document.uri]),
    slot(p, 'sourcePatientInfo', document.traits ?? TRAITS),
    named(p, document.title ?? ''),
    classification(p, '2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4', '18725-2', named(p, 'Microbiologie')),
    classification(
      p,
      '93606bcf-9494-43ec-9b4e-a7748d1a838d',
      '',
      slot(p, 'authorInstitution', ['Laboratoire du test^^^^^&amp;1.2.250.1.71.4.2.2&amp;ISO^IDNST']) +
        slot(p, 'authorPerson', ['801234^BIOLOGISTE^Marcel^^^^^^&amp;1.2.250.1.71.4.2.1&amp;ISO^D^^^IDNPS']),
    ),
    classification(
      p,
      'f0306f51-975f-434e-a61c-c59651d33983',
      document.typeCode ?? '11502-2',
      named(p, document.typeName ?? 'CR examens'),
    ),
    identifier(p, '58a6f841-87b3-4a3e-92fd-a8ffeff98427', document.patient ?? INS),
    identifier(p, '2e82c1f6-a085-4c72-9da3-8640a32e42ab', document.uniqueId ?? '1.2.3.4'),
    `</${p}ExtrinsicObject>`,
  ].join('\r\n   ');
}

type Told = { prefix?: string; prolog?: string; replacements?: readonly (readonly [by: string, replaced: string])[] };

export function metadataOf(
  documents: readonly ListedDocument[],
  { prefix = 'ns2', prolog = '    \r\n', replacements = [] }: Told = {},
): Buffer {
  const p = prefix === '' ? '' : `${prefix}:`;
  const space = `xmlns${prefix === '' ? '' : `:${prefix}`}="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"`;
  const set = `<${p}RegistryPackage id="set">${slot(p, 'submissionTime', ['20260520154422'])}${identifier(p, '6b5aea1a-874d-4603-a4bc-96a0a7b38446', INS)}${identifier(p, '96fdda7c-d067-4183-912e-bf5ee74998a8', '1.2.3.9')}</${p}RegistryPackage>`;
  const associations = replacements.map(
    ([by, replaced]) =>
      `<${p}Association associationType="urn:ihe:iti:2007:AssociationType:RPLC" sourceObject="${by}" targetObject="${replaced}"/>`,
  );
  return Buffer.from(
    `${prolog}<ns5:SubmitObjectsRequest xmlns:ns5="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><${p}RegistryObjectList ${space}>${set}${documents.map((each) => listed(p, each)).join('')}${associations.join('')}</${p}RegistryObjectList></ns5:SubmitObjectsRequest>`,
  );
}
