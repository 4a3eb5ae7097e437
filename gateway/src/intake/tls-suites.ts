/**
 * TLS at a door: 1.3, and 1.2 with the suites that MSSanté names (facts 1.1, ECO.1.1.3): ECDHE with AES-GCM, for RSA
 * and ECDSA keys, and the two with CBC only where the policy allows them. No renegotiation: the client could show
 * another certificate in it. Where clients are judged by their certificate, no session is resumed either: a ticket
 * carries the leaf and not its chain.
 */
import { constants } from 'node:crypto';
import type { SecureContextOptions, TLSSocket } from 'node:tls';

const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
];
const CBC_SUITES = ['ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA256'];

export function tlsSettings(door: { allowsCbcSuites: boolean; asksClients: boolean }): SecureContextOptions {
  const noTickets = door.asksClients ? constants.SSL_OP_NO_TICKET : 0;
  return {
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    ciphers: [...SUITES, ...(door.allowsCbcSuites ? CBC_SUITES : [])].join(':'),
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | noTickets,
  };
}

/** The certificates a client showed, DER, leaf first, as far as they are each other's issuers. */
export function clientChainOf(socket: TLSSocket, longest: number): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerX509Certificate();
  while (certificate !== undefined && chain.length < longest) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return chain;
}
