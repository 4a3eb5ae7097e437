/** For tests: the files a space names, made by openssl, and complete spaces as an operator would write them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrustSpace } from '../trust-space.ts';
import { readSpaces, WrongSpaces } from './read-spaces.ts';

export interface SpaceFolder {
  readonly folder: string;
  /** Writes the file of spaces and gives its path. */
  write(content: unknown, name?: string): string;
  remove(): void;
  readonly read: (content: unknown) => readonly TrustSpace[];
  /** The path of a file in it. */
  readonly at: (name: string) => string;
  /** What is wrong, a line each. */
  readonly faultsOf: (content: unknown) => readonly string[];
}

const openssl = (folder: string, ...words: readonly string[]): void =>
  void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });

/** A folder with an authority, its empty list, two certificates with keys, and files that are wrong. */
export function spaceFolder(): SpaceFolder {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-spaces-'));
  const subject = (name: string): string => `/C=FR/O=OPERATEUR EXEMPLE/CN=${name}`;
  for (const name of ['authority', 'door', 'other'])
    openssl(
      folder,
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
      ...['-subj', subject(`${name}.example`), '-keyout', `${name}.key`, '-out', `${name}.pem`],
    );
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'ca.cnf'), '[ca]\ndefault_ca=one\n[one]\ndatabase=index.txt\ndefault_md=sha256\n');
  openssl(
    folder,
    ...['ca', '-config', 'ca.cnf', '-gencrl', '-crldays', '7', '-cert', 'authority.pem', '-keyfile', 'authority.key'],
    ...['-out', 'lists.pem'],
  );
  writeFileSync(join(folder, 'list.xml'), '<ListeBlancheMSSante/>');
  writeFileSync(join(folder, 'rubbish.pem'), 'no certificate here\n');
  writeFileSync(
    join(folder, 'broken.pem'),
    '-----BEGIN CERTIFICATE-----\nTm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n',
  );
  const at = (name: string): string => join(folder, name);
  const write = (content: unknown, name = 'spaces.json'): string => {
    writeFileSync(at(name), typeof content === 'string' ? content : JSON.stringify(content));
    return at(name);
  };
  const read = (content: unknown): readonly TrustSpace[] => readSpaces(write(content), { host: '127.0.0.1' });
  const faultsOf = (content: unknown): readonly string[] => {
    try {
      read(content);
    } catch (error) {
      assert.ok(error instanceof WrongSpaces, String(error));
      return error.faults.map((fault) => fault.replaceAll(`${folder}/`, ''));
    }
    return [];
  };
  return { folder, write, read, at, faultsOf, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const DOOR = { certificate: 'door.pem', key: 'door.key' };
const PEERS = { anchors: 'authority.pem', lists: 'lists.pem' };

/** Complete spaces, smallest form; a test changes what it is about. */
export const MSSANTE = {
  name: 'mssante',
  preset: 'mssante',
  door: { ...DOOR, port: 2_500, clients: PEERS },
  wayOut: { route: { kind: 'mail-exchanger' }, servers: PEERS, ownCertificate: DOOR },
  trustList: { source: 'list.xml', signer: { authorities: 'authority.pem', commonName: 'liste.exemple' } },
};
export const INTERNAL = { name: 'interne', preset: 'internal', door: { ...DOOR, port: 2_587 } };
export const SIGNED = {
  name: 'plis',
  preset: 'apicrypt-style',
  door: { ...DOOR, port: 2_525 },
  wayOut: { route: { kind: 'smart-host', host: 'relais.example', port: 25 }, servers: { anchors: 'authority.pem' } },
};
