/**
 * Certificates the demo does not have: a doctor of an authority nobody knows, and one whose certificate its own
 * authority, a trusted one, has revoked. Made by the workspace `certs`; openssl signs with them.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRevocationList, revoke } from '@estafette/certs/certificate-revocation-list';
import {
  createAuthority,
  type IssuedCertificate,
  issuePractitionerCertificate,
} from '@estafette/certs/development-authority';
import type { SignerFiles } from './openssl.ts';

interface TrustFiles {
  readonly anchors: string;
  readonly lists: string;
}

type Authority = Awaited<ReturnType<typeof createAuthority>>;

const PRACTITIONER = { givenName: 'Claire', surname: 'MARTIN', title: 'Médecin', rpps: '10000000001' };

function writeSigner(folder: string, authority: Authority, issued: IssuedCertificate): SignerFiles {
  mkdirSync(folder, { recursive: true });
  const files = {
    certificate: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    chain: join(folder, 'chain.pem'),
  };
  writeFileSync(files.certificate, issued.certificatePem);
  writeFileSync(files.key, issued.privateKeyPem, { mode: 0o600 });
  writeFileSync(files.chain, authority.issuingCertificatePem);
  return files;
}

/** A certificate for `address` from an authority that nobody here trusts. */
export async function foreignSigner(folder: string, address: string): Promise<SignerFiles> {
  const now = new Date();
  const authority = await createAuthority({ now, organization: 'AILLEURS', rootName: 'AC AILLEURS' });
  const issued = await issuePractitionerCertificate(authority, { now, address, practitioner: PRACTITIONER });
  return writeSigner(folder, authority, issued);
}

/**
 * A second authority that is added to the trust files, as an operator would; it has revoked the first certificate of
 * `address` and issued another.
 */
export async function secondAuthority(
  folder: string,
  address: string,
  trust: TrustFiles,
): Promise<{ revoked: SignerFiles; renewed: SignerFiles }> {
  const now = new Date();
  const authority = await createAuthority({
    now,
    organization: 'SECONDE',
    rootName: 'AC SECONDE',
    issuingName: 'AC SECONDE MAIL',
  });
  const options = { now, address, practitioner: PRACTITIONER };
  const [first, second] = [
    await issuePractitionerCertificate(authority, options),
    await issuePractitionerCertificate(authority, options),
  ];
  revoke(authority, first.serialHex, 'keyCompromise', new Date(now.getTime() - 3_600_000));
  const lists = (['issuing', 'root'] as const).map(
    (level) => buildRevocationList(authority, { level, now, validHours: 24 }).pem,
  );
  appendFileSync(trust.lists, lists.join(''));
  appendFileSync(trust.anchors, authority.rootCertificatePem + authority.issuingCertificatePem);
  return {
    revoked: writeSigner(join(folder, 'revoked'), authority, first),
    renewed: writeSigner(join(folder, 'renewed'), authority, second),
  };
}
