/**
 * The one space of a gateway without a file of spaces: the preset and the addresses that the settings give. Anybody may
 * bring letters to it; answers leave by one next hop.
 */
import type { TrustSpace } from '../trust-space.ts';
import { PRESETS, type PresetName } from './presets.ts';

export interface SettingsOfSpace {
  readonly preset: Extract<PresetName, 'demo' | 'apicrypt-style'>;
  readonly door: { readonly host: string; readonly port: number; readonly certificate: string; readonly key: string };
  readonly nextHop: { readonly host: string; readonly port: number; readonly authorities: string };
}

/** The space that the settings describe. */
export function settingsSpace({ preset: name, door, nextHop }: SettingsOfSpace): TrustSpace {
  const { letters, answers, ...preset } = PRESETS[name];
  const { host, port, authorities } = nextHop;
  return {
    name,
    letters,
    answers,
    door: { ...preset.door, ...door, clients: null },
    wayOut: {
      ...preset.wayOut,
      route: { kind: 'smart-host', host, port },
      servers: { anchors: authorities, lists: null },
      ownCertificate: null,
    },
    trustList: null,
  };
}
