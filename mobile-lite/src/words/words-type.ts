/**
 * The texts of the app as a type: the French ones are the model, the English ones must have the same shape. A
 * text with a figure or a name in it is a function, so that plural and word order stay with the language.
 */
import type { fr } from './fr.ts';
import type { more } from './more-fr.ts';

type Shape<T> = T extends (...given: infer A) => string
  ? (...given: A) => string
  : T extends string
    ? string
    : { readonly [K in keyof T]: Shape<T[K]> };

export type Words = Shape<typeof fr>;
export type MoreWords = Shape<typeof more>;
