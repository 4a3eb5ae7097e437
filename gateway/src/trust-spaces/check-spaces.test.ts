/** Settings that are right each and wrong together, and the files that a space names: one precise sentence each. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync } from 'node:fs';
import { after, test } from 'node:test';
import { INTERNAL, MSSANTE, SIGNED, spaceFolder } from './spaces.fixture.ts';

const files = spaceFolder();
const { at, faultsOf } = files;
after(() => files.remove());

const door = (change: object) => ({ spaces: [SIGNED, { ...MSSANTE, door: { ...MSSANTE.door, ...change } }] });
const wayOut = (change: object) => ({ spaces: [{ ...MSSANTE, wayOut: { ...MSSANTE.wayOut, ...change } }] });
const list = (change: object) => ({ spaces: [{ ...MSSANTE, trustList: { ...MSSANTE.trustList, ...change } }] });
const without = (given: object, name: string): object =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key !== name));

/** Each setting is right, but not with the others. */
const CONTRADICTIONS: readonly (readonly [content: unknown, line: string])[] = [
  [{ spaces: [SIGNED, { ...INTERNAL, name: 'plis' }] }, 'spaces[1].name: “plis” is the name of another space'],
  [
    { spaces: [SIGNED, { ...INTERNAL, door: { ...INTERNAL.door, port: 2_525 } }] },
    'spaces[1].door.port: 2525 is taken by the door of another space',
  ],
  [
    { spaces: [SIGNED, { ...INTERNAL, door: { ...INTERNAL.door, port: 2_525, host: '0.0.0.0' } }] },
    'spaces[1].door.port: 2525 is taken by the door of another space',
  ],
  [door({ clients: null }), 'spaces[1].door.clients: listed operators show a certificate: it is missing'],
  [door({ requiresTls: false }), 'spaces[1].door.requiresTls: listed operators show a certificate, so it must be true'],
  [
    { spaces: [{ ...without(MSSANTE, 'trustList'), wayOut: null }] },
    'spaces[0].door: it admits listed operators, but the space has no trustList',
  ],
  [
    { spaces: [{ ...INTERNAL, door: { ...INTERNAL.door, requiresTls: false } }] },
    'spaces[0].door.requiresTls: accounts give a password, so it must be true',
  ],
  [
    { spaces: [{ ...INTERNAL, door: { ...INTERNAL.door, admits: 'anyone' } }] },
    'spaces[0].door: anyone is admitted and letters need nothing: nobody would be known',
  ],
  [
    { spaces: [{ ...SIGNED, door: { ...SIGNED.door, clients: { anchors: 'authority.pem' } } }] },
    'spaces[0].door.clients: anyone is admitted, so no certificate is asked for',
  ],
  [
    { spaces: [{ ...SIGNED, wayOut: { ...SIGNED.wayOut, checksPeerName: true, reaches: ['a.example'] } }] },
    'spaces[0].wayOut.checksPeerName: names of peers stand in a trustList: the space has none',
  ],
  [
    { spaces: [{ ...SIGNED, wayOut: { ...SIGNED.wayOut, reaches: 'listed-domains' } }] },
    'spaces[0].wayOut.reaches: listed domains stand in a trustList: the space has none',
  ],
  [
    wayOut({ reaches: 'any-domain' }),
    'spaces[0].wayOut.reaches: the peer must be one that the list gives for the domain, so any-domain cannot be reached',
  ],
  [wayOut({ reaches: [] }), 'spaces[0].wayOut.reaches: an empty list reaches nobody: leave out the wayOut'],
  [list({ alarmAfterHours: 100 }), 'spaces[0].trustList.alarmAfterHours: it must not be above failAfterHours (72)'],
  [
    list({ refreshMinutes: 4_321 }),
    'spaces[0].trustList.refreshMinutes: it must not be above failAfterHours (4320 minutes)',
  ],
  [{ spaces: [without(INTERNAL, 'door')] }, 'spaces[0]: it has neither door nor wayOut'],
];

for (const [content, line] of CONTRADICTIONS)
  test(`contradiction: ${line.slice(0, 100)}`, () => assert.deepEqual(faultsOf(content), [line]));

const FILES: readonly (readonly [content: unknown, line: string])[] = [
  [door({ certificate: 'gone.pem' }), 'spaces[1].door.certificate: gone.pem: it does not exist'],
  [door({ certificate: 'rubbish.pem' }), 'spaces[1].door.certificate: rubbish.pem: it holds no certificate in PEM'],
  [
    door({ certificate: 'broken.pem' }),
    'spaces[1].door.certificate: broken.pem: it holds a certificate that cannot be read',
  ],
  [door({ certificate: '.' }), `spaces[1].door.certificate: ${files.folder}: it is not a file`],
  [door({ key: 'other.key' }), 'spaces[1].door.key: other.key: it is not the key of the certificate'],
  [
    door({ key: 'rubbish.pem' }),
    'spaces[1].door.key: rubbish.pem: it holds no private key in PEM that opens without a password',
  ],
  [
    door({ clients: { anchors: 'rubbish.pem' } }),
    'spaces[1].door.clients.anchors: rubbish.pem: it holds no certificate in PEM',
  ],
  [
    door({ clients: { anchors: 'authority.pem', lists: 'rubbish.pem' } }),
    'spaces[1].door.clients.lists: rubbish.pem: it holds no revocation list',
  ],
  [
    wayOut({ servers: { anchors: 'empty' } }),
    'spaces[0].wayOut.servers.anchors: empty: the folder holds no certificate in PEM',
  ],
  [
    wayOut({ ownCertificate: { certificate: 'door.pem', key: 'other.key' } }),
    'spaces[0].wayOut.ownCertificate.key: other.key: it is not the key of the certificate',
  ],
  [list({ source: 'gone.xml' }), 'spaces[0].trustList.source: gone.xml: it does not exist'],
  [list({ serverAuthorities: 'gone.pem' }), 'spaces[0].trustList.serverAuthorities: gone.pem: it does not exist'],
  [
    list({ signer: { authorities: 'gone.pem', commonName: 'x' } }),
    'spaces[0].trustList.signer.authorities: gone.pem: it does not exist',
  ],
];
mkdirSync(at('empty'));

for (const [content, line] of FILES)
  test(`file: ${line.slice(0, 100)}`, () => assert.deepEqual(faultsOf(content), [line]));

test('a file that may not be read is named as such', { skip: process.getuid?.() === 0 && 'root may read all' }, () => {
  chmodSync(at('other.pem'), 0);
  assert.deepEqual(faultsOf(door({ certificate: 'other.pem' })), [
    'spaces[1].door.certificate: other.pem: it may not be read',
  ]);
});
