/** What `estafette mailbox filing` takes for the one in whose name a mailbox files, and what it refuses with a sentence. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mailbox } from '@estafette/gateway/ports';
import { filingSettingsOf } from './mailbox-filing.ts';

const MAILBOX = { id: 'mbx', address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' } as Mailbox;
const WHO = { professional: ' Camille DURAND ', rpps: '10000000019', profession: '21' };
const OPTIONS = { ...WHO, to: 'dossier@officine.example', finess: '990000020' };

test('a mailbox files in the name of one professional, with his number and profession', () => {
  const settings = filingSettingsOf(MAILBOX, OPTIONS, null);
  assert.deepEqual(settings, {
    ...{ mailboxId: 'mbx', to: OPTIONS.to, documentType: '61357-0' },
    ...{ professional: 'Camille DURAND', rpps: WHO.rpps, profession: '21' },
    organisation: { name: 'Pharmacie', finess: '990000020' },
  });
  const changed = filingSettingsOf(MAILBOX, { type: '78601-2' }, settings);
  assert.deepEqual(changed, { ...settings, documentType: '78601-2' });
});

test('prevents: the number of one professional left beside the name of another', () => {
  const before = filingSettingsOf(MAILBOX, OPTIONS, null);
  for (const change of [{ professional: 'Zoé MARTIN' }, { rpps: '10000000027' }])
    assert.throws(() => filingSettingsOf(MAILBOX, change, before), /--professional and --rpps together/);
  const both = { professional: 'Zoé MARTIN', rpps: '10000000027' };
  assert.deepEqual(filingSettingsOf(MAILBOX, both, before), { ...before, ...both });
});

test('what names nobody is refused with a sentence', () => {
  const wrong: readonly [Parameters<typeof filingSettingsOf>[1], RegExp][] = [
    [{ to: OPTIONS.to, finess: OPTIONS.finess, rpps: WHO.rpps, profession: '21' }, /Give --to, --professional, --rpps/],
    [{ ...OPTIONS, professional: ' ' }, /Give --to, --professional, --rpps/],
    [{ ...OPTIONS, professional: 'Camille' }, /a first name and a name/],
    [{ ...OPTIONS, professional: 'Camille\nDURAND' }, /one line/],
    [{ ...OPTIONS, professional: `Camille ${'D'.repeat(120)}` }, /one line/],
    [{ ...OPTIONS, rpps: '1234' }, /eleven digits/],
    [{ ...OPTIONS, profession: '99' }, /--profession is one of/],
    [{ ...OPTIONS, finess: '7500' }, /FINESS/],
  ];
  for (const [options, sentence] of wrong) assert.throws(() => filingSettingsOf(MAILBOX, options, null), sentence);
});
