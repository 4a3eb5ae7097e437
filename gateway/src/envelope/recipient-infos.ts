/**
 * RecipientInfos (RFC 5652 §6.2): finds the one recipient that is a key of this mailbox, among key transport and key
 * agreement, and gives what opens its content key. Exactly one is tried, chosen by name and algorithm and never by
 * whether it opens: trying several is an oracle (CVE-2026-42768). Other kinds (KEK, password, others) are passed over.
 */
import type { KeyObject } from 'node:crypto';
import { ENVELOPE_LIMITS } from '@estafette/contracts/limits';
import { readAlgorithm } from './algorithm.ts';
import { BerError, type BerNode, integerOf, isContext, isUniversal, octetsOf, sequenceOf, setOf, TAG } from './ber.ts';
import type { Certificate } from './certificate.ts';
import { isIdentified, readAgreementIdentifier, readIdentifier } from './certificate-identifier.ts';
import { readKeyAgreement, unwrapAgreedKey } from './key-agreement.ts';
import { readKeyTransport, unwrapTransportedKey } from './key-transport.ts';

/** A key of the mailbox with its certificate. */
export interface OpeningKey {
  readonly certificate: Certificate;
  readonly privateKey: KeyObject;
}

/** Gives the content key of so many bytes, or a random one when it does not open. */
export type KeyOpener = (keyBytes: number) => Buffer;

/** Null: not for us. 'unsupported': for us, in a way that is not opened here. */
type Found = KeyOpener | 'unsupported' | null;

function encryptedKeyOf(node: BerNode | undefined): Buffer {
  if (!isUniversal(node, TAG.octetString)) throw new BerError('encrypted key missing');
  return octetsOf(node);
}

function findTransport(node: BerNode, keys: readonly OpeningKey[]): Found {
  const [version, recipient, algorithm, encrypted] = sequenceOf(node);
  integerOf(version, 4);
  const encryptedKey = encryptedKeyOf(encrypted);
  const identifier = readIdentifier(recipient);
  const own = keys.find(({ certificate }) => isIdentified(certificate, identifier));
  if (own === undefined) return null;
  const { privateKey } = own;
  const transport = privateKey.asymmetricKeyType === 'rsa' ? readKeyTransport(readAlgorithm(algorithm)) : null;
  if (transport === null) return 'unsupported';
  return (keyBytes) => unwrapTransportedKey({ transport, privateKey, encryptedKey, keyBytes });
}

function findAgreement(node: BerNode, keys: readonly OpeningKey[]): Found {
  const fields = [...node.children];
  integerOf(fields.shift(), 4);
  const originator = fields.shift();
  const material = isContext(fields[0], 1) ? fields.shift()?.children[0] : undefined;
  const [algorithm, recipients] = fields;
  const encryptedKeys = sequenceOf(recipients);
  if (encryptedKeys.length > ENVELOPE_LIMITS.recipientInfosMax) throw new BerError('too many recipients');
  for (const candidate of encryptedKeys) {
    const [recipient, encrypted] = sequenceOf(candidate);
    const encryptedKey = encryptedKeyOf(encrypted);
    const identifier = readAgreementIdentifier(recipient);
    const own = keys.find(({ certificate }) => isIdentified(certificate, identifier));
    if (own === undefined) continue;
    const { privateKey } = own;
    const ukm = material === undefined ? null : octetsOf(material);
    const agreement = readKeyAgreement({ originator, ukm, algorithm }, privateKey);
    if (agreement === null) return 'unsupported';
    return (keyBytes) => unwrapAgreedKey({ agreement, privateKey, encryptedKey, keyBytes });
  }
  return null;
}

/** The first recipient that is ours and can be opened; throws `BerError`. */
export function findRecipient(node: BerNode | undefined, keys: readonly OpeningKey[]): Found {
  const recipients = setOf(node);
  if (recipients.length > ENVELOPE_LIMITS.recipientInfosMax) throw new BerError('too many recipients');
  let found: Found = null;
  for (const recipient of recipients) {
    const candidate = isUniversal(recipient, TAG.sequence)
      ? findTransport(recipient, keys)
      : isContext(recipient, 1)
        ? findAgreement(recipient, keys)
        : null;
    if (typeof found !== 'function' && candidate !== null) found = candidate;
  }
  return found;
}
