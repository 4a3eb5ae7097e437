/** MAIL and RCPT: what is read of them, and that no bytes make the reader do anything else than read or refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAILURES } from '@estafette/contracts/failure';
import fc from 'fast-check';
import { domainOf, readMailCommand, readRcptCommand } from './mail-command.ts';
import { isXtext, unpackXtext } from './xtext.ts';

test('a sender is read with all that may be said of it', () => {
  assert.deepEqual(
    readMailCommand('MAIL FROM:<a@b.example> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=x+2By AUTH=<>'),
    {
      address: 'a@b.example',
      size: 12,
      body: '8BITMIME',
      smtpUtf8: true,
      returns: 'full',
      envelopeId: 'x+y',
    },
  );
  const plain = { size: null, body: '7BIT', smtpUtf8: false, returns: null, envelopeId: null };
  assert.deepEqual(readMailCommand('mail from: <>'), { address: '', ...plain });
  assert.deepEqual(readMailCommand('MAIL FROM:<"a.b>c"@b.example>'), { address: '"a.b>c"@b.example', ...plain });
});

test('an address keeps the case and the letters it was given with', () => {
  for (const address of ['Jean.DUPONT+x@Cabinet.Example', "o'neil@b.example", 'a@[192.0.2.1]']) {
    const read = readRcptCommand(`RCPT TO:<${address}>`, false);
    assert.ok(typeof read !== 'string' && read.address === address, address);
  }
  const read = readRcptCommand('RCPT TO:<élodie@hôpital.example>', true);
  assert.ok(typeof read !== 'string' && read.address === 'élodie@hôpital.example');
});

test('what is no address is refused', () => {
  const wrong = [
    'a',
    '@b.example',
    'a@',
    'a..b@c.example',
    'a b@c.example',
    'a@b_c.example',
    'a@b..example',
    'a@b.example.',
  ];
  const unseen = [
    'a\u200b@b.example',
    'a\u00a0b@c.example',
    'a@ｂ.example',
    'a@\u212aelvin.example',
    `${'x'.repeat(65)}@b.example`,
  ];
  for (const address of [...wrong, ...unseen, `a@${'b.'.repeat(130)}example`, 'a@b.example:c', 'a\\@b.example'])
    assert.equal(readRcptCommand(`RCPT TO:<${address}>`, true), 'recipient-address-refused', address);
});

test('a domain is compared by its A-labels, and only in a plain form', () => {
  assert.equal(domainOf('a@B.Example'), 'b.example');
  assert.equal(domainOf('a@hôpital.example'), domainOf('b@xn--hpital-ixa.example'));
  for (const odd of ['a@[192.0.2.1]', 'a@ｂ.example', 'a@xn--.example', 'a@', 'a@-b.example', 'a@b%2eexample'])
    assert.equal(domainOf(odd), null, odd);
});

const word = fc.constantFrom(
  'MAIL FROM:',
  'RCPT TO:',
  '<',
  '>',
  '@',
  'a',
  '.',
  ' ',
  '"',
  '\\',
  '=',
  ';',
  '+2B',
  'é',
  'SIZE',
  'ORCPT',
  'NOTIFY',
  'ENVID',
  'RET',
  '\u0000',
);
const line = fc.array(word, { maxLength: 24 }).map((words) => words.join(''));

test('whatever is said is read, or refused with a code of the catalogue', () => {
  const check = (said: string, utf8: boolean): void => {
    for (const read of [
      readMailCommand(`MAIL FROM:<${said}`),
      readMailCommand(said),
      readRcptCommand(`RCPT TO:<${said}`, utf8),
    ])
      if (typeof read === 'string') assert.ok(Object.hasOwn(FAILURES, read));
      else assert.ok(!/[\s\p{Cc}]/u.test(read.address) && (read.address === '' || read.address.includes('@')));
  };
  fc.assert(fc.property(fc.oneof(line, fc.string()), fc.boolean(), check), { seed: 20260112, numRuns: 5_000 });
});

test('xtext stands for one text, and what is not xtext is not read', () => {
  const pack = (text: string): string =>
    [...Buffer.from(text)]
      .map((octet) =>
        octet > 0x20 && octet < 0x7f && octet !== 0x2b && octet !== 0x3d
          ? String.fromCharCode(octet)
          : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`,
      )
      .join('');
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const packed = pack(text);
      assert.ok(isXtext(packed));
      assert.equal(unpackXtext(packed), text);
    }),
    { seed: 20260112 },
  );
  for (const wrong of ['', '+', '+4', '+4g', '+2b', 'a=b', 'a b', 'é']) assert.equal(isXtext(wrong), false, wrong);
});
