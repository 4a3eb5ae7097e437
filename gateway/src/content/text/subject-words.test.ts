/** What people see of the subject of an MSSanté mail, and what it says of the reports inside. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INR_LINES } from '../hprim/hprim.fixture.ts';
import { readHprim } from '../hprim/hprim.ts';
import type { ReadDocument } from '../read-document.ts';
import { markReplacing, shownSubject, uncutForwards } from './subject-words.ts';

test('the mark for software is hidden from people, wherever it stands among reply and error marks', () => {
  const shown: [string, string][] = [
    ["XDM/1.0/DDM+CR d'examens biologiques ESSAI Paul 26/11/1978", "CR d'examens biologiques ESSAI Paul 26/11/1978"],
    ['Re: XDM/1.0/DDM+2 documents ESSAI Paul', 'Re: 2 documents ESSAI Paul'],
    ['[Annule et remplace] XDM/1.0/DDM+BILAN ESSAI Paul', '[Annule et remplace] BILAN ESSAI Paul'],
    ['XDM/1.0/DDM+[Annule et remplace] BILAN ESSAI Paul', '[Annule et remplace] BILAN ESSAI Paul'],
    ['[KO Intégration système !][902] XDM/1.0/DDM+BILAN', '[KO Intégration système !][902] BILAN'],
    ['xdm/1.0/ddm BILAN', 'BILAN'],
    ['XDM/1.0/DDM+', 'XDM/1.0/DDM+'],
    ['INR de Mme ESSAI', 'INR de Mme ESSAI'],
    ['Votre XDM/1.0/DDMX', 'Votre XDM/1.0/DDMX'],
  ];
  for (const [subject, expected] of shown) assert.equal(shownSubject(subject), expected);
});

test('a letter that cancels and replaces another brings corrected reports, and nothing else of it changes', () => {
  const [report] = readHprim(INR_LINES.join('\n'), new Date('2026-01-12'));
  assert.ok(report && report.status === 'final');
  const documents: ReadDocument[] = [
    { kind: 'text', text: 'Bonjour', truncated: false },
    { kind: 'report', report },
    { kind: 'report', report: { ...report, status: 'deleted' } },
  ];
  const statuses = (subject: string): (string | null)[] =>
    markReplacing(documents, subject).map((one) => (one.kind === 'report' ? one.report.status : null));
  assert.deepEqual(statuses('[Annule et remplace] BILAN'), [null, 'corrected', 'deleted']);
  assert.deepEqual(statuses('[ANNULE ET REMPLACE]'), [null, 'corrected', 'deleted']);
  assert.deepEqual(
    statuses('Re: [Annule et remplace] BILAN'),
    [null, 'final', 'deleted'],
    'an answer replaces nothing',
  );
  assert.deepEqual(statuses('BILAN'), [null, 'final', 'deleted']);
});

test('a forward is never cut, an answer to one may be', () => {
  const fresh = [{ from: 0, to: 1 }];
  const cutUnder = (subject: string): boolean => {
    const [text] = uncutForwards([{ kind: 'text', text: 'abc', truncated: false, fresh }], subject);
    return text?.kind === 'text' && text.fresh !== undefined;
  };
  for (const subject of ['TR: INR', 'Tr : INR', 'Fwd: INR', 'FW: RE: INR', '[MSS] Tr: INR'])
    assert.equal(cutUnder(subject), false, subject);
  for (const subject of ['RE: TR: INR', 'INR', 'Traitement: suite', 'Re: INR'])
    assert.equal(cutUnder(subject), true, subject);
});
