/** The French sentences of failures. The build writes them out here, so that a phone loads one language only. */
import { FAILURES, type Failure } from '@estafette/contracts/failure';

export const failures: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries<Failure>(FAILURES).flatMap(([code, { person }]) => (person === undefined ? [] : [[code, person]])),
);
