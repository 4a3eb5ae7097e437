/**
 * Seals one answer, in a worker: judges our own certificate and the correspondent's at this moment, chooses how, seals.
 * Refuses rather than seal with, or to, a certificate that is not good now. A mail that is signed only is made for a
 * task without a recipient's certificate and a policy that encrypts when possible, and for nothing else (design,
 * promise 6).
 */
import type { SealingWishes, SealMail, StatusSource } from '../ports.ts';
import { type Certificate, type KeyUsageBit, readCertificate } from './certificate.ts';
import { mayBeUsedFor } from './certificate-path.ts';
import { chooseSealing } from './choose-sealing.ts';
import { encryptingUseOf } from './encrypt-content.ts';
import { judgeOverFiles } from './judge-over-files.ts';
import { sealEnvelope, signEnvelope } from './seal-envelope.ts';
import { signingWayOf } from './sign-content.ts';

export type SealTask = {
  readonly kind: 'seal';
} & Parameters<SealMail>[0];

const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What is missing to trust the certificate for one of these uses now; null when nothing is. */
function lacksFor(
  certificate: Certificate,
  chain: readonly Uint8Array[],
  task: SealTask,
  uses: readonly KeyUsageBit[],
): { wants: readonly StatusSource[] } | null {
  if (!mayBeUsedFor(certificate, uses)) return { wants: [] };
  const bag = chain.map((der) => readCertificate(toBuffer(der)));
  const path = judgeOverFiles(task.trust)({ certificate, bag, bagLists: [], at: new Date(task.at), uses });
  return path.trusted ? null : { wants: path.wants };
}

/** Our own certificate that answers are to be encrypted to: the given one, else the signing one where it may. */
function encryptionCertificateOf(own: Certificate, { encryptionCertificate }: SealTask): Certificate | null {
  if (encryptionCertificate !== undefined)
    return encryptionCertificate === null ? null : readCertificate(toBuffer(encryptionCertificate));
  const use = encryptingUseOf(own.publicKey);
  return use !== null && mayBeUsedFor(own, [use]) ? own : null;
}

const NO_WISHES: SealingWishes = { form: null, content: null, keyTransport: null };

/** The recipient's certificate where it may be encrypted to now; else what is missing for that. */
function recipientOf(task: SealTask, der: Uint8Array): Certificate | { wants: readonly StatusSource[] } {
  const recipient = readCertificate(toBuffer(der));
  const use = encryptingUseOf(recipient.publicKey);
  const lacks = use === null ? { wants: [] } : lacksFor(recipient, task.recipientChain, task, [use]);
  return lacks ?? recipient;
}

/** The sealed mail, or which certificate is not good now. */
export function sealMail(task: SealTask): Awaited<ReturnType<SealMail>> {
  const own = readCertificate(toBuffer(task.certificate));
  const ownLacks = lacksFor(own, task.chain, task, ['digitalSignature', 'nonRepudiation']);
  const signs = signingWayOf(task.privateKey) !== null;
  if (ownLacks !== null || !signs) return { refused: 'own-certificate-unusable', wants: ownLacks?.wants ?? [] };
  const { privateKey, headers, protectedHeaders, capabilities = null, wishes = NO_WISHES } = task;
  const letter = {
    headers,
    ...(protectedHeaders === undefined ? {} : { protectedHeaders }),
    entity: toBuffer(task.entity),
    key: {
      certificate: own,
      chain: task.chain.map(toBuffer),
      privateKey,
      encryptionCertificate: encryptionCertificateOf(own, task),
    },
    at: new Date(task.at),
  };
  const choice = chooseSealing({ space: task.answers, capabilities, wishes });
  if (task.recipient === null) {
    if (task.answers.encrypts !== 'when-possible') return { refused: 'certificate-missing', wants: [] };
    return { sealed: signEnvelope({ ...letter, form: choice.form }) };
  }
  const recipient = recipientOf(task, task.recipient);
  if ('wants' in recipient) return { refused: 'certificate-unusable', wants: recipient.wants };
  return { sealed: sealEnvelope({ ...letter, recipient, ...choice }) };
}
