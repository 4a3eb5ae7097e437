/**
 * A document is one thing a letter brought: its text, a laboratory result in HPRIM form, a photo, another
 * file. `cda` is in the words of the field and follows with XDM archives. What is large is not inside: it is
 * a sealed blob, named by id, that the phone fetches and opens under the conversation key.
 */
import * as v from 'valibot';
import { idOf } from './ids.ts';

/** HPRIM abnormality flags (clinical-formats A.1.3): LL and HH are the critical ones. */
export const HPRIM_FLAGS = ['N', 'L', 'H', 'LL', 'HH'] as const;
/** F validated, R not validated, P partial, C corrected. */
export const HPRIM_STATUSES = ['F', 'R', 'P', 'C'] as const;
export const SEVERITIES = ['critical', 'abnormal', 'normal', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

const MeasureSchema = v.object({
  /** As written in the file, trimmed; never rounded, never reformatted. */
  value: v.string(),
  unit: v.string(),
  low: v.string(),
  high: v.string(),
});
export type Measure = v.InferOutput<typeof MeasureSchema>;

export const LabResultSchema = v.object({
  label: v.string(),
  code: v.string(),
  first: MeasureSchema,
  second: v.nullable(MeasureSchema),
  flag: v.nullable(v.picklist(HPRIM_FLAGS)),
  /** True when the flag was computed from the range by us, not given by the laboratory. Never LL or HH then. */
  flagComputed: v.boolean(),
  severity: v.picklist(SEVERITIES),
  status: v.nullable(v.picklist(HPRIM_STATUSES)),
  comments: v.array(v.string()),
});
export type LabResult = v.InferOutput<typeof LabResultSchema>;

export const PatientSchema = v.object({
  familyName: v.string(),
  givenName: v.string(),
  /** ISO date `YYYY-MM-DD`, or null when it cannot be read. */
  birthDate: v.nullable(v.string()),
  sex: v.nullable(v.picklist(['M', 'F'])),
});
export type Patient = v.InferOutput<typeof PatientSchema>;

export const HprimReportSchema = v.object({
  patient: PatientSchema,
  /** ISO date of the examination or of the file, or null. */
  date: v.nullable(v.string()),
  fileNumber: v.string(),
  sender: v.string(),
  recipient: v.string(),
  results: v.array(LabResultSchema),
  /** The human text between header and coded lines, as written. */
  text: v.string(),
  /** What was odd in the file, for the reader to know: stable codes. */
  warnings: v.array(v.string()),
});
export type HprimReport = v.InferOutput<typeof HprimReportSchema>;

const blobFields = {
  blobId: idOf('blob'),
  name: v.string(),
  mediaType: v.string(),
  bytes: v.number(),
  /** SHA-256 of the clear bytes, hexadecimal. */
  sha256: v.string(),
};

export const DocumentSchema = v.variant('kind', [
  v.object({ kind: v.literal('text'), text: v.string(), truncated: v.boolean() }),
  v.object({ kind: v.literal('hprim'), report: HprimReportSchema }),
  v.object({ kind: v.literal('photo'), ...blobFields, width: v.number(), height: v.number() }),
  v.object({ kind: v.literal('file'), ...blobFields, note: v.nullable(v.string()) }),
]);
export type Document = v.InferOutput<typeof DocumentSchema>;
