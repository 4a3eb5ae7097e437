/**
 * A document is one thing a letter brought: its text, a clinical report (HPRIM Médecins, HPRIM Santé, CDA), a photo,
 * another file. What is large is not inside: it is a sealed blob, named by id, that the phone fetches and opens under
 * the conversation key. A report is what a card shows (clinical-formats A.2.6), whatever format it was read from.
 */
import * as v from 'valibot';
import { idOf } from './ids.ts';

/** HPRIM abnormality flags (clinical-formats A.1.3): LL and HH are the critical ones. */
export const HPRIM_FLAGS = ['N', 'L', 'H', 'LL', 'HH'] as const;
/** And those of CDA and HPRIM Santé that say how bad without a direction: A abnormal, AA critical. */
export const RESULT_FLAGS = [...HPRIM_FLAGS, 'A', 'AA'] as const;
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
  /** The headings it stands under, outermost first (`Microbiologie`, `Antibiogramme`); empty where there are none. */
  headings: v.array(v.string()),
  label: v.string(),
  code: v.string(),
  first: MeasureSchema,
  second: v.nullable(MeasureSchema),
  flag: v.nullable(v.picklist(RESULT_FLAGS)),
  /** What else the laboratory says of it, in words (`résistant`, `positif`); empty when nothing. */
  interpretation: v.string(),
  /** True when the flag was computed from the range by us, not given by the laboratory. Never LL or HH then. */
  flagComputed: v.boolean(),
  severity: v.picklist(SEVERITIES),
  status: v.nullable(v.picklist(HPRIM_STATUSES)),
  comments: v.array(v.string()),
});
export type LabResult = v.InferOutput<typeof LabResultSchema>;

/** How far the national identity of a patient may be believed (clinical-formats A.2.3). */
export const INS_QUALITIES = ['qualified', 'unqualified', 'nir-only'] as const;

export const PatientSchema = v.object({
  /** The name in use; where only the birth name is known, that one. */
  familyName: v.string(),
  /** Empty where the file does not tell it apart. */
  birthName: v.string(),
  givenName: v.string(),
  /** ISO date `YYYY-MM-DD`, or null when it cannot be read. */
  birthDate: v.nullable(v.string()),
  sex: v.nullable(v.picklist(['M', 'F'])),
  /** National identity number, masked (`2 79 03 51 … 89`): the whole of it stays in the original; null when there is none. */
  ins: v.nullable(v.object({ masked: v.string(), quality: v.picklist(INS_QUALITIES) })),
});
export type Patient = v.InferOutput<typeof PatientSchema>;

/** What the report says of itself as a whole. */
export const REPORT_STATUSES = ['final', 'provisional', 'corrected', 'replaced', 'deleted'] as const;

export const ClinicalReportSchema = v.object({
  source: v.picklist(['hprim', 'hprim-sante', 'cda']),
  /** What kind of document it calls itself; empty where the format has no such name. */
  title: v.string(),
  /** LOINC or national code of that kind (JDV_J07); empty where the format has none. */
  typeCode: v.string(),
  patient: PatientSchema,
  /** ISO date of the sampling, the act or the examination, or null. */
  date: v.nullable(v.string()),
  status: v.picklist(REPORT_STATUSES),
  fileNumber: v.string(),
  /** Who wrote it: laboratory, or person with organisation. */
  sender: v.string(),
  /** National number of the author with its kind, as stated (`RPPS 01234567890`, `FINESS …`); absent where there is none. */
  authorId: v.optional(v.string()),
  /** Telephone numbers of the author, as the file states them, for a call about a critical result. */
  phones: v.optional(v.array(v.string())),
  /** Who took the sample, where the file says. */
  sampledBy: v.optional(v.string()),
  prescriber: v.string(),
  recipient: v.string(),
  results: v.array(LabResultSchema),
  /** The human text, as written. */
  text: v.string(),
  /** What was odd in the file, for the reader to know: stable codes. */
  warnings: v.array(v.string()),
});
export type ClinicalReport = v.InferOutput<typeof ClinicalReportSchema>;

const blobFields = {
  blobId: idOf('blob'),
  name: v.string(),
  mediaType: v.string(),
  bytes: v.number(),
  /** SHA-256 of the clear bytes, hexadecimal. */
  sha256: v.string(),
};

/** A picture made by us of something larger: JPEG or PNG, without any metadata, a blob of its own. Pixels as displayed. */
export const PictureViewSchema = v.object({
  blobId: idOf('blob'),
  mediaType: v.string(),
  bytes: v.number(),
  sha256: v.string(),
  width: v.number(),
  height: v.number(),
});
export type PictureView = v.InferOutput<typeof PictureViewSchema>;

/** Offsets in UTF-16 units, `to` not included; in order, never touching or crossing. */
const TextRangeSchema = v.object({ from: v.number(), to: v.number() });
export type TextRange = v.InferOutput<typeof TextRangeSchema>;

export const DocumentSchema = v.variant('kind', [
  v.object({
    kind: v.literal('text'),
    text: v.string(),
    truncated: v.boolean(),
    /** What was newly written, apart from what it quotes: shown first, the whole one tap away. Absent: all of it is shown. */
    fresh: v.optional(v.array(TextRangeSchema)),
  }),
  v.object({ kind: v.literal('report'), report: ClinicalReportSchema }),
  v.object({
    kind: v.literal('photo'),
    ...blobFields,
    width: v.number(),
    height: v.number(),
    /** For the list of a conversation, and for a phone's screen; absent: the photo itself is small enough. */
    thumbnail: v.optional(PictureViewSchema),
    screen: v.optional(PictureViewSchema),
  }),
  v.object({
    kind: v.literal('file'),
    ...blobFields,
    note: v.nullable(v.string()),
    /** Of a PDF: its first page as a picture, how many pages it has, and the beginning of its text where it holds any. */
    preview: v.optional(v.object({ picture: v.nullable(PictureViewSchema), pages: v.number(), text: v.string() })),
  }),
]);
export type Document = v.InferOutput<typeof DocumentSchema>;
