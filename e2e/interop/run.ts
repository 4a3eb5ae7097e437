/**
 * `npm run interop`: tries every cell of the interop matrix, prints it as it goes, and writes docs/interop.md.
 * `--check` writes nothing and fails when the page does not say what the cells do. Any surprise ends it with 1, and then
 * nothing is written. About a minute.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { INBOUND_CASES, OUTBOUND_CASES } from './cases.ts';
import { judgeInbound, judgeOutbound } from './judge.ts';
import { renderPage, renderTables } from './page.ts';
import { TOOL_KEYS, TOOL_NAMES, type ToolKey } from './reasons.ts';
import { startTools, stopTools } from './tools.ts';
import { makeWorld } from './world.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'interop.md');

// Told to stop, or without a launcher above any more: between two cells, so that every tool is stopped and nothing left.
const told = new AbortController();
process.on('disconnect', () => told.abort());
process.channel?.unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => told.abort());

const readPage = (): string => (existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '');

type Judge = (key: ToolKey) => Promise<string | null>;

/** Prints one row; gives its surprises. */
async function judgeRow(one: { name: string; no: Partial<Record<ToolKey, string>> }, judge: Judge): Promise<string[]> {
  const surprises: string[] = [];
  const cells: string[] = [];
  for (const key of TOOL_KEYS) {
    told.signal.throwIfAborted();
    const surprise = await judge(key);
    if (surprise !== null) surprises.push(surprise);
    const word = one.no[key] === undefined ? 'ok' : 'no';
    cells.push(`${TOOL_NAMES[key]} ${surprise === null ? word : 'SURPRISE'}`);
  }
  console.log(`${one.name.padEnd(72)} ${cells.join(', ')}`);
  return surprises;
}

async function judgeAll(): Promise<{ surprises: string[]; versions: string[] }> {
  const world = makeWorld();
  try {
    const tools = await startTools(TOOL_KEYS, world);
    try {
      const surprises: string[] = [];
      console.log('\nInbound: they make it, Estafette opens it');
      for (const one of INBOUND_CASES)
        surprises.push(...(await judgeRow(one, (key) => judgeInbound(key, one, tools, world))));
      console.log('\nOutbound: Estafette seals it, they open it');
      for (const one of OUTBOUND_CASES)
        surprises.push(...(await judgeRow(one, (key) => judgeOutbound(key, one, tools, world))));
      return { surprises, versions: [...tools.values()].map((tool) => tool.version) };
    } finally {
      await stopTools(tools);
    }
  } finally {
    world.remove();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const { surprises, versions } = await judgeAll();
  console.log(`\n${versions.join(', ')}`);
  for (const surprise of surprises) console.log(`SURPRISE ${surprise}`);
  const isTold = readPage().includes(renderTables());
  if (surprises.length > 0 || (values.check && !isTold)) process.exitCode = 1;
  if (surprises.length === 0 && !values.check) writeFileSync(PAGE, renderPage(versions));
  if (surprises.length > 0) console.log('docs/interop.md is left as it is');
  else if (!values.check) console.log('docs/interop.md is written');
  else
    console.log(
      `docs/interop.md says ${isTold ? 'what the cells do' : 'something else; npm run interop writes it anew'}`,
    );
}

try {
  await main();
} catch (error) {
  if (!told.signal.aborted) throw error;
  console.error('interop: told to stop, everything is stopped');
  process.exitCode = 1;
}
