/**
 * `estafette inspect FILE…`: opens mails without delivering them and says, for each, what the inbound flow would say:
 * it runs the very code of the gateway's worker. A clinical file by itself is read too. Needs no running server.
 */
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectMail } from '@estafette/gateway/inspect';
import type { OpenedLetter, TrustPaths } from '@estafette/gateway/ports';
import { demoPaths } from '../demo/material.ts';
import { layFoundation, openStoreFor, settings } from '../foundation.ts';
import { readKeyFiles } from '../keys/key-files.ts';
import { PlainError } from '../plain-error.ts';
import { knownSpaces } from '../trust-spaces.ts';
import { isMail, readBareFile } from './bare-file.ts';
import { oneLine, reportLines } from './report-lines.ts';

export interface InspectOptions {
  readonly anchors?: string;
  readonly crls?: string;
  readonly key?: string;
  readonly passwordFile?: string;
  readonly for?: string;
  readonly at?: string;
  readonly space?: string;
  readonly json?: boolean;
}

/** Of a plain text, as much as a person needs to know it again. */
const TEXT_CHARACTERS = 300;

type Keys = readonly { certificate: Uint8Array; privateKey: KeyObject }[];

async function keysFor(options: InspectOptions): Promise<Keys> {
  const keys: { certificate: Uint8Array; privateKey: KeyObject }[] = [];
  if (options.key !== undefined) {
    const { passwordFile } = options;
    const identities =
      readKeyFiles({ p12: options.key, ...(passwordFile === undefined ? {} : { passwordFile }) }) ?? [];
    for (const { certificatePem, privateKeyPem } of identities)
      keys.push({ certificate: new X509Certificate(certificatePem).raw, privateKey: createPrivateKey(privateKeyPem) });
  }
  if (options.for === undefined) return keys;
  const store = await openStoreFor(layFoundation(settings()));
  try {
    const mailbox = await store.mailboxByAddress(options.for);
    if (mailbox === null) throw new PlainError(`${options.for} is not a mailbox of this gateway.`);
    return [...keys, ...(await store.keysOf(mailbox.id))];
  } finally {
    await store.close();
  }
}

/** Anchors and lists: given, else those of the settings, else the demo's, else none (then nobody is trusted). */
export function trustFor(options: Pick<InspectOptions, 'anchors' | 'crls'>): TrustPaths | null {
  for (const path of [options.anchors, options.crls])
    if (path !== undefined && !existsSync(path)) throw new PlainError(`${path} does not exist.`);
  if (options.anchors !== undefined) return { anchors: options.anchors, lists: options.crls ?? null };
  const config = settings();
  const demo = demoPaths(config.ESTAFETTE_HOME).files;
  const anchors = config.ESTAFETTE_TRUST_ANCHORS ?? (existsSync(demo.authorities) ? demo.authorities : null);
  if (anchors === null) return null;
  return {
    anchors,
    lists: options.crls ?? config.ESTAFETTE_CRLS ?? (existsSync(demo.revocationLists) ? demo.revocationLists : null),
    // What the gateway fetched so far counts here too.
    fetched: { folder: join(config.ESTAFETTE_HOME, 'revocation'), version: 0 },
  };
}

function documentLine(document: OpenedLetter['documents'][number]): unknown {
  if (document.kind === 'report' || document.kind === 'text') return document;
  const { bytes, ...facts } = document;
  return { ...facts, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** What the letter brought, for people: reports field by field, the beginning of texts, the names of files. */
function documentWords(document: OpenedLetter['documents'][number]): string[] {
  if (document.kind === 'report') return reportLines(document.report);
  if (document.kind === 'text') return [`text: ${oneLine(document.text).slice(0, TEXT_CHARACTERS)}`];
  const note = document.kind === 'file' && document.note !== null ? `; ${oneLine(document.note)}` : '';
  return [`${document.kind}: ${oneLine(document.name)}; ${document.mediaType}; ${document.bytes.length} bytes${note}`];
}

function print(file: string, opened: OpenedLetter, json: boolean): void {
  const { verdict, layers, headers } = opened;
  const line = {
    file,
    signature: verdict.signature,
    identity: verdict.identity,
    encryption: verdict.encryption,
    show: verdict.show,
    reasons: verdict.reasons,
    signer: verdict.signer,
    layers,
    headers,
    documents: opened.documents.map(documentLine),
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const who = verdict.signer === null ? 'no signer' : `${verdict.signer.name} (${verdict.signer.addresses.join(', ')})`;
  process.stdout.write(
    `${file}\n  show ${verdict.show}; signature ${verdict.signature}, identity ${verdict.identity}, encryption ${verdict.encryption}\n` +
      `  reasons: ${verdict.reasons.join(', ') || 'none'}\n  signer: ${who}\n  from: ${oneLine(headers.from ?? '')}; subject: ${oneLine(headers.subject ?? '')}\n` +
      `  documents: ${opened.documents.map((document) => document.kind).join(', ') || 'none shown'}\n${documentLines(opened.documents)}`,
  );
}

function documentLines(documents: OpenedLetter['documents']): string {
  return documents
    .flatMap(documentWords)
    .map((line) => `    ${line}\n`)
    .join('');
}

/** A clinical file that is no mail: what it holds, and no word on who wrote it. */
function printBare(file: string, documents: OpenedLetter['documents'], json: boolean): void {
  process.stdout.write(
    json
      ? `${JSON.stringify({ file, mail: false, documents: documents.map(documentLine) })}\n`
      : `${file}\n  no mail: read as a file attached to a letter, from nobody\n${documentLines(documents)}`,
  );
}

/** Inspects the files in order; exit code 2 when one could not be read as a file. */
export async function inspect(files: readonly string[], options: InspectOptions): Promise<void> {
  const at = options.at === undefined ? Date.now() : Date.parse(options.at);
  if (Number.isNaN(at)) throw new PlainError(`--at must be an ISO 8601 time, but is “${options.at}”.`, 2);
  const spaces = knownSpaces(settings());
  const space = options.space === undefined ? spaces[0] : spaces.find(({ name }) => name === options.space);
  if (space === undefined) {
    const names = spaces.map(({ name }) => name).join(', ');
    throw new PlainError(`--space must be one of ${names}, but is “${options.space}”.`, 2);
  }
  const { letters } = space;
  const [keys, trust] = [await keysFor(options), trustFor(options)];
  let unreadable: PlainError | null = null;
  for (const file of files) {
    try {
      const bytes = readFileSync(file);
      if (isMail(bytes)) {
        print(file, await inspectMail({ file: bytes, keys, trust, letters, at }), options.json === true);
      } else {
        printBare(file, await readBareFile(file, bytes, at), options.json === true);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable ??= new PlainError(`${file} cannot be read: ${code}.`, 2);
    }
  }
  if (unreadable !== null) throw unreadable;
}
