/**
 * One idea of a letter's structure: what the envelope's strict reading approves is what the content stage shows, in the
 * same parts, and whatever mailparser would see otherwise is shown as one file.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMimeLeaves } from '../content/mime-leaves.ts';
import { readContent } from '../content/read-content.ts';
import { toWireLines } from '../envelope/line-ends.ts';
import { MailMalformed } from '../envelope/mail-malformed.ts';
import { type MimeEntity, readLetter } from '../envelope/mime-entity.ts';
import { type MimeTree, readMimeTree } from '../envelope/mime-tree.ts';

const letterOf = (...lines: string[]): Buffer => Buffer.from(lines.join('\r\n'));

/** The strict reading, or null for what it refuses. */
function strictly(bytes: Buffer): { letter: MimeEntity; tree: MimeTree } | null {
  try {
    const letter = readLetter(bytes);
    return { letter, tree: readMimeTree(letter) };
  } catch (error) {
    assert.ok(error instanceof MailMalformed, String(error));
    return null;
  }
}

test('what mailparser takes apart otherwise is shown whole, as one file', async () => {
  const cases: Record<string, Buffer> = {
    'a boundary on text': letterOf('Content-Type: text/html; boundary=b', '', '--b', '', 'caché', '--b--', ''),
    'white space after delimiters': letterOf(
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b  ',
      '',
      'Prenez la moitié',
      '--b--  ',
      '',
    ),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const strict = strictly(bytes);
    assert.ok(strict !== null, name);
    const { documents } = await readContent(bytes, { approved: strict.tree.leaves });
    assert.deepEqual(
      documents.map((one) => one.kind === 'file' && [one.name, one.note]),
      [['courrier-complet.eml', 'unreadable']],
      name,
    );
  }
});

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples/mime');

test('the odd mails of three MIME parsers are refused, read alike, or shown as one file', {
  skip: existsSync(SAMPLES) ? false : 'the shared samples are not beside the checkout',
}, async (context) => {
  let alike = 0;
  const differ: string[] = [];
  for (const found of readdirSync(SAMPLES, { recursive: true, withFileTypes: true })) {
    if (!/\.(?:eml|msg|txt)$/.test(found.name)) continue;
    const strict = strictly(toWireLines(readFileSync(join(found.parentPath, found.name))));
    if (strict === null) continue;
    const { complete, leaves } = await openMimeLeaves(strict.letter.bytes, strict.tree.leaves);
    if (complete) alike += 1;
    else {
      assert.deepEqual(leaves, []);
      differ.push(found.name);
    }
  }
  context.diagnostic(`${alike} read alike; shown as one file: ${differ.join(', ')}`);
  assert.ok(alike > 150 && differ.length < 15);
});
