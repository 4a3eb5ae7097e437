/** For tests: trust spaces made from their presets, without files, and who is in force of them. */
import type { TrustList, TrustSpace } from '../ports.ts';
import { PRESETS, type PresetName } from '../trust-spaces/presets.ts';
import { spacesInForce } from '../trust-spaces/spaces-in-force.ts';

const FILES = { certificate: 'cert.pem', key: 'key.pem' };

/** A space as its preset is, with a door and a way out. */
export function spaceOf(preset: PresetName, change: Partial<TrustSpace> = {}): TrustSpace {
  const { letters, answers, door, wayOut } = PRESETS[preset];
  return {
    name: preset,
    letters,
    answers,
    door: { ...door, ...FILES, host: '127.0.0.1', clients: null },
    wayOut: {
      ...wayOut,
      route: { kind: 'smart-host', host: 'localhost', port: 25 },
      servers: { anchors: 'ca.pem', lists: null },
      ownCertificate: null,
    },
    trustList: null,
    ...change,
  };
}

/** A trust list that knows these domains, whoever asks for them. */
export function listOfDomains(domains: readonly string[]): TrustList {
  const answer = (domain: string) => (domains.includes(domain) ? 'listed' : 'domain-not-listed');
  return { check: answer, lists: answer, listsName: () => 'listed' };
}

/** Spaces in force; the first is the default one. */
export const spacesOf = (spaces: readonly TrustSpace[], domains: readonly string[] = []) =>
  spacesInForce(spaces, (name) => (name === 'mssante' ? listOfDomains(domains) : null));
