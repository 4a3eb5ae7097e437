/**
 * What single settings cannot say: whether they fit together, and whether the files they name are there and are what
 * they are said to be. A space that could let in or send out more than its operator meant is refused, and so is one
 * that could do nothing.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SPACE_LIMITS } from '@estafette/contracts/limits';
import type { DoorPolicy, PeerTrust, TrustListPolicy, TrustSpace, WayOutPolicy } from '../trust-space.ts';

type Fault = readonly [isWrong: boolean, where: string, sentence: string];

const told = (faults: readonly Fault[]): string[] =>
  faults.filter(([isWrong]) => isWrong).map(([, where, sentence]) => `${where}: ${sentence}`);

function doorFaults(at: string, door: DoorPolicy, space: TrustSpace): string[] {
  const { admits, requiresTls, clients } = door;
  return told([
    [
      admits === 'listed-operators' && clients === null,
      `${at}.clients`,
      'listed operators show a certificate: it is missing',
    ],
    [
      admits === 'listed-operators' && space.trustList === null,
      at,
      'it admits listed operators, but the space has no trustList',
    ],
    [
      admits === 'listed-operators' && !requiresTls,
      `${at}.requiresTls`,
      'listed operators show a certificate, so it must be true',
    ],
    [admits === 'accounts' && !requiresTls, `${at}.requiresTls`, 'accounts give a password, so it must be true'],
    [admits === 'anyone' && clients !== null, `${at}.clients`, 'anyone is admitted, so no certificate is asked for'],
    [
      admits === 'anyone' && space.letters.requires === 'nothing',
      at,
      'anyone is admitted and letters need nothing: nobody would be known',
    ],
  ]);
}

function wayOutFaults(at: string, wayOut: WayOutPolicy, space: TrustSpace): string[] {
  const { reaches, checksPeerName, route, serverName } = wayOut;
  return told([
    [
      checksPeerName && space.trustList === null,
      `${at}.checksPeerName`,
      'names of peers stand in a trustList: the space has none',
    ],
    [
      reaches === 'listed-domains' && space.trustList === null,
      `${at}.reaches`,
      'listed domains stand in a trustList: the space has none',
    ],
    [
      Array.isArray(reaches) && reaches.length === 0,
      `${at}.reaches`,
      'an empty list reaches nobody: leave out the wayOut',
    ],
    [
      checksPeerName && reaches === 'any-domain',
      `${at}.reaches`,
      'the peer must be one that the list gives for the domain, so any-domain cannot be reached',
    ],
    [checksPeerName && serverName !== null, `${at}.serverName`, 'the trust list names the peer: leave it out'],
    [
      route.kind === 'mail-exchanger' && serverName !== null,
      `${at}.serverName`,
      'mail exchangers have many names: leave it out',
    ],
  ]);
}

const listFaults = (
  at: string,
  { alarmAfterHours: alarm, failAfterHours: end, refreshMinutes: pause }: TrustListPolicy,
) =>
  told([
    [alarm > end, `${at}.alarmAfterHours`, `it must not be above failAfterHours (${end})`],
    [pause > end * 60, `${at}.refreshMinutes`, `it must not be above failAfterHours (${end * 60} minutes)`],
  ]);

const repeated = (values: readonly (string | null)[]): boolean[] =>
  values.map((value, place) => value !== null && values.indexOf(value) < place);

/** Whether two doors would want the same address: port 0 is any free one, and a wildcard takes every address. */
function portFaults(spaces: readonly TrustSpace[]): string[] {
  const doors = spaces.map(({ door }) => door);
  const isEverywhere = (host: string): boolean => ['0.0.0.0', '::'].includes(host);
  return doors.flatMap((door, place) => {
    const other = doors.slice(0, place).find((one) => {
      if (door === null || one === null || one.port !== door.port || door.port === 0) return false;
      return one.host === door.host || isEverywhere(one.host) || isEverywhere(door.host);
    });
    return door === null || other === undefined || other === null
      ? []
      : [`spaces[${place}].door.port: ${door.port} is taken by the door of another space`];
  });
}

/** What the spaces say that cannot be meant; empty when there is nothing. */
export function contradictionsOf(spaces: readonly TrustSpace[]): string[] {
  const isRepeated = repeated(spaces.map(({ name }) => name));
  const faults = spaces.flatMap((space, place) => {
    const { name, door, wayOut, trustList } = space;
    const at = `spaces[${place}]`;
    return [
      ...(isRepeated[place] === true ? [`${at}.name: “${name}” is the name of another space`] : []),
      ...(door === null && wayOut === null ? [`${at}: it has neither door nor wayOut`] : []),
      ...(door === null ? [] : doorFaults(`${at}.door`, door, space)),
      ...(wayOut === null ? [] : wayOutFaults(`${at}.wayOut`, wayOut, space)),
      ...(trustList === null ? [] : listFaults(`${at}.trustList`, trustList)),
    ];
  });
  return [...faults, ...portFaults(spaces)];
}

/** A file as text; throws a sentence without the path, which is shown beside it. */
function contentOf(file: string): string {
  const facts = statSync(file);
  if (!facts.isFile()) throw new Error('it is not a file');
  if (facts.size > SPACE_LIMITS.certificateFileMaxBytes) throw new Error('it is too large for a file of certificates');
  return readFileSync(file, 'latin1');
}

function why(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read';
  return code === undefined ? message : code;
}

/** What is wrong with a file, found by reading it; null when nothing is. */
function faultOf(where: string, file: string, read: () => void): string | null {
  try {
    read();
    return null;
  } catch (error) {
    return `${where}: ${file}: ${why(error)}`;
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

function certificatesIn(file: string): X509Certificate[] {
  const found = contentOf(file).match(PEM_CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error('it holds no certificate in PEM');
  return found.map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new Error('it holds a certificate that cannot be read');
    }
  });
}

/** In a folder, files that hold no certificate are left out, but one must. */
function readAnchors(path: string): void {
  if (!statSync(path).isDirectory()) return void certificatesIn(path);
  const holds = (name: string): boolean => faultOf('', name, () => certificatesIn(join(path, name))) === null;
  if (!readdirSync(path).some(holds)) throw new Error('the folder holds no certificate in PEM');
}

/** Lists are large and are read in a worker: here only that they are there, and look like lists. */
function lookAtLists(path: string): void {
  if (statSync(path).isDirectory()) return void readdirSync(path);
  const bytes = readFileSync(path);
  if (!bytes.includes('-----BEGIN X509 CRL-----') && bytes[0] !== 0x30) throw new Error('it holds no revocation list');
}

function ownFaults(at: string, own: { readonly certificate: string; readonly key: string }): (string | null)[] {
  let certificate: X509Certificate | undefined;
  const first = faultOf(`${at}.certificate`, own.certificate, () => {
    [certificate] = certificatesIn(own.certificate);
  });
  const second = faultOf(`${at}.key`, own.key, () => {
    const text = contentOf(own.key);
    const key = (() => {
      try {
        return createPrivateKey(text);
      } catch {
        throw new Error('it holds no private key in PEM that opens without a password');
      }
    })();
    if (certificate?.checkPrivateKey(key) === false) throw new Error('it is not the key of the certificate');
  });
  return [first, second];
}

const trustFaults = (at: string, { anchors, lists }: PeerTrust): (string | null)[] => [
  faultOf(`${at}.anchors`, anchors, () => readAnchors(anchors)),
  lists === null ? null : faultOf(`${at}.lists`, lists, () => lookAtLists(lists)),
];

function trustListFaults(at: string, { source, serverAuthorities, signer }: TrustListPolicy): (string | null)[] {
  return [
    source.startsWith('https://') ? null : faultOf(`${at}.source`, source, () => void readFileSync(source)),
    serverAuthorities === null
      ? null
      : faultOf(`${at}.serverAuthorities`, serverAuthorities, () => readAnchors(serverAuthorities)),
    faultOf(`${at}.signer.authorities`, signer.authorities, () => readAnchors(signer.authorities)),
  ];
}

/** What is wrong with the files that the spaces name; empty when there is nothing. */
export function fileFaultsOf(spaces: readonly TrustSpace[]): string[] {
  const faults = spaces.flatMap(({ door, wayOut, trustList }, place) => {
    const at = `spaces[${place}]`;
    return [
      ...(door === null ? [] : ownFaults(`${at}.door`, door)),
      ...(door?.clients == null ? [] : trustFaults(`${at}.door.clients`, door.clients)),
      ...(wayOut === null ? [] : trustFaults(`${at}.wayOut.servers`, wayOut.servers)),
      ...(wayOut?.ownCertificate == null ? [] : ownFaults(`${at}.wayOut.ownCertificate`, wayOut.ownCertificate)),
      ...(trustList === null ? [] : trustListFaults(`${at}.trustList`, trustList)),
    ];
  });
  return faults.filter((fault) => fault !== null);
}
