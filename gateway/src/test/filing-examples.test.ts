/** What we file, beside the examples of the French agency, where they are at hand: field by field, of header and metadata. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  attributeOf,
  childElements,
  childrenNamed,
  descendantsNamed,
  localNameOf,
  readXml,
} from '../content/xml/safe-xml.ts';
import { TYPE_NAMES } from '../filing/document-types.ts';
import { EXCHANGE } from '../filing/exchange.fixture.ts';
import { filesOf, partsOf } from './filing-parts.fixture.ts';

const SAMPLES = fileURLToPath(new URL('../../../../shared/samples', import.meta.url));
const skip = existsSync(SAMPLES) ? false : 'the shared samples are not here';

/** `author/assignedAuthor/id`, `author/time/@value` and so on, of the header. */
function headerPaths(xml: Buffer): Set<string> {
  const parsed = readXml(xml);
  if ('refused' in parsed) throw new Error(parsed.refused);
  const paths = new Set<string>();
  const walk = (parent: Element, prefix: string) => {
    for (const child of childElements(parent)) {
      const name = `${prefix}${localNameOf(child)}`;
      if (name === 'component') continue;
      paths.add(name);
      for (const attribute of Array.from(child.attributes)) paths.add(`${name}/@${localNameOf(attribute)}`);
      walk(child, `${name}/`);
    }
  };
  const [document] = descendantsNamed(parsed, 'ClinicalDocument');
  if (document) walk(document, '');
  return paths;
}

/** Slots, classifications with their scheme, identifiers with theirs: what METADATA.XML says of the set and the document. */
function metadataParts(xml: Buffer): Set<string> {
  const parsed = readXml(xml);
  if ('refused' in parsed) throw new Error(parsed.refused);
  const parts = new Set<string>();
  for (const owner of ['RegistryPackage', 'ExtrinsicObject', 'Association'])
    for (const element of descendantsNamed(parsed, owner))
      for (const child of childElements(element)) {
        const which = ['name', 'classificationScheme', 'identificationScheme'].map((name) => attributeOf(child, name));
        const scheme = child.getAttribute('classificationNode') ?? '';
        parts.add(`${owner} ${localNameOf(child)} ${which.join('')}${scheme}`);
        for (const slot of childrenNamed(child, 'Slot'))
          parts.add(`${owner} ${which.join('')} ${attributeOf(slot, 'name')}`);
      }
  return parts;
}

/** What an exchange does not know: where people live and telephone, the name of the birthplace, the patient's doctors. */
const NOT_KNOWN =
  /^recordTarget\/patientRole\/(?:addr|telecom|patient\/(?:birthplace\/place\/addr\/city|guardian))(?:\/|$)|\/(?:addr|telecom)\/|assignedPerson\/name\/(?:prefix|suffix)$|^participant(?:\/|$)/;

const inAll = (sets: readonly Set<string>[]): string[] =>
  [...(sets[0] ?? [])].filter((one) => sets.every((set) => set.has(one)));

async function examples(): Promise<{ cda: Buffer; metadata: Buffer }[]> {
  const archives = readdirSync(path.join(SAMPLES, 'xdm')).filter((name) => name.endsWith('.ZIP'));
  return Promise.all(
    archives.map(async (name) => {
      const files = await filesOf(readFileSync(path.join(SAMPLES, 'xdm', name)));
      const part = (file: string) => files.get(`IHE_XDM/SUBSET01/${file}`) ?? Buffer.alloc(0);
      return { cda: part('DOC0001.XML'), metadata: part('METADATA.XML') };
    }),
  );
}

test('what the header of every example says, ours says too', { skip }, async () => {
  const all = await examples();
  assert.ok(all.length >= 9);
  const { cda, files } = await partsOf(EXCHANGE);
  const ours = headerPaths(cda);
  const theirs = inAll(all.map((one) => headerPaths(one.cda)));
  assert.ok(theirs.length > 40);
  assert.deepEqual(
    theirs.filter((one) => !ours.has(one) && !NOT_KNOWN.test(one)),
    [],
  );
  const parts = metadataParts(files.get('IHE_XDM/SUBSET01/METADATA.XML') ?? Buffer.alloc(0));
  const theirParts = inAll(all.map((one) => metadataParts(one.metadata)));
  assert.ok(theirParts.length > 25);
  assert.deepEqual(
    theirParts.filter((one) => !parts.has(one)),
    [],
  );
});

test('what the example of level 1 says beyond them is said as well, or belongs to a laboratory', { skip }, async () => {
  const archive = readFileSync(path.join(SAMPLES, 'xdm', 'BIO-CR-BIO_2021.01_CDA-R2-Niveau-1.IHE_XDM.ZIP'));
  const theirs = headerPaths((await filesOf(archive)).get('IHE_XDM/SUBSET01/DOC0001.XML') ?? Buffer.alloc(0));
  const ours = headerPaths((await partsOf(EXCHANGE)).cda);
  const laboratory =
    /^(?:informant|authenticator|participant|inFulfillmentOf)\b|statusCode|templateId$|(?:serviceEvent|encompassingEncounter)\/id\/@extension$|@assigningAuthorityName$|performer\/(?:templateId|time)/;
  const missing = [...theirs].filter((one) => !ours.has(one) && !NOT_KNOWN.test(one) && !laboratory.test(one));
  assert.deepEqual(missing, []);
});

test('the words of our types are those of the value set', { skip }, () => {
  const values = readFileSync(path.join(SAMPLES, 'value-sets', 'JDV_J07_XdsTypeCode_CISIS.xml'), 'utf8');
  for (const [code, name] of Object.entries(TYPE_NAMES))
    assert.match(
      values,
      new RegExp(
        `code="${code}"\\s+codeSystem="2\\.16\\.840\\.1\\.113883\\.6\\.1"\\s+displayName="${name.replace(/[()]/g, '\\$&')}"`,
      ),
    );
});
