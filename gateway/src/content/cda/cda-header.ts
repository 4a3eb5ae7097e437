/**
 * The header of a CDA (CDA R2 §4.2, clinical-formats A.2.3): what kind of document it is, which version, when, from
 * whom, for whom. Tolerant of what is missing; nothing is taken from elsewhere to fill a gap without being the same.
 */

import type { ClinicalReport } from '@estafette/contracts/document';
import { CDA_LIMITS } from '@estafette/contracts/limits';
import { attributeOf, childAt, childrenAt, childrenNamed } from '../xml/safe-xml.ts';
import { authorContact } from './author-contact.ts';
import { LABORATORY_TYPES } from './cda-codes.ts';
import { partyName, wordOf } from './people.ts';
import { isoDateOf } from './time-stamp.ts';

export type CdaHeader = Pick<
  ClinicalReport,
  'title' | 'typeCode' | 'date' | 'fileNumber' | 'sender' | 'prescriber' | 'recipient' | 'warnings'
> & {
  authorId: string;
  phones: string[];
  sampledBy: string;
  id: string;
  setId: string;
  version: number | null;
  replaces: string | null;
  isUnderWay: boolean;
};

export function readHeader(document: Element, sampled: readonly string[]): CdaHeader {
  const { typeCode, typeName } = typeOf(document);
  const warnings: string[] = [];
  const replaced = childrenNamed(document, 'relatedDocument').find(
    (related) => attributeOf(related, 'typeCode').trim() === 'RPLC',
  );
  const version = attributeOf(childAt(document, 'versionNumber'), 'value').trim();
  return {
    id: identifier(childAt(document, 'id')),
    setId: identifier(childAt(document, 'setId')),
    version: /^\d{1,9}$/.test(version) ? Number(version) : null,
    replaces: replaced ? identifier(childAt(replaced, 'parentDocument/id')) : null,
    title: wordOf(childAt(document, 'title')) || typeName,
    typeCode,
    date: dateOf(document, LABORATORY_TYPES.includes(typeCode) ? sampled : [], warnings),
    isUnderWay: childrenAt(document, 'documentationOf/serviceEvent/statusCode').some(
      (status) => wordAt(status, 'code') === 'active',
    ),
    fileNumber: fileNumberOf(document),
    ...authorContact(document),
    sampledBy: named(samplersOf(document).map((sampler) => partyName(childAt(sampler, 'associatedEntity')))),
    prescriber: named(
      childrenNamed(document, 'participant')
        .filter((participant) => attributeOf(participant, 'typeCode').trim() === 'REF')
        .map((participant) => partyName(childAt(participant, 'associatedEntity'))),
    ),
    recipient: named(childrenAt(document, 'informationRecipient/intendedRecipient').map(partyName)),
    warnings,
  };
}

/** The kind of document; where the code itself says nothing, as it is translated. */
export function typeOf(document: Element): { typeCode: string; typeName: string } {
  const code = childAt(document, 'code');
  const said = wordAt(code, 'code') !== '' ? code : (childAt(code, 'translation') ?? code);
  return { typeCode: wordAt(said, 'code'), typeName: wordAt(code, 'displayName') || wordAt(said, 'displayName') };
}

const wordAt = (element: Element | null, attribute: string): string =>
  attributeOf(element, attribute).replace(/\s+/g, ' ').trim().slice(0, CDA_LIMITS.wordMaxCharacters);

/** As XDS writes a uniqueId: `root`, or `root^extension` (ITI TF-3 §4.2.3.2.26). */
function identifier(id: Element | null): string {
  const root = wordAt(id, 'root');
  const extension = wordAt(id, 'extension');
  return extension === '' ? root : `${root}^${extension}`;
}

const named = (names: readonly string[]): string =>
  [...new Set(names.filter((name) => name !== ''))].slice(0, CDA_LIMITS.namesMax).join(' ; ');

/**
 * When the sample was taken, where a laboratory says so; else when the act began; else when the document was made.
 * A month or a year alone gives no date, and no later one steps in for it.
 */
function dateOf(document: Element, sampled: readonly string[], warnings: string[]): string | null {
  const samplings = new Set([...samplerTimes(document), ...sampled].map(isoDateOf));
  const [sampling] = samplings;
  if (samplings.size === 1 && sampling) return sampling;
  const acts = childrenAt(document, 'documentationOf/serviceEvent/effectiveTime');
  const stamps = [
    acts.map((time) => attributeOf(childAt(time, 'low'), 'value') || attributeOf(time, 'value')),
    [attributeOf(childAt(document, 'effectiveTime'), 'value')],
  ].flat();
  const stamp = stamps.find((value) => value.trim() !== '');
  if (stamp === undefined) return null;
  const iso = isoDateOf(stamp);
  if (iso === null) warnings.push('date-partial');
  return iso;
}

/** `participant PRF` with the function PRELV. */
const samplersOf = (document: Element): Element[] =>
  childrenNamed(document, 'participant').filter(
    (participant) => attributeOf(childAt(participant, 'functionCode'), 'code').trim() === 'PRELV',
  );

function samplerTimes(document: Element): string[] {
  return samplersOf(document)
    .map((participant) => childAt(participant, 'time'))
    .map((time) => [time, childAt(time, 'low'), childAt(time, 'high')].map((at) => attributeOf(at, 'value').trim()))
    .map((stamps) => stamps.find((stamp) => stamp !== '') ?? '')
    .filter((stamp) => stamp !== '');
}

/** The request as the laboratory numbered it, else the number of the order. */
function fileNumberOf(document: Element): string {
  const ids = [
    ...childrenAt(document, 'documentationOf/serviceEvent/id'),
    ...childrenAt(document, 'inFulfillmentOf/order/id'),
  ];
  return ids.map((id) => wordAt(id, 'extension')).find((extension) => extension !== '') ?? '';
}
