/** The entries of an exchange say where what they hold is not all, and what of an answer is proved. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { ClinicalReport } from '@estafette/contracts/document';
import type { ReplyMessage } from '@estafette/contracts/message';
import type { Verdict } from '@estafette/contracts/verdict';
import { NO_HEADERS, type OpenedLetter, type ReplyRow } from '../ports.ts';
import { answerEntry, letterEntry } from './compile-exchange.ts';

const REPORT = {
  ...{ title: 'Biologie', status: 'final', date: '2026-01-12', sender: '', prescriber: '', results: [] },
  patient: { familyName: 'ESSAI', birthName: '', givenName: 'Camille', birthDate: null, sex: null, ins: null },
  ...{ text: 'K 6,9', warnings: ['text-truncated', 'nir-key-wrong'] },
} as unknown as ClinicalReport;

const VERDICT: Verdict = {
  ...{ signature: 'valid', identity: 'match', encryption: 'none', show: 'verified', reasons: [] },
  signer: null,
};

const entryOf = (documents: OpenedLetter['documents']) =>
  letterEntry({
    ...{ letterId: 'ltr', receivedAt: 0, original: Buffer.from('x'), isReadAlike: true, isDoubted: false },
    opened: {
      ...{ layers: [], headers: NO_HEADERS, documents, wants: [], senderCertificate: null, noticeCertificate: null },
      verdict: VERDICT,
      identity: 'x',
    },
  });

test('a text that was cut and a report that was not read for certain say so', () => {
  const { text } = entryOf([
    { kind: 'text', text: 'début', truncated: true },
    { kind: 'report', report: REPORT },
  ]);
  assert.match(text, /^début\n\[Texte coupé ici : .*\]\n\nBiologie \(validé\)/);
  assert.match(text, /\nLecture automatique à vérifier .* \(text-truncated, nir-key-wrong\)\./);
  assert.equal(entryOf([{ kind: 'text', text: 'tout', truncated: false }]).text, 'tout');
});

test('the proof of an answer is the digest of its words', () => {
  const row = { id: 'rep', state: 'sent', createdAt: 0 } as ReplyRow;
  const message = { text: 'À 18 h.' } as ReplyMessage;
  const { proof } = answerEntry({ row, message, person: 'Claire', messageId: '<a@b>', attachments: [] });
  assert.equal(proof.sha256, createHash('sha256').update('À 18 h.', 'utf8').digest('hex'));
});
