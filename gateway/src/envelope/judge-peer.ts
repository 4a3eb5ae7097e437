/**
 * Judges the certificate that the other end of an SMTP connection showed (RFC 5280 §6, in a worker): our own path
 * search over the authorities of the trust space, dates, key usage, extended key usage for that end of TLS, and
 * revocation known good. The chain is whatever a stranger sent: bounded, and it never makes an anchor. Gives the subject
 * as parts, since a trust list prints names in another order and another spelling (facts: mssante.md 1.3).
 */
import { PEER_LIMITS } from '@estafette/contracts/limits';
import type { ReasonCode } from '@estafette/contracts/verdict';
import type { NamePart, PeerJudgement, TrustPaths } from '../ports.ts';
import { BerError } from './ber.ts';
import { type Certificate, isAuthority, readCertificate } from './certificate.ts';
import type { NamePart as EncodedPart } from './certificate-name.ts';
import { judgeOverFiles } from './judge-over-files.ts';
import { OID } from './oids.ts';

/** A question about a peer, as it goes to a worker. */
export interface PeerTask {
  readonly kind: 'peer';
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly use: 'client' | 'server';
  /** `lists` null: revocation is not asked for, whatever was fetched. */
  readonly trust: TrustPaths;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The judgement, and until when it holds at most (milliseconds since 1970). */
export interface PeerFinding {
  readonly judgement: PeerJudgement;
  readonly until: number;
}

/** Short names of RFC 4514 §3 and of what trust lists print; any other type keeps its dotted OID. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [OID.commonName]: 'CN',
  [OID.organizationalUnit]: 'OU',
  [OID.organization]: 'O',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.5': 'serialNumber',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  [OID.emailAddress]: 'emailAddress',
  [OID.surname]: 'SN',
  [OID.givenName]: 'GN',
  [OID.title]: 'title',
  '2.5.4.97': 'organizationIdentifier',
};

/** In the key of a name, a value that could not be read as text for certain. */
const NO_TEXT = /(?:^|[,+])[0-9.]+=#/;

const partOf = ({ type, text }: EncodedPart): NamePart => ({ type: SHORT_NAMES[type] ?? type, value: text });

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const STANDINGS: Readonly<Partial<Record<ReasonCode, Exclude<PeerJudgement['standing'], 'good'>>>> = {
  'certificate-expired': 'expired',
  'certificate-not-yet-valid': 'expired',
  'certificate-revoked': 'revoked',
  'revocation-unknown': 'status-unknown',
};

const malformed: PeerFinding = {
  judgement: { standing: 'malformed', wants: [] },
  until: Number.POSITIVE_INFINITY,
};

/** Whether the chain is small enough to be looked at, and there is one. */
function isChainBounded(chain: readonly Uint8Array[]): boolean {
  return (
    chain.length > 0 &&
    chain.length <= PEER_LIMITS.chainMax &&
    chain.every(({ length }) => length > 0 && length <= PEER_LIMITS.certificateMaxBytes)
  );
}

/** The certificates of the chain; null when one of them is none. */
function readChain(chain: readonly Uint8Array[]): Certificate[] | null {
  try {
    return chain.map((der) => readCertificate(toBuffer(der)));
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
}

/** Judges a peer; never throws for what its certificates contain. */
export function judgePeer({ chain, use, trust, at }: Omit<PeerTask, 'kind'>): PeerFinding {
  const [leaf, ...bag] = (isChainBounded(chain) ? readChain(chain) : null) ?? [];
  if (leaf === undefined) return malformed;
  // A name of which a part is no text would be compared without that part.
  if (leaf.subject.length === 0 || NO_TEXT.test(leaf.subjectName.key)) return malformed;
  const never = Number.POSITIVE_INFINITY;
  if (isAuthority(leaf)) return { judgement: { standing: 'untrusted', wants: [] }, until: never };
  const verdict = judgeOverFiles(trust)({
    certificate: leaf,
    bag,
    bagLists: [],
    at: new Date(at),
    uses: ['digitalSignature'],
    purpose: use,
    asksRevocation: trust.lists !== null,
  });
  if (!verdict.trusted)
    return { judgement: { standing: STANDINGS[verdict.reason] ?? 'untrusted', wants: verdict.wants }, until: never };
  return {
    judgement: { standing: 'good', subject: leaf.subject.map(partOf), fingerprint: leaf.fingerprint },
    until: verdict.until.getTime(),
  };
}
