/**
 * `estafette inspect FILE…`: opens mails without delivering them and says, for each, what the inbound flow would say:
 * it runs the very code of the gateway's worker. A clinical file by itself is read too. Needs no running server.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspectMail, judgeUrgency, withViews } from '@estafette/gateway/inspect';
import type { OpenedLetter, TrustPaths, UrgencyRule } from '@estafette/gateway/ports';
import { systemClock } from '@estafette/runtime/clock';
import { demoPaths } from '../demo/material.ts';
import { settings } from '../foundation.ts';
import { atMailbox } from '../hosted-mailbox.ts';
import { readKeyFiles } from '../keys/key-files.ts';
import { PlainError } from '../plain-error.ts';
import { knownSpaces } from '../trust-spaces.ts';
import { isMail, readBareFile } from './bare-file.ts';
import { fileFacts, fileLines } from './file-lines.ts';
import { oneLine, reportLines, textWords } from './report-lines.ts';
import { urgencyLines } from './urgency-lines.ts';

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
  return atMailbox(options.for, async ({ store, mailbox }) => [...keys, ...(await store.keysOf(mailbox.id))]);
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

type Documents = OpenedLetter['documents'];

/** How it presses in the mailbox it is opened for; without one, by flags, corrections and marks alone. */
type Judge = (documents: Documents, isMarked: boolean) => ReturnType<typeof judgeUrgency>;

async function judgeFor(options: InspectOptions): Promise<Judge> {
  const rules: readonly UrgencyRule[] =
    options.for === undefined
      ? []
      : await atMailbox(options.for, ({ store, mailbox }) => store.urgencyRulesOf(mailbox.id));
  return (documents, isMarked) => {
    const reports = documents.flatMap((document) => (document.kind === 'report' ? [document.report] : []));
    return judgeUrgency({ reports, rules, isMarked, keptPhone: null, isVerified: true });
  };
}

function documentLine(document: OpenedLetter['documents'][number]): unknown {
  if (document.kind === 'report' || document.kind === 'text') return document;
  return fileFacts(document);
}

/** What the letter brought, for people: reports field by field, the beginning of texts, files with their views. */
function documentWords(document: OpenedLetter['documents'][number]): string[] {
  if (document.kind === 'report') return reportLines(document.report);
  if (document.kind === 'text') return textWords(document);
  return fileLines(document);
}

async function print(
  file: string,
  opened: OpenedLetter,
  { judge, json }: { judge: Judge; json: boolean },
): Promise<void> {
  const { verdict, layers, headers } = opened;
  const urgency = await judge(opened.documents, headers.urgent);
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
    urgency,
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
      `  documents: ${opened.documents.map((document) => document.kind).join(', ') || 'none shown'}\n${indented(urgencyLines(urgency), '  ')}${documentLines(opened.documents)}`,
  );
}

const indented = (lines: readonly string[], indent: string): string =>
  lines.map((line) => `${indent}${line}\n`).join('');

const documentLines = (documents: Documents): string => indented(documents.flatMap(documentWords), '    ');

/** A clinical file that is no mail: what it holds, and no word on who wrote it. */
async function printBare(
  file: string,
  documents: Documents,
  { judge, json }: { judge: Judge; json: boolean },
): Promise<void> {
  const urgency = await judge(documents, false);
  process.stdout.write(
    json
      ? `${JSON.stringify({ file, mail: false, urgency, documents: documents.map(documentLine) })}\n`
      : `${file}\n  no mail: read as a file attached to a letter, from nobody\n${indented(urgencyLines(urgency), '  ')}${documentLines(documents)}`,
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
  const shown = { judge: await judgeFor(options), json: options.json === true };
  await withViews(systemClock, async (view) => {
    const readOne = async (file: string): Promise<void> => {
      const bytes = readFileSync(file);
      if (!isMail(bytes)) {
        await printBare(file, await view(await readBareFile(file, bytes, at)), shown);
        return;
      }
      const opened = await inspectMail({ file: bytes, keys, trust, letters, at });
      await print(file, { ...opened, documents: await view(opened.documents) }, shown);
    };
    await inOrder(files, readOne);
  });
}

/** Does it for every file; afterwards throws for the first that could not be read. */
async function inOrder(files: readonly string[], readOne: (file: string) => Promise<void>): Promise<void> {
  let unreadable: PlainError | null = null;
  for (const file of files) {
    try {
      await readOne(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      unreadable ??= new PlainError(`${file} cannot be read: ${code}.`, 2);
    }
  }
  if (unreadable !== null) throw unreadable;
}
