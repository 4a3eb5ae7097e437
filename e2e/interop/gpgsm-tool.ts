/**
 * GnuPG's gpgsm as a correspondent, with a home of its own in the folder of the world and an agent that is ended with
 * it. It knows CMS only, so the mail around it is written and read by mime-form.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, runCommand } from '../support/command.ts';
import { agentKey } from './gpg-agent-key.ts';
import { cmsEntity, decodedBody, headerOf, multipartSigned, signedPartsOf } from './mime-form.ts';
import { type ContentCipher, type EncryptWish, NoSuchOption, type SignWish, type Tool } from './tool.ts';
import type { Identity, World } from './world.ts';

const CIPHERS: Readonly<Partial<Record<ContentCipher, string>>> = {
  'aes-128-cbc': 'AES128',
  'aes-192-cbc': 'AES192',
  'aes-256-cbc': 'AES256',
  '3des': '3DES',
  rc2: 'RC2',
};

class Gpgsm implements Tool {
  readonly version: string;
  readonly #home: string;
  readonly #fingerprints = new Map<Identity, string>();

  constructor(world: World, version: string) {
    this.version = version;
    this.#home = join(world.folder, 'gnupg');
    mkdirSync(join(this.#home, 'private-keys-v1.d'), { recursive: true, mode: 0o700 });
  }

  #run(words: readonly string[], input: Buffer = Buffer.of()): Promise<Outcome> {
    const quiet = ['--homedir', this.#home, '--batch', '--no-tty', '--disable-crl-checks', '--disable-dirmngr'];
    return runCommand('gpgsm', [...quiet, '--disable-policy-checks', ...words], { input });
  }

  async #must(words: readonly string[], input?: Buffer): Promise<Buffer> {
    const { code, output, errors } = await this.#run(words, input);
    if (code !== 0) throw new Error(errors.trim().replaceAll(/\s*\n\s*/g, '; '));
    return output;
  }

  async fill(world: World): Promise<void> {
    await this.#must(['--import', world.authorityFile]);
    const [root] = await this.#listed('AC INTEROP');
    writeFileSync(join(this.#home, 'trustlist.txt'), `${root?.fingerprint ?? ''} S relax\n`);
    for (const identity of [...Object.values(world.doctor), ...Object.values(world.pharmacy)]) {
      await this.#run(['--import', identity.file]);
      const found = (await this.#listed(`/CN=${identity.owner} ${identity.kind}`))[0];
      if (found === undefined) continue;
      this.#fingerprints.set(identity, found.fingerprint);
      const key = identity.owner === 'doctor' ? agentKey(identity) : null;
      const file = join(this.#home, 'private-keys-v1.d', `${found.keygrip}.key`);
      if (key !== null && found.keygrip !== '') writeFileSync(file, key, { mode: 0o600 });
    }
  }

  async #listed(pattern: string): Promise<{ fingerprint: string; keygrip: string }[]> {
    const { output } = await this.#run(['--with-colons', '--with-keygrip', '--list-keys', pattern]);
    const rows = output
      .toString()
      .split('\n')
      .map((line) => line.split(':'));
    const all = (kind: string): string[] => rows.filter((row) => row[0] === kind).map((row) => row[9] ?? '');
    return all('fpr').map((fingerprint, at) => ({ fingerprint, keygrip: all('grp')[at] ?? '' }));
  }

  #known(identity: Identity): string {
    const fingerprint = this.#fingerprints.get(identity);
    if (fingerprint === undefined) throw new Error(`gpgsm imports no certificate of kind ${identity.kind}`);
    return fingerprint;
  }

  async sign(entity: Buffer, wish: SignWish): Promise<Buffer> {
    if (wish.padding === 'pss') throw new NoSuchOption('PSS');
    if (wish.named === 'key-identifier') throw new NoSuchOption('the key identifier as name of the signer');
    if (!wish.attributes) throw new NoSuchOption('leaving out the signed attributes');
    const form = wish.form === 'detached' ? '--detach-sign' : '--sign';
    const signers = wish.signers.flatMap((one) => ['--local-user', this.#known(one)]);
    const bag = ['--include-certs', wish.certificates ? '1' : '0', '--digest-algo', wish.digest.toUpperCase()];
    const cms = await this.#must([...bag, ...signers, form], entity);
    return wish.form === 'detached' ? multipartSigned(entity, cms, wish.digest) : cmsEntity(cms, 'signed-data');
  }

  async encrypt(entity: Buffer, wish: EncryptWish): Promise<Buffer> {
    if (wish.oaep !== undefined) throw new NoSuchOption('OAEP');
    if (wish.named === 'key-identifier') throw new NoSuchOption('the key identifier as name of the recipient');
    const cipher = CIPHERS[wish.content];
    if (cipher === undefined) throw new NoSuchOption(`content in ${wish.content}`);
    const recipients = wish.recipients.flatMap((one) => ['--recipient', this.#known(one)]);
    return cmsEntity(await this.#must(['--cipher-algo', cipher, ...recipients, '--encrypt'], entity), 'enveloped-data');
  }

  compress(): Promise<Buffer> {
    return Promise.reject(new NoSuchOption('compression'));
  }

  /** Good only if gpgsm says of every signature that it is good and its chain trusted, and has nothing bad to say. */
  async #verify(signed: Buffer): Promise<Buffer> {
    const parts = signedPartsOf(signed);
    const [cms, opaque] = [join(this.#home, 'signature'), join(this.#home, 'content')];
    writeFileSync(cms, parts?.signature ?? decodedBody(signed));
    writeFileSync(opaque, parts?.signed ?? '');
    const files = parts === null ? ['--output', opaque, '--yes', '--verify', cms] : ['--verify', cms, opaque];
    const status = (await this.#must(['--status-fd', '1', ...files])).toString();
    if (!status.includes('GOODSIG') || !status.includes('TRUST_FULLY')) throw new Error('not a trusted good signature');
    return readFileSync(opaque);
  }

  async open(mail: Buffer, recipient: Identity): Promise<Buffer> {
    this.#known(recipient);
    if (!headerOf(mail, 'Content-Type').startsWith('application/pkcs7-mime')) throw new Error('not a sealed mail');
    return this.#verify(await this.#must(['--decrypt'], decodedBody(mail)));
  }

  /** Ends the agent of this home only. */
  stop(): Promise<void> {
    execFileSync('gpgconf', ['--homedir', this.#home, '--kill', 'all']);
    return Promise.resolve();
  }
}

/** Makes a home with every certificate and key gpgsm takes. */
export async function startGpgsm(world: World): Promise<Tool> {
  const { output } = await runCommand('gpgsm', ['--version']);
  const gpgsm = new Gpgsm(world, output.toString().split('\n')[0]?.replace('(GnuPG) ', '') ?? 'gpgsm');
  await gpgsm.fill(world);
  return gpgsm;
}
