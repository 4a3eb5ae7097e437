/** Brings the foreign tools up in a world, and down again. */
import { startBouncyCastle } from './bouncy-castle-tool.ts';
import { startGpgsm } from './gpgsm-tool.ts';
import { startNss } from './nss-tool.ts';
import { startOpenssl } from './openssl-tool.ts';
import type { ToolKey } from './reasons.ts';
import type { Tool } from './tool.ts';
import type { World } from './world.ts';

const STARTS: Readonly<Record<ToolKey, (world: World) => Promise<Tool>>> = {
  openssl: startOpenssl,
  nss: startNss,
  gpgsm: startGpgsm,
  bouncyCastle: startBouncyCastle,
};

export type Tools = ReadonlyMap<ToolKey, Tool>;

/** Starts the tools one after the other; those already up are stopped when one does not start. */
export async function startTools(keys: readonly ToolKey[], world: World): Promise<Tools> {
  const tools = new Map<ToolKey, Tool>();
  try {
    for (const key of keys) tools.set(key, await STARTS[key](world));
  } catch (error) {
    await stopTools(tools);
    throw error;
  }
  return tools;
}

export async function stopTools(tools: Tools): Promise<void> {
  for (const tool of tools.values()) await tool.stop();
}
