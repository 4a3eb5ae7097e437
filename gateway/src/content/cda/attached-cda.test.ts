/** A CDA attached to a letter outside any archive becomes a report, whatever its type and name say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attached, multipart, plain } from '../entities.fixture.ts';
import { readContent } from '../read-content.ts';
import { cdaOf, laboratoryCda, observation, quantity } from './cda.fixture.ts';
import { readCda } from './read-cda.ts';

const NOW = new Date('2026-01-12T10:00:00Z');

test('an attached CDA is a report, and the PDF inside it a file beside', async () => {
  const bytes = Buffer.from(laboratoryCda(observation(quantity('4.1'))));
  for (const [type, name] of [
    ['text/xml', 'resultat.xml'],
    ['application/octet-stream', 'DOC0001.XML'],
    ['application/octet-stream', 'sans-extension'],
  ] as const) {
    const letter = multipart('mixed', plain('Ci-joint.'), attached(type, name, bytes));
    const [, card, ...more] = (await readContent(letter, { approved: null, now: NOW })).documents;
    assert.deepEqual(card, { kind: 'report', report: readCda(bytes, NOW)?.report }, name);
    assert.deepEqual(more, [], name);
  }
  const pdf = Buffer.from('%PDF-1.4\n%%EOF\n').toString('base64');
  const body = `<component><nonXMLBody><text mediaType="application/pdf" representation="B64">${pdf}</text></nonXMLBody></component>`;
  const letter = multipart('mixed', plain('Ci-joint.'), attached('text/xml', 'a.xml', Buffer.from(cdaOf({ body }))));
  const { documents } = await readContent(letter, { approved: null, now: NOW });
  assert.deepEqual(
    documents.map(({ kind }) => kind),
    ['text', 'report', 'file'],
  );
});

test('XML that is no CDA stays a file', async () => {
  const letter = multipart(
    'mixed',
    plain('Ci-joint.'),
    attached('text/xml', 'a.xml', Buffer.from('<facture>12</facture>')),
  );
  const { documents } = await readContent(letter, { approved: null, now: NOW });
  assert.deepEqual(
    documents.map(({ kind }) => kind),
    ['text', 'file'],
  );
});
