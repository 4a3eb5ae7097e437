/**
 * PEM armour (RFC 7468): base64 in lines of 64 characters between BEGIN and END.
 * Writing is strict; reading takes the first block that carries the asked label and refuses a text without one.
 */

/** What stands in the armour: the labels of RFC 7468 that certs writes and reads. */
export type PemLabel = 'CERTIFICATE' | 'X509 CRL' | 'CERTIFICATE REQUEST';

/** The PEM text of a DER structure, ending in a newline, so that blocks can be joined as they are. */
export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The DER bytes of the first block with this label. Throws RangeError where there is none. */
export function fromPem(label: PemLabel, pem: string): Buffer {
  const block = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(pem);
  if (block?.[1] === undefined) throw new RangeError(`no ${label} block in the PEM text`);
  return Buffer.from(block[1], 'base64');
}
