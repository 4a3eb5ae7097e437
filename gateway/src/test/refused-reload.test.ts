/**
 * A reload of trust spaces that is refused leaves the trust list alone: the good one serves on, and the copy for the
 * next start and how new it was are the same bytes as before. One that succeeds never puts an older list over a newer.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { TrustListPolicy, TrustSpace } from '../ports.ts';
import { listFolder } from '../trust-list/list-folder.ts';
import {
  authorities,
  authority,
  issueSigner,
  NOW,
  ROWS,
  SIGNER_NAME,
  signedList,
  UN,
} from '../trust-list/lists.fixture.ts';
import { readList } from '../trust-list/read-list.ts';
import { openTrustList } from '../trust-list/trust-list-keeper.ts';
import type { TrustListKeeper } from '../trust-list/trust-list-standing.ts';
import { createHeldLists, type HeldLists } from '../trust-spaces/held-lists.ts';
import { createReload } from '../trust-spaces/reload.ts';

const DOMAIN = 'un.mssante.example';
const OTHER_NAME = 'autre.example';
const other = await issueSigner(authority, { commonName: OTHER_NAME });
const clock = { now: () => new Date(NOW) };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

let home: string;
let lists: HeldLists;
let keepers: TrustListKeeper[];
let told: string[];
let doorsFail: boolean;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'est-refused-reload-'));
  [keepers, told, doorsFail] = [[], [], false];
  lists = createHeldLists(open);
});
afterEach(async () => {
  for (const keeper of keepers) await keeper.close();
  rmSync(home, { recursive: true });
});

async function open(space: string, policy: TrustListPolicy): Promise<TrustListKeeper> {
  const keeper = await openTrustList({
    space,
    policy,
    read: async (...given) => readList(...given),
    readAuthorities: async () => authorities,
    folder: listFolder(join(home, 'trust-lists'), space),
    clock,
    log,
    tell: async ({ event, detail }) => void told.push(`${event} ${detail}`),
  });
  keepers.push(keeper);
  return keeper;
}

const path = (name: string): string => join(home, name);
const kept = (): Buffer[] => ['essai.xml', 'essai.json'].map((name) => readFileSync(join(home, 'trust-lists', name)));
const policyOf = (source: string, commonName = SIGNER_NAME): TrustListPolicy => ({
  source: path(source),
  serverAuthorities: null,
  signer: { authorities: 'authorities.pem', commonName },
  refreshMinutes: 60,
  shrinkMax: 0.8,
  alarmAfterHours: 24,
  failAfterHours: 72,
});

/** Puts a space with that list in force, or fails at the doors. */
function reload(trustList: TrustListPolicy): Promise<void> {
  const space = { name: 'essai', trustList } as TrustSpace;
  return createReload({
    read: async () => [space],
    spaces: { replace: () => {} } as unknown as Parameters<typeof createReload>[0]['spaces'],
    lists,
    doors: {
      addresses: () => [],
      async apply(_spaces, swap) {
        if (doorsFail) throw new Error('the port is taken');
        await swap();
      },
      close: async () => {},
    },
    changed: async () => {},
    log,
  })();
}

test('a reload that fails at the doors leaves the copy, how new it was, and the list in force as they were', async () => {
  writeFileSync(path('good.xml'), signedList(ROWS, NOW - 60_000));
  await reload(policyOf('good.xml'));
  const before = kept();
  doorsFail = true;
  writeFileSync(path('other.xml'), signedList(ROWS.slice(0, 1), NOW - 1_000, other));
  await assert.rejects(reload(policyOf('other.xml', OTHER_NAME)), /port is taken/);
  assert.deepEqual(kept(), before);
  assert.equal(lists.of('essai')?.check(DOMAIN, UN), 'listed');
  assert.equal(told.filter((line) => line.startsWith('accepted')).length, 1, 'the trail says nothing of the other');
  writeFileSync(path('good.xml'), signedList(ROWS, NOW - 120_000));
  const again = await open('essai', policyOf('good.xml'));
  assert.equal(await again.refresh(), 'list-older');
  assert.equal(again.check(DOMAIN, UN), 'listed');
});

test('settings whose list is refused come in force without one, and leave the copy of the last', async () => {
  writeFileSync(path('good.xml'), signedList());
  await reload(policyOf('good.xml'));
  const before = kept();
  await reload(policyOf('good.xml', OTHER_NAME));
  assert.equal(lists.of('essai')?.check(DOMAIN, UN), 'list-unavailable');
  assert.deepEqual(kept(), before);
  await reload(policyOf('good.xml'));
  assert.equal(lists.of('essai')?.check(DOMAIN, UN), 'listed');
});

test('a list accepted before its settings are in force is kept then, unless a newer one was meanwhile', async () => {
  writeFileSync(path('good.xml'), signedList(ROWS, NOW - 3_000));
  await reload(policyOf('good.xml'));
  const standing = keepers[0] as TrustListKeeper;
  writeFileSync(path('next.xml'), signedList(ROWS, NOW - 2_000));
  const next = await open('essai', policyOf('next.xml'));
  assert.equal(await next.refresh(), 'accepted');
  writeFileSync(path('good.xml'), signedList(ROWS, NOW - 1_000));
  assert.equal(await standing.refresh(), 'accepted');
  const newest = kept();
  await next.putInForce();
  assert.deepEqual(kept(), newest);
  assert.equal(next.standing().list?.generatedAt, NOW - 1_000);
  writeFileSync(path('next.xml'), signedList(ROWS, NOW));
  const last = await open('essai', policyOf('next.xml'));
  assert.equal(await last.refresh(), 'accepted');
  assert.deepEqual(kept(), newest, 'not yet');
  await last.putInForce();
  assert.deepEqual(kept()[0], readFileSync(path('next.xml')));
});
