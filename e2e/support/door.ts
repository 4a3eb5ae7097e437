/**
 * A door alone, over the real spool and real TLS: what it refuses can be played without the product behind it. Its
 * judge is small and plain (node's own X.509), so that the door is tested and not the judging.
 */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAuthority,
  type IssuedCertificate,
  issueServerCertificate,
} from '@estafette/certs/development-authority';
import { outerFromOf } from '@estafette/gateway/envelope/outer-from';
import type { Account, DoorJudge } from '@estafette/gateway/intake/door-judge';
import type { DoorLimits } from '@estafette/gateway/intake/door-limits';
import { type Intake, openIntake } from '@estafette/gateway/intake/smtp-intake';
import { openSpool, type Spool } from '@estafette/gateway/intake/spool';
import type { DoorPolicy, Mailbox, NamePart, PeerJudgement, TrustList } from '@estafette/gateway/ports';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';
import { silentLog } from '@estafette/runtime/log';
import { openVault } from '@estafette/runtime/vault';
import type { ClientIdentity, DialogueServer } from './talking-peer.ts';

const STRUCTURE = { name: 'CABINET MARTIN', number: { finess: '750000001' }, department: 'Paris (75)' } as const;
const DAY_MS = 86_400_000;

const identityOf = (issued: IssuedCertificate, issuing: string): ClientIdentity => ({
  certificate: issued.certificatePem + issuing,
  key: issued.privateKeyPem,
});

/** Certificates of a door and of those who knock at it. */
export class DoorPapers {
  readonly folder = mkdtempSync(join(tmpdir(), 'estafette-door-'));
  readonly authorities = join(this.folder, 'authorities.pem');
  readonly clients: Record<string, ClientIdentity> = {};
  server: ClientIdentity = { certificate: '', key: '' };
  #authority: Awaited<ReturnType<typeof createAuthority>> | null = null;
  #root: X509Certificate | null = null;
  #issuing: X509Certificate | null = null;
  readonly #revoked = new Set<string>();
  readonly #statusUnknown = new Set<string>();

  async issue(): Promise<this> {
    const now = new Date();
    const authority = await createAuthority({ now });
    const foreign = await createAuthority({ now, organization: 'SOMEBODY ELSE' });
    const make = (from: typeof authority, hostName: string, at = now, validityDays = 30) =>
      issueServerCertificate(from, { now: at, validityDays, hostNames: [hostName], structure: STRUCTURE });
    const issuing = authority.issuingCertificatePem;
    this.#root = new X509Certificate(authority.rootCertificatePem);
    this.#issuing = new X509Certificate(issuing);
    writeFileSync(this.authorities, authority.rootCertificatePem);
    const revoked = await make(authority, 'revoked.cabinet.example');
    const unknown = await make(authority, 'unknown.cabinet.example');
    this.#revoked.add(revoked.serialHex.toLowerCase());
    this.#statusUnknown.add(unknown.serialHex.toLowerCase());
    const longAgo = new Date(now.getTime() - 40 * DAY_MS);
    const issued = {
      operator: await make(authority, 'mta.cabinet.example'),
      other: await make(authority, 'mta.elsewhere.example'),
      expired: await make(authority, 'mta.cabinet.example', longAgo, 1),
      revoked,
      unknown,
    };
    for (const [name, one] of Object.entries(issued)) this.clients[name] = identityOf(one, issuing);
    this.clients.foreign = identityOf(await make(foreign, 'mta.cabinet.example'), foreign.issuingCertificatePem);
    this.server = identityOf(await make(authority, 'localhost'), issuing);
    this.#authority = authority;
    return this;
  }

  /** The same door with an RSA key. */
  async issueRsaServer(): Promise<ClientIdentity> {
    if (this.#authority === null) throw new Error('nothing was issued yet');
    const given = { now: new Date(), hostNames: ['localhost'], structure: STRUCTURE, keyKind: 'rsa-2048' } as const;
    return identityOf(await issueServerCertificate(this.#authority, given), this.#authority.issuingCertificatePem);
  }

  /** Chain, validity, revocation: in this order, as a judge of this small size can. */
  judge(chain: readonly Uint8Array[]): PeerJudgement {
    const [leaf, above] = chain.map((der) => new X509Certificate(der));
    const [root, issuing] = [this.#root, this.#issuing];
    if (leaf === undefined || above === undefined || root === null || issuing === null)
      return { standing: 'untrusted', wants: [] };
    const isOurs = leaf.verify(above.publicKey) && above.verify(root.publicKey) && above.raw.equals(issuing.raw);
    if (!isOurs) return { standing: 'untrusted', wants: [] };
    if (leaf.validToDate < new Date()) return { standing: 'expired', wants: [] };
    const serial = leaf.serialNumber.toLowerCase();
    if (this.#revoked.has(serial)) return { standing: 'revoked', wants: [] };
    if (this.#statusUnknown.has(serial)) return { standing: 'status-unknown', wants: [] };
    return { standing: 'good', subject: subjectOf(leaf), fingerprint: leaf.fingerprint256 };
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const subjectOf = (certificate: X509Certificate): NamePart[] =>
  certificate.subject.split('\n').map((line) => {
    const at = line.indexOf('=');
    return { type: line.slice(0, at), value: line.slice(at + 1) };
  });

/** The operator `mta.cabinet.example` has two domains; `mta.elsewhere.example` has one; `stale.example` cannot be told. */
const LISTED: Readonly<Record<string, string>> = {
  'cabinet.example': 'mta.cabinet.example',
  'labo.example': 'mta.cabinet.example',
  'xn--hpital-ixa.example': 'mta.cabinet.example',
  'hospital.example': 'mta.third.example',
};
const nameOf = (subject: readonly NamePart[]): string => subject.find(({ type }) => type === 'CN')?.value ?? '';

const TRUST_LIST: TrustList = {
  check(domain, subject) {
    if (domain === 'stale.example') return 'list-unavailable';
    const name = LISTED[domain];
    if (name === undefined) return 'domain-not-listed';
    return name === nameOf(subject) ? 'listed' : 'name-not-listed';
  },
  lists: (domain) => (LISTED[domain] === undefined ? 'domain-not-listed' : 'listed'),
  listsName: (subject) => (Object.values(LISTED).includes(nameOf(subject)) ? 'listed' : 'name-not-listed'),
};

const ACCOUNT: Account = {
  id: 'labo-software',
  maySendAs: (address) => address.toLowerCase().endsWith('@labo.example'),
  mayWriteTo: (address) => address === 'pharmacie@officine.example',
};

const MAILBOXES: Mailbox[] = [
  { id: 'mbx_1', address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' },
  { id: 'mbx_2', address: 'élodie@officine.example', name: 'Élodie', kind: 'PER' },
  { id: 'mbx_3', address: 'ferme@officine.example', name: 'Fermée', kind: 'ORG', closedAt: 1 },
];

export interface OpenDoor {
  readonly intake: Intake;
  readonly server: DialogueServer;
  readonly spool: Spool;
  /** What is set while the door is open. */
  readonly mood: { backlog: number; storeFails: boolean; accountIsRemoved: boolean; nowAhead: number };
}

/** Opens a door of this kind; one recipient limit below the product's keeps the dialogues readable. */
export async function openTestDoor(
  papers: DoorPapers,
  admits: DoorPolicy['admits'],
  given: { limits?: Partial<DoorLimits>; allowsCbcSuites?: boolean; requiresTls?: boolean } = {},
): Promise<OpenDoor> {
  const mood = { backlog: 0, storeFails: false, accountIsRemoved: false, nowAhead: 0 };
  const folder = mkdtempSync(join(papers.folder, 'spool-'));
  const spool = openSpool(await openFileBlobStore(folder), openVault(Buffer.alloc(32, 7)));
  const isHis = (certificate: string): boolean =>
    new X509Certificate(papers.clients.operator?.certificate ?? '').fingerprint256 === certificate;
  const accountIf = (isRight: boolean): Account | null => (isRight && !mood.accountIsRemoved ? ACCOUNT : null);
  const judge: DoorJudge = {
    judgeClient: async (chain) => papers.judge(chain),
    trustList: TRUST_LIST,
    accountOf: async (id) => accountIf(id === ACCOUNT.id),
    accountOfCertificate: async (fingerprint) => accountIf(isHis(fingerprint)),
    accountOfPassword: async (name, password) => accountIf(name === 'labo' && password === 'sésame'),
  };
  const intake = await openIntake({
    host: '127.0.0.1',
    port: 0,
    serverName: 'door.example',
    tls: { certificate: papers.server.certificate, key: papers.server.key },
    policy: { admits, requiresTls: given.requiresTls ?? true, allowsCbcSuites: given.allowsCbcSuites ?? false },
    space: 'test-space',
    judge: admits === 'anyone' ? null : judge,
    readFrom: outerFromOf,
    store: {
      mailboxByAddress: async (address) => {
        if (mood.storeFails) throw new Error('the store is away');
        return MAILBOXES.find((mailbox) => mailbox.address === address.toLowerCase()) ?? null;
      },
    },
    spool,
    log: silentLog,
    clock: { now: () => new Date(Date.now() + mood.nowAhead) },
    onSpooled: () => {},
    backlog: () => mood.backlog,
    ...(given.limits === undefined ? {} : { limits: given.limits }),
  });
  const server = { port: intake.port, authorities: papers.authorities, clients: papers.clients };
  return { intake, server, spool, mood };
}
