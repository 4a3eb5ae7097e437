/**
 * Reads which file imports what: static, dynamic and type imports, re-exports, require, and workers started by
 * `new URL('./x.ts', import.meta.url)`. Targets inside the checkout are resolved to paths (relative ones, and
 * `@estafette/<name>/<path>`, which the workspaces map to `<folder>/src/<path>.ts`); npm packages and Node's own
 * modules are named. An import whose target is computed cannot be judged and is marked as such.
 */
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { type Node, parseSync, Visitor } from 'oxc-parser';

export interface Import {
  from: string;
  line: number;
  specifier: string;
  /** A path in the checkout, a package name, a builtin with `node:`, or what could not be read. */
  target: { kind: 'file' | 'package' | 'builtin' | 'computed'; name: string };
  /** Erased before it runs: knows about the target, but cannot build or call anything of it. */
  typeOnly: boolean;
  /** Started in another thread, not loaded into this one. */
  worker: boolean;
}

const WORKSPACE_FOLDERS: Record<string, string> = {
  contracts: 'core/contracts',
  runtime: 'core/runtime',
  gateway: 'gateway',
  'im-relay': 'im-relay',
  'mobile-lite': 'mobile-lite',
  certs: 'certs',
  cli: 'cli',
  e2e: 'e2e',
  bench: 'bench',
};

/** The workspace a path belongs to, or 'outside'. */
export function workspaceOf(file: string): string {
  const found = Object.entries(WORKSPACE_FOLDERS).find(([, folder]) => file.startsWith(`${folder}/`));
  return found ? found[0] : 'outside';
}

type Spot = { specifier: string | null; start: number; typeOnly: boolean; worker: boolean };

/** Every import of one source text, in order. */
export function readImports(file: string, source: string): Import[] {
  const parsed = parseSync(file, source);
  const fatal = parsed.errors[0];
  if (fatal) throw new Error(`${file} cannot be parsed: ${fatal.message}`);
  const spots: Spot[] = [];
  for (const one of parsed.module.staticImports) {
    const typeOnly = one.entries.length > 0 && one.entries.every((entry) => entry.isType);
    spots.push({ specifier: one.moduleRequest.value, start: one.start, typeOnly, worker: false });
  }
  for (const one of parsed.module.staticExports) {
    const request = one.entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    const typeOnly = one.entries.every((entry) => entry.isType);
    if (request) spots.push({ specifier: request.value, start: one.start, typeOnly, worker: false });
  }
  new Visitor({
    ImportExpression: (node) => spots.push({ ...textOf(node.source), typeOnly: false, worker: false }),
    TSImportType: (node) => spots.push({ ...textOf(node.source), typeOnly: true, worker: false }),
    NewExpression(node) {
      const [target, base] = node.arguments;
      const own = base?.type === 'MemberExpression' && base.object.type === 'MetaProperty';
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL' || !own || !target) return;
      const spot = textOf(target);
      if (spot.specifier?.endsWith('.ts')) spots.push({ ...spot, typeOnly: false, worker: true });
    },
    CallExpression(node) {
      const [target] = node.arguments;
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'require' || !target) return;
      spots.push({ ...textOf(target), typeOnly: false, worker: false });
    },
  }).visit(parsed.program);
  return spots.sort((a, b) => a.start - b.start).map((spot) => toImport(file, source, spot));
}

function textOf(node: Node): { specifier: string | null; start: number } {
  const literal = node.type === 'Literal' && typeof node.value === 'string' ? node.value : null;
  return { specifier: literal, start: node.start };
}

function toImport(from: string, source: string, { specifier, start, typeOnly, worker }: Spot): Import {
  const line = source.slice(0, start).split('\n').length;
  if (specifier === null) {
    return { from, line, specifier: '(computed)', target: { kind: 'computed', name: '' }, typeOnly, worker };
  }
  return { from, line, specifier, target: resolveTarget(from, specifier), typeOnly, worker };
}

function resolveTarget(from: string, specifier: string): Import['target'] {
  if (specifier.startsWith('.')) {
    return { kind: 'file', name: path.posix.join(path.posix.dirname(from), specifier.replace(/[?#].*$/, '')) };
  }
  if (isBuiltin(specifier)) return { kind: 'builtin', name: `node:${specifier.replace(/^node:/, '')}` };
  const [scope = '', second = '', ...rest] = specifier.split('/');
  const folder = scope === '@estafette' ? WORKSPACE_FOLDERS[second] : undefined;
  if (folder !== undefined) {
    const inside = rest.join('/').replace(/\.ts$/, '');
    return { kind: 'file', name: inside === '' ? `${folder}/package.json` : `${folder}/src/${inside}.ts` };
  }
  return { kind: 'package', name: scope.startsWith('@') ? `${scope}/${second}` : scope };
}

/** Each cycle of files that load one another, once, written from its first file in the alphabet. */
export function findCycles(imports: Import[]): string[][] {
  const edges = new Map<string, string[]>();
  for (const one of imports) {
    if (one.target.kind !== 'file' || one.worker) continue;
    edges.set(one.from, [...(edges.get(one.from) ?? []), one.target.name]);
  }
  const cycles = new Map<string, string[]>();
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    const seenAt = trail.indexOf(file);
    if (seenAt >= 0) {
      const cycle = startingWithFirst(trail.slice(seenAt));
      cycles.set(cycle.join(' '), cycle);
      return;
    }
    if (done.has(file)) return;
    trail.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  };
  for (const file of [...edges.keys()].sort()) visit(file);
  return [...cycles.values()];
}

function startingWithFirst(cycle: string[]): string[] {
  const first = [...cycle].sort()[0] ?? '';
  const at = cycle.indexOf(first);
  return [...cycle.slice(at), ...cycle.slice(0, at)];
}
