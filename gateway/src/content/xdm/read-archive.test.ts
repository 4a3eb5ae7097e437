/** Archives as they come, and archives made to hurt: each is read whole or refused with its reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XDM_LIMITS } from '@estafette/contracts/limits';
import { readArchive } from './read-archive.ts';
import type { ZipEntry } from './zip.fixture.ts';
import { zipOf } from './zip.fixture.ts';

const WORDS = Buffer.from('Kaliémie 3,9 mmol/L\n');
const named = (name: string | Buffer, rest: Partial<ZipEntry> = {}): ZipEntry => ({ name, bytes: WORDS, ...rest });
const SYMLINK = 0o120777 << 16;

async function refusalOf(bytes: Buffer): Promise<string> {
  const read = await readArchive(bytes);
  assert.ok('refused' in read, 'the archive was read');
  return read.refused;
}

test('the files of an archive come in its order, folders aside, packed or stored', async () => {
  const bytes = zipOf([
    { name: 'IHE_XDM/', stored: true },
    { name: 'IHE_XDM/SUBSET01/', stored: true },
    named('IHE_XDM/SUBSET01/DOC0001.XML'),
    named('IHE_XDM/SUBSET01/DÉSOLÉ.TXT', { stored: true }),
    { name: 'VIDE.TXT', bytes: Buffer.alloc(0) },
  ]);
  const files = await readArchive(bytes);
  assert.ok(!('refused' in files));
  assert.deepEqual(
    files.map(({ path, bytes: content }) => [path, content.toString()]),
    [
      ['IHE_XDM/SUBSET01/DOC0001.XML', WORDS.toString()],
      ['IHE_XDM/SUBSET01/DÉSOLÉ.TXT', WORDS.toString()],
      ['VIDE.TXT', ''],
    ],
  );
});

test('an archive written as a stream, with its sizes behind the bytes, is read', async () => {
  const files = await readArchive(
    zipOf([named('A.TXT', { lies: { flags: 0x808 }, local: { size: 0, packedSize: 0, crc: 0 } })]),
  );
  assert.ok(!('refused' in files));
  assert.equal(files[0]?.bytes.toString(), WORDS.toString());
});

test('an archive in an archive is a file like any other', async () => {
  const inner = zipOf([named('../../etc/passwd')]);
  const files = await readArchive(zipOf([{ name: 'INNER.ZIP', bytes: inner }]));
  assert.ok(!('refused' in files));
  assert.deepEqual(files[0]?.bytes, inner);
});

const NAMES: readonly (string | Buffer)[] = [
  '../A.TXT',
  'IHE_XDM/../../A.TXT',
  'A/..',
  'A/.. /B.TXT',
  './A.TXT',
  '/etc/passwd',
  'A//B.TXT',
  '\\\\server\\share\\A.TXT',
  'IHE_XDM\\A.TXT',
  'C:A.TXT',
  'C:/A.TXT',
  'A.TXT\0.PDF',
  'A\nB.TXT',
  'compte\u202egpj.exe',
  '',
  Buffer.alloc(XDM_LIMITS.nameMaxBytes + 1, 'A'),
];
for (const name of NAMES)
  test(`a name that may lead elsewhere refuses the archive: ${JSON.stringify(name.toString()).slice(0, 40)}`, async () => {
    assert.equal(await refusalOf(zipOf([named('B.TXT'), named(name)])), 'zip-name');
  });

const TRAPS: readonly (readonly [title: string, bytes: () => Buffer, refusal: string])[] = [
  ['no archive at all', () => Buffer.from('Bonjour'), 'zip-damaged'],
  ['nothing', () => Buffer.alloc(0), 'zip-damaged'],
  ['an archive cut off', () => zipOf([named('A.TXT')]).subarray(0, -5), 'zip-damaged'],
  ['bytes behind the end', () => Buffer.concat([zipOf([named('A.TXT')]), WORDS]), 'zip-damaged'],
  ['a directory that is not where it is said', () => zipOf([named('A.TXT')], { count: 2 }), 'zip-damaged'],
  ['a broken deflate stream', () => zipOf([named('A.TXT', { packed: Buffer.from('ffffffff', 'hex') })]), 'zip-damaged'],
  ['an entry beyond the end', () => zipOf([named('A.TXT', { central: { packedSize: 4_000 } })]), 'zip-damaged'],
  ['an offset beyond the end', () => zipOf([named('A.TXT', { central: { offset: 0x7fffffff } })]), 'zip-damaged'],
  ['two entries of one name', () => zipOf([named('A.TXT'), named('A.TXT')]), 'zip-duplicate'],
  ['two names that differ in case', () => zipOf([named('IHE_XDM/DOC.XML'), named('ihe_xdm/doc.xml')]), 'zip-duplicate'],
  ['two forms of one accent', () => zipOf([named('\u00e9.txt'), named('e\u0301.txt')]), 'zip-duplicate'],
  ['a folder and a file of one name', () => zipOf([named('A'), { name: 'A/', stored: true }]), 'zip-duplicate'],
  ['a symbolic link', () => zipOf([named('A.TXT', { lies: { attributes: SYMLINK } })]), 'zip-link'],
  ['a device', () => zipOf([named('A.TXT', { lies: { attributes: 0o020666 << 16 } })]), 'zip-link'],
  ['an encrypted entry', () => zipOf([named('A.TXT', { lies: { flags: 0x801 } })]), 'zip-encrypted'],
  [
    'an entry encrypted in its local header only',
    () => zipOf([named('A.TXT', { local: { flags: 0x801 } })]),
    'zip-encrypted',
  ],
  ['an unknown method', () => zipOf([named('A.TXT', { lies: { method: 14 } })]), 'zip-method'],
  ['two methods', () => zipOf([named('A.TXT', { local: { method: 0 } })]), 'zip-method'],
  ['a folder that holds bytes', () => zipOf([named('A/')]), 'zip-name'],
  ['two names for one entry', () => zipOf([named('A.TXT', { local: { name: 'B.TXT' } })]), 'zip-name'],
  ['more bytes than said', () => zipOf([named('A.TXT', { lies: { size: 3 } })]), 'zip-size-wrong'],
  ['fewer bytes than said', () => zipOf([named('A.TXT', { lies: { size: 3_000 } })]), 'zip-size-wrong'],
  ['sizes that differ', () => zipOf([named('A.TXT', { local: { size: 3 } })]), 'zip-size-wrong'],
  ['a stored entry of two sizes', () => zipOf([named('A.TXT', { stored: true, lies: { size: 3 } })]), 'zip-size-wrong'],
  ['a wrong checksum', () => zipOf([named('A.TXT', { lies: { crc: 1 } })]), 'zip-checksum-wrong'],
];
for (const [title, bytes, refusal] of TRAPS)
  test(`an archive with ${title} is refused: ${refusal}`, async () => {
    assert.equal(await refusalOf(bytes()), refusal);
  });

test('two entries that share the same bytes are refused: a small archive must not become a large one', async () => {
  const overlapping = zipOf([named('A.TXT'), named('A.TXT', { central: { name: 'A.TXT', offset: 0 } })]);
  assert.equal(await refusalOf(overlapping), 'zip-duplicate');
  const quine = zipOf([named('A.TXT', { stored: true, bytes: Buffer.concat([zipOf([named('B.TXT')])]) })]);
  assert.ok(!('refused' in (await readArchive(quine))));
  const inner = 30 + 'A.TXT'.length;
  const nested = zipOf([
    named('A.TXT', { stored: true, bytes: zipOf([named('B.TXT')]) }),
    named('B.TXT', { central: { offset: inner } }),
  ]);
  assert.equal(await refusalOf(nested), 'zip-overlap');
});

test('a bomb is refused by what it says, and by what it does when it says nothing', async () => {
  const zeros = Buffer.alloc(4 * 1024 * 1024);
  assert.equal(await refusalOf(zipOf([{ name: 'A.TXT', bytes: zeros }])), 'zip-ratio');
  assert.equal(await refusalOf(zipOf([{ name: 'A.TXT', bytes: zeros, lies: { size: 1_000 } }])), 'zip-size-wrong');
  // None of them alone is suspicious; all together are.
  const many = Array.from({ length: 20 }, (_, index) => ({
    name: `${index}.TXT`,
    bytes: zeros.subarray(0, 1_000_000),
  }));
  assert.equal(await refusalOf(zipOf(many)), 'zip-ratio');
});

test('size and number are bounded before anything is unpacked', async () => {
  const many = Array.from({ length: XDM_LIMITS.entriesMax + 1 }, (_, index) => named(`${index}.TXT`));
  assert.equal(await refusalOf(zipOf(many)), 'zip-too-many-entries');
  const large = named('A.TXT', { lies: { size: XDM_LIMITS.entryMaxBytes + 1 } });
  assert.equal(await refusalOf(zipOf([large])), 'zip-too-large');
  const share = Math.ceil(XDM_LIMITS.totalMaxBytes / 3) + 1;
  const packed = Math.ceil(share / XDM_LIMITS.ratioMax);
  const parts = ['A', 'B', 'C'].map((name) => named(name, { lies: { size: share, packedSize: packed } }));
  assert.equal(await refusalOf(zipOf(parts)), 'zip-too-large');
  assert.equal(await refusalOf(Buffer.alloc(XDM_LIMITS.archiveMaxBytes + 1)), 'zip-too-large');
});

test('archives with bytes changed at random never throw, and never give more than the limits', async () => {
  const original = zipOf([
    named('IHE_XDM/SUBSET01/DOC0001.XML'),
    named('IHE_XDM/SUBSET01/METADATA.XML', { stored: true }),
    named('INDEX.HTM', { bytes: Buffer.alloc(2_000, '<br/>') }),
  ]);
  let state = 5;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  let read = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const mutated = Buffer.from(original);
    for (let change = random(4); change >= 0; change -= 1) mutated[random(mutated.length)] = random(256);
    const cut = random(20) === 0 ? mutated.subarray(0, random(mutated.length)) : mutated;
    const files = await readArchive(cut);
    if ('refused' in files) continue;
    read += 1;
    for (const { bytes } of files) assert.ok(bytes.length <= 2_000);
  }
  assert.ok(read > 50 && read < 1_990, `${read} of 2000 were read`);
});
