import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog } from './log.ts';
import type { LogFields } from './ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'estafette-log-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let next = 0;

/** The lines that `work` writes. */
function linesOf(work: (log: ReturnType<typeof createLog>) => void, level: 'debug' | 'warn' = 'debug'): string[] {
  next += 1;
  const file = join(folder, 'log', `${next}.log`);
  work(createLog({ level, file }));
  assert.equal(statSync(file).mode & 0o077, 0);
  return readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
}

test('fields of the list get through, all others are dropped', () => {
  const careless = { letterId: 'ltr_1', code: 'x', subject: 'INR', from: 'a@b.example', text: 'DESSAINT' } as LogFields;
  const [line = ''] = linesOf((log) => log.info('letter accepted', careless));
  const { letterId, code, msg, time } = JSON.parse(line) as Record<string, string>;
  assert.deepEqual([letterId, code, msg], ['ltr_1', 'x', 'letter accepted']);
  assert.ok(!Number.isNaN(Date.parse(time ?? '')));
  for (const word of ['INR', 'a@b.example', 'DESSAINT', 'subject']) assert.ok(!line.includes(word));
});

test('addresses in the text and the stack of an error are taken out, and what hangs on it is dropped', () => {
  const error = Object.assign(new Error('550 <claire.martin@cabinet.example>: "x@y.example" unknown to z@w.example'), {
    code: 'EENVELOPE',
    response: 'DESSAINT',
    cause: new Error('patient DESSAINT'),
  });
  error.name = 'SmtpError';
  const [line = ''] = linesOf((log) => log.warn('not sent', { error }));
  const told = (JSON.parse(line) as { error: Record<string, string> }).error;
  assert.deepEqual([told.name, told.code], ['SmtpError', 'EENVELOPE']);
  assert.ok(told.message?.startsWith('550 <<address>>'));
  assert.ok(
    !/\w@\w/.test(line.replace(told.stack ?? '', '')) && !line.includes('DESSAINT') && !line.includes('cabinet'),
  );
});

test('what is thrown and is no error is told by its type alone', () => {
  const lines = linesOf((log) => {
    for (const error of ['DESSAINT', { text: 'DESSAINT' }, null, 7]) log.error('odd', { error });
  });
  assert.equal(lines.length, 4);
  assert.ok(lines.every((line) => !line.includes('DESSAINT')));
});

test('a long error text is cut', () => {
  const [line = ''] = linesOf((log) => log.error('long', { error: new Error('x'.repeat(100_000)) }));
  assert.ok(line.length < 3_000);
});

test('lines below the level are not written, the others are at once and in order', () => {
  const lines = linesOf((log) => {
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
  }, 'warn');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { msg: string }).msg),
    ['c', 'd'],
  );
});

test('prevents: a full disk ending the process with the first line that cannot be written', () => {
  const log = createLog({ level: 'info', file: '/dev/full' });
  for (let line = 0; line < 20_000; line += 1) log.info('letter accepted', { count: line });
});
