/**
 * NSS (`cmsutil`, the S/MIME of Thunderbird) as a correspondent, with a key database in the folder of the world. It
 * knows CMS only, so the mail around it is written and read by mime-form.ts. What it is told: the digest and whether
 * the content is detached; everything else it decides by itself, encryption entirely.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../support/command.ts';
import { cmsEntity, decodedBody, headerOf, multipartSigned, signedPartsOf } from './mime-form.ts';
import { packageVersion } from './package-version.ts';
import { type EncryptWish, NoSuchOption, type SignWish, type Tool } from './tool.ts';
import type { Identity, World } from './world.ts';

const PASSWORD = 'interop';
const nicknameOf = ({ owner, kind }: Identity): string => `${owner}-${kind}`;

async function run(command: string, words: readonly string[]): Promise<Buffer> {
  const { code, output, errors } = await runCommand(command, words, { input: Buffer.of() });
  if (code !== 0) throw new Error(`${command}: ${errors.trim().replace(/\s+/g, ' ')}`);
  return output;
}

class Nss implements Tool {
  readonly version: string;
  readonly #folder: string;
  readonly #database: string;
  /** Certificates and keys the database would not take, with what it said. */
  readonly #refusedKeys = new Map<string, string>();

  constructor(world: World, version: string) {
    this.version = version;
    this.#folder = join(world.folder, 'nss');
    this.#database = `sql:${this.#folder}`;
    mkdirSync(this.#folder);
  }

  async fill(world: World): Promise<void> {
    await run('certutil', ['-N', '-d', this.#database, '--empty-password']);
    await run('certutil', ['-A', '-d', this.#database, '-n', 'authority', '-t', 'C,C,C', '-i', world.authorityFile]);
    for (const identity of [...Object.values(world.doctor), ...Object.values(world.pharmacy)]) {
      try {
        await (identity.owner === 'doctor' ? this.#importKey(identity) : this.#importCertificate(identity));
      } catch (error) {
        this.#refusedKeys.set(nicknameOf(identity), String(error));
      }
    }
  }

  async #importKey(identity: Identity): Promise<void> {
    const file = this.#path(`${nicknameOf(identity)}.p12`);
    const words = ['-in', identity.file, '-out', file, '-name', nicknameOf(identity), '-passout', `pass:${PASSWORD}`];
    await run('openssl', ['pkcs12', '-export', ...words]);
    await run('pk12util', ['-i', file, '-d', this.#database, '-W', PASSWORD]);
  }

  #importCertificate(identity: Identity): Promise<Buffer> {
    const words = ['-n', nicknameOf(identity), '-t', ',,', '-i', identity.file];
    return run('certutil', ['-A', '-d', this.#database, ...words]);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #requireKey(identity: Identity): void {
    const refusal = this.#refusedKeys.get(nicknameOf(identity));
    if (refusal !== undefined) throw new Error(refusal);
  }

  async #cmsutil(input: Buffer, words: readonly string[]): Promise<Buffer> {
    const [from, to] = [this.#path('in'), this.#path('out')];
    writeFileSync(from, input);
    writeFileSync(to, '');
    await run('cmsutil', [...words, '-d', this.#database, '-i', from, '-o', to]);
    return readFileSync(to);
  }

  async sign(entity: Buffer, wish: SignWish): Promise<Buffer> {
    const [signer] = wish.signers;
    if (signer === undefined || wish.signers.length > 1) throw new NoSuchOption('a second signer');
    if (wish.padding === 'pss') throw new NoSuchOption('PSS with an RSA key');
    if (wish.named === 'key-identifier') throw new NoSuchOption('the key identifier as name of the signer');
    if (!wish.certificates) throw new NoSuchOption('leaving out the certificates');
    if (!wish.attributes) throw new NoSuchOption('leaving out the signed attributes');
    this.#requireKey(signer);
    const detached = wish.form === 'detached' ? ['-T'] : [];
    const cms = await this.#cmsutil(entity, [
      ...['-S', '-N', nicknameOf(signer), '-H', wish.digest.toUpperCase(), '-G', ...detached],
    ]);
    return wish.form === 'detached' ? multipartSigned(entity, cms, wish.digest) : cmsEntity(cms, 'signed-data');
  }

  async encrypt(entity: Buffer, wish: EncryptWish): Promise<Buffer> {
    if (wish.oaep !== undefined) throw new NoSuchOption('OAEP');
    if (wish.named === 'key-identifier') throw new NoSuchOption('the key identifier as name of the recipient');
    for (const recipient of wish.recipients) this.#requireKey(recipient);
    const cms = await this.#cmsutil(entity, ['-E', '-r', wish.recipients.map(nicknameOf).join(',')]);
    return cmsEntity(cms, 'enveloped-data');
  }

  compress(): Promise<Buffer> {
    return Promise.reject(new NoSuchOption('compression'));
  }

  /** `-u 4` is the usage of a mail signer, `-h 0` says what was found on each level. */
  async #verify(entity: Buffer): Promise<Buffer> {
    const parts = signedPartsOf(entity);
    if (parts === null) return this.#judged(decodedBody(entity), []);
    const content = this.#path('content');
    writeFileSync(content, parts.signed);
    return this.#judged(parts.signature, ['-c', content]).then(() => parts.signed);
  }

  /** cmsutil ends with 0 whatever a signature is worth, except with `-u`; its words are read as well. */
  async #judged(cms: Buffer, words: readonly string[]): Promise<Buffer> {
    const report = (await this.#cmsutil(cms, ['-D', '-h', '0', '-u', '4', ...words])).toString('latin1');
    if (!report.includes('signer0.status=GoodSignature'))
      throw new Error(/status=.*/.exec(report)?.[0] ?? 'not signed');
    return this.#cmsutil(cms, ['-D', '-u', '4', ...words]);
  }

  async open(mail: Buffer, recipient: Identity): Promise<Buffer> {
    this.#requireKey(recipient);
    if (!headerOf(mail, 'Content-Type').startsWith('application/pkcs7-mime')) throw new Error('not a sealed mail');
    return this.#verify(await this.#cmsutil(decodedBody(mail), ['-D', '-u', '5']));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes a database with every key NSS takes. */
export async function startNss(world: World): Promise<Tool> {
  const nss = new Nss(world, `NSS ${await packageVersion('libnss3-tools')}`);
  await nss.fill(world);
  return nss;
}
