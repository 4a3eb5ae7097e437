/** Reading a signed list: what it says, and every way to make it say something else. */
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createSign, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { ListRefused } from './list-refused.ts';
import { indexPeers } from './listed-peers.ts';
import {
  authorities,
  authority,
  changed,
  DAY_MS,
  DEUX,
  foreignAuthority,
  issueSigner,
  listXml,
  NOW,
  policy,
  ROWS,
  SIGNER_NAME,
  signedList,
  signer,
  tlsServer,
  UN,
} from './lists.fixture.ts';
import { readList } from './read-list.ts';

const good = signedList();
const read = (bytes: Buffer, by = policy, at: number | null = NOW) => readList(bytes, by, at);
const refusedAs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ListRefused, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};
const SIGNATURE = /<Signature [\s\S]*<\/Signature>/;
const signatureOf = (bytes: Buffer): string => SIGNATURE.exec(bytes.toString('utf8'))?.[0] ?? '';

test('a list in the real form says which names each domain has', () => {
  const list = read(good);
  assert.equal(list.generatedAt, NOW);
  assert.equal(list.signer.commonName, SIGNER_NAME);
  assert.deepEqual([list.rows, list.domains.length, list.names.length, list.oddRowCount], [4, 3, 3, 0]);
  const peers = indexPeers(list);
  assert.equal(peers.check('UN.mssante.example', UN), 'listed');
  assert.equal(peers.check('trois.mssante.example', UN), 'listed');
  assert.equal(peers.check('deux.mssante.example', DEUX), 'listed');
  assert.equal(peers.check('deux.mssante.example', UN), 'name-not-listed');
  assert.equal(peers.check('un.mssante.example', []), 'name-not-listed');
  for (const domain of ['mssante.example', 'sub.un.mssante.example', 'nun.mssante.example', 'un.mssante.example.'])
    assert.equal(peers.check(domain, UN), 'domain-not-listed', domain);
  assert.equal(peers.listsName(DEUX), true);
  assert.equal(peers.listsName(DEUX.slice(1)), false);
  assert.deepEqual(peers.namesOf('deux.mssante.example'), ROWS[1]?.names);
});

test('the certificate and the value of the signature come in lines that end in a carriage return', () => {
  assert.ok(signatureOf(good).includes('&#13;\n'));
});

test('comments and CDATA sections change nothing of what was signed', () => {
  const bytes = changed(changed(good, '<Nom>un.', '<Nom>u<!-- x -->n<![CDATA[.]]>'), '<Domaine>', '<!-- --><Domaine>');
  assert.deepEqual(read(bytes).domains, read(good).domains);
});

test('a comment within a signed domain does not cut it short', () => {
  const bytes = changed(good, '<Nom>un.mssante.example', '<Nom>un.mssante<!-- -->.example');
  const peers = indexPeers(read(bytes));
  assert.equal(peers.check('un.mssante.example', UN), 'listed');
  assert.equal(peers.lists('un.mssante'), false);
});

const MOVED =
  '<Domaine><Nom>faux.mssante.example</Nom><DNCertificatOperateur>CN=faux.example</DNCertificatOperateur></Domaine>';

const ALTERED: readonly (readonly [what: string, bytes: () => Buffer])[] = [
  ['an altered domain', () => changed(good, '<Nom>un.', '<Nom>faux.')],
  ['an altered name', () => changed(good, 'CN=mta1.un.example', 'CN=mta1.faux.example')],
  ['another date', () => changed(good, '<DateDeGeneration>20', '<DateDeGeneration>21')],
  ['a row more', () => changed(good, '<ListeDomaines>', `<ListeDomaines>${MOVED}`)],
  ['a row less', () => changed(good, /<Domaine>[\s\S]*?<\/Domaine>/, '')],
  ['a space more', () => changed(good, '</ListeDomaines>', '</ListeDomaines> ')],
  [
    'a second list of domains',
    () => changed(good, '<Signature ', `<ListeDomaines>${MOVED}</ListeDomaines><Signature `),
  ],
  ['rows in another namespace', () => changed(good, '<ListeDomaines>', '<ListeDomaines xmlns="urn:x">')],
  ['another digest', () => changed(good, '<DigestValue>', '<DigestValue>AAAA')],
  ['another value', () => changed(good, '<SignatureValue>', '<SignatureValue>AAAA')],
  ['the signature of another list', () => changed(good, SIGNATURE, signatureOf(signedList(ROWS.slice(1))))],
];

for (const [what, bytes] of ALTERED)
  test(`a list with ${what} after it was signed is refused`, () => {
    assert.throws(() => read(bytes()), refusedAs('list-signature-wrong'));
  });

const inSignature = (from: string | RegExp, to: string) => () => changed(good, from, to);
const [EXCLUSIVE, ENVELOPED] = [
  'http://www.w3.org/2001/10/xml-exc-c14n#',
  'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
];

const FORMS: readonly (readonly [what: string, bytes: () => Buffer])[] = [
  ['a second signature', inSignature(SIGNATURE, `${signatureOf(good)}${signatureOf(good)}`)],
  ['a signature in a row', inSignature('<Nom>', `${signatureOf(good)}<Nom>`)],
  [
    'the true list put aside within the signature',
    () => {
      const whole = good.toString('utf8').replace(/^<\?xml.*\n/, '');
      const wrapped = signatureOf(good).replace('</Signature>', `<Object>${whole}</Object></Signature>`);
      return changed(changed(good, '<Nom>un.', '<Nom>faux.'), SIGNATURE, wrapped);
    },
  ],
  ['an object in the signature', inSignature('</Signature>', '<Object>x</Object></Signature>')],
  ['a reference to a part', inSignature('URI=""', 'URI="#x"')],
  ['a reference without an address', inSignature(' URI=""', '')],
  ['a reference with a type', inSignature('URI=""', 'URI="" Type="x"')],
  ['a second reference', inSignature(/(<Reference[\s\S]*<\/Reference>)/, '$1$1')],
  ['a transform more', inSignature('<Transforms>', `<Transforms><Transform Algorithm="${EXCLUSIVE}"/>`)],
  ['a transform less', inSignature(`<Transform Algorithm="${ENVELOPED}"/>`, '')],
  [
    'an XPath transform',
    inSignature(
      `<Transform Algorithm="${ENVELOPED}"/>`,
      '<Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><XPath>x</XPath></Transform>',
    ),
  ],
  [
    'prefixes to be kept',
    inSignature(
      `<Transform Algorithm="${EXCLUSIVE}"/>`,
      `<Transform Algorithm="${EXCLUSIVE}"><InclusiveNamespaces xmlns="${EXCLUSIVE}" PrefixList="x"/></Transform>`,
    ),
  ],
  [
    'canonicalization with comments',
    inSignature(`Method Algorithm="${EXCLUSIVE}"`, `Method Algorithm="${EXCLUSIVE}WithComments"`),
  ],
  ['SHA-1', inSignature('http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2000/09/xmldsig#sha1')],
  [
    'a signature by RSA and SHA-1',
    inSignature('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'),
  ],
  [
    'a bare key',
    inSignature(
      /<X509Data>[\s\S]*<\/X509Data>/,
      '<KeyValue><RSAKeyValue><Modulus>AA</Modulus></RSAKeyValue></KeyValue>',
    ),
  ],
  ['a key name beside the certificate', inSignature('<X509Data>', '<KeyName>x</KeyName><X509Data>')],
  ['two certificates', inSignature(/(<X509Certificate>[\s\S]*<\/X509Certificate>)/, '$1$1')],
  ['no certificate', inSignature(/<KeyInfo>[\s\S]*<\/KeyInfo>/, '')],
  ['two SignedInfo', inSignature(/(<SignedInfo>[\s\S]*<\/SignedInfo>)/, '$1$1')],
  ['an element of another namespace', inSignature('<SignedInfo>', '<SignedInfo xmlns="urn:x">')],
  ['no value', inSignature(/<SignatureValue>[\s\S]*<\/SignatureValue>/, '<SignatureValue></SignatureValue>')],
];

for (const [what, bytes] of FORMS)
  test(`a signature with ${what} is refused`, () => {
    assert.throws(() => read(bytes()), refusedAs('list-signature-form'));
  });

test('the public key of the signer is no HMAC secret', () => {
  const hmac = 'http://www.w3.org/2000/09/xmldsig#hmac-sha1';
  const bytes = changed(good, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', hmac);
  const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(bytes.toString('utf8'))?.[0] ?? '';
  const value = createHmac('sha1', signer.certificatePem).update(signedInfo).digest('base64');
  const forged = changed(
    bytes,
    /<SignatureValue>[\s\S]*<\/SignatureValue>/,
    `<SignatureValue>${value}</SignatureValue>`,
  );
  assert.throws(() => read(forged), refusedAs('list-signature-form'));
});

test('a list without a signature is refused as such', () => {
  assert.throws(() => read(Buffer.from(listXml())), refusedAs('list-unsigned'));
});

test('a signature outside its namespace is none', () => {
  const bytes = changed(good, /xmlns="http:\/\/www.w3.org\/2000\/09\/xmldsig#"/, 'xmlns="urn:x"');
  assert.throws(() => read(bytes), refusedAs('list-unsigned'));
});

test('a copy edited by hand, unsigned and without its last tag, is refused with both said', () => {
  const bytes = Buffer.from(listXml().replace('</ListeBlancheMSSante>', ''));
  assert.throws(
    () => read(bytes),
    (error: unknown) => {
      assert.ok(error instanceof ListRefused);
      assert.equal(
        error.message,
        'The trust list ends in the middle: it was cut off, or edited by hand. (<ListeBlancheMSSante> is never closed, and up to there it carries no signature)',
      );
      return true;
    },
  );
});

test('a list signed under another authority is refused', async () => {
  const foreign = await issueSigner(foreignAuthority);
  assert.throws(() => read(signedList(ROWS, NOW, foreign)), refusedAs('list-signer-unknown'));
});

test('a list signed under the right authority by somebody else is refused', async () => {
  const other = await issueSigner(authority, { commonName: 'autre.example' });
  assert.throws(() => read(signedList(ROWS, NOW, other)), refusedAs('list-signer-name'));
});

test('a renewed certificate of the signer is taken: the leaf is not pinned', async () => {
  const renewed = await issueSigner(authority);
  assert.equal(read(signedList(ROWS, NOW, renewed)).domains.length, 3);
});

test('an authority signs no list itself, and neither does a certificate for TLS', () => {
  const asAuthority = {
    ...signer,
    certificatePem: authority.issuingCertificatePem,
    privateKeyPem: authority.issuingKeyPem,
  };
  const named = { authorities, commonName: 'AC ESTAFETTE DEMO ELEMENTAIRE' };
  assert.throws(() => read(signedList(ROWS, NOW, asAuthority), named), refusedAs('list-signer-unknown'));
  const asServer = { ...signer, ...tlsServer };
  assert.throws(
    () => read(signedList(ROWS, NOW, asServer), { authorities, commonName: 'localhost' }),
    refusedAs('list-signer-unknown'),
  );
});

test('a signer whose certificate is over signs no new list; a copy from before it ended still counts', async () => {
  const short = await issueSigner(authority, { now: new Date(NOW - 10 * DAY_MS), validityDays: 5 });
  const before = signedList(ROWS, NOW - 7 * DAY_MS, short);
  assert.throws(() => read(before), refusedAs('list-signer-expired'));
  assert.equal(read(before, policy, null).domains.length, 3);
  assert.throws(() => read(signedList(ROWS, NOW, short), policy, null), refusedAs('list-signer-expired'));
});

test('a chain that lacks its authority in between, or ends in none of ours, is refused', () => {
  const root = { authorities: authority.rootCertificatePem, commonName: SIGNER_NAME };
  assert.throws(() => read(good, root), refusedAs('list-signer-unknown'));
  assert.throws(() => read(good, { authorities: '', commonName: SIGNER_NAME }), refusedAs('list-signer-unknown'));
  const pinned = { authorities: authority.issuingCertificatePem, commonName: SIGNER_NAME };
  assert.equal(read(good, pinned).domains.length, 3, 'an authority alone may be pinned');
});

test('the key must be that of the certificate', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const otherKey = { ...signer, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  assert.throws(() => read(signedList(ROWS, NOW, otherKey)), refusedAs('list-signature-wrong'));
});

test('rows that are not understood cost only themselves, and are told', () => {
  const [row] = ROWS;
  const odd = [
    { domain: 'pas un domaine', names: ['CN=a.example'] },
    { domain: 'nom.mssante.example', names: ['HOPITAL SANS TYPE'] },
    ...(row === undefined ? [] : [row]),
  ];
  const list = read(signedList(odd));
  assert.deepEqual(list.oddRows, [
    { row: 1, oddity: 'domain-not-understood' },
    { row: 2, oddity: 'name-not-understood' },
  ]);
  assert.deepEqual(list.domains, ['un.mssante.example']);
});

test('a row that gives two domains gives none, and unknown elements are passed over', async () => {
  const xml = listXml()
    .replace('<Nom>un.', '<Nom>autre.mssante.example</Nom><Nom>un.')
    .replace('<Nom>deux.', '<Nouveau a="b"><Nom>x.example</Nom></Nouveau><Nom>deux.')
    .replace('<ListeDomaines>', '<Version>2</Version><ListeDomaines>');
  const { signTrustList } = await import('@estafette/certs/trust-list');
  const list = read(signTrustList(xml, signer));
  assert.deepEqual(list.domains, ['deux.mssante.example', 'trois.mssante.example']);
  assert.deepEqual(list.oddRows, [{ row: 1, oddity: 'no-domain' }]);
});

test('a signed list of nothing, or without its date, is refused', async () => {
  const { signTrustList } = await import('@estafette/certs/trust-list');
  assert.throws(() => read(signedList([])), refusedAs('list-empty'));
  const undated = listXml().replace(/<DateDeGeneration>.*<\/DateDeGeneration>/, '');
  assert.throws(() => read(signTrustList(undated, signer)), refusedAs('list-malformed'));
  const local = listXml().replace(/Z<\/DateDeGeneration>/, '</DateDeGeneration>');
  assert.throws(() => read(signTrustList(local, signer)), refusedAs('list-malformed'));
});

test('a list larger than any is refused before it is looked at', () => {
  assert.throws(() => read(Buffer.alloc(33 * 1_024 * 1_024, 0x20)), refusedAs('list-too-large'));
});

test('an EC key signs no list', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ec = await issueSigner(authority, {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  } as Parameters<typeof issueSigner>[1]);
  const certificate = ec.certificatePem.replace(/-----[A-Z ]+-----|\s/g, '');
  const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(good.toString('utf8'))?.[0] ?? '';
  const value = sign('sha256', Buffer.from(signedInfo), createPrivateKey(ec.privateKeyPem)).toString('base64');
  const bytes = changed(
    changed(good, /<X509Certificate>[^<]*</, `<X509Certificate>${certificate}<`),
    /<SignatureValue>[^<]*</,
    `<SignatureValue>${value}<`,
  );
  assert.throws(() => read(bytes), refusedAs('list-signer-unknown'));
});

test('a signature over the raw octets, not the canonical ones, is wrong', () => {
  const signedInfo = /<SignedInfo>[\s\S]*<\/SignedInfo>/.exec(good.toString('utf8'))?.[0] ?? '';
  const value = createSign('sha256').update(signedInfo).sign(signer.privateKeyPem, 'base64');
  const bytes = changed(good, /<SignatureValue>[^<]*</, `<SignatureValue>${value}<`);
  assert.throws(() => read(bytes), refusedAs('list-signature-wrong'));
});
