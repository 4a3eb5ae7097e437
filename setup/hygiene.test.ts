/**
 * Shows that each hygiene rule bites, on planted lines, and lets ordinary ones through.
 * This file is the one that may hold the forbidden words; a path and a host that must stand nowhere come from halves.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FORBIDDEN, findForbidden } from './hygiene.ts';

const WORK = ['wo', 'rk'].join('');
const NPM_HOST = ['npm', 'js.org'].join('');

const BAD = [
  `const samples = '/${WORK}/shared/samples';`,
  'see /home/claire/estafette/var',
  `"registry": "https://registry.${NPM_HOST}"`,
  "it.skip('is sealed', () => {});",
  "test.only('is sealed', () => {});",
  "it('is sealed', { skip: true }, () => {});",
  '// TODO seal it',
  '/* FIXME */',
];

const GOOD = [
  "const route = '/conversations/work';",
  'WORKDIR /home/node/app',
  'const skipped = readOnly(part);',
  "const todos = ['call the GP'];",
  `https://example.org/${WORK}/shared/`,
];

it('each forbidden thing is found once', () => {
  for (const line of BAD) assert.equal(findForbidden('a.ts', `\n${line}`).length, 1, line);
  for (const line of BAD) assert.match(findForbidden('a.ts', `\n${line}`)[0] ?? '', /^a\.ts:2 has /);
});

it('every rule is shown to bite', () => {
  for (const rule of FORBIDDEN)
    assert.ok(
      BAD.some((line) => rule.pattern.test(line)),
      rule.what,
    );
});

it('ordinary lines pass', () => {
  for (const line of GOOD) assert.deepEqual(findForbidden('a.ts', line), []);
});
