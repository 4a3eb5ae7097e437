/** Seals a mail with the newest good key of a mailbox, in a worker; refuses when there is none, or none to encrypt to. */
import { Refusal } from '@estafette/contracts/failure';
import type { Clock, Correspondent, MailboxKey, OwnKeys, SealMail, TrustPaths } from '../ports.ts';
import type { ComposedReply } from './compose-reply.ts';

export interface SealingParts {
  readonly ownKeys: Pick<OwnKeys, 'forSealing'>;
  readonly seal: SealMail;
  readonly trust: TrustPaths;
  readonly clock: Clock;
}

/** To whom a mail is sealed, how he likes it, and the policy of the space it leaves into. */
export type SealingRecipient = Pick<
  Parameters<SealMail>[0],
  'recipient' | 'recipientChain' | 'capabilities' | 'wishes' | 'answers'
>;

/** A known correspondent as a recipient. */
export function sealingRecipient(
  { certificate, chain, capabilities, wishes }: Correspondent,
  answers: SealingRecipient['answers'],
): SealingRecipient {
  return { recipient: certificate, recipientChain: chain, capabilities, wishes, answers };
}

/** Seals with the newest good key of a mailbox; throws a `Refusal` when there is none, or none to encrypt to. */
export async function sealWithOwnKeys(
  parts: SealingParts,
  mailboxId: string,
  to: SealingRecipient,
  mail: ComposedReply,
): Promise<Uint8Array> {
  const { signing, encryption } = await parts.ownKeys.forSealing(mailboxId);
  const { encrypts, content, keyTransport } = to.answers;
  const answers = { encrypts, content, keyTransport };
  const facts = { ...to, ...mail, answers, trust: parts.trust, at: parts.clock.now().getTime() };
  for (const key of signing) {
    const result = await parts.seal({ ...facts, ...sealingKey(key, encryption) });
    if ('sealed' in result) return result.sealed;
    // A newest key whose issuer is not trusted here must not stop a mailbox that has another good one.
    if (result.refused !== 'own-certificate-unusable') throw new Refusal(result.refused);
  }
  throw new Refusal('own-certificate-unusable');
}

/** The signing key, and the certificate that answers should be encrypted to: receivers learn it. */
function sealingKey(signing: MailboxKey, encryption: MailboxKey | null) {
  const { certificate, chain, privateKey } = signing;
  const isOne = encryption === null || encryption.certificate.equals(certificate);
  const both = isOne ? chain : [...chain, ...encryption.chain.filter((der) => !chain.some((own) => own.equals(der)))];
  return { certificate, privateKey, chain: both, encryptionCertificate: encryption?.certificate ?? null };
}
