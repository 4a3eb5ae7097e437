/** Which space a letter is judged by and which one a mail leaves into; the trust lists that go with them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListAnswer, TrustList } from '../mail-peer.ts';
import type { TrustListPolicy, TrustSpace, WayOutPolicy } from '../trust-space.ts';
import { createHeldLists, type KeptList } from './held-lists.ts';
import { PRESETS } from './presets.ts';
import { spacesInForce } from './spaces-in-force.ts';

const listSaying = (answer: Exclude<ListAnswer, 'name-not-listed'>): TrustList => ({
  check: () => answer,
  lists: () => answer,
  listsName: () => 'listed',
});

function space(name: string, reaches: WayOutPolicy['reaches'] | null): TrustSpace {
  const { letters, answers, wayOut } = PRESETS['apicrypt-style'];
  const route = { kind: 'mail-exchanger', port: 25, nameServers: [] } as const;
  const servers = { anchors: '/a.pem', lists: null };
  const out = reaches === null ? null : { ...wayOut, reaches, route, servers, ownCertificate: null };
  return { name, letters, answers, door: null, wayOut: out, trustList: null };
}

const LISTED = space('mssante', 'listed-domains');
const NAMED = space('partenaires', ['labo.example', 'hopital.example']);
const ANY = space('tous', 'any-domain');
const INWARD = space('interne', null);

test('a letter is judged by the space its spool names, else by the default one', () => {
  const spaces = spacesInForce([LISTED, NAMED], () => null);
  assert.equal(spaces.judging('partenaires'), NAMED);
  assert.equal(spaces.judging(undefined), LISTED);
  assert.equal(spaces.judging('gone'), LISTED);
  assert.equal(spaces.named('gone'), null);
});

test('a mail leaves into the preferred space where that reaches its domain, else into the first that does', () => {
  let answer: Exclude<ListAnswer, 'name-not-listed'> = 'listed';
  const spaces = spacesInForce([INWARD, LISTED, NAMED], (name) => (name === 'mssante' ? listSaying(answer) : null));
  const way = (domain: string, preferred?: string) => spaces.reaching(domain, preferred)?.name ?? null;
  assert.equal(way('labo.example'), 'mssante');
  assert.equal(way('LABO.example', 'partenaires'), 'partenaires');
  assert.equal(way('labo.example', 'interne'), 'mssante', 'nothing leaves into it');
  answer = 'domain-not-listed';
  assert.equal(way('labo.example', 'mssante'), 'partenaires');
  assert.equal(way('ailleurs.example', 'mssante'), null, 'outside of every space');
  assert.equal(way('x.labo.example'), null, 'domains are compared whole');
  // Nobody knows just now: it waits there, and goes nowhere else meanwhile.
  answer = 'list-unavailable';
  assert.equal(way('labo.example', 'mssante'), 'mssante');
});

test('a space without its list reaches no listed domain, and any-domain reaches all', () => {
  const spaces = spacesInForce([LISTED, ANY], () => null);
  assert.equal(spaces.reaching('labo.example', 'mssante')?.name, 'tous');
  spaces.replace([LISTED]);
  assert.equal(spaces.reaching('labo.example', 'mssante'), null);
});

const POLICY: TrustListPolicy = {
  source: '/list.xml',
  serverAuthorities: null,
  signer: { authorities: '/a.pem', commonName: 'liste' },
  ...PRESETS.mssante.trustList,
};
const withList = (name: string, change: Partial<TrustListPolicy> = {}): TrustSpace => ({
  ...space(name, null),
  trustList: { ...POLICY, ...change },
});

function listStage() {
  const events: string[] = [];
  const failing = new Set<string>();
  let count = 0;
  const open = async (name: string): Promise<KeptList> => {
    if (failing.has(name)) throw new Error(`${name} cannot be opened`);
    count += 1;
    const own = `${name}${count}`;
    events.push(`open ${own}`);
    const close = async () => void events.push(`close ${own}`);
    const sweep = async () => void events.push(`sweep ${own}`);
    return { ...listSaying('listed'), sweep, putInForce: async () => void events.push(`keep ${own}`), close };
  };
  return { events, failing, lists: createHeldLists(open) };
}

test('a list that stays as it was set is kept over a reload; another is opened before the old one closes', async () => {
  const { events, lists } = listStage();
  await (await lists.prepare([withList('a'), withList('b'), space('c', null)])).putInForce();
  const [a, b] = [lists.of('a'), lists.of('b')];
  assert.notEqual(a, null);
  assert.equal(lists.of('c'), null);
  const next = await lists.prepare([withList('a'), withList('b', { refreshMinutes: 5 })]);
  assert.equal(lists.of('b'), b, 'not in force yet');
  await next.putInForce();
  assert.equal(lists.of('a'), a);
  assert.notEqual(lists.of('b'), b);
  assert.deepEqual(events.splice(0), ['open a1', 'open b2', 'keep a1', 'keep b2', 'open b3', 'close b2', 'keep b3']);
  await lists.sweep();
  assert.deepEqual(events, ['sweep a1', 'sweep b3']);
});

test('what is prepared and not put in force is closed again, also when another list fails', async () => {
  const { events, failing, lists } = listStage();
  await (await lists.prepare([withList('a')])).putInForce();
  failing.add('c');
  await assert.rejects(lists.prepare([withList('b'), withList('c')]), /c cannot be opened/);
  await (await lists.prepare([withList('d')])).drop();
  assert.notEqual(lists.of('a'), null);
  assert.deepEqual(events, ['open a1', 'keep a1', 'open b2', 'close b2', 'open d3', 'close d3']);
});
