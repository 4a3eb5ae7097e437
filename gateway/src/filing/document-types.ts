/**
 * The document types a pharmacist files under (JDV_J07, clinical-formats A.2.5), with the words of that value set: they
 * stand in the CDA, in the metadata and in the subject of the mail.
 */
import type { Exchange } from './exchange.ts';

/** The code system of the types. */
export const LOINC_OID = '2.16.840.1.113883.6.1';

export const TYPE_NAMES: { readonly [Code in Exchange['documentType']]: string } = {
  '61357-0': 'Intervention pharmaceutique',
  '78601-2': "CR d'entretien pharmaceutique",
  '56445-0': 'Bilan médicamenteux (Officine)',
};
