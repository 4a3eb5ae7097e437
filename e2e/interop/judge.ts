/**
 * Compares what a cell of the interop matrix does with what cases.ts says of it. A cell that should work and does not, a
 * "no" that works, and a "no" that is Estafette's fault rather than the tool's are each a surprise, in one sentence.
 */
import type { InboundCase, OutboundCase } from './cases.ts';
import { type Outcome, opensOfOthers, tryInbound, tryOutbound } from './matrix.ts';
import { TOOL_NAMES, type ToolKey } from './reasons.ts';
import type { Tool } from './tool.ts';
import type { Tools } from './tools.ts';
import type { World } from './world.ts';

/** Programs whose letters tell whether a tool fails with Estafette's alone, the first that can make it. */
const MAKERS = ['openssl', 'bouncyCastle'] as const;

function toolOf(key: ToolKey, tools: Tools): Tool {
  const tool = tools.get(key);
  if (tool === undefined) throw new Error(`${TOOL_NAMES[key]} is not there`);
  return tool;
}

function surpriseOf(key: ToolKey, one: InboundCase | OutboundCase, outcome: Outcome): string | null {
  const cell = `${TOOL_NAMES[key]}, ${one.name}`;
  const reason = one.no[key];
  if (outcome.works) return reason === undefined ? null : `${cell}: works, though listed as no (${reason})`;
  if (outcome.because === 'tool' && reason !== undefined) return null;
  return `${cell}: ${outcome.because === 'tool' ? 'the tool' : 'Estafette'} says ${outcome.said}`;
}

/** Null when the cell is as it should be. */
export async function judgeInbound(key: ToolKey, one: InboundCase, tools: Tools, world: World): Promise<string | null> {
  return surpriseOf(key, one, await tryInbound(toolOf(key, tools), one, world));
}

/** Null when the cell is as it should be. */
export async function judgeOutbound(
  key: ToolKey,
  one: OutboundCase,
  tools: Tools,
  world: World,
): Promise<string | null> {
  const tool = toolOf(key, tools);
  const outcome = await tryOutbound(tool, one, world);
  const surprise = surpriseOf(key, one, outcome);
  if (surprise !== null || outcome.works) return surprise;
  const makers = MAKERS.flatMap((maker) => tools.get(maker) ?? []);
  const opens = await opensOfOthers(tool, one, world, makers);
  return opens === true
    ? `${TOOL_NAMES[key]}, ${one.name}: opens it of others, not of Estafette (${outcome.said})`
    : null;
}
