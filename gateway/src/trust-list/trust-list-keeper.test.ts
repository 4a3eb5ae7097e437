/** Keeping a list: what takes its place and what does not, what a restart finds, how it grows old. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { TRUST_LIST_LIMITS } from '@estafette/contracts/limits';
import type { TrustListPolicy } from '../ports.ts';
import { listFolder } from './list-folder.ts';
import {
  authorities,
  authority,
  changed,
  DAY_MS,
  foreignAuthority,
  HOUR_MS,
  issueSigner,
  listXml,
  NOW,
  ROWS,
  SIGNER_NAME,
  signedList,
  UN,
} from './lists.fixture.ts';
import { readList } from './read-list.ts';
import { openTrustList, type ReadList } from './trust-list-keeper.ts';
import type { TrustListKeeper, TrustListNews } from './trust-list-standing.ts';

const DOMAIN = 'un.mssante.example';
const clock = { ms: NOW, now: () => new Date(clock.ms) };
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let home: string;
let source: string;
let news: TrustListNews[];
let policy: TrustListPolicy;
const open: TrustListKeeper[] = [];

beforeEach(() => {
  clock.ms = NOW;
  home = mkdtempSync(join(tmpdir(), 'est-keeper-'));
  source = join(home, 'liste.xml');
  news = [];
  policy = {
    source,
    serverAuthorities: null,
    signer: { authorities: 'authorities.pem', commonName: SIGNER_NAME },
    refreshMinutes: 60,
    shrinkMax: 0.8,
    alarmAfterHours: 24,
    failAfterHours: 72,
  };
});
afterEach(async () => {
  for (const keeper of open.splice(0)) await keeper.close();
  rmSync(home, { recursive: true });
});

/** Puts bytes where the list is fetched from, renewed now. */
function publish(bytes: Buffer): void {
  writeFileSync(source, bytes);
  utimesSync(source, clock.ms / 1_000, clock.ms / 1_000);
}

type Settings = Partial<{ policy: TrustListPolicy; authorities: string; read: ReadList }>;

async function start(options: Settings = {}): Promise<TrustListKeeper> {
  const keeper = await openTrustList({
    space: 'essai',
    policy: options.policy ?? policy,
    read: options.read ?? (async (...given) => readList(...given)),
    readAuthorities: async () => options.authorities ?? authorities,
    folder: listFolder(join(home, 'trust-lists'), 'essai'),
    clock,
    log,
    tell: async (one) => void news.push(one),
    chance: () => 0.5,
  });
  open.push(keeper);
  await keeper.putInForce();
  return keeper;
}

const events = (): string[] => news.map(({ event, detail }) => `${event} ${detail}`);
const kept = (name: string): string => join(home, 'trust-lists', name);
const keptBytes = (): Buffer[] => ['essai.xml', 'essai.json'].map((name) => readFileSync(kept(name)));

test('the first list counts at once, and is kept', async () => {
  publish(signedList());
  const keeper = await start();
  assert.equal(keeper.check(DOMAIN, UN), 'listed');
  const { state, list, trouble } = keeper.standing();
  assert.deepEqual([state, trouble], ['fresh', null]);
  assert.deepEqual(list, {
    generatedAt: NOW,
    currentAt: NOW,
    domains: 3,
    names: 3,
    oddRows: 0,
    signer: SIGNER_NAME,
  });
  assert.deepEqual(readFileSync(kept('essai.xml')), signedList());
  assert.equal(statSync(kept('essai.xml')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(join(home, 'trust-lists')).sort(), ['essai.json', 'essai.xml']);
  assert.deepEqual(events(), [`accepted ${new Date(NOW).toISOString()}, 3 domains`]);
});

test('without a list nobody is listed, and nobody is said not to be', async () => {
  const keeper = await start();
  assert.equal(keeper.check(DOMAIN, UN), 'list-unavailable');
  assert.equal(keeper.lists(DOMAIN), 'list-unavailable');
  assert.equal(keeper.listsName(UN), 'list-unavailable');
  assert.equal(keeper.standing().state, 'none');
  assert.equal(keeper.standing().trouble?.code, 'list-unreachable');
  assert.deepEqual(events(), ['refused list-unreachable']);
});

test('a newer list takes the place of the last one', async () => {
  publish(signedList());
  const keeper = await start();
  clock.ms += HOUR_MS;
  publish(signedList([...ROWS, { domain: 'quatre.mssante.example', names: ['CN=q.example'] }], clock.ms));
  assert.equal(await keeper.refresh(), 'accepted');
  assert.equal(keeper.lists('quatre.mssante.example'), 'listed');
  assert.deepEqual(keeper.namesOf('quatre.mssante.example'), ['CN=q.example']);
});

const foreigner = await issueSigner(foreignAuthority);
const namesake = await issueSigner(authority, { commonName: 'autre.example' });
const WORSE: readonly (readonly [what: string, code: string, bytes: () => Buffer])[] = [
  ['older', 'list-older', () => signedList(ROWS, NOW - HOUR_MS)],
  ['of the same date with other content', 'list-same-date', () => signedList(ROWS.toReversed(), NOW)],
  ['of the future', 'list-from-future', () => signedList(ROWS, NOW + DAY_MS)],
  ['much shorter', 'list-shrunk', () => signedList(ROWS.slice(0, 2), NOW + 60_000)],
  ['not signed', 'list-unsigned', () => Buffer.from(listXml(ROWS, NOW + 60_000))],
  ['altered', 'list-signature-wrong', () => changed(signedList(ROWS, NOW + 60_000), '<Nom>un.', '<Nom>faux.')],
  ['cut off', 'list-cut-off', () => signedList(ROWS, NOW + 60_000).subarray(0, 900)],
  ['no list', 'list-malformed', () => Buffer.from('<html></html>')],
  ['signed by another authority', 'list-signer-unknown', () => signedList(ROWS, NOW + 60_000, foreigner)],
  ['signed under another name', 'list-signer-name', () => signedList(ROWS, NOW + 60_000, namesake)],
];

for (const [what, code, bytes] of WORSE)
  test(`a list that is ${what} does not take the place of the last one`, async () => {
    publish(signedList());
    const keeper = await start();
    const before = keptBytes();
    publish(bytes());
    assert.equal(await keeper.refresh(), code);
    assert.equal(await keeper.refresh(), code);
    assert.equal(keeper.check(DOMAIN, UN), 'listed');
    assert.equal(keeper.standing().trouble?.code, code);
    assert.deepEqual(events().slice(1), [`refused ${code}`], 'told once');
    assert.deepEqual(keptBytes(), before, 'neither the copy nor how new it was');
    clock.ms += HOUR_MS;
    publish(signedList(ROWS, clock.ms));
    assert.equal(await keeper.refresh(), 'accepted', 'and it is in nobody’s way');
    assert.equal(keeper.standing().trouble, null);
  });

test('a restart finds the last list without its source', async () => {
  publish(signedList());
  await start();
  rmSync(source);
  const again = await start();
  assert.equal(again.check(DOMAIN, UN), 'listed');
  assert.deepEqual(events().length, 1);
});

test('after a restart nothing older is taken either, even when the copy is lost', async () => {
  publish(signedList());
  await start();
  rmSync(kept('essai.xml'));
  publish(signedList(ROWS, NOW - HOUR_MS));
  const again = await start();
  assert.equal(again.check(DOMAIN, UN), 'list-unavailable');
  assert.equal(again.standing().trouble?.code, 'list-older');
});

test('a copy that was altered on disk is not believed', async () => {
  publish(signedList());
  await start();
  writeFileSync(kept('essai.xml'), changed(signedList(), '<Nom>un.', '<Nom>faux.'));
  rmSync(source);
  const again = await start();
  assert.equal(again.check('faux.mssante.example', UN), 'list-unavailable');
  assert.ok(events().includes('refused list-signature-wrong'));
});

test('an older list put in the place of the copy is not believed', async () => {
  publish(signedList());
  await start();
  writeFileSync(kept('essai.xml'), signedList(ROWS, NOW - HOUR_MS));
  rmSync(source);
  const again = await start();
  assert.equal(again.check(DOMAIN, UN), 'list-unavailable');
  assert.ok(events().includes('refused list-older'));
});

test('a memory that cannot be read costs nothing but itself', async () => {
  publish(signedList());
  await start();
  writeFileSync(kept('essai.json'), '{"signer":');
  const again = await start();
  assert.equal(again.check(DOMAIN, UN), 'listed');
});

test('a copy is verified with the authorities of now', async () => {
  publish(signedList());
  await start();
  rmSync(source);
  const again = await start({ authorities: '' });
  assert.equal(again.check(DOMAIN, UN), 'list-unavailable');
});

test('with another signer configured, what was known of the last one does not count', async () => {
  publish(signedList());
  await start();
  const other = await issueSigner(authority, { commonName: 'autre.example' });
  publish(signedList(ROWS, NOW - HOUR_MS, other));
  const signer = { ...policy.signer, commonName: 'autre.example' };
  const again = await start({ policy: { ...policy, signer } });
  assert.equal(again.check(DOMAIN, UN), 'listed');
});

test('a list that is not renewed raises the alarm once, and in the end nobody is listed', async () => {
  publish(signedList());
  const keeper = await start();
  rmSync(source);
  clock.ms += 24 * HOUR_MS;
  await keeper.sweep();
  assert.ok(!events().includes('ageing ageing'));
  clock.ms += 1;
  await keeper.sweep();
  await keeper.sweep();
  assert.deepEqual(
    events().filter((event) => event.startsWith('ageing')),
    ['ageing ageing'],
  );
  assert.equal(keeper.check(DOMAIN, UN), 'listed');
  clock.ms = NOW + 72 * HOUR_MS + 1;
  assert.equal(keeper.check(DOMAIN, UN), 'list-unavailable');
  assert.equal(keeper.lists(DOMAIN), 'list-unavailable');
  await keeper.sweep();
  assert.deepEqual(
    events().filter((event) => event.startsWith('ageing')),
    ['ageing ageing', 'ageing over'],
  );
  assert.equal(await keeper.refresh(), 'list-unreachable');
  publish(signedList(ROWS, clock.ms));
  assert.equal(await keeper.refresh(), 'accepted');
  assert.equal(keeper.check(DOMAIN, UN), 'listed');
});

test('a list that stays the same and is renewed stays good; one frozen for a month does not', async () => {
  publish(signedList());
  const keeper = await start();
  for (let day = 1; day <= 30; day += 1) {
    clock.ms = NOW + day * DAY_MS;
    publish(signedList());
    assert.equal(await keeper.refresh(), 'same');
    assert.equal(keeper.check(DOMAIN, UN), 'listed', `day ${day}`);
    await keeper.sweep();
  }
  assert.deepEqual(events().slice(1), ['ageing not-renewed']);
  clock.ms += 1;
  publish(signedList());
  assert.equal(await keeper.refresh(), 'same');
  assert.equal(keeper.check(DOMAIN, UN), 'list-unavailable');
});

test('the list is fetched when it is time, sooner after a failure', async () => {
  publish(signedList());
  let reads = 0;
  const read: ReadList = async (...given) => {
    reads += 1;
    return readList(...given);
  };
  const keeper = await start({ read });
  const sweepAt = async (ms: number): Promise<number> => {
    clock.ms = NOW + ms;
    await keeper.sweep();
    await keeper.close();
    return reads;
  };
  assert.equal(await sweepAt(HOUR_MS - 1), 1);
  writeFileSync(source, 'no list');
  assert.equal(await sweepAt(HOUR_MS), 2);
  assert.equal(await sweepAt(HOUR_MS + TRUST_LIST_LIMITS.firstRetryMs - 1), 2);
  assert.equal(await sweepAt(HOUR_MS + TRUST_LIST_LIMITS.firstRetryMs), 3);
  assert.equal(await sweepAt(HOUR_MS + 3 * TRUST_LIST_LIMITS.firstRetryMs - 1), 3);
  assert.equal(await sweepAt(HOUR_MS + 3 * TRUST_LIST_LIMITS.firstRetryMs), 4);
});

test('a folder that cannot be written keeps no list out', async () => {
  writeFileSync(join(home, 'trust-lists'), 'in the way');
  publish(signedList());
  const keeper = await start();
  assert.equal(keeper.check(DOMAIN, UN), 'listed');
});
