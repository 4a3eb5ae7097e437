/**
 * Bouncy Castle as a correspondent: its two Java files, compiled into the folder of the world, run as one process that
 * takes a command per line. Absent (no JDK, no libbcmail-java), it is left out and the caller says so.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { runCommand } from '../support/command.ts';
import { packageVersion } from './package-version.ts';
import type { ContentCipher, Digest, EncryptWish, SignWish, Tool } from './tool.ts';
import type { Identity, World } from './world.ts';

/** Where Debian puts Java libraries. */
const JAVA_FOLDER = '/usr/share/java';
const LIBRARIES = ['bcprov', 'bcutil', 'bcpkix', 'bcmail', 'javax.mail', 'javax.activation'].map((name) =>
  join(JAVA_FOLDER, `${name}.jar`),
);
const SOURCES = ['BouncyCastle.java', 'BouncyRecipients.java'].map((name) => join(import.meta.dirname, name));

const CONTENT_OIDS: Readonly<Record<ContentCipher, string>> = {
  'aes-128-cbc': '2.16.840.1.101.3.4.1.2',
  'aes-192-cbc': '2.16.840.1.101.3.4.1.22',
  'aes-256-cbc': '2.16.840.1.101.3.4.1.42',
  'aes-128-gcm': '2.16.840.1.101.3.4.1.6',
  'aes-256-gcm': '2.16.840.1.101.3.4.1.46',
  '3des': '1.2.840.113549.3.7',
  rc2: '1.2.840.113549.3.2',
};

/** dhSinglePass-stdDH-*kdf-scheme (RFC 5753 §7.1.4). */
const AGREEMENT_OIDS: Readonly<Record<EncryptWish['derivation'], string>> = {
  sha1: '1.3.133.16.840.63.0.2',
  sha224: '1.3.132.1.11.0',
  sha256: '1.3.132.1.11.1',
  sha384: '1.3.132.1.11.2',
  sha512: '1.3.132.1.11.3',
};

const WRAP_OIDS = {
  128: '2.16.840.1.101.3.4.1.5',
  192: '2.16.840.1.101.3.4.1.25',
  256: '2.16.840.1.101.3.4.1.45',
} as const;

function algorithmOf(signer: Identity, digest: Digest, padding: SignWish['padding']): string {
  if (signer.kind === 'ed25519') return 'Ed25519';
  const name = digest.toUpperCase();
  if (padding === 'pss' || signer.kind === 'rsa-pss') return `${name}withRSAandMGF1`;
  return signer.kind === 'rsa' ? `${name}withRSA` : `${name}withECDSA`;
}

const dashed = (digest: string): string => digest.toUpperCase().replace('SHA', 'SHA-');

export const hasBouncyCastle = async (): Promise<boolean> =>
  LIBRARIES.every((library) => existsSync(library)) &&
  (await runCommand('javac', ['-version']).then(
    ({ code }) => code === 0,
    () => false,
  ));

class BouncyCastle implements Tool {
  readonly version: string;
  readonly #world: World;
  readonly #java: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(world: World, classes: string, version: string) {
    this.version = version;
    this.#world = world;
    const path = [classes, ...LIBRARIES].join(delimiter);
    this.#java = spawn('java', ['-cp', path, 'BouncyCastle'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#answers = createInterface({ input: this.#java.stdout })[Symbol.asyncIterator]();
  }

  async #obey(verb: string, input: Buffer, wish: Readonly<Record<string, string | undefined>>): Promise<Buffer> {
    const [from, to] = [join(this.#world.folder, 'bouncy.in'), join(this.#world.folder, 'bouncy.out')];
    writeFileSync(from, input);
    const words = Object.entries({ in: from, out: to, ...wish }).filter(([, value]) => value !== undefined);
    this.#java.stdin.write(`${[verb, ...words.map((word) => word.join('='))].join(' ')}\n`);
    const { value } = await this.#answers.next();
    if (value !== 'ok') throw new Error(String(value ?? 'java ended').replace(/^no /, ''));
    return readFileSync(to);
  }

  sign(entity: Buffer, wish: SignWish): Promise<Buffer> {
    return this.#obey('sign', entity, {
      signers: wish.signers.map((one) => one.file).join(','),
      algorithms: wish.signers.map((one) => algorithmOf(one, wish.digest, wish.padding)).join(','),
      form: wish.form,
      named: wish.named,
      certificates: wish.certificates ? 'yes' : 'no',
      attributes: wish.attributes ? 'yes' : 'no',
    });
  }

  encrypt(entity: Buffer, wish: EncryptWish): Promise<Buffer> {
    const { oaep } = wish;
    return this.#obey('encrypt', entity, {
      recipients: wish.recipients.map((one) => one.file).join(','),
      content: CONTENT_OIDS[wish.content],
      agreement: AGREEMENT_OIDS[wish.derivation],
      wrap: WRAP_OIDS[wish.wrap],
      named: wish.named,
      oaep: oaep && dashed(oaep.digest),
      mask: oaep && dashed(oaep.mask),
      label: oaep?.label,
    });
  }

  compress(entity: Buffer): Promise<Buffer> {
    return this.#obey('compress', entity, {});
  }

  open(mail: Buffer, recipient: Identity): Promise<Buffer> {
    return this.#obey('open', mail, { recipient: recipient.file, authority: this.#world.authorityFile });
  }

  async stop(): Promise<void> {
    this.#java.stdin.end();
    await new Promise((resolve) => this.#java.once('close', resolve));
  }
}

/** Compiles and starts it. */
export async function startBouncyCastle(world: World): Promise<Tool> {
  const classes = join(world.folder, 'java');
  mkdirSync(classes);
  const words = ['-nowarn', '-d', classes, '-cp', LIBRARIES.join(delimiter), ...SOURCES];
  const { code, errors } = await runCommand('javac', words);
  if (code !== 0) throw new Error(`javac: ${errors}`);
  return new BouncyCastle(world, classes, `Bouncy Castle ${await packageVersion('libbcmail-java')}`);
}
