/** The key pair with which the gateway wraps conversation keys to devices (HPKE in Auth mode, RFC 9180). */
import { makeWrappingKeys } from '@estafette/contracts/device-keys';
import type { BlobStore, Vault } from '../ports.ts';

/** The pair, made on first start and kept in the safe under the vault. */
export async function openWrappingKeys(safe: BlobStore, vault: Vault): Promise<CryptoKeyPair> {
  const name = 'keys/gateway-wrapping';
  const stored = await safe.get(name);
  if (stored !== null) {
    const { privateKey, publicKey } = JSON.parse(vault.open('gateway-key', name, stored).toString()) as Record<
      'privateKey' | 'publicKey',
      JsonWebKey
    >;
    const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
    return {
      privateKey: await crypto.subtle.importKey('jwk', privateKey, algorithm, true, ['deriveBits', 'deriveKey']),
      publicKey: await crypto.subtle.importKey('jwk', publicKey, algorithm, true, []),
    };
  }
  const pair = await makeWrappingKeys(true);
  const [privateKey, publicKey] = [
    await crypto.subtle.exportKey('jwk', pair.privateKey),
    await crypto.subtle.exportKey('jwk', pair.publicKey),
  ];
  await safe.put(name, vault.seal('gateway-key', name, Buffer.from(JSON.stringify({ privateKey, publicKey }))));
  return pair;
}
