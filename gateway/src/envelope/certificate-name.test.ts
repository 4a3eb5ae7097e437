/** Names of issuers: which ones are the same, and which ones only look so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BerError } from './ber.ts';
import { judgePath } from './certificate-path.ts';
import { element } from './der.ts';
import { OID } from './oids.ts';
import { authorityExtensions, mailExtensions, NOW } from './test-authority.fixture.ts';
import { common, dn, type Holder, hold, listBy, MAIL, root, storeOfHolders } from './trust.fixture.ts';

/** Whether a certificate that names its issuer as `name` is taken for one of `issuing`. */
function isTaken(issuing: Holder, name: Buffer): boolean {
  const issuer = { ...issuing, name };
  const { certificate } = hold({ name: common('Dr X'), issuer, extensions: mailExtensions(MAIL) });
  const store = storeOfHolders({ intermediates: [issuing.certificate], lists: [listBy(root), listBy(issuer)] });
  return judgePath({ certificate, store, bag: [], bagLists: [], at: NOW, uses: ['digitalSignature'] }).trusted;
}

const printable = (text: string): Buffer => element(0x13, Buffer.from(text, 'latin1'));
const bmp = (text: string): Buffer => element(0x1e, Buffer.from(text, 'utf16le').swap16());
const named = (text: string | Buffer): Buffer => dn([OID.organization, text], [OID.commonName, 'CA']);
const labo = hold({ name: named('Labo du  Rhône'), issuer: root, extensions: authorityExtensions() });

test('line 19: names of issuers are compared by case and spaces, whatever their string type', () => {
  for (const same of ['labo du rhône', ' Labo du Rhône ', 'LABO DU RHÔNE', 'Labo du Rho\u0302ne'])
    assert.ok(isTaken(labo, named(same)), same);
  assert.ok(isTaken(labo, named(bmp('Labo du Rhône'))));
  const plain = hold({ name: common('Plain CA'), issuer: root, extensions: authorityExtensions() });
  assert.ok(isTaken(plain, dn([OID.commonName, printable('PLAIN CA')])));
});

test('line 19: a name with something invisible in it, or with a letter of another alphabet, is another name', () => {
  for (const other of [
    'Labo du\u200b Rhône',
    'Labo du\ufeff Rhône',
    'Labo du\u00a0Rhône',
    'Labo du\u00ad Rhône',
    'Labo du\tRhône',
    'Labo duRhône',
    'Labo du Rh\u043ene',
    'Labo du Rhone',
  ])
    assert.equal(isTaken(labo, named(other)), false, JSON.stringify(other));
});

test('line 19: text that cannot be decoded for certain is compared as it stands', () => {
  assert.equal(isTaken(labo, named(printable('Labo du Rh\xf4ne'))), false);
  assert.equal(isTaken(labo, named(element(0x14, Buffer.from('Labo du Rh\xf4ne', 'latin1')))), false);
  const broken = named(element(0x0c, Buffer.from([0x41, 0xff])));
  assert.throws(() => hold({ name: broken, issuer: root, extensions: authorityExtensions() }), BerError);
});

test('line 19: the same parts in another order are another name', () => {
  assert.equal(isTaken(labo, dn([OID.commonName, 'CA'], [OID.organization, 'Labo du Rhône'])), false);
});

test('line 19: signs that merely fold onto a letter are not that letter', () => {
  const issuing = hold({ name: common('KAISER ÅNGSTRÖM'), issuer: root, extensions: authorityExtensions() });
  assert.ok(isTaken(issuing, common('kaiser ångström')));
  for (const name of ['\u212aAISER ÅNGSTRÖM', 'KAISER \u212bNGSTRÖM', 'KAI\u017fER ÅNGSTRÖM', 'KAİSER ÅNGSTRÖM'])
    assert.equal(isTaken(issuing, common(name)), false, JSON.stringify(name));
});
