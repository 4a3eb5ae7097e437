/**
 * What `estafette doctor` says of the trust spaces: whether their file is right, their doors can open, their trust lists
 * are fresh, and the revocation lists they judge TLS peers by do not end.
 */
import { createServer } from 'node:net';
import { type ListRefused, readStoredList } from '@estafette/gateway/assemble-trustlist';
import { listStanding, readConfiguredLists } from '@estafette/gateway/inspect';
import type { TrustSpace } from '@estafette/gateway/ports';
import type { Config } from '@estafette/runtime/config';
import { PlainError } from '../plain-error.ts';
import { spacesOfFile } from '../trust-spaces.ts';

export interface Finding {
  readonly check: string;
  readonly outcome: 'ok' | 'warning' | 'failed';
  readonly detail: string;
}

export async function checkPort(name: string, host: string, port: number, isServing: boolean): Promise<Finding> {
  if (port === 0) return { check: name, outcome: 'ok', detail: 'any free port' };
  const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    const probe = createServer()
      .once('error', resolve)
      .listen(port, host, () => probe.close(() => resolve(null)));
  });
  if (error === null) return { check: name, outcome: 'ok', detail: `${host}:${port} is free` };
  if (isServing) return { check: name, outcome: 'ok', detail: `${host}:${port} is held by the running server` };
  return { check: name, outcome: 'failed', detail: `${host}:${port}: ${error.code}` };
}

/** Configured revocation lists: letters wait or are unverified, and peers are turned away, when one is over. */
export function checkLists(check: string, path: string | null, advice: string): Finding[] {
  if (path === null) return [];
  try {
    const now = Date.now();
    const lists = readConfiguredLists(path);
    const warnings = lists.flatMap((list): Finding[] => {
      const state = listStanding(list, now);
      const end = new Date(list.nextUpdate).toISOString();
      const words = state === 'over' ? 'is over since' : 'ends';
      return state === null ? [] : [{ check, outcome: 'warning', detail: `${list.file} ${words} ${end}` }];
    });
    if (warnings.length > 0) return warnings;
    const outcome = lists.length > 0 ? 'ok' : 'warning';
    return [{ check, outcome, detail: `${path}: ${lists.length} read${lists.length > 0 ? ', none ends soon' : ''}` }];
  } catch {
    return [{ check, outcome: 'warning', detail: `${path} cannot be read: ${advice}` }];
  }
}

/** The copy of a space's trust list in the data folder. */
async function checkTrustList(config: Config, { name, trustList }: TrustSpace): Promise<Finding[]> {
  if (trustList === null) return [];
  const check = `trust list of ${name}`;
  try {
    const stored = await readStoredList(config.ESTAFETTE_HOME, name, trustList, Date.now());
    if (stored === null)
      return [{ check, outcome: 'warning', detail: 'none yet: the gateway fetches it at its start' }];
    const { list, age } = stored;
    const generated = new Date(list.generatedAt).toISOString();
    return [
      {
        check,
        outcome: age === 'fresh' ? 'ok' : 'warning',
        detail: `${age}: ${list.domains.length} domains, generated ${generated}`,
      },
    ];
  } catch (error) {
    return [{ check, outcome: 'warning', detail: (error as ListRefused).message }];
  }
}

async function checkSpace(config: Config, space: TrustSpace, isServing: boolean): Promise<Finding[]> {
  const { name, door, wayOut } = space;
  const advice = `see the space ${name} in ESTAFETTE_TRUST_SPACES`;
  return [
    ...(door === null ? [] : [await checkPort(`door of ${name}`, door.host, door.port, isServing)]),
    ...(await checkTrustList(config, space)),
    ...checkLists(`revocation lists for clients of ${name}`, door?.clients?.lists ?? null, advice),
    ...checkLists(`revocation lists for servers of ${name}`, wayOut?.servers.lists ?? null, advice),
  ];
}

/** The trust spaces, or the one door that the settings describe. */
export async function checkSpaces(config: Config, isServing: boolean): Promise<Finding[]> {
  const check = 'trust spaces';
  let spaces: readonly TrustSpace[] | null;
  try {
    spaces = spacesOfFile(config);
  } catch (error) {
    if (error instanceof PlainError) return [{ check, outcome: 'failed', detail: error.message }];
    throw error;
  }
  if (spaces === null)
    return [await checkPort('SMTP port', config.ESTAFETTE_HOST, config.ESTAFETTE_SMTP_PORT, isServing)];
  const findings: Finding[] = [{ check, outcome: 'ok', detail: spaces.map(({ name }) => name).join(', ') }];
  for (const space of spaces) findings.push(...(await checkSpace(config, space, isServing)));
  return findings;
}
