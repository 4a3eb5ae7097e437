/**
 * Reads the operator's file of trust spaces (docs/trust-spaces.md): JSON, strict, completed by each space's preset;
 * relative paths are relative to the file. All or nothing: the first wrong word refuses the file, with every fault
 * that was found, so that a reload never leaves a gateway between two policies.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { SPACE_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';
import type { DoorPolicy, PeerTrust, TrustListPolicy, TrustSpace, WayOutPolicy } from '../trust-space.ts';
import { contradictionsOf, fileFaultsOf } from './check-spaces.ts';
import { PRESETS, type Preset } from './presets.ts';
import { type GivenSpace, SpacesFileSchema, sentenceOf } from './space-schema.ts';

/** The file is wrong; the message names it and has a line for each fault. */
export class WrongSpaces extends Error {
  readonly faults: readonly string[];
  constructor(file: string, faults: readonly string[]) {
    const told = faults.slice(0, SPACE_LIMITS.faultsToldMax);
    const more = faults.length - told.length;
    super([`${file}:`, ...told.map((fault) => `  ${fault}`), ...(more > 0 ? [`  and ${more} more`] : [])].join('\n'));
    this.faults = faults;
  }
}

/** What the file does not say. */
export interface SpaceDefaults {
  /** Address to listen on. */
  readonly host: string;
}

type At = (path: string) => string;

const trustAt = (at: At, { anchors, lists }: PeerTrust): PeerTrust => ({
  anchors: at(anchors),
  lists: lists === null ? null : at(lists),
});

/** Without the settings that were not given: they must not cover what the preset says. */
const given = <T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as never;

function doorOf(door: NonNullable<GivenSpace['door']>, preset: Preset, host: string, at: At): DoorPolicy {
  return {
    host,
    ...preset.door,
    ...given(door),
    certificate: at(door.certificate),
    key: at(door.key),
    clients: door.clients === null ? null : trustAt(at, door.clients),
  };
}

function wayOutOf(wayOut: NonNullable<GivenSpace['wayOut']>, preset: Preset, at: At): WayOutPolicy {
  const { ownCertificate: own } = wayOut;
  return {
    ...preset.wayOut,
    ...given(wayOut),
    servers: trustAt(at, wayOut.servers),
    ownCertificate: own === null ? null : { certificate: at(own.certificate), key: at(own.key) },
  };
}

function trustListOf(list: NonNullable<GivenSpace['trustList']>, preset: Preset, at: At): TrustListPolicy {
  const { source, serverAuthorities: authorities, signer } = list;
  return {
    ...preset.trustList,
    ...given(list),
    source: source.startsWith('https://') ? source : at(source),
    serverAuthorities: authorities === null ? null : at(authorities),
    signer: { ...signer, authorities: at(signer.authorities) },
  };
}

function spaceOf(space: GivenSpace, { host }: SpaceDefaults, at: At): TrustSpace {
  const preset: Preset = PRESETS[space.preset];
  return {
    name: space.name,
    letters: { ...preset.letters, ...given(space.letters) },
    answers: { ...preset.answers, ...given(space.answers) },
    door: space.door === null ? null : doorOf(space.door, preset, host, at),
    wayOut: space.wayOut === null ? null : wayOutOf(space.wayOut, preset, at),
    trustList: space.trustList === null ? null : trustListOf(space.trustList, preset, at),
  };
}

function readJson(file: string): unknown {
  let text: string;
  try {
    if (statSync(file).size > SPACE_LIMITS.fileMaxBytes)
      throw new WrongSpaces(file, [`it must be no longer than ${SPACE_LIMITS.fileMaxBytes} bytes`]);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof WrongSpaces) throw error;
    throw new WrongSpaces(file, [`it cannot be read: ${(error as NodeJS.ErrnoException).code}`]);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WrongSpaces(file, [`it is not JSON: ${(error as Error).message}`]);
  }
}

/** The spaces of the file, complete and checked, the first being the default one; throws `WrongSpaces`. */
export function readSpaces(file: string, defaults: SpaceDefaults): readonly TrustSpace[] {
  const parsed = v.safeParse(SpacesFileSchema, readJson(file));
  if (!parsed.success) throw new WrongSpaces(file, parsed.issues.map(sentenceOf));
  const folder = dirname(resolve(file));
  const at: At = (path) => (isAbsolute(path) ? path : resolve(folder, path));
  const spaces = parsed.output.spaces.map((space) => spaceOf(space, defaults, at));
  const faults = [...contradictionsOf(spaces), ...fileFaultsOf(spaces)];
  if (faults.length > 0) throw new WrongSpaces(file, faults);
  return spaces;
}
