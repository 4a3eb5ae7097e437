/**
 * The people of the interop matrix, made anew for every run in a folder that is removed at the end: one test authority
 * with a fresh revocation list, a doctor whose software is foreign and a pharmacy whose software is Estafette, each
 * with a key and a certificate of every kind. Nothing of it is ever in the repository.
 */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, readCertificate } from '@estafette/gateway/envelope/certificate';
import { octetString } from '@estafette/gateway/envelope/der';
import { OID } from '@estafette/gateway/envelope/oids';
import type { OpeningPolicy } from '@estafette/gateway/envelope/peel-layers';
import {
  addressName,
  authorityExtensions,
  certify,
  extendedKeyUsage,
  extension,
  keyUsage,
  notAuthority,
  pem,
  policyOver,
  revocationList,
  rsaKey,
  storeOf,
} from '@estafette/gateway/envelope/test-authority.fixture';
import { PRESETS } from '@estafette/gateway/ports';

export const KEY_KINDS = ['rsa', 'rsa-pss', 'p256', 'p384', 'p521', 'brainpool', 'ed25519', 'x25519'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

export const DOCTOR = 'claire.martin@cabinet.example';
export const PHARMACY = 'pharmacie@officine.example';

/** One key with its certificate; the file has both in PEM. */
export interface Identity {
  readonly kind: KeyKind;
  readonly owner: 'doctor' | 'pharmacy';
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  readonly file: string;
}

type Identities = Readonly<Record<KeyKind, Identity>>;

export interface World {
  readonly folder: string;
  /** PEM of the only trusted authority. */
  readonly authorityFile: string;
  readonly doctor: Identities;
  readonly pharmacy: Identities;
  readonly now: Date;
  /** What Estafette judges by, as the pharmacy with keys of these kinds. */
  policy(options: { keys: readonly KeyKind[]; opensTripleDes: boolean }): OpeningPolicy;
  remove(): void;
}

const HOUR_MS = 3_600_000;

const KEY_MAKERS: Readonly<Record<KeyKind, () => KeyObject>> = {
  rsa: rsaKey,
  'rsa-pss': () => generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }).privateKey,
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  p521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  brainpool: () => generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }).privateKey,
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  x25519: () => generateKeyPairSync('x25519').privateKey,
};

const SIGNS = 0x80;
const TRANSPORTS_KEYS = 0x20;
const AGREES_ON_KEYS = 0x08;
const USES: Readonly<Record<KeyKind, number>> = {
  rsa: SIGNS | TRANSPORTS_KEYS,
  'rsa-pss': SIGNS,
  p256: SIGNS | AGREES_ON_KEYS,
  p384: SIGNS | AGREES_ON_KEYS,
  p521: SIGNS | AGREES_ON_KEYS,
  brainpool: SIGNS | AGREES_ON_KEYS,
  ed25519: SIGNS,
  x25519: AGREES_ON_KEYS,
};

export const pemOfKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Makes everybody. */
export function makeWorld(): World {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-interop-'));
  const now = new Date();
  const life = { notBefore: new Date(now.getTime() - HOUR_MS), notAfter: new Date(now.getTime() + 24 * HOUR_MS) };
  const authority = { name: 'AC INTEROP', key: rsaKey() };
  const root = certify({ subject: authority.name, key: authority.key, extensions: authorityExtensions(), ...life });
  const list = revocationList({ issuer: authority, thisUpdate: life.notBefore, nextUpdate: life.notAfter });
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, pem('CERTIFICATE', root.certificate));

  const identity = (owner: Identity['owner'], kind: KeyKind): Identity => {
    const subject = `${owner} ${kind}`;
    const identifier = createHash('sha256').update(subject).digest().subarray(0, 20);
    const extensions = [
      notAuthority(),
      keyUsage(USES[kind]),
      extendedKeyUsage(OID.emailProtection),
      addressName(owner === 'doctor' ? DOCTOR : PHARMACY),
      extension(OID.subjectKeyIdentifier, octetString(identifier)),
    ];
    const party = certify({ subject, key: KEY_MAKERS[kind](), issuer: authority, extensions, ...life });
    const file = join(folder, `${owner}-${kind}.pem`);
    writeFileSync(file, pem('CERTIFICATE', party.certificate) + pemOfKey(party.privateKey), { mode: 0o600 });
    return { kind, owner, privateKey: party.privateKey, certificate: readCertificate(party.certificate), file };
  };
  const all = (owner: Identity['owner']): Identities =>
    Object.fromEntries(KEY_KINDS.map((kind) => [kind, identity(owner, kind)])) as unknown as Identities;
  const doctor = all('doctor');
  const pharmacy = all('pharmacy');
  const store = storeOf([root.certificate], [list]);
  return {
    folder,
    authorityFile,
    doctor,
    pharmacy,
    now,
    policy: ({ keys, opensTripleDes }) =>
      policyOver(store, {
        keys: keys.map((kind) => pharmacy[kind]),
        letters: { ...PRESETS.demo.letters, opensTripleDes },
        at: new Date(),
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
