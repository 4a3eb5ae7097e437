/**
 * Object identifiers and codes by which things are recognised in a French CDA (clinical-formats A.2.3, A.2.4). Numbers
 * decide here, never words: the displayName beside a code is for people and differs from one software to the other.
 */

export const HL7_NAMESPACE = 'urn:hl7-org:v3';

/** Matricule INS: NIR, NIA, and the NIR of tests and of demonstrations. No other identifier of a patient is an INS. */
export const INS_OIDS = [
  '1.2.250.1.213.1.4.8',
  '1.2.250.1.213.1.4.9',
  '1.2.250.1.213.1.4.10',
  '1.2.250.1.213.1.4.11',
] as const;

/** National identifier of a health professional: `8` and the RPPS number, `0` and the ADELI number. */
export const PROFESSIONAL_OID = '1.2.250.1.71.4.2.1';

/** National identifier of a place: `1` and the FINESS number, `3` and the SIRET. */
export const ORGANISATION_OID = '1.2.250.1.71.4.2.2';

export const LOINC_OID = '2.16.840.1.113883.6.1';
/** HL7 ObservationInterpretation, the same codes as HL7 v2 table 0078, and the value set, which some give in its place. */
export const INTERPRETATION_OIDS: readonly string[] = [
  '2.16.840.1.113883.5.83',
  '2.16.840.1.113883.12.78',
  '2.16.840.1.113883.1.11.78',
];

/** What laboratory results stand in: the entry (IHE PaLM, CI-SIS), the observation itself. */
export const LABORATORY_ENTRY_TEMPLATES: readonly string[] = ['1.3.6.1.4.1.19376.1.3.1', '1.2.250.1.213.1.1.3.21'];
export const LABORATORY_OBSERVATION_TEMPLATES: readonly string[] = [
  '1.3.6.1.4.1.19376.1.3.1.6',
  '1.2.250.1.213.1.1.3.80',
];
/** Laboratory report, rapid test of a pharmacist (JDV_J07). */
export const LABORATORY_TYPES: readonly string[] = ['11502-2', '96173-0'];

/** Sections and organizers that carry files or speak of the document: what is observed there is no result. */
export const NO_RESULT_CODES: readonly string[] = ['55108-5', '101792-0', '55107-7', '33557-0', '69764-9', 'GEN-065'];

/** `Statut du document`, and the SNOMED CT code of one that goes on. */
export const DOCUMENT_STATUS_SECTION = '33557-0';
export const UNDER_WAY_CODE = '385651009';

/** An act with this code, or one of these templates, is a comment on what it stands in. */
export const COMMENT_CODE = '48767-8';
export const COMMENT_TEMPLATES: readonly string[] = ['1.3.6.1.4.1.19376.1.5.3.1.4.2', '1.2.250.1.213.1.1.3.32'];
