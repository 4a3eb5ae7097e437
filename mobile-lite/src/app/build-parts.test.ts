import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metafile } from 'esbuild';
import { partsOf } from '../../build-parts.ts';

type Output = Metafile['outputs'][string];
type Import = [to: string, kind: 'import-statement' | 'dynamic-import'];

const output = (entryPoint: string | undefined, ...imports: Import[]): Output => ({
  bytes: 1,
  inputs: {},
  exports: [],
  imports: imports.map(([path, kind]) => ({ path, kind })),
  ...(entryPoint === undefined ? {} : { entryPoint }),
});

const LATER = [
  'src/app/enrolment-screen.tsx',
  'src/app/later-parts.tsx',
  'src/device/upload-reply.ts',
  'src/words/more-fr.ts',
  'src/words/more-en.ts',
];

function built(): Record<string, Output> {
  const later = Object.fromEntries(LATER.map((source, i) => [`later-${i}.js`, output(source)]));
  return {
    'app.js': output(
      'src/app/main.tsx',
      ['shared.js', 'import-statement'],
      ['fr.js', 'dynamic-import'],
      ['en.js', 'dynamic-import'],
      ['sneaky.js', 'dynamic-import'],
      ...LATER.map((_, i): Import => [`later-${i}.js`, 'dynamic-import']),
    ),
    'shared.js': output(undefined),
    'sneaky.js': output('src/app/sneaky.ts', ['behind.js', 'import-statement']),
    'behind.js': output(undefined),
    'fr.js': output('src/words/fr.ts'),
    'en.js': output('src/words/en.ts'),
    ...later,
    'later-0.js': output(LATER[0], ['shared.js', 'import-statement'], ['only-later.js', 'import-statement']),
    'only-later.js': output(undefined),
  };
}

test('what nobody named as later counts as before, dynamic or not; what only later chunks need counts as later', () => {
  const parts = partsOf({ inputs: {}, outputs: built() }, 'src/app/main.tsx');
  assert.deepEqual([...parts.start].sort(), ['app.js', 'behind.js', 'shared.js', 'sneaky.js']);
  assert.deepEqual(parts.beside, ['shared.js']);
  assert.deepEqual(
    parts.languages.map((one) => [...one]),
    [['fr.js'], ['en.js']],
  );
  assert.ok(parts.later.has('only-later.js') && parts.later.has('later-3.js'));
});

test('a name of the list that begins no chunk any more stops the build', () => {
  const { 'later-2.js': _gone, ...outputs } = built();
  assert.throws(() => partsOf({ inputs: {}, outputs }, 'src/app/main.tsx'), /upload-reply\.ts begins no chunk/);
});
