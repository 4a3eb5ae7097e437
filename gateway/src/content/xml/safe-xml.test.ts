/** XML out of letters: as real software writes it, and as an attacker does. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { XML_LIMITS } from '@estafette/contracts/limits';
import { DOMParser } from '@xmldom/xmldom';
import { attributeOf, childAt, childrenAt, descendantsNamed, readXml, textOf } from './safe-xml.ts';

const read = (xml: string | Buffer): Document => {
  const found = readXml(typeof xml === 'string' ? Buffer.from(xml) : xml);
  assert.ok(!('refused' in found), 'refused' in found ? found.refused : '');
  return found;
};
const refusal = (xml: string | Buffer): string => {
  const found = readXml(typeof xml === 'string' ? Buffer.from(xml) : xml);
  return 'refused' in found ? found.refused : 'read';
};
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

const ACCENTS = '<a b="né">É€œ</a>';
const ENCODINGS: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['UTF-8 without a word', Buffer.from(ACCENTS)],
  ['UTF-8 with its mark', Buffer.from(`\ufeff${ACCENTS}`)],
  [
    'UTF-8 with spaces, a mark and line ends before the prolog',
    Buffer.from(` \r\n\ufeff<?xml version="1.0"?>${ACCENTS}`),
  ],
  ['UTF-16, little end first', Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${ACCENTS}`, 'utf16le')],
  ['UTF-16, big end first', utf16be(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${ACCENTS}`)],
  ['UTF-16 without a mark', Buffer.from(`<?xml version="1.0" encoding="utf-16"?>${ACCENTS}`, 'utf16le')],
  ['UTF-8 that .NET calls UTF-16', Buffer.from(`<?xml version="1.0" encoding="utf-16"?>${ACCENTS}`)],
  ['UTF-8 that is called Latin', Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${ACCENTS}`)],
  ['UTF-8 with zeros and an end-of-file of DOS behind', Buffer.from(`${ACCENTS}\r\n\u001a\u0000`)],
];
for (const [what, bytes] of ENCODINGS)
  test(`accents are right in ${what}`, () => {
    const root = read(bytes).documentElement;
    assert.deepEqual([attributeOf(root, 'b'), textOf(root)], ['né', 'É€œ']);
  });

test('accents are right in ISO-8859-1, and in what says UTF-8 and is not', () => {
  const latin = (declared: string): Buffer =>
    Buffer.from(`<?xml version="1.0" encoding='${declared}'?><a>Créatininémie élevée à contrôler</a>`, 'latin1');
  for (const declared of ['ISO-8859-1', 'iso-8859-15', 'ISO8859_1', 'Cp1252', 'windows-1252', 'UTF-8'])
    assert.equal(textOf(read(latin(declared)).documentElement), 'Créatininémie élevée à contrôler', declared);
  const cp850 = Buffer.from('<?xml version="1.0" encoding="IBM850"?><a>contr\u0093l\u0082</a>', 'latin1');
  assert.equal(textOf(read(cp850).documentElement), 'contrôlé');
  assert.equal(refusal(latin('UTF-7')), 'xml-encoding');
  assert.equal(refusal(latin('EBCDIC-CP-FR')), 'xml-encoding');
});

const DOCTYPES: readonly (readonly [what: string, xml: string | Buffer])[] = [
  ['an external entity', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ['an external document type', '<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>'],
  ['a parameter entity', '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]><a/>'],
  [
    'a billion laughs',
    `<!DOCTYPE a [<!ENTITY a "ha">${Array.from('bcdefghij', (name, at) => `<!ENTITY ${name} "${`&${'abcdefghi'[at]};`.repeat(10)}">`).join('')}]><a>&j;</a>`,
  ],
  ['a document type in small letters', '<!doctype a><a/>'],
  ['a declaration inside the root', '<a><!ENTITY x "y">&x;</a>'],
  ['a document type hidden in UTF-16', utf16be('\ufeff<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')],
];
for (const [what, xml] of DOCTYPES)
  test(`XML with ${what} is refused before anything is expanded`, () => {
    assert.equal(refusal(xml), 'xml-doctype');
  });

test('words that only speak of a document type are words', () => {
  assert.equal(
    textOf(read('<a><!-- <!DOCTYPE a> --><![CDATA[<!DOCTYPE a [<!ENTITY x "y">]>]]></a>').documentElement),
    '<!DOCTYPE a [<!ENTITY x "y">]>',
  );
});

test('an entity that nobody declared stays as written, and a style sheet is passed over', () => {
  const xml =
    '<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1/x.xsl"?><a>&nbsp;&lt;&#233;&#xE9;&#0;&#x110000;</a><?end?>';
  const document = read(xml);
  assert.equal(textOf(document.documentElement), '&nbsp;<éé\ufffd\ufffd');
  assert.equal(document.childNodes.length, 1);
});

const MALFORMED: readonly string[] = [
  '',
  'Bonjour',
  '<a>',
  '<a></b>',
  '<a></ab>',
  '<a><b></a></b>',
  '<a/><b/>',
  '<a/>x',
  'x<a/>',
  '</a>',
  '<a b="1" b="2"/>',
  '<a b=1/>',
  '<a b/>',
  '<a b="1/>',
  '<a"/>',
  '<1/>',
  '<a',
  '<a /',
  '<a/ >',
  '<a><!-- </a>',
  '<a><![CDATA[ </a>',
  '<a><? </a>',
  '<![CDATA[x]]>',
];
for (const xml of MALFORMED)
  test(`XML that is not well-formed is refused: ${xml}`, () => {
    assert.equal(refusal(xml), 'xml-malformed');
  });

test('depth, elements, attributes and size are bounded, and the bounds themselves are read', () => {
  const deep = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  assert.equal(refusal(deep(XML_LIMITS.depthMax)), 'read');
  assert.equal(refusal(deep(XML_LIMITS.depthMax + 1)), 'xml-too-deep');
  assert.equal(refusal('<a>'.repeat(XML_LIMITS.marksMax)), 'xml-too-deep');
  assert.equal(refusal(`<a>${'<b/>'.repeat(XML_LIMITS.elementsMax)}</a>`), 'xml-too-many-elements');
  const attributes = (count: number): string =>
    `<a ${Array.from({ length: count }, (_, at) => `b${at}=""`).join(' ')}/>`;
  assert.equal(refusal(attributes(XML_LIMITS.attributesPerElementMax)), 'read');
  assert.equal(refusal(attributes(XML_LIMITS.attributesPerElementMax + 1)), 'xml-too-many-elements');
  assert.equal(refusal(`<a>${'&#65;'.repeat(XML_LIMITS.marksMax + 1)}</a>`), 'xml-too-many-elements');
  assert.equal(refusal(`<a>${'x<!---->'.repeat(XML_LIMITS.marksMax + 1)}</a>`), 'xml-too-many-elements');
  const prefixes = Array.from({ length: 90 }, (_, at) => `xmlns:p${at}="x"`).join(' ');
  assert.equal(refusal(`<a ${prefixes}><a ${prefixes}/></a>`), 'read');
  assert.equal(refusal(`<a ${prefixes}><a ${prefixes}><a ${prefixes}/></a></a>`), 'xml-malformed');
  assert.equal(refusal(Buffer.alloc(XML_LIMITS.documentMaxBytes + 1, 0x20)), 'xml-too-large');
  assert.equal(refusal(`<${'a'.repeat(XML_LIMITS.nameMaxCharacters + 1)}/>`), 'xml-malformed');
});

test('things are found by local name, in order, and never by recursion', () => {
  const xml =
    '<x:r xmlns:x="urn:x" xmlns:i="urn:i"><x:b i:type="PQ" type="own"/><b i:type="ST">1<c>2</c></b><c><b>3</b></c></x:r>';
  const document = read(xml);
  const root = document.documentElement;
  assert.equal(root.namespaceURI, 'urn:x');
  assert.deepEqual(descendantsNamed(document, 'b').map(textOf), ['', '12', '3']);
  assert.deepEqual(
    childrenAt(root, 'b').map((each) => attributeOf(each, 'type')),
    ['own', 'ST'],
  );
  assert.equal(textOf(childAt(root, 'c/b')), '3');
  assert.equal(childAt(root, 'c/d/e'), null);
  assert.equal(attributeOf(root, 'x'), '', 'a namespace declaration is no attribute');
  assert.deepEqual(descendantsNamed(descendantsNamed(root, 'c')[0] ?? root, 'b').length, 0);
});

const SAMPLE = fileURLToPath(
  new URL('../../../../../shared/samples/xdm/BIO-CR-BIO_2021.01_CR-2nde-intention.xml', import.meta.url),
);
test('a real document gives the tree that xmldom itself would read', {
  skip: existsSync(SAMPLE) ? false : 'the shared samples are not here',
}, () => {
  const bytes = readFileSync(SAMPLE);
  const theirs = new DOMParser().parseFromString(bytes.toString('utf8').replace(/^\ufeff/, ''), 'text/xml');
  assert.deepEqual(outline(read(bytes).documentElement), outline(theirs.documentElement));
});

function outline(root: Element): string[] {
  return [root, ...allElements(root)].map((element) => {
    const attributes = Array.from({ length: element.attributes.length }, (_, at) => element.attributes.item(at));
    const written = attributes.map((each) => `${each?.name}=${each?.value}`).sort();
    return `${element.namespaceURI} ${element.nodeName} ${written.join(' ')} ${textOf(element).replace(/\s+/g, ' ')}`;
  });
}

function allElements(root: Element): Element[] {
  const found = root.getElementsByTagName('*');
  return Array.from({ length: found.length }, (_, at) => found.item(at)).filter((each) => each !== null);
}

test('XML with bytes changed at random never throws', () => {
  const original = Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?><a xmlns:b="urn:b"><b:c d='1'>é &amp; <![CDATA[x]]></b:c><!-- c --><e/></a>`,
  );
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const outcomes = new Set<string>();
  for (let round = 0; round < 5_000; round += 1) {
    const mutated = Buffer.from(original);
    for (let change = random(3); change >= 0; change -= 1) mutated[random(mutated.length)] = random(256);
    outcomes.add(refusal(mutated));
  }
  assert.ok(outcomes.has('read') && outcomes.has('xml-malformed'));
});
