/**
 * What the studio's process may answer, checked as it comes in: the process has read hostile bytes, and is believed no
 * more than they are. What does not fit is no answer.
 */
import { PDF_LIMITS, PICTURE_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';

const SidesSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PICTURE_LIMITS.convertedMaxSide));

const PictureSchema = v.object({
  mediaType: v.literal('image/jpeg'),
  bytes: v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length <= PICTURE_LIMITS.viewMaxBytes),
  ),
  width: SidesSchema,
  height: SidesSchema,
});

const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(1));

const DevelopedSchema = v.union([
  v.object({ refused: v.picklist(['damaged', 'locked', 'too-large', 'absent']) }),
  v.object({
    kind: v.literal('picture'),
    picture: v.object({
      converted: v.nullable(PictureSchema),
      thumbnail: v.nullable(PictureSchema),
      screen: v.nullable(PictureSchema),
      pages: CountSchema,
    }),
  }),
  v.object({
    kind: v.literal('pdf'),
    pdf: v.object({
      picture: v.nullable(PictureSchema),
      pages: CountSchema,
      text: v.pipe(v.string(), v.maxLength(PDF_LIMITS.textMaxCharacters)),
    }),
  }),
]);

const StudioAnswerSchema = v.object({
  developed: DevelopedSchema,
  /** Memory of the process afterwards, bytes. */
  resident: v.number(),
  /** It holds what cannot be cleared of a file: this process does no other. */
  isSpent: v.boolean(),
});
export type StudioAnswer = v.InferOutput<typeof StudioAnswerSchema>;

/** The answer in a message of the process, or null. */
export function readAnswer(message: unknown): StudioAnswer | null {
  const read = v.safeParse(StudioAnswerSchema, message);
  return read.success ? read.output : null;
}
