/** The `openssl cms` command as a correspondent; it reads and writes whole MIME entities itself. */
import { runCommand } from '../support/command.ts';
import type { EncryptWish, SignWish, Tool } from './tool.ts';
import type { Identity, World } from './world.ts';

async function openssl(words: readonly string[], input: Buffer): Promise<Buffer> {
  const { code, output, errors } = await runCommand('openssl', words, { input });
  if (code !== 0) throw new Error(errors.trim().split('\n').at(-1) ?? '');
  return output;
}

/** Options of the `pss` signature of one signer; a key of type id-RSASSA-PSS needs them as well. */
const signerWords = (signer: Identity, padding: SignWish['padding']): string[] => [
  '-signer',
  signer.file,
  ...(padding === 'pss' || signer.kind === 'rsa-pss' ? ['-keyopt', 'rsa_padding_mode:pss'] : []),
];

function sign(entity: Buffer, wish: SignWish): Promise<Buffer> {
  const words = ['cms', '-sign', '-md', wish.digest, ...wish.signers.flatMap((one) => signerWords(one, wish.padding))];
  if (wish.form !== 'detached') words.push('-nodetach');
  if (wish.form === 'streamed') words.push('-stream');
  if (wish.named === 'key-identifier') words.push('-keyid');
  if (!wish.certificates) words.push('-nocerts');
  if (!wish.attributes) words.push('-noattr');
  return openssl(words, entity);
}

const CONTENT_WORDS = {
  'aes-128-cbc': ['-aes128'],
  'aes-192-cbc': ['-aes192'],
  'aes-256-cbc': ['-aes256'],
  'aes-128-gcm': ['-aes-128-gcm'],
  'aes-256-gcm': ['-aes-256-gcm'],
  '3des': ['-des3'],
  rc2: ['-rc2-128', '-provider', 'legacy', '-provider', 'default'],
} as const;

function recipientWords(recipient: Identity, wish: EncryptWish): string[] {
  const words = ['-recip', recipient.file];
  if (recipient.kind !== 'rsa') return [...words, '-keyopt', `ecdh_kdf_md:${wish.derivation}`];
  if (wish.oaep === undefined) return words;
  const { digest, mask, label } = wish.oaep;
  const labelled = label === undefined ? [] : [`rsa_oaep_label:${Buffer.from(label).toString('hex')}`];
  const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${digest}`, `rsa_mgf1_md:${mask}`, ...labelled];
  return [...words, ...options.flatMap((option) => ['-keyopt', option])];
}

function encrypt(entity: Buffer, wish: EncryptWish): Promise<Buffer> {
  const words = ['cms', '-encrypt', ...CONTENT_WORDS[wish.content], `-aes${wish.wrap}-wrap`];
  if (wish.named === 'key-identifier') words.push('-keyid');
  if (wish.streamed) words.push('-stream');
  return openssl([...words, ...wish.recipients.flatMap((one) => recipientWords(one, wish))], entity);
}

/** What is inside a sealed mail. */
export function decryptWithOpenssl(mail: Buffer, recipient: Identity): Promise<Buffer> {
  return openssl(['cms', '-decrypt', '-recip', recipient.file], mail);
}

/** It needs nothing but the files of the world. */
export async function startOpenssl(world: World): Promise<Tool> {
  const { output } = await runCommand('openssl', ['version']);
  return {
    version: output.toString().split(' ').slice(0, 2).join(' '),
    sign,
    encrypt,
    compress: (entity) => openssl(['cms', '-compress'], entity),
    async open(mail, recipient) {
      const signed = await decryptWithOpenssl(mail, recipient);
      return openssl(['cms', '-verify', '-CAfile', world.authorityFile, '-purpose', 'smimesign'], signed);
    },
    stop: () => Promise.resolve(),
  };
}
