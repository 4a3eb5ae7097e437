/** The rules of a mailbox and the numbers to call, as an operator sets them, on a data folder without any server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const MAIN = join(import.meta.dirname, '..', 'main.ts');
const ADDRESS = 'pharmacie@officine.example';
const folder = mkdtempSync(join(tmpdir(), 'estafette-rules-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function estafette(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = { ...process.env, ESTAFETTE_HOME: join(folder, 'home') };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...words], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output, errors });
    });
  });
}
const rule = (...words: string[]) => estafette('mailbox', 'rule', ADDRESS, ...words);

before(async () => {
  assert.equal((await estafette('mailbox', 'add', ADDRESS, '--name', 'Pharmacie', '--without-key')).code, 0);
});

test('a rule is added, listed, and counts for what is inspected until it is removed', async () => {
  assert.equal((await rule('add', 'Potassium > 5,5')).code, 0);
  const [listed] = (await rule('list', '--json')).output.split('\n');
  assert.equal((JSON.parse(listed ?? '') as { rule: string }).rule, 'Potassium > 5,5');
  const file = join(folder, 'k.hpr');
  const header = ['1', 'ESSAI', 'Camille', '', '', '', '12/01/1990', '', '', '', '', '', ''];
  writeFileSync(file, [...header, 'RES|POTASSIUM|K|N|5.6|mmol/L|3.5|5.1|H|F', '****FIN****'].join('\r\n'));
  assert.match(
    (await estafette('inspect', file, '--for', ADDRESS)).output,
    /critical:\n {4}POTASSIUM: 5\.6 mmol\/L; rule Potassium > 5,5\n/,
  );
  assert.equal((await rule('remove', 'POTASSIUM > 5.5')).code, 0);
  assert.equal((await rule('remove', 'POTASSIUM > 5.5')).code, 3);
});

test('what cannot be a rule or a number is refused with a sentence', async () => {
  const { code, errors } = await rule('add', 'INR > 5.000');
  assert.deepEqual([code, errors], [2, '“5.000” may be read as thousands: write 5000 or 5.\n']);
  const phone = (number: string) => estafette('correspondent', 'phone', 'labo@labo.example', number);
  assert.equal((await phone('quarante-deux')).code, 2);
  assert.match((await phone('+33142000000')).output, /is called at \+33 1 42 00 00 00\.\n$/);
});
