/**
 * How a conversation key reaches a device: HPKE (RFC 9180) in Auth mode, DHKEM(P-256, HKDF-SHA256),
 * HKDF-SHA256, AES-256-GCM. Auth mode, because the relay knows every device's public key: in base mode it
 * could wrap a key of its own and write letters nobody sent (docs/decisions/0003). The device learns the
 * gateway's public key inside its enrolment answer, which the relay can neither read nor forge.
 */
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { type Bytes, base64url, fromBase64url, utf8 } from './bytes.ts';

const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const INFO = utf8('estafette/1 conversation key');

function associated(conversationId: string, deviceId: string): Bytes {
  return utf8(JSON.stringify(['estafette', 1, 'key', conversationId, deviceId]));
}

/** A key pair for HPKE; `extractable` false on a device, true where the vault keeps it. */
export function makeWrappingKeys(extractable: boolean): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, extractable, ['deriveBits', 'deriveKey']);
}

/** Public half as base64url of the uncompressed point (65 bytes). */
export async function exportPublicKey(key: CryptoKey): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.exportKey('raw', key)));
}

/** The HPKE public key of the other side; throws on a point that is not on the curve. */
export function importWrappingPublicKey(text: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', fromBase64url(text), { name: 'ECDH', namedCurve: 'P-256' }, true, []);
}

/** Gateway: wraps the 32-byte conversation key for one device. */
export async function wrapConversationKey(wrap: {
  gatewayKeys: CryptoKeyPair;
  devicePublicKey: CryptoKey;
  conversationId: string;
  deviceId: string;
  conversationKey: Bytes;
}): Promise<{ enc: string; ct: string }> {
  const sender = await suite.createSenderContext({
    recipientPublicKey: wrap.devicePublicKey,
    senderKey: wrap.gatewayKeys,
    info: INFO,
  });
  const ct = await sender.seal(wrap.conversationKey, associated(wrap.conversationId, wrap.deviceId));
  return { enc: base64url(new Uint8Array(sender.enc)), ct: base64url(new Uint8Array(ct)) };
}

/** Device: unwraps; throws when the key is not from this gateway, for this device and this conversation. */
export async function unwrapConversationKey(wrap: {
  deviceKeys: CryptoKeyPair;
  gatewayPublicKey: CryptoKey;
  conversationId: string;
  deviceId: string;
  enc: string;
  ct: string;
}): Promise<Bytes> {
  const recipient = await suite.createRecipientContext({
    recipientKey: wrap.deviceKeys,
    senderPublicKey: wrap.gatewayPublicKey,
    enc: fromBase64url(wrap.enc),
    info: INFO,
  });
  return new Uint8Array(await recipient.open(fromBase64url(wrap.ct), associated(wrap.conversationId, wrap.deviceId)));
}

/** The key pair a device signs its ticket requests and replies with (ECDSA P-256). */
export function makeSigningKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
}

/** Signature as base64url, IEEE P1363 form. */
export async function signWithDevice(key: CryptoKey, input: Bytes): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, input)));
}

/** Whether `signature` over `input` was made by the device whose public key (raw, base64url) is given. */
export async function verifyDeviceSignature(publicKey: string, signature: string, input: Bytes): Promise<boolean> {
  try {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
    const key = await crypto.subtle.importKey('raw', fromBase64url(publicKey), algorithm, false, ['verify']);
    return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, fromBase64url(signature), input);
  } catch {
    return false;
  }
}

/** The bytes a device signs to get a one-time ticket from the relay. */
export function ticketSignatureInput(request: { deviceId: string; at: number; nonce: string }): Bytes {
  return utf8(JSON.stringify(['estafette', 1, 'ticket', request.deviceId, request.at, request.nonce]));
}
