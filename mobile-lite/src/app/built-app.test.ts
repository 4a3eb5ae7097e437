import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildApp, JAVASCRIPT_BUDGET_BYTES, needsBuilding } from '../../build.ts';

const outFolder = await mkdtemp(join(tmpdir(), 'estafette-app-'));
after(() => rm(outFolder, { recursive: true, force: true }));

test('the app is built within its budget, once per change of its sources', async () => {
  assert.equal(await needsBuilding({ outFolder }), true);
  const first = await buildApp({ outFolder });
  assert.equal(first.fresh, true);
  assert.ok(first.javascriptGzipBytes <= JAVASCRIPT_BUDGET_BYTES, `${first.javascriptGzipBytes} bytes of JavaScript`);
  assert.equal(await needsBuilding({ outFolder }), false);
  assert.equal((await buildApp({ outFolder })).fresh, false);
});

test('the page holds no script or style of its own, and the service worker keeps every file of the shell', async () => {
  const page = await readFile(join(outFolder, 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<style|style=|<script(?![^>]*\ssrc=)|\son\w+=/);
  const worker = await readFile(join(outFolder, 'service-worker.js'), 'utf8');
  for (const name of await readdir(outFolder)) {
    if (['index.html', 'service-worker.js', 'build.json'].includes(name)) continue;
    assert.ok(worker.includes(`"/${name}"`), name);
  }
});

test('French and English are whole: no text is left empty', async () => {
  const [{ fr }, { en }] = await Promise.all([import('../words/fr.ts'), import('../words/en.ts')]);
  const later = await Promise.all([import('../words/more-fr.ts'), import('../words/more-en.ts')]);
  const empty = (texts: object): string[] =>
    Object.entries(texts).flatMap(([name, text]) =>
      typeof text === 'object' ? empty(text) : text === '' ? [name] : [],
    );
  assert.deepEqual([fr, en, ...later.map(({ more }) => more)].flatMap(empty), []);
});
