/** The French sentences of a verdict's reasons. The build writes them out here, so that a phone loads one language only. */
import { REASONS, type ReasonCode } from '@estafette/contracts/verdict';

export const reasons = Object.fromEntries(Object.entries(REASONS).map(([code, texts]) => [code, texts.fr])) as Record<
  ReasonCode,
  string
>;
