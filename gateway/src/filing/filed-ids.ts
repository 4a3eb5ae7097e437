/**
 * Identifiers of a filed document, made from the filing's own id: the same filing has the same ones, so that what is sent
 * again is seen to be the same document. UUIDs of version 8 (RFC 9562 §5.8), and as OID under 2.25 (ITU-T X.667 §7).
 */
import { createHash } from 'node:crypto';

const VERSION_8 = 0x80;
const VARIANT = 0x80;

function uuidBytes(purpose: string, id: string): Buffer {
  const bytes = createHash('sha256').update(`estafette filing\n${purpose}\n${id}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | VERSION_8;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | VARIANT;
  return bytes;
}

/** `urn:uuid:…` of a part of the filing. */
export function uuidUrn(purpose: string, id: string): string {
  const hex = uuidBytes(purpose, id).toString('hex');
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}

export const uuidOid = (purpose: string, id: string): string =>
  `2.25.${BigInt(`0x${uuidBytes(purpose, id).toString('hex')}`)}`;
