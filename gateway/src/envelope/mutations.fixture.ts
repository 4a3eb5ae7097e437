/**
 * For fuzzing: changes well-formed bytes into hostile ones, always the same for the same seed. Three ways: blind bytes,
 * ASN.1 elements (whose lengths are mended, so that the change reaches the inner readers), and lines of a mail.
 */
import { BerError, type BerNode, rawOf, readBer } from './ber.ts';
import { element } from './der.ts';

export type Random = (below: number) => number;

/** mulberry32: the same numbers for the same seed. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export type Mutation = (sample: Buffer, random: Random) => Buffer;

const HUGE_LENGTH = [0x84, 0x7f, 0xff, 0xff, 0xff];

/** Up to six flipped, cut, repeated or overwritten places. */
export const changeBytes: Mutation = (sample, random) => {
  let bytes = Buffer.from(sample);
  for (let times = 1 + random(6); times > 0 && bytes.length > 1; times -= 1) {
    const at = random(bytes.length);
    const kind = random(6);
    if (kind === 0) bytes = bytes.subarray(0, at);
    else if (kind === 1) bytes[at] = random(256);
    else if (kind === 2) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length))]);
    else if (kind === 4) bytes.set(HUGE_LENGTH.slice(0, bytes.length - at), at);
    else bytes[at] = 0x80;
  }
  return bytes;
};

const TREE_LIMITS = { depthMax: 60, nodesMax: 20_000, der: false };
/** Identifier octets that mean something somewhere in CMS and X.509. */
const IDENTIFIERS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x17, 0x18, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa3,
];

/** What an element may become: gone, twice, many times, emptied, of another kind, indefinite, wrapped, or shaken. */
function changeElement(node: BerNode, others: readonly BerNode[], random: Random): Buffer {
  const raw = rawOf(node);
  const content = node.source.subarray(node.contentStart, node.contentEnd);
  const identifier = raw[0] as number;
  switch (random(10)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return Buffer.concat([raw, raw]);
    case 2:
      return Buffer.concat(Array.from({ length: 1 + random(40) }, () => raw));
    case 3:
      return element(identifier);
    case 4:
      return element(IDENTIFIERS[random(IDENTIFIERS.length)] as number, content);
    case 5:
      return Buffer.concat([Buffer.from([identifier | 0x20, 0x80]), content, Buffer.from([0, 0])]);
    case 6:
      return element(0x30, raw);
    case 7:
      return rawOf(others[random(others.length)] as BerNode);
    case 8:
      return element(identifier, Buffer.from(Array.from({ length: random(300) }, () => random(256))));
    default:
      return element(identifier, changeBytes(content, random));
  }
}

function rebuild(node: BerNode, target: BerNode, replacement: Buffer): Buffer {
  if (node === target) return replacement;
  if (target.start < node.start || target.end > node.end || !node.constructed) return rawOf(node);
  const identifier = node.source[node.start] as number;
  return element(identifier, ...node.children.map((child) => rebuild(child, target, replacement)));
}

/** One to three elements changed, all lengths around them right again; bytes that are no BER are shaken blindly. */
export const changeElements: Mutation = (sample, random) => {
  let bytes = sample;
  for (let times = 1 + random(3); times > 0; times -= 1) {
    try {
      const root = readBer(bytes, TREE_LIMITS);
      const nodes: BerNode[] = [];
      const collect = (node: BerNode): void => {
        nodes.push(node);
        for (const child of node.children) collect(child);
      };
      collect(root);
      const target = nodes[random(nodes.length)] as BerNode;
      bytes = rebuild(root, target, changeElement(target, nodes, random));
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      return changeBytes(bytes, random);
    }
  }
  return bytes;
};

/** Lines that make readers of mail disagree. */
const LINES = [
  'Content-Type: multipart/mixed; boundary="other"',
  'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=boundary-of-the-test',
  'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m',
  'Content-Type: message/rfc822',
  'Content-Type: message/partial; id=1; number=1; total=2',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: quoted-printable',
  'Content-Disposition: attachment; filename="smime.p7m"',
  'From: somebody@else.example',
  'Subject: other',
  'HP-Outer: Subject: other',
  '--boundary-of-the-test',
  '--boundary-of-the-test--',
  '--other',
  '--other--',
  '',
  ' continued',
  'x'.repeat(3_000),
];
const JOINTS = ['\r\n', '\r\n', '\r\n', '\n', '\r', '\0', '\r\n\r\n'];

/** One to four lines gone, repeated, moved, exchanged for trouble or joined otherwise. */
export const changeLines: Mutation = (sample, random) => {
  const lines = sample.toString('latin1').split('\r\n');
  let joint = '\r\n';
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const at = random(lines.length);
    const kind = random(7);
    if (kind === 0) lines.splice(at, 1 + random(3));
    else if (kind === 1) lines.splice(at, 0, lines[at] ?? '');
    else if (kind === 2) lines.splice(random(lines.length + 1), 0, ...lines.slice(at, at + 1 + random(12)));
    else if (kind === 3) lines.splice(at, 0, LINES[random(LINES.length)] as string);
    else if (kind === 4) lines[at] = LINES[random(LINES.length)] as string;
    else if (kind === 5) lines[at] = changeBytes(Buffer.from(lines[at] ?? '', 'latin1'), random).toString('latin1');
    else joint = JOINTS[random(JOINTS.length)] as string;
    if (lines.length === 0) lines.push('');
  }
  const seam = random(lines.length);
  return Buffer.from(`${lines.slice(0, seam).join('\r\n')}${joint}${lines.slice(seam).join('\r\n')}`, 'latin1');
};
