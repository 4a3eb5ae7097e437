/**
 * Header fields of an answer beside the ordinary ones: the marks of MSSanté (Ref#2 ECO.2.2.8, 2.4.1–2.4.3), the wish to
 * hear that it was read (RFC 8098 §2.1), the marks of urgency (RFC 2156 §5.3). They are written as they are, so each
 * value is checked here to be the one plain word it must be; a mark where it does not belong is refused.
 */
import { Refusal } from '@estafette/contracts/failure';

/** Clinical documents that go with a mail (IHE_XDM.zip). */
export interface ClinicalDocuments {
  /** `code/@code` of each. */
  readonly codes: readonly string[];
  /** Whether they carry a qualified national identity (INS) of the patient. */
  readonly hasQualifiedIdentity: boolean;
}

export interface SpecialHeaders {
  /** The address that wants to hear that it was read; null: nobody does. */
  readonly reportsTo: string | null;
  readonly productNumber: string | null;
  readonly documents?: ClinicalDocuments;
  readonly urgent: boolean;
  /** The exchange ends, and the patient cannot answer any more. */
  readonly closes: boolean;
}

/**
 * Whose mailbox on Mon espace santé it is: a national identity number with its key, 15 digits, the department of a
 * person born in Corsica being 2A or 2B.
 */
const PATIENT = /^\d{5}(?:\d\d|2[AB])\d{8}@patient\.mssante\.fr$/i;
/** Whether a patient reads mail there. */
export const isPatientAddress = (address: string): boolean => PATIENT.test(address);

const WORD = /^[\x21-\x7e]{1,100}$/;
const CODE = /^[A-Za-z0-9._-]{1,60}$/;

function plainWord(value: string, form: RegExp): string {
  if (!form.test(value)) throw new RangeError('a header value that is no plain word');
  return value;
}

/** The fields, one line each; throws `Refusal` when it would close an exchange with somebody who is no patient. */
export function specialHeaders(marks: SpecialHeaders, recipients: readonly string[]): string[] {
  const { reportsTo, productNumber, documents, urgent, closes } = marks;
  if (closes && (recipients.length === 0 || !recipients.every(isPatientAddress))) throw new Refusal('closing-refused');
  const fields: string[] = [];
  // An address beyond ASCII would have to be sent as it is (RFC 6532), and not every relay takes that.
  if (reportsTo !== null && WORD.test(reportsTo)) fields.push(`Disposition-Notification-To: <${reportsTo}>`);
  if (productNumber !== null) fields.push(`X-MSS-NIL: ${plainWord(productNumber, WORD)}`);
  if (documents !== undefined && documents.codes.length > 0) {
    const codes = documents.codes.map((code) => plainWord(code, CODE));
    fields.push(`X-MSS-CODECDA: ${codes.join(',')}`, `X-MSS-INS: ${documents.hasQualifiedIdentity ? 'O' : 'N'}`);
  }
  if (closes) fields.push('X-MSS-MES: FIN');
  if (urgent) fields.push('Priority: urgent', 'X-Priority: 1', 'Importance: high');
  return fields;
}
