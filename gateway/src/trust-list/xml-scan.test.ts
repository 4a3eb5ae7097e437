/** XML as strictly as a second parser behind needs it, and its canonical form beside that of xml-crypto. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMParser } from '@xmldom/xmldom';
import { ExclusiveCanonicalization } from 'xml-crypto';
import { canonicalList } from './canonical-list.ts';
import { ListRefused } from './list-refused.ts';

const ROOT = 'ListeBlancheMSSante';
const NAMESPACE = 'https://listeblanche.mssante.fr/schema';
const within = (content: string, attributes = ''): string =>
  `<${ROOT} xmlns="${NAMESPACE}"${attributes}>${content}</${ROOT}>`;
const canonical = (xml: string): string => canonicalList(Buffer.from(xml)).canonical;

const refusedAs = (code: string) => (error: unknown) => error instanceof ListRefused && error.code === code;

const MALFORMED: readonly (readonly [what: string, xml: string])[] = [
  ['a document type', `<!DOCTYPE ${ROOT}>${within('')}`],
  ['an external entity', `<!DOCTYPE ${ROOT} [<!ENTITY x SYSTEM "file:///etc/passwd">]>${within('&x;')}`],
  [
    'entities that grow',
    `<!DOCTYPE ${ROOT} [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${within('&b;')}`,
  ],
  ['an entity declaration inside', within('<!ENTITY x "y">')],
  ['an entity nobody defined', within('&nbsp;')],
  ['a bare ampersand', within('A & B')],
  ['a reference to no character', within('&#0;')],
  ['a reference to half a character', within('&#xD800;')],
  ['a processing instruction', within('<?xml-stylesheet href="x"?>')],
  ['a declaration of another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${within('')}`],
  ['XML 1.1', `<?xml version="1.1"?>${within('')}`],
  ['a control character', within('\u0001')],
  ['an attribute without quotes', within('<a b=c/>')],
  ['an attribute without a value', within('<a b/>')],
  ['an attribute twice', within('<a b="1" b="2"/>')],
  ['a namespace twice', `<${ROOT} xmlns="urn:x" xmlns="${NAMESPACE}"></${ROOT}>`],
  ['an attribute twice by two prefixes', within('<a p:b="1" q:b="2"/>', ' xmlns:p="urn:x" xmlns:q="urn:x"')],
  ['a prefix without a namespace', within('<p:a/>')],
  ['the xml prefix declared', within('', ' xmlns:xml="urn:x"')],
  ['tags that cross', within('<a><b></a></b>')],
  ['an end tag with something in it', within('<a></a b>')],
  ['a tag in another case', within('<a></A>')],
  ['a second root', `${within('')}<a/>`],
  ['text behind the root', `${within('')}x`],
  ['text before the root', `x${within('')}`],
  ['-- in a comment', within('<!-- a -- b -->')],
  [']]> in text', within(']]>')],
  ['a less-than sign in a value', within('<a b="<"/>')],
  ['another root', '<Liste xmlns="https://listeblanche.mssante.fr/schema"/>'],
  ['another namespace', `<${ROOT} xmlns="urn:x"/>`],
  ['no namespace', `<${ROOT}/>`],
  ['nothing', ''],
  ['elements nested too deeply', within(`${'<a>'.repeat(40)}${'</a>'.repeat(40)}`)],
];

for (const [what, xml] of MALFORMED)
  test(`XML with ${what} is refused`, () => {
    assert.throws(() => canonical(xml), refusedAs('list-malformed'));
  });

for (const xml of [
  within('<a>x</a>').slice(0, -5),
  `<${ROOT} xmlns="${NAMESPACE}"`,
  `${within('').slice(0, -`</${ROOT}>`.length)}<a b="x`,
  `${within('').slice(0, -`</${ROOT}>`.length)}<!-- `,
])
  test(`XML that ends in the middle is said to: …${xml.slice(-12)}`, () => {
    assert.throws(() => canonical(xml), refusedAs('list-cut-off'));
  });

test('bytes that are not UTF-8 are refused', () => {
  const bytes = Buffer.concat([Buffer.from(within('é').slice(0, -25)), Buffer.from([0xe9])]);
  assert.throws(() => canonicalList(bytes), refusedAs('list-malformed'));
});

const EQUAL: readonly string[] = [
  within('<a>x</a>\n\t<b/>'),
  within('<a>&lt;&gt;&amp;&quot;&apos;&#13;&#xE9;𝒳&#x1D4B3;</a>'),
  within('<a>a<!-- c -->b<![CDATA[<&]]>c</a>'),
  within('<a z="1" b=\'2 "&#9;&#10;&lt;\'/>'),
  within('<p:a xmlns:p="urn:p" xmlns:q="urn:q"><b q:x="1" y="2"/><p:c/></p:a>'),
  within('<a xmlns="urn:x"><b xmlns=""><c/></b><d xmlns="https://listeblanche.mssante.fr/schema"/></a>'),
  within('<q:b q:y="1" p:y="2" y="3"/>', ' xmlns:p="urn:a" xmlns:q="urn:b" xmlns:unused="urn:c"'),
  within('<p:a xmlns:p="urn:1"><p:b xmlns:p="urn:2"/><p:b/></p:a>'),
  within('<a xml:lang="fr"> x </a >'),
  within('line\r\nend\rline'),
  `\ufeff<?xml version="1.0" encoding="utf-8" standalone='yes'?>\n<!-- c -->${within('')}\n`,
];

for (const xml of EQUAL)
  test(`the canonical form is that of xml-crypto: ${JSON.stringify(xml.slice(60, 110))}`, () => {
    const withoutComments = xml.replace('\ufeff', '').replace(/<!--.*?-->/g, '');
    const root = new DOMParser().parseFromString(withoutComments, 'text/xml').documentElement;
    assert.equal(canonical(xml), new ExclusiveCanonicalization().process(root, {}));
  });
