/**
 * Who may import whom (design, section 3). Each rule has a name and the reason it exists; import-rules.test.ts plants
 * a violation of every one to show that it bites. One import may break several rules: all are told.
 * Tests (*.test.ts, *.fixture.ts, files in a `test` folder) are freer where a rule says so; e2e and bench, at the top, import
 * anything. Run alone: node setup/run.mjs --without-redis -- setup/import-rules.ts
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findCycles, type Import, readImports, workspaceOf } from './import-graph.ts';
import { listFiles, repositoryFolder } from './tree.ts';

const STAGES = [
  'intake',
  'trust-list',
  'envelope',
  'certificate-status',
  'content',
  'reports',
  'conversation',
  'reply',
  'dispatch',
  'audit',
  'filing',
];

/**
 * The files of core/runtime that connect to something; only a main.ts may put them together, and open-store.ts the
 * database for commands without a server.
 */
const ADAPTER_FILES = [
  'redis-connection',
  'queue',
  'sqlite-database',
  'postgres-database',
  'file-blob-store',
  'redis-server',
].map((name) => `core/runtime/src/${name}.ts`);

const ADAPTER_PACKAGES = ['bullmq', 'ioredis', 'better-sqlite3', 'pg', 'nodemailer', 'smtp-server', 'fastify', 'ws'];

/** The only places outside the stages that may know them; workers (*-worker.ts) run a sequence of them. */
const STAGE_KNOWERS =
  /^gateway\/src\/(inbound|outbound|main|assemble-[a-z]+|inspect|inspect-quarantine|(?:studio\/)?[a-z-]+-worker)\.ts$/;
const STAGE_ORDER = /^gateway\/src\/(inbound|outbound)\.ts$/;

/** npm packages that only some files may import. */
const CONFINED_PACKAGES = {
  queue: { packages: ['bullmq'], allowed: /^core\/runtime\/src\/queue\.ts$/ },
  database: { packages: ['better-sqlite3', 'pg'], allowed: /^core\/runtime\/src\/[a-z0-9-]+-database\.ts$/ },
} as const;

const CONFINED_IN_GATEWAY: Record<string, string[]> = {
  'node-forge': ['envelope'],
  mailparser: ['content'],
  'smtp-server': ['intake'],
  nodemailer: ['reply', 'dispatch'],
  sharp: ['content'],
  'heic-decode': ['content'],
  '@hyzyla/pdfium': ['content'],
  pdfkit: ['filing'],
  yazl: ['filing'],
};

interface Rule {
  name: string;
  why: string;
  isBrokenBy: (one: Import) => boolean;
}

const isTest = (file: string): boolean => /\.(test|fixture)\.tsx?$|(^|\/)test\//.test(file);
const isAtTop = (file: string): boolean => ['e2e', 'bench'].includes(workspaceOf(file));
const isWithin = (one: Import, ...workspaces: string[]): boolean => workspaces.includes(workspaceOf(one.from));
const stageOf = (file: string): string | null => {
  const stage = /^gateway\/src\/([a-z-]+)\//.exec(file)?.[1];
  return stage !== undefined && STAGES.includes(stage) ? stage : null;
};

/** Whether the import leaves its workspace for one that is not in the list. */
function leavesFor(one: Import, allowed: string[]): boolean {
  if (one.target.kind !== 'file') return false;
  const target = workspaceOf(one.target.name);
  return target !== workspaceOf(one.from) && !allowed.includes(target);
}

function breaksStageWalls(one: Import): boolean {
  const stage = stageOf(one.from);
  if (stage === null || one.target.kind !== 'file') return false;
  const target = one.target.name;
  if (stageOf(target) === stage || target === 'gateway/src/ports.ts') return false;
  const allowed = isTest(one.from) ? ['contracts', 'runtime', 'certs'] : ['contracts'];
  return !allowed.includes(workspaceOf(target));
}

function breaksGatewayConfinement(one: Import): boolean {
  if (!isWithin(one, 'gateway') || isTest(one.from) || one.target.kind !== 'package') return false;
  const allowed = CONFINED_IN_GATEWAY[one.target.name];
  return allowed !== undefined && !allowed.includes(stageOf(one.from) ?? '');
}

function isOutsideConfinement(one: Import, { packages, allowed }: { packages: readonly string[]; allowed: RegExp }) {
  return one.target.kind === 'package' && packages.includes(one.target.name) && !allowed.test(one.from);
}

export const RULES: Rule[] = [
  {
    name: 'contracts-are-pure',
    why: 'contracts run in the browser too and everything rests on them: no other workspace, nothing of Node',
    isBrokenBy: (one) =>
      isWithin(one, 'contracts') && (leavesFor(one, []) || (one.target.kind === 'builtin' && !isTest(one.from))),
  },
  {
    name: 'runtime-rests-on-contracts',
    why: 'runtime serves both sides and must not know either',
    isBrokenBy: (one) => isWithin(one, 'runtime') && leavesFor(one, ['contracts']),
  },
  {
    name: 'sides-stay-apart',
    why: 'gateway, im-relay and certs meet only in contracts and runtime, so that each can run alone',
    isBrokenBy: (one) =>
      isWithin(one, 'gateway', 'im-relay', 'certs') &&
      leavesFor(one, isTest(one.from) ? ['contracts', 'runtime', 'certs'] : ['contracts', 'runtime']),
  },
  {
    name: 'phone-is-light',
    why: 'the app runs in a browser and shares only the contracts',
    isBrokenBy: (one) =>
      isWithin(one, 'mobile-lite') &&
      (leavesFor(one, ['contracts']) ||
        (one.target.kind === 'builtin' && one.from.startsWith('mobile-lite/src/') && !isTest(one.from))),
  },
  {
    name: 'composition-on-top',
    why: 'cli puts everything together; only e2e and bench, above it, may import cli, e2e or bench; nothing is outside',
    isBrokenBy: (one) =>
      !isAtTop(one.from) && leavesFor(one, ['contracts', 'runtime', 'gateway', 'im-relay', 'mobile-lite', 'certs']),
  },
  {
    name: 'stage-walls',
    why: 'a stage of the gateway knows contracts, the ports and itself, so that it can be read and tested alone',
    isBrokenBy: breaksStageWalls,
  },
  {
    name: 'one-place-knows-the-order',
    why: 'the order of the stages stands in inbound.ts and outbound.ts; main, the assemblies, inspect and the workers put them to work',
    isBrokenBy: (one) =>
      one.target.kind === 'file' &&
      stageOf(one.target.name) !== null &&
      stageOf(one.from) === null &&
      !STAGE_KNOWERS.test(one.from) &&
      !isTest(one.from) &&
      !isAtTop(one.from),
  },
  {
    name: 'order-holds-no-adapter',
    why: 'the files that know the order hold no logic and no connection; they are given what they need',
    isBrokenBy: (one) =>
      STAGE_ORDER.test(one.from) &&
      (ADAPTER_FILES.includes(one.target.name) ||
        (one.target.kind === 'package' && ADAPTER_PACKAGES.includes(one.target.name))),
  },
  {
    name: 'adapters-are-built-in-main',
    why: 'one place per process decides what is connected to what, and can close it again',
    isBrokenBy: (one) =>
      ADAPTER_FILES.includes(one.target.name) &&
      !one.typeOnly &&
      !isWithin(one, 'runtime', 'cli', 'e2e', 'bench') &&
      !['main.ts', 'open-store.ts'].includes(path.posix.basename(one.from)) &&
      !isTest(one.from),
  },
  {
    name: 'one-file-imports-bullmq',
    why: 'the queue can be exchanged, and its habits (payloads in clear, jobs kept for ever) are tamed in one place',
    isBrokenBy: (one) => isOutsideConfinement(one, CONFINED_PACKAGES.queue),
  },
  {
    name: 'drivers-stay-in-database-files',
    why: 'everything else speaks to the typed query layer, so that SQLite and PostgreSQL stay exchangeable',
    isBrokenBy: (one) => isOutsideConfinement(one, CONFINED_PACKAGES.database),
  },
  {
    name: 'each-danger-in-its-stage',
    why: 'CMS only in envelope, MIME only in content, the SMTP server only in intake, composing only in reply and dispatch',
    isBrokenBy: breaksGatewayConfinement,
  },
  {
    name: 'tests-stay-out',
    why: 'a test file is freer than the code; code that imported one would get round the other rules',
    isBrokenBy: (one) =>
      one.target.kind === 'file' && isTest(one.target.name) && !isTest(one.from) && !isAtTop(one.from),
  },
  {
    name: 'imports-can-be-read',
    why: 'an import with a computed target cannot be checked by any rule',
    isBrokenBy: (one) => one.target.kind === 'computed' && !isTest(one.from) && !isAtTop(one.from),
  },
];

export const CYCLE_RULE = { name: 'no-cycles', why: 'two files that need each other are one file, or lack a third' };

/** Judges a set of files (path → source) and gives one line per violation. */
export function findViolations(files: Map<string, string>): string[] {
  const imports = [...files].flatMap(([file, source]) => readImports(file, source));
  const broken = imports.flatMap((one) =>
    RULES.filter((rule) => rule.isBrokenBy(one)).map(
      (rule) => `${one.from}:${one.line} imports ${one.specifier}: ${rule.name} (${rule.why})`,
    ),
  );
  const cycles = findCycles(imports).map(
    (cycle) => `${[...cycle, cycle[0]].join(' → ')}: ${CYCLE_RULE.name} (${CYCLE_RULE.why})`,
  );
  return [...broken, ...cycles];
}

/** Judges the checkout. */
export function checkImports(): string[] {
  const files = listFiles(['.ts', '.tsx', '.mts']).filter((file) => workspaceOf(file) !== 'outside');
  return findViolations(new Map(files.map((file) => [file, readFileSync(path.join(repositoryFolder, file), 'utf8')])));
}

if (import.meta.main) {
  const violations = checkImports();
  for (const line of violations) console.log(line);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
