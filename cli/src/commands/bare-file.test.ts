import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMail, readBareFile } from './bare-file.ts';

const HPRIM = [
  'TEST000002',
  'ESSAI',
  'Mélanie',
  '',
  '',
  '59000 LILLE',
  '02/05/1948',
  '',
  'B26-200417',
  '12/01/2026',
  'LABDEMO01  LABORATOIRE DES CHARMES',
  '',
  '****LAB****',
  'RES|INR|INR|N|6.8||2.0|3.0|HH|F',
  '****FIN****',
].join('\r\n');

test('a mail is told from a clinical file by its first lines', () => {
  assert.equal(isMail(Buffer.from('Received: from a\r\nFrom: a@b.example\r\n\r\nBonjour')), true);
  assert.equal(isMail(Buffer.from('From a@b Mon Jan 12\nSubject: x\n\nBonjour')), true);
  for (const file of [HPRIM, 'PK\u0003\u0004', '<?xml version="1.0"?>', 'H|~^\\&|LAB:1', 'Note: x\r\n\r\nFrom: a', ''])
    assert.equal(isMail(Buffer.from(file)), false, file.slice(0, 20));
});

test('a clinical file by itself is read as if it had come attached to a letter', async () => {
  const [document] = await readBareFile('é;\r\n.hpr', Buffer.from(HPRIM, 'latin1'), Date.parse('2026-02-01'));
  assert.ok(document?.kind === 'report');
  assert.deepEqual([document.report.patient.familyName, document.report.results[0]?.first.value], ['ESSAI', '6.8']);
});
