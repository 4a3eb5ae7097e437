/** The operator's file of trust spaces: what it makes, and a precise sentence for everything that is wrong with it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { PRESETS } from './presets.ts';
import { readSpaces } from './read-spaces.ts';
import { INTERNAL, MSSANTE, SIGNED, spaceFolder } from './spaces.fixture.ts';

const files = spaceFolder();
const { read, at, faultsOf } = files;
after(() => files.remove());

test('a space is its preset, and what the file says otherwise; paths are those of the file', () => {
  const [mssante, internal, signed] = read({ spaces: [MSSANTE, INTERNAL, SIGNED] });
  const peers = { anchors: at('authority.pem'), lists: at('lists.pem') };
  const own = { certificate: at('door.pem'), key: at('door.key') };
  assert.deepEqual(mssante, {
    name: 'mssante',
    letters: PRESETS.mssante.letters,
    answers: PRESETS.mssante.answers,
    door: {
      host: '127.0.0.1',
      port: 2_500,
      ...own,
      requiresTls: true,
      admits: 'listed-operators',
      clients: peers,
      allowsCbcSuites: false,
    },
    wayOut: {
      route: { kind: 'mail-exchanger', port: 25, nameServers: [] },
      servers: peers,
      serverName: null,
      ownCertificate: own,
      reaches: 'listed-domains',
      checksPeerName: true,
      connectionsPerDomainMax: 4,
      giveUpAfterHours: 48,
    },
    trustList: {
      source: at('list.xml'),
      serverAuthorities: null,
      signer: { authorities: at('authority.pem'), commonName: 'liste.exemple' },
      refreshMinutes: 60,
      shrinkMax: 0.8,
      alarmAfterHours: 24,
      failAfterHours: 72,
    },
  });
  assert.deepEqual([internal?.door?.admits, internal?.wayOut, internal?.door?.clients], ['accounts', null, null]);
  assert.deepEqual(signed?.wayOut?.servers, { anchors: at('authority.pem'), lists: null });
  assert.equal(signed?.letters.requires, 'signed-and-encrypted');
});

test('every setting of a space may be set otherwise', () => {
  const [space] = read({
    spaces: [
      {
        ...MSSANTE,
        letters: { requires: 'signed-or-encrypted', opensTripleDes: true, revocationHoldHours: 2 },
        answers: { encrypts: 'always', content: 'aes-256-gcm', hasHtmlTwin: true, productNumber: '1234-5' },
        door: { ...MSSANTE.door, host: '0.0.0.0', allowsCbcSuites: true },
        wayOut: { ...MSSANTE.wayOut, reaches: ['hopital.example'], giveUpAfterHours: 5 },
        trustList: { ...MSSANTE.trustList, source: 'https://liste.example/l.xml', shrinkMax: 0.5, failAfterHours: 48 },
      },
    ],
  });
  assert.deepEqual(space?.letters, { requires: 'signed-or-encrypted', opensTripleDes: true, revocationHoldHours: 2 });
  const { keyTransport, hasOperatorLabel } = PRESETS.mssante.answers;
  const answers = { encrypts: 'always', content: 'aes-256-gcm', hasHtmlTwin: true, productNumber: '1234-5' };
  assert.deepEqual(space?.answers, { ...answers, keyTransport, hasOperatorLabel });
  assert.deepEqual([space?.door?.host, space?.door?.allowsCbcSuites], ['0.0.0.0', true]);
  assert.deepEqual(space?.wayOut?.reaches, ['hopital.example']);
  assert.deepEqual([space?.trustList?.source, space?.trustList?.shrinkMax], ['https://liste.example/l.xml', 0.5]);
});

test('mail exchangers may have private addresses only where the space says so', () => {
  for (const said of [{}, { allowsPrivateAddresses: true }, { allowsPrivateAddresses: false }]) {
    const [space] = read({
      spaces: [{ ...MSSANTE, wayOut: { ...MSSANTE.wayOut, route: { kind: 'mail-exchanger', ...said } } }],
    });
    assert.deepEqual(space?.wayOut?.route, { kind: 'mail-exchanger', port: 25, nameServers: [], ...said });
  }
});

const door = (change: object) => ({ spaces: [SIGNED, { ...MSSANTE, door: { ...MSSANTE.door, ...change } }] });
const wayOut = (change: object) => ({ spaces: [{ ...MSSANTE, wayOut: { ...MSSANTE.wayOut, ...change } }] });
const list = (change: object) => ({ spaces: [{ ...MSSANTE, trustList: { ...MSSANTE.trustList, ...change } }] });
const space = (change: object) => ({ spaces: [{ ...MSSANTE, ...change }] });
const without = (given: object, name: string): object =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key !== name));

/** What is in the file, and the one line that it gives. */
const WRONG: readonly (readonly [content: unknown, line: string])[] = [
  [door({ port: 'abc' }), 'spaces[1].door.port: a port, 1 to 65535, but is “abc”'],
  [door({ port: 0 }), 'spaces[1].door.port: a port, 1 to 65535, but is “0”'],
  [door({ port: 25.5 }), 'spaces[1].door.port: a port, 1 to 65535, but is “25.5”'],
  [door({ host: 'two words' }), 'spaces[1].door.host: an IP address or a host name, but is “two words”'],
  [door({ prot: 25 }), 'spaces[1].door.prot: there is no such setting'],
  [door({ requiresTls: 'yes' }), 'spaces[1].door.requiresTls: true or false, but is “yes”'],
  [door({ admits: 'all' }), 'spaces[1].door.admits: one of anyone, listed-operators, accounts, but is “all”'],
  [door({ certificate: '' }), 'spaces[1].door.certificate: the path of a file, but is “”'],
  [space({ door: without(MSSANTE.door, 'key') }), 'spaces[0].door.key: it is missing'],
  [space({ door: 'open' }), 'spaces[0].door: an object { … }, but is “open”'],
  [
    space({ name: 'Ma sœur' }),
    'spaces[0].name: a name of lower-case letters, digits and dashes, 40 at most, but is “Ma sœur”',
  ],
  [
    space({ name: '../x' }),
    'spaces[0].name: a name of lower-case letters, digits and dashes, 40 at most, but is “../x”',
  ],
  [space({ preset: 'mssanté' }), 'spaces[0].preset: one of demo, apicrypt-style, mssante, internal, but is “mssanté”'],
  [{ spaces: [without(MSSANTE, 'preset')] }, 'spaces[0].preset: it is missing'],
  [
    space({ letters: { requires: 'signed' } }),
    'spaces[0].letters.requires: one of nothing, signed-or-encrypted, signed-and-encrypted, but is “signed”',
  ],
  [
    space({ letters: { revocationHoldHours: -1 } }),
    'spaces[0].letters.revocationHoldHours: a whole number, 0 to 720, but is “-1”',
  ],
  [space({ answers: { content: 'des' } }), 'spaces[0].answers.content: one of aes-256-cbc, aes-256-gcm, but is “des”'],
  [
    space({ answers: { productNumber: 'a\r\nBcc: x' } }),
    'spaces[0].answers.productNumber: letters, digits, dots and dashes, 64 at most, but is “a Bcc: x”',
  ],
  [
    wayOut({ route: { kind: 'pigeon' } }),
    'spaces[0].wayOut.route.kind: "smart-host" or "mail-exchanger", but is “pigeon”',
  ],
  [wayOut({ route: { kind: 'smart-host', host: 'a.example' } }), 'spaces[0].wayOut.route.port: it is missing'],
  [
    wayOut({ route: { kind: 'mail-exchanger', nameServers: ['ns.example'] } }),
    'spaces[0].wayOut.route.nameServers[0]: the address of a name server with its port, such as 192.0.2.53:53, but is “ns.example”',
  ],
  [
    wayOut({ route: { kind: 'mail-exchanger', allowsPrivateAddresses: 'yes' } }),
    'spaces[0].wayOut.route.allowsPrivateAddresses: true or false, but is “yes”',
  ],
  [
    wayOut({ route: { kind: 'smart-host', host: 'a.example', port: 25, allowsPrivateAddresses: true } }),
    'spaces[0].wayOut.route.allowsPrivateAddresses: there is no such setting',
  ],
  [
    wayOut({ reaches: 'all' }),
    'spaces[0].wayOut.reaches: listed-domains, any-domain or a list of domains, but is “all”',
  ],
  [
    wayOut({ reaches: ['a.example', 'B.example'] }),
    'spaces[0].wayOut.reaches[1]: a domain in lower case, such as cabinet.example, but is “B.example”',
  ],
  [
    wayOut({ connectionsPerDomainMax: 51 }),
    'spaces[0].wayOut.connectionsPerDomainMax: a whole number, 1 to 50, but is “51”',
  ],
  [
    list({ source: 'http://liste.example/l.xml' }),
    'spaces[0].trustList.source: an address beginning with https://, or the path of a file, but is “http://liste.example/l.xml”',
  ],
  [
    list({ shrinkMax: 80 }),
    'spaces[0].trustList.shrinkMax: a share, 0 to 1 (a list with fewer domains than this share of the last one is refused), but is “80”',
  ],
  [list({ signer: { authorities: 'authority.pem' } }), 'spaces[0].trustList.signer.commonName: it is missing'],
  [{ spaces: [] }, 'spaces: 1 to 20 spaces, but is “[]”'],
  [{ spaces: { mssante: {} } }, 'spaces: a list [ … ], but is “{"mssante":{}}”'],
  [{}, 'spaces: it is missing'],
  [[], 'spaces: it is missing'],
  [{ spaces: [SIGNED], space: [] }, 'space: there is no such setting'],
  ['null', 'the file: an object { … }, but is “null”'],
];

for (const [content, line] of WRONG)
  test(`refused: ${line.slice(0, 100)}`, () => assert.deepEqual(faultsOf(content), [line]));

test('what is no JSON, and what is no file, is said with the name of the file', () => {
  assert.match(faultsOf('{ "spaces": [ }')[0] ?? '', /^it is not JSON: Unexpected token/);
  assert.throws(() => readSpaces(at('none.json'), { host: '::1' }), {
    message: `${at('none.json')}:\n  it cannot be read: ENOENT`,
  });
  assert.deepEqual(faultsOf(`{"spaces": [], "x": "${'a'.repeat(1_048_576)}"}`), [
    'it must be no longer than 1048576 bytes',
  ]);
});

test('all faults are told at once, ten at most, and what is repeated stays short', () => {
  const many = Array.from({ length: 15 }, (_, one) => ({
    ...SIGNED,
    name: `s${one}`,
    door: { ...SIGNED.door, port: -1 },
  }));
  assert.throws(
    () => read({ spaces: many }),
    ({ message }: Error) => message.split('\n').length === 12 && message.endsWith('  and 5 more'),
  );
  const [line = ''] = faultsOf(space({ name: 'x'.repeat(10_000) }));
  assert.ok(line.length < 200);
});

test('the examples of docs/trust-spaces.md are spaces', () => {
  const page = readFileSync(new URL('../../../docs/trust-spaces.md', import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json) as object);
  assert.ok(examples.length >= 4);
  for (const example of examples) {
    const named = JSON.stringify(example)
      .replaceAll(/"[a-z/-]*\/(?:fullchain|client)\.pem"/g, '"door.pem"')
      .replaceAll(/"[a-z/-]*\/[a-z]+\.key"/g, '"door.key"')
      .replaceAll(/"[a-z/-]*\/[a-z-]*authorit[a-z-]*\.pem"/g, '"authority.pem"')
      .replaceAll(/"[a-z/-]*\/lists?"/g, '"lists.pem"');
    assert.ok(read(JSON.parse(named)).length > 0, named);
  }
});
