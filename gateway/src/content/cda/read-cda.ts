/**
 * Reads a CDA R2 document (French profile CI-SIS; clinical-formats A.2.3, A.2.4) into the report a card shows: its
 * header, the laboratory's results with what was said of each, the narrative as plain text, the files inside.
 *
 * Tolerant in reading: the document is looked for as an element, because one that presents itself has a style sheet as
 * its root (never executed, only walked past). Exact in what it claims: see read-results.ts, reference-range.ts and
 * cda-patient.ts for what is not claimed. Text is never dropped: what could not be understood is still in `text`, with
 * a warning. Never throws for what bytes contain; bounded by XML_LIMITS and CDA_LIMITS; linear.
 */

import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { CONTENT_LIMITS } from '@estafette/contracts/limits';
import { bySeverity } from '../hprim/hprim-flag.ts';
import { stating } from '../stated-patients.ts';
import { attributeOf, childAt, childrenAt, descendantsNamed, readXml } from '../xml/safe-xml.ts';
import { saidIn } from './beside-words.ts';
import * as codes from './cda-codes.ts';
import type { CdaFile } from './cda-files.ts';
import { readFiles } from './cda-files.ts';
import type { CdaHeader } from './cda-header.ts';
import { readHeader, typeOf } from './cda-header.ts';
import { readPatient } from './cda-patient.ts';
import { textOfBody } from './cda-text.ts';
import { cleanReport } from './clean-report.ts';
import type { ReadResults } from './read-results.ts';
import { readResults } from './read-results.ts';
import { References } from './references.ts';

export interface CdaDocument {
  id: string;
  setId: string;
  version: number | null;
  /** Id of the document this one replaces (RPLC). */
  replaces: string | null;
  report: ClinicalReport;
  files: CdaFile[];
}

const UNDER_WAY_WORDS = /\b(?:en cours|provisoire|partiel|incomplet)/i;

/** Null when the bytes are no CDA, or no XML that may be read. `now` bounds the date of birth. */
export function readCda(bytes: Buffer, now: Date): CdaDocument | null {
  const xml = readXml(bytes);
  if ('refused' in xml) return null;
  const documents = descendantsNamed(xml, 'ClinicalDocument').filter(isCda);
  const [document] = documents;
  if (!document) return null;
  const bodies = bodiesOf(document);
  const body = bodies[0] ?? null;
  const references = new References(body);
  const coded = body ? readResults(body, { references, typeCode: typeOf(document).typeCode }) : null;
  const header = readHeader(document, coded?.sampled ?? []);
  const { patient, stated, warnings } = readPatient(document, now);
  const inside = readFiles(bodies, header.title);
  const all = new Set([...warnings, ...header.warnings, ...(coded?.warnings ?? []), ...inside.warnings]);
  if (documents.length > 1) all.add('several-documents');
  const shown = shownResults(coded?.results ?? [], all);
  const human = bodies.map((each) => textOfBody(each, coded ?? { sections: new Set(), told: new Set() }));
  if (human.some(({ isCoded }) => isCoded)) all.add('section-without-text');
  const words = human.map((each) => each.words);
  const text = [...words, ...(coded?.loose ?? []), linesBeside(coded, [...words, header.sender]), ...shown.beyond];
  const written = text.filter((part) => part !== '').join('\n\n');
  if (written === '' && inside.files.length === 0 && shown.results.length === 0) all.add('body-empty');
  const report: ClinicalReport = {
    source: 'cda',
    title: header.title,
    typeCode: header.typeCode,
    patient,
    date: header.date,
    status: statusOf(header, { coded, body }),
    fileNumber: header.fileNumber,
    sender: header.sender,
    ...(header.authorId === '' ? {} : { authorId: header.authorId }),
    ...(header.phones.length === 0 ? {} : { phones: header.phones }),
    ...(header.sampledBy === '' ? {} : { sampledBy: header.sampledBy }),
    prescriber: header.prescriber,
    recipient: header.recipient,
    results: shown.results,
    text: written,
    warnings: [...all],
  };
  const { id, setId, version, replaces } = header;
  return { id, setId, version, replaces, report: stating(cleanReport(report), stated), files: inside.files };
}

/** In the namespace of HL7 v3, or with what only a CDA has: real software forgets the namespace. */
const isCda = (element: Element): boolean =>
  element.namespaceURI === codes.HL7_NAMESPACE ||
  ['typeId', 'recordTarget', 'component'].some((name) => childAt(element, name) !== null);

/** One, by the grammar (CDA R2 §4.3.1); the words and files of more are not lost. */
const bodiesOf = (document: Element): Element[] =>
  ['structuredBody', 'nonXMLBody'].flatMap((kind) => childrenAt(document, `component/${kind}`));

/** What is said beside the results and is no cell, line or part of a line of the narrative; of many results once. */
function linesBeside(coded: ReadResults | null, narratives: readonly string[]): string {
  const isSaid = saidIn(narratives.join('\n'));
  const labels = new Map<string, Set<string>>();
  for (const { kind, words, label } of coded?.beside ?? []) {
    if (isSaid(words)) continue;
    const line = kind === '' ? words : `${kind} : ${words}`;
    const own = labels.get(line) ?? new Set();
    labels.set(line, label === '' ? own : own.add(label));
  }
  const lines = [...labels].map(([line, own]) => (own.size === 0 ? line : `${line} (${[...own].join(' ; ')})`));
  return lines.join('\n');
}

/** The gravest first; those beyond the limit as lines of text. */
function shownResults(
  results: readonly LabResult[],
  warnings: Set<string>,
): { results: LabResult[]; beyond: string[] } {
  const sorted = bySeverity(results.map((result) => ({ result }))).map(({ result }) => result);
  const beyond = sorted.splice(CONTENT_LIMITS.resultsMax);
  if (beyond.length > 0) warnings.add('too-many-results');
  return { results: sorted, beyond: beyond.map(lineOf) };
}

function lineOf({ label, first, second, flag, interpretation, comments }: LabResult): string {
  const also = second ? `(${second.value} ${second.unit})` : '';
  const range = first.low === '' && first.high === '' ? '' : `[${first.low} – ${first.high}]`;
  const parts = [label, ':', first.value, first.unit, also, range, flag ?? '', interpretation, ...comments];
  return parts.filter((part) => part !== '').join(' ');
}

/**
 * Provisional when the act behind it goes on (IHE PaLM: a report whose serviceEvent is not completed), when an entry
 * does, or when the document says so in its section of status. This weighs more than being a new version: a reader
 * must not take for final what is not, and that it replaces another is said by `replaces`.
 */
function statusOf(
  header: CdaHeader,
  { coded, body }: { coded: ReadResults | null; body: Element | null },
): ClinicalReport['status'] {
  const isUnderWay = header.isUnderWay || (coded?.isUnderWay ?? false) || (body !== null && saysUnderWay(body));
  if (isUnderWay || /\bprovisoire\b/i.test(header.title)) return 'provisional';
  return header.replaces !== null || (header.version ?? 1) > 1 ? 'corrected' : 'final';
}

function saysUnderWay(body: Element): boolean {
  return descendantsNamed(body, 'section')
    .filter((section) => attributeOf(childAt(section, 'code'), 'code').trim() === codes.DOCUMENT_STATUS_SECTION)
    .flatMap((section) => descendantsNamed(section, 'value'))
    .some(
      (value) =>
        attributeOf(value, 'code').trim() === codes.UNDER_WAY_CODE ||
        UNDER_WAY_WORDS.test(attributeOf(value, 'displayName')),
    );
}
