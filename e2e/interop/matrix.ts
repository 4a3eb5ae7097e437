/**
 * Tries one cell of the interop matrix: a foreign tool makes a letter and Estafette judges it, or Estafette seals one
 * and the tool opens it. What is recovered is compared byte for byte with what went in, what the tool made is searched
 * for the algorithms it was asked for, and what Estafette sealed is also judged as a mail.
 */
import { oid } from '@estafette/gateway/envelope/der';
import { openEnvelope } from '@estafette/gateway/envelope/open-envelope';
import { sealEnvelope } from '@estafette/gateway/envelope/seal-envelope';
import type { EncryptLayer, InboundCase, Layer, OutboundCase, SignLayer } from './cases.ts';
import { faultsOfMail } from './mail-faults.ts';
import { bodyOf, decodedBody, letterOf, signedPartsOf, wireLines } from './mime-form.ts';
import { type Digest, NoSuchOption, type Tool } from './tool.ts';
import { DOCTOR, KEY_KINDS, type KeyKind, PHARMACY, type World } from './world.ts';

/** What happened: it worked, or whose fault it is that it did not, with what was said. */
export type Outcome =
  | { readonly works: true }
  | { readonly works: false; readonly because: 'tool' | 'estafette'; readonly said: string };

const failed = (because: 'tool' | 'estafette', said: unknown): Outcome => ({
  works: false,
  because,
  said: said instanceof Error ? said.message : String(said),
});

/** The letter of every cell: 7-bit, with what a careless reader would lose (an empty line, a line of one dot). */
const LETTER = Buffer.from(
  [
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    'INR =C3=A0 6,8 : merci de rappeler Mme DESSAINT.',
    '',
    '.',
    'Bien cordialement',
    '',
  ].join('\r\n'),
);

const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  pss: '1.2.840.113549.1.1.10',
  oaep: '1.2.840.113549.1.1.7',
  'aes-128-cbc': '2.16.840.1.101.3.4.1.2',
  'aes-192-cbc': '2.16.840.1.101.3.4.1.22',
  'aes-256-cbc': '2.16.840.1.101.3.4.1.42',
  'aes-128-gcm': '2.16.840.1.101.3.4.1.6',
  'aes-256-gcm': '2.16.840.1.101.3.4.1.46',
  '3des': '1.2.840.113549.3.7',
  rc2: '1.2.840.113549.3.2',
  'wrap-128': '2.16.840.1.101.3.4.1.5',
  'wrap-192': '2.16.840.1.101.3.4.1.25',
  'wrap-256': '2.16.840.1.101.3.4.1.45',
};

/** Names of the algorithms that must be found in what was made. */
function askedOf(layer: SignLayer | EncryptLayer): string[] {
  if (layer.layer === 'sign') return [layer.digest, ...(layer.padding === 'pss' ? ['pss'] : [])];
  const isAgreed = layer.recipients.some((kind) => kind !== 'rsa');
  const recipients = [...(layer.oaep === undefined ? [] : ['oaep']), ...(isAgreed ? [`wrap-${layer.wrap}`] : [])];
  return [layer.content, ...recipients];
}

/** Rejects what the tool made when it is not what it was asked for: some choose for themselves. */
function requireAsked(entity: Buffer, layer: SignLayer | EncryptLayer): void {
  const cms = signedPartsOf(entity)?.signature ?? decodedBody(entity);
  const missing = askedOf(layer).filter((name) => !cms.includes(oid(ALGORITHMS[name] ?? '')));
  if (missing.length > 0) throw new NoSuchOption(`${missing.join(', ')}; it chooses by itself`);
  const isStreamed = layer.layer === 'sign' ? layer.form === 'streamed' : layer.streamed;
  if (isStreamed && cms.readUInt16BE(0) !== 0x3080) throw new NoSuchOption('indefinite lengths');
}

async function wrap(tool: Tool, entity: Buffer, layer: Layer, world: World): Promise<Buffer> {
  if (layer.layer === 'compress') return wireLines(await tool.compress(entity));
  const made =
    layer.layer === 'encrypt'
      ? tool.encrypt(entity, { ...layer, recipients: layer.recipients.map((kind) => world.pharmacy[kind]) })
      : tool.sign(entity, { ...layer, signers: layer.signers.map((kind) => world.doctor[kind]) });
  const wire = wireLines(await made);
  requireAsked(wire, layer);
  return wire;
}

/** A foreign letter, opened by Estafette. */
export async function tryInbound(tool: Tool, one: InboundCase, world: World): Promise<Outcome> {
  let entity: Buffer = LETTER;
  try {
    for (const layer of one.layers) entity = await wrap(tool, entity, layer, world);
  } catch (error) {
    return failed('tool', error);
  }
  const policy = world.policy({ keys: one.keys ?? KEY_KINDS, opensTripleDes: one.opensTripleDes });
  const known = one.knowsSender === true ? [world.doctor.rsa.certificate] : [];
  const { verdict, content } = openEnvelope(letterOf(entity), { ...policy, known });
  const { signature, identity, encryption, show, reasons } = verdict;
  const [expected, reason = null] = one.expect.split(': ');
  const words = [signature, identity, encryption, show].join(' ');
  if (words !== expected || (reason !== null && !reasons.some((given) => given === reason)))
    return failed('estafette', `${words}: ${reasons.join(', ')}`);
  if (show !== 'quarantine' && content?.equals(LETTER) !== true) return failed('estafette', 'other content');
  return { works: true };
}

const HEADERS = [
  `From: "Pharmacie des Tilleuls" <${PHARMACY}>`,
  `To: <${DOCTOR}>`,
  'Subject: Re: INR',
  'Date: Mon, 15 Jun 2026 10:00:00 +0000',
  'Message-ID: <answer-1@officine.example>',
];
const HIDDEN_HEADERS = HEADERS.map((field) => field.replace(/^Subject: .*/, 'Subject: [...]'));

/** The letter of an outbound row, as Estafette seals it. */
export function seal(one: OutboundCase, world: World): Buffer {
  const { certificate, privateKey } = world.pharmacy[one.signer];
  return sealEnvelope({
    headers: one.protectsHeaders ? HIDDEN_HEADERS : HEADERS,
    ...(one.protectsHeaders ? { protectedHeaders: HEADERS } : {}),
    entity: LETTER,
    key: { certificate, chain: [], privateKey },
    recipient: world.doctor[one.recipient].certificate,
    form: one.form,
    content: one.content,
    keyTransport: one.keyTransport,
    at: new Date(),
  });
}

/** A letter of Estafette, opened by the foreign tool. */
export async function tryOutbound(tool: Tool, one: OutboundCase, world: World): Promise<Outcome> {
  let mail: Buffer;
  try {
    mail = seal(one, world);
  } catch (error) {
    return failed('estafette', error);
  }
  const faults = faultsOfMail(mail);
  if (faults.length > 0) return failed('estafette', faults.join('; '));
  let recovered: Buffer;
  try {
    recovered = await tool.open(mail, world.doctor[one.recipient]);
  } catch (error) {
    return failed('tool', error);
  }
  const isWhole = one.protectsHeaders
    ? recovered.includes('\r\nSubject: Re: INR\r\n') && bodyOf(recovered).equals(bodyOf(LETTER))
    : recovered.equals(LETTER);
  return isWhole ? { works: true } : failed('estafette', `other text: ${recovered.toString('latin1')}`);
}

const DIGESTS: Readonly<Partial<Record<KeyKind, Digest>>> = { p384: 'sha384', p521: 'sha512', ed25519: 'sha512' };

/** The letter of an outbound row as another foreign program makes it, or null when it cannot. */
async function foreignTwin(maker: Tool, one: OutboundCase, world: World): Promise<Buffer | null> {
  try {
    const signed = await maker.sign(LETTER, {
      signers: [world.pharmacy[one.signer]],
      digest: DIGESTS[one.signer] ?? 'sha256',
      padding: one.signer === 'rsa-pss' ? 'pss' : 'pkcs1',
      form: one.form,
      named: 'issuer',
      certificates: true,
      attributes: true,
    });
    const sealed = await maker.encrypt(wireLines(signed), {
      recipients: [world.doctor[one.recipient]],
      content: one.content,
      derivation: 'sha256',
      wrap: 256,
      named: 'issuer',
      streamed: false,
      ...(one.keyTransport === 'rsa-oaep-sha256' ? { oaep: { digest: 'sha256', mask: 'sha256' } } : {}),
    });
    return letterOf(sealed);
  } catch {
    return null;
  }
}

/**
 * Whose limit it is that a tool does not open a letter of Estafette: its own, when it does not open the same letter of
 * another program either. Null when none of the makers can make such a letter.
 */
export async function opensOfOthers(
  tool: Tool,
  one: OutboundCase,
  world: World,
  makers: readonly Tool[],
): Promise<boolean | null> {
  for (const maker of makers) {
    const mail = await foreignTwin(maker, one, world);
    if (mail === null) continue;
    return tool.open(mail, world.doctor[one.recipient]).then(
      (recovered) => recovered.equals(LETTER),
      () => false,
    );
  }
  return null;
}
