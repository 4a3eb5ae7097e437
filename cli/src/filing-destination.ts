/**
 * The certificate of a filing destination, as the operator gives it: kept as that of a correspondent, so that filings are
 * encrypted to it. A verified letter from there may bring a newer one. It must name the address; whether it is to be
 * trusted is judged when a mail is sealed to it, as ever.
 */
import { X509Certificate } from 'node:crypto';
import { isAmong, readOwnCertificate } from '@estafette/gateway/inspect';
import { correspondentIndexOf, type LastingStore } from '@estafette/gateway/ports';
import type { Vault } from '@estafette/runtime/ports';
import { PlainError } from './plain-error.ts';

/** Keeps it; `pems` are the certificate and those above it. */
export async function keepDestination(
  parts: { readonly store: Pick<LastingStore, 'saveCorrespondent'>; readonly vault: Vault },
  address: string,
  pems: readonly string[],
  now: Date,
): Promise<void> {
  const [certificate, ...chain] = pems.map((pem) => new X509Certificate(pem).raw);
  const facts = certificate === undefined ? null : readOwnCertificate(certificate);
  if (certificate === undefined || facts === null) throw new PlainError('The certificate cannot be read.');
  if (!isAmong(address, facts.addresses)) throw new PlainError(`The certificate is not that of ${address}.`);
  const addressIndex = correspondentIndexOf(parts.vault, address);
  const unknown = { capabilities: null, signedAt: null, signer: null, letterId: null, changed: false };
  const { fingerprint } = facts;
  await parts.store.saveCorrespondent({ addressIndex, certificate, chain, fingerprint, ...unknown }, now.getTime());
}
