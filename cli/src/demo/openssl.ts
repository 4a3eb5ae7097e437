/**
 * The doctor's side of the demo speaks S/MIME with the `openssl` command: a foreign tool makes the letters and judges
 * the answers. Everything goes through pipes, so that no clear text touches the disk.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainError } from '../plain-error.ts';

/** Runs openssl with `input` on its standard input; gives what it printed. Throws with its complaint. */
export async function openssl(words: readonly string[], input: Buffer): Promise<{ output: Buffer; remarks: string }> {
  const child = spawn('openssl', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const remarks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => remarks.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new PlainError('The openssl command was not found: run "apt-get install openssl".')
          : error,
      ),
    );
  });
  const said = Buffer.concat(remarks).toString();
  if (code !== 0) throw new PlainError(`openssl ${words.slice(0, 2).join(' ')} failed: ${said.trim()}`);
  return { output: Buffer.concat(output), remarks: said };
}

/** Signs an entity with the identity of a demo folder; gives a multipart/signed entity. */
export async function signWith(folder: string, entity: Buffer): Promise<Buffer> {
  return (
    await openssl(
      ['cms', '-sign', '-md', 'sha256', '-signer', join(folder, 'cert.pem'), '-inkey', join(folder, 'key.pem')],
      entity,
    )
  ).output;
}

/** Encrypts an entity to the certificate of a demo folder. */
export async function encryptTo(folder: string, entity: Buffer): Promise<Buffer> {
  return (await openssl(['cms', '-encrypt', '-aes-256-cbc', join(folder, 'cert.pem')], entity)).output;
}

/** The signer's certificate, PEM. openssl gives it into a file only; a certificate is public. */
async function signerOf(authorities: string, signed: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'estafette-demo-'));
  try {
    const file = join(folder, 'signer.pem');
    await openssl(
      ['cms', '-verify', '-CAfile', authorities, '-purpose', 'smimesign', '-signer', file, '-out', '/dev/null'],
      signed,
    );
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The text of a quoted-printable text part, for the terminal; its MIME headers left out. */
function readableText(entity: Buffer): string {
  const mail = entity.toString('latin1').replaceAll('\r\n', '\n');
  const body = mail.slice(mail.indexOf('\n\n') + 2).replaceAll('=\n', '');
  const bytes = body.replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** Opens a mail as the holder of a demo folder, and verifies the signature inside against the authorities. */
export async function openAndVerify(
  folder: string,
  authorities: string,
  mail: Buffer,
): Promise<{ text: string; signer: string; remarks: string }> {
  const own = ['-recip', join(folder, 'cert.pem'), '-inkey', join(folder, 'key.pem')];
  const opened = await openssl(['cms', '-decrypt', ...own], mail);
  const verified = await openssl(['cms', '-verify', '-CAfile', authorities, '-purpose', 'smimesign'], opened.output);
  const certificate = await signerOf(authorities, opened.output);
  const subject = await openssl(['x509', '-noout', '-subject', '-nameopt', 'utf8,sep_comma_plus'], certificate);
  return {
    text: readableText(verified.output),
    signer: subject.output.toString().trim(),
    remarks: verified.remarks.trim(),
  };
}
