/**
 * `npm test [-- path…] [-- --name PATTERN]`: all tests in one run of Node's test runner, with one summary at the end.
 * First the checks (setup/check.test.ts), then every *.test.ts of the workspaces, several files at a time, then the
 * stories of e2e, up to three at a time: each starts a whole system of its own on free ports, and waits more than it works.
 * A path, or a part of one, chooses files. Every test file is a process of its own; nothing is killed that was not
 * started here.
 */
import os from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { listFiles, repositoryFolder } from './tree.ts';

const CHECK_FILE = 'setup/check.test.ts';
const UNIT_FILE_TIMEOUT_MS = 10 * 60_000;
const STORY_FILE_TIMEOUT_MS = 20 * 60_000;
/** More than the two cores of a small machine: a story waits more than it works. */
const STORIES_AT_A_TIME = 3;
const DEADLINE = new URL('test-deadline.mjs', import.meta.url).href;

/** The closing lines of the runner, which are added up over the phases: `tests 12`, `duration_ms 340.2`. */
const CLOSING_LINE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

interface Phase {
  files: string[];
  concurrency: number;
  timeoutMs: number;
}

function choosePhases(wanted: string[]): Phase[] {
  const parts = wanted.map((one) => path.relative(repositoryFolder, path.resolve(one)) || '.');
  const chosen = listFiles(['.test.ts', '.test.tsx']).filter(
    (file) =>
      parts.length === 0 || parts.some((part, at) => file.startsWith(part) || file.includes(wanted[at] ?? part)),
  );
  const stories = chosen.filter((file) => file.startsWith('e2e/'));
  const units = chosen.filter((file) => !file.startsWith('e2e/') && file !== CHECK_FILE);
  const parallel = Math.max(1, os.availableParallelism());
  return [
    { files: chosen.filter((file) => file === CHECK_FILE), concurrency: 1, timeoutMs: UNIT_FILE_TIMEOUT_MS },
    { files: units, concurrency: parallel, timeoutMs: UNIT_FILE_TIMEOUT_MS },
    { files: stories, concurrency: Math.min(parallel + 1, STORIES_AT_A_TIME), timeoutMs: STORY_FILE_TIMEOUT_MS },
  ].filter((phase) => phase.files.length > 0);
}

/** The events of all phases as one run: what closes each is held back and told once at the end, added up. */
async function* runPhases(phases: Phase[], namePattern: string | undefined, abort: AbortSignal) {
  const totals = new Map<string, number>();
  let closing: TestEvent | undefined;
  for (const { files, concurrency, timeoutMs } of phases) {
    const events = run({
      files: files.map((file) => path.join(repositoryFolder, file)),
      concurrency,
      timeout: timeoutMs,
      execArgv: [`--import=${DEADLINE}?ms=${timeoutMs}`],
      signal: abort,
      ...(namePattern !== undefined && { testNamePatterns: [namePattern] }),
    });
    for await (const event of events) {
      const [, name, total] =
        (event.type === 'test:diagnostic' && event.data.nesting === 0 && CLOSING_LINE.exec(event.data.message)) || [];
      const isPhaseSummary = event.type === 'test:summary' && event.data.file === undefined;
      if (event.type === 'test:summary' && !event.data.success) process.exitCode ??= 1;
      if (isPhaseSummary) closing = event;
      else if (name !== undefined) totals.set(name, (totals.get(name) ?? 0) + Number(total));
      else yield event;
    }
  }
  for (const [name, total] of totals) {
    yield { type: 'test:diagnostic', data: { nesting: 0, level: 'info', message: `${name} ${total}` } };
  }
  if (closing) yield closing; // at this one the reporter lists the failures of all phases
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { name: { type: 'string' } } });
const phases = choosePhases(positionals);
if (phases.length === 0) {
  console.error(`no test file matches ${positionals.join(' ')}`);
  process.exit(1);
}

// Without a terminal above us any more, or told to stop: end the running test files, then report what there is.
const abort = new AbortController();
process.on('disconnect', () => abort.abort());
process.channel?.unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.exitCode = 128 + os.constants.signals[signal];
    abort.abort();
  });
}
const reporter = new spec();
reporter.pipe(process.stdout);
for await (const event of runPhases(phases, values.name, abort.signal)) reporter.write(event);
reporter.end();
