/**
 * The trust spaces that the settings name: those of the operator's file, or the one space that the other settings
 * describe. What is wrong with the file is told to the operator as it is found, line by line.
 */
import type { AnswerPolicy, LetterPolicy, TrustSpace } from '@estafette/gateway/ports';
import { PRESETS } from '@estafette/gateway/trust-spaces/presets';
import { readSpaces, WrongSpaces } from '@estafette/gateway/trust-spaces/read-spaces';
import type { Config } from '@estafette/runtime/config';
import { PlainError } from './plain-error.ts';

/** The spaces of the operator's file; null when there is no such file. */
export function spacesOfFile(config: Config): readonly TrustSpace[] | null {
  const { ESTAFETTE_TRUST_SPACES: file, ESTAFETTE_HOST: host } = config;
  if (file === null) return null;
  try {
    return readSpaces(file, { host });
  } catch (error) {
    if (error instanceof WrongSpaces) throw new PlainError(error.message, 2, error);
    throw error;
  }
}

export interface NamedPolicies {
  readonly name: string;
  readonly letters: LetterPolicy;
  readonly answers: AnswerPolicy;
}

/** Names and policies of the spaces that a command may be asked about, the default one first; presets come last. */
export function knownSpaces(config: Config): readonly NamedPolicies[] {
  const presets = Object.entries(PRESETS).map(([name, { letters, answers }]) => ({ name, letters, answers }));
  const first: readonly NamedPolicies[] =
    spacesOfFile(config) ?? presets.filter(({ name }) => name === config.ESTAFETTE_TRUST_SPACE);
  return [...first, ...presets.filter((preset) => !first.some(({ name }) => name === preset.name))];
}

/** What the letters of a space must carry; the default space's where none is named, or none of that name is known. */
export function letterPolicies(config: Config): (space: string | undefined) => LetterPolicy {
  const spaces = knownSpaces(config);
  const [first] = spaces;
  if (first === undefined) throw new Error('no trust space is known');
  return (space) => (spaces.find(({ name }) => name === space) ?? first).letters;
}
