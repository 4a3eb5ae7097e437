/** A reload whose files change under its hands, after they were checked: wholly or not at all, and whoever has to know is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { spaceOf } from '../test/spaces.fixture.ts';
import type { DoorPolicy, TrustSpace } from '../trust-space.ts';
import { createDoors, type Doors } from './doors.ts';
import { createHeldLists } from './held-lists.ts';
import { createReload } from './reload.ts';
import { spaceFolder } from './spaces.fixture.ts';
import { type SpacesInForce, spacesInForce } from './spaces-in-force.ts';

const files = spaceFolder();
after(() => files.remove());
const text = (name: string): string => readFileSync(join(files.folder, name), 'utf8');

/** What became of the listeners, in order. */
let happened: string[];
let inForce: string[];
let listens: boolean;
let doors: Doors;
let spaces: SpacesInForce;
let next: readonly TrustSpace[];
let reload: () => Promise<void>;

function spaceAt(name: string, change: Partial<DoorPolicy> = {}): TrustSpace {
  const { door, ...space } = spaceOf('apicrypt-style', { name });
  assert.ok(door !== null);
  return { ...space, door: { ...door, port: 2_525, certificate: 'door.pem', key: 'door.key', ...change } };
}

beforeEach(async () => {
  [happened, inForce, listens] = [[], [], true];
  doors = createDoors({
    readTls: ({ certificate, key }) => ({ certificate: text(certificate), key: text(key) }),
    async open(space, { port }) {
      if (!listens) throw new Error('no listener');
      happened.push(`opened ${space}`);
      return {
        port,
        renew: () => void happened.push(`renewed ${space}`),
        retire: async () => void happened.push(`retired ${space}`),
        close: async () => void happened.push(`closed ${space}`),
      };
    },
  });
  spaces = spacesInForce([spaceAt('plis')], () => null);
  reload = createReload({
    ...{ read: async () => next, spaces, doors },
    lists: createHeldLists(async () => Promise.reject(new Error('no list here'))),
    changed: async (all) => void inForce.push(...all.map(({ name }) => name)),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  await doors.apply(spaces.all(), async () => {});
});

for (const [what, change, fault] of [
  ['a key that is gone', { key: 'gone.key' }, /ENOENT/],
  ['a key of another certificate', { key: 'other.key' }, /mismatch/],
  ['a certificate that is none', { certificate: 'broken.pem' }, /./],
] as const)
  for (const [which, given] of [
    ['a door that stays', [spaceAt('plis', change)]],
    ['a door that is replaced at its address', [spaceAt('plis', { ...change, requiresTls: false })]],
    ['a door beside one that moves', [spaceAt('plis', { port: 2_526 }), spaceAt('autre', change)]],
  ] as const)
    test(`${what}, of ${which}, leaves every door and the old spaces as they were`, async () => {
      const before = spaces.all();
      next = given;
      await assert.rejects(reload(), fault);
      assert.deepEqual([happened, inForce], [['opened plis'], []]);
      assert.equal(spaces.all(), before);
      assert.deepEqual(
        doors.addresses().map(({ port }) => port),
        [2_525],
      );
    });

test('spaces in force are told even when a door could not be opened again at its address', async () => {
  next = [spaceAt('plis', { requiresTls: false })];
  listens = false;
  await assert.rejects(reload(), /no listener/);
  assert.deepEqual([spaces.named('plis')?.door?.requiresTls, inForce], [false, ['plis']]);
});
