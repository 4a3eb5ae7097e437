/** The parts of the documents check that read text, on small texts. The checkout itself is judged by check.test.ts. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { differences, relativeLinks } from './docs-check.ts';

it('a word missing on either side is told with its side', () => {
  const names = { code: 'code.ts', page: 'PAGE.md', thing: 'setting' };
  assert.deepEqual(differences(['A', 'B'], ['B', 'C'], names), [
    'PAGE.md lacks the setting A of code.ts',
    'PAGE.md names the setting C, unknown to code.ts',
  ]);
});

it('relative links are found in every form, outside code only', () => {
  const page = [
    '[flow](docs/flow.md#steps) ![card](docs/card.png "a card") [web](https://example.org) [here](#top)',
    '<img alt="x" src="docs/list.png">',
    '[ref]: docs/ref.md',
    '```',
    '[not](code.md)',
    '```',
    'and `[not](inline.md)`',
  ].join('\n');
  assert.deepEqual(relativeLinks(page), ['docs/flow.md#steps', 'docs/card.png', 'docs/ref.md', 'docs/list.png']);
});
