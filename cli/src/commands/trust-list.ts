/**
 * `estafette trust-list show|verify|diff`: the signed list of domains and operators of a trust space. `show` reads the
 * copy that the gateway accepted last, and verifies it again; `verify` and `diff` read files. None needs a running
 * server, and none changes anything. What happened to a list is in the trail: `estafette trace "trust-list SPACE"`.
 */
import { existsSync } from 'node:fs';
import {
  comparableDomain,
  ListRefused,
  listedNames,
  type NamedRows,
  readListAt,
  readStoredList,
  readUnverified,
  type StoredList,
  signerPolicyOf,
  type VerifiedList,
} from '@estafette/gateway/assemble-trustlist';
import type { TrustListPolicy } from '@estafette/gateway/ports';
import { PRESETS } from '@estafette/gateway/trust-spaces/presets';
import { settings } from '../foundation.ts';
import { PlainError } from '../plain-error.ts';
import { spacesOfFile } from '../trust-spaces.ts';

interface Given {
  readonly space?: string;
  readonly authorities?: string;
  readonly signer?: string;
  readonly json?: boolean;
}

type Policy = Pick<TrustListPolicy, 'signer' | 'alarmAfterHours' | 'failAfterHours'>;

const DEFAULT_SPACE = 'mssante';
const ODD_ROWS = {
  'no-domain': 'it does not give exactly one domain',
  'domain-not-understood': 'its domain is no domain',
  'no-name': 'it does not give exactly one name of a certificate',
  'name-not-understood': 'its name of a certificate is not understood',
} as const;

const print = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const timeText = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

/** The space that is meant, and who may sign its list: said, or by the operator's file of trust spaces. */
function policyFor({ space, authorities, signer }: Given): { readonly space: string; readonly policy: Policy } {
  if ((authorities === undefined) !== (signer === undefined))
    throw new PlainError('Say both who may vouch for the signer (--authorities) and his name (--signer).', 2);
  if (authorities !== undefined && signer !== undefined) {
    if (!existsSync(authorities)) throw new PlainError(`${authorities} does not exist.`, 2);
    const { trustList } = PRESETS.mssante;
    return { space: space ?? DEFAULT_SPACE, policy: { ...trustList, signer: { authorities, commonName: signer } } };
  }
  const listed = (spacesOfFile(settings()) ?? []).filter(({ trustList }) => trustList !== null);
  const found = space === undefined ? listed[0] : listed.find(({ name }) => name === space);
  if (found === undefined || found.trustList === null)
    throw new PlainError(
      `${space === undefined ? 'No trust space' : `No trust space “${space}”`} with a trust list is configured (ESTAFETTE_TRUST_SPACES): say --authorities and --signer.`,
      2,
    );
  return { space: found.name, policy: found.trustList };
}

/** Says why a list is refused instead of failing with an error of the library. */
async function told<T>(reading: Promise<T>, what: string): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ListRefused) throw new PlainError(`${what}: ${error.message}`, 1, error);
    throw error;
  }
}

function factsOf(list: VerifiedList) {
  const { generatedAt, rows, domains, names, oddRowCount, oddRows, digest, signer } = list;
  return {
    generatedAt: timeText(generatedAt),
    rows,
    domains: domains.length,
    names: names.length,
    signer: { ...signer, notBefore: timeText(signer.notBefore), notAfter: timeText(signer.notAfter) },
    digest,
    oddRowCount,
    oddRows,
  };
}

function linesOf(list: VerifiedList): string[] {
  const { generatedAt, rows, domains, names, oddRowCount, oddRows, signer } = list;
  return [
    `  generated  ${timeText(generatedAt)}`,
    `  domains    ${domains.length} (${rows} rows, ${names.length} names of operators)`,
    `  signer     ${signer.commonName}, valid until ${timeText(signer.notAfter)}; by ${signer.issuer}`,
    ...oddRows.map(({ row, oddity }) => `  row ${row} is left out: ${ODD_ROWS[oddity]}`),
    ...(oddRowCount > oddRows.length ? [`  and ${oddRowCount - oddRows.length} more rows`] : []),
  ];
}

const AGES: Readonly<Record<StoredList['age'], string>> = {
  fresh: 'good',
  ageing: 'good, but not confirmed for long',
  'not-renewed': 'good, but generated long ago',
  over: 'too old: nobody is listed',
};

function showDomain(list: VerifiedList, given: string, json: boolean): void {
  const domain = comparableDomain(given);
  const names = domain === null ? undefined : listedNames(list).get(domain);
  if (domain === null || names === undefined) throw new PlainError(`${given} is not in the trust list.`, 3);
  const printed = [...names.values()];
  if (json) print({ domain, names: printed });
  else process.stdout.write(`${[domain, ...printed.map((name) => `  ${name}`)].join('\n')}\n`);
}

/** Shows the list that the gateway accepted last, or the names of one domain in it. */
export async function showTrustList(options: Given & { domain?: string }): Promise<void> {
  const { space, policy } = policyFor(options);
  const stored = await told(
    readStoredList(settings().ESTAFETTE_HOME, space, policy, Date.now()),
    `The copy of the trust list of “${space}” cannot be used`,
  );
  if (stored === null) throw new PlainError(`No trust list of “${space}” was accepted yet.`, 3);
  const { list, currentAt, age } = stored;
  const { domain, json = false } = options;
  if (domain !== undefined) {
    showDomain(list, domain, json);
    return;
  }
  const confirmedAt = currentAt === null ? null : timeText(currentAt);
  if (json) print({ space, state: age, confirmedAt, ...factsOf(list) });
  else
    process.stdout.write(
      `${[space, `  state      ${AGES[age]}`, `  confirmed  ${confirmedAt ?? 'not known'}`, ...linesOf(list)].join('\n')}\n`,
    );
}

/** Checks a list file as the gateway would, and says what it holds; exit code 1 when it would not be taken. */
export async function verifyTrustList(file: string, options: Given): Promise<void> {
  const { policy } = policyFor(options);
  const list = await told(readListAt(file, await signerPolicyOf(policy.signer), Date.now()), file);
  if (options.json === true) print({ file, ...factsOf(list) });
  else process.stdout.write(`${[`${file}: signed by ${list.signer.commonName}`, ...linesOf(list)].join('\n')}\n`);
}

interface Change {
  readonly domain: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly namesAdded: readonly string[];
  readonly namesRemoved: readonly string[];
}

const NONE: ReadonlyMap<string, string> = new Map();

/** What changed from one list to the other, by domain. */
function changesBetween(before: NamedRows, after: NamedRows): Change[] {
  const [old, now] = [listedNames(before), listedNames(after)];
  const domains = [...new Set([...old.keys(), ...now.keys()])].sort();
  return domains.flatMap((domain) => {
    const [had, has] = [old.get(domain) ?? NONE, now.get(domain) ?? NONE];
    const namesAdded = [...has].filter(([key]) => !had.has(key)).map(([, name]) => name);
    const namesRemoved = [...had].filter(([key]) => !has.has(key)).map(([, name]) => name);
    if (namesAdded.length + namesRemoved.length === 0) return [];
    const change = had.size === 0 ? 'added' : has.size === 0 ? 'removed' : 'changed';
    return [{ domain, change, namesAdded, namesRemoved }];
  });
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

/** Says which domains and names came, went or changed from one list file to another. */
export async function diffTrustLists(
  before: string,
  after: string,
  options: Given & { unverified?: boolean },
): Promise<void> {
  const signer = options.unverified === true ? null : await signerPolicyOf(policyFor(options).policy.signer);
  const read = (file: string): Promise<NamedRows> =>
    told<NamedRows>(signer === null ? readUnverified(file) : readListAt(file, signer, null), file);
  const changes = changesBetween(await read(before), await read(after));
  if (options.json === true) {
    for (const change of changes) print(change);
    return;
  }
  const lines = changes.flatMap(({ domain, change, namesAdded, namesRemoved }) => [
    `${SIGNS[change]} ${domain}`,
    ...namesRemoved.map((name) => `    - ${name}`),
    ...namesAdded.map((name) => `    + ${name}`),
  ]);
  const count = (wanted: Change['change']): number => changes.filter(({ change }) => change === wanted).length;
  lines.push(`${count('added')} added, ${count('removed')} removed, ${count('changed')} changed`);
  process.stdout.write(`${lines.join('\n')}\n`);
}
