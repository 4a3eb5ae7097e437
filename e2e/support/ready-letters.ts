/**
 * Many letters, signed and encrypted, made in this process by the gateway's own sealer: two hundred runs of openssl
 * would take longer than the story they are for. Nothing is judged by them; the stories with openssl do that.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
import { sealEnvelope } from '@estafette/gateway/envelope/seal-envelope';
import { headerLines, type Letter, newMessageId, textPart } from './letters.ts';
import type { Stage } from './stage.ts';

const pemBlocks = (file: string): Buffer[] =>
  (readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []).map(
    (pem) => new X509Certificate(pem).raw,
  );

/** `count` letters of the demo doctor, each with a subject, a Message-ID and a text of its own. */
export async function manyLetters(
  stage: Stage,
  count: number,
  name = 'Courrier',
): Promise<(Letter & { subject: string })[]> {
  const [own] = pemBlocks(stage.demo('doctor', 'cert.pem'));
  const [theirs] = pemBlocks(stage.demo('pharmacy', 'cert.pem'));
  const [, issuing] = pemBlocks(stage.demo('ca.pem'));
  if (own === undefined || theirs === undefined || issuing === undefined) throw new Error('the demo is not complete');
  const privateKey = createPrivateKey(readFileSync(stage.demo('doctor', 'key.pem')));
  const key = { certificate: readCertificate(own), chain: [issuing], privateKey };
  const recipient = readCertificate(theirs);
  const [from, to] = [stage.address('doctor'), stage.address('pharmacy')];
  return Array.from({ length: count }, (_, at) => {
    const subject = `${name} ${String(at + 1).padStart(3, '0')}`;
    const messageId = newMessageId();
    const headers = headerLines({ from, to, subject, messageId });
    const entity = textPart(`Bonjour,\r\nVoici le ${subject}.\r\n`);
    return { from, to, subject, messageId, bytes: sealEnvelope({ headers, entity, key, recipient, at: new Date() }) };
  });
}
