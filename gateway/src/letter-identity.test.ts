/** What makes a letter itself, and what relays may add without making another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { letterIdentity } from './letter-identity.ts';

const OWN = [
  'From: Claire MARTIN <claire.martin@cabinet.example>',
  'To: pharmacie@officine.example',
  'Subject: INR',
  'Message-ID: <a@cabinet.example>',
  'Content-Type: text/plain',
];
const letter = (fields: readonly string[], body = 'INR 6,8'): string =>
  letterIdentity(Buffer.from(`${fields.join('\r\n')}\r\n\r\n${body}`));

const TRACE = [
  'Received: from relay.example by mx.officine.example; Mon, 15 Jun 2026 10:20:00 +0000',
  'Received: from a.example\r\n by b.example\r\n\tfor <pharmacie@officine.example>',
  'Return-Path: <claire.martin@cabinet.example>',
  'Delivered-To: pharmacie@officine.example',
  'Authentication-Results: mx.officine.example; none',
  'DKIM-Signature: v=1; a=rsa-sha256; b=abc',
  'X-Spam-Status: No',
];

test('trace fields that relays put in front make no other letter, wherever and however many', () => {
  const same = letter(OWN);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...TRACE), fc.nat(OWN.length))), (added) => {
      const fields = [...OWN];
      for (const [field, at] of added) fields.splice(at, 0, field);
      assert.equal(letter(fields), same);
    }),
    { seed: 20260112, numRuns: 50 },
  );
});

test('another body, or a field that is believed or acted upon, makes another letter', () => {
  const same = letter(OWN);
  assert.notEqual(letter(OWN, 'INR 2,8'), same);
  const acted = [
    'Reply-To: x@cabinet.example',
    'Cc: y@cabinet.example',
    'Auto-Submitted: auto-replied',
    'List-Id: <z>',
  ];
  acted.push('Disposition-Notification-To: x@cabinet.example', 'X-Priority: 1', 'X-Autoreply: yes', 'X-MSS-MES: FIN');
  acted.push('In-Reply-To: <b@cabinet.example>', 'References: <b@cabinet.example>', 'Precedence: bulk');
  for (const field of acted) assert.notEqual(letter([...OWN, field]), same, field);
  for (const [at, field] of OWN.entries()) assert.notEqual(letter(OWN.with(at, field.replace(/.$/, 'x'))), same, field);
});

test('what has no header at all has an identity all the same', () => {
  assert.notEqual(letterIdentity(Buffer.from('no header')), letterIdentity(Buffer.from('no header.')));
});
