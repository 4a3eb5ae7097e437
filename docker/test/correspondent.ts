/** The doctor's side of the test: letters made by openssl, and an operator that takes what the gateway sends. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoIdentities } from '@estafette/certs/demo-identities';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { SMTPServer } from 'smtp-server';
import { run } from './running.ts';

export interface Identity {
  readonly address: string;
  readonly certificate: string;
  readonly key: string;
}

/** Writes the doctor's certificate and key for openssl. */
export function writeDoctor(folder: string, { doctor }: DemoIdentities): Identity {
  mkdirSync(folder, { recursive: true });
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(certificate, doctor.certificatePem);
  writeFileSync(key, doctor.privateKeyPem, { mode: 0o600 });
  return { address: doctor.address, certificate, key };
}

/** A letter with a photo, signed by the doctor and encrypted to `recipient`. */
export async function writeLetter(letter: {
  file: string;
  doctor: Identity;
  recipient: { address: string; certificate: string };
  text: string;
  photo: Buffer;
}): Promise<void> {
  const { doctor, recipient } = letter;
  const entity = [
    'Content-Type: multipart/mixed; boundary="part"',
    '',
    '--part',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(letter.text).toString('base64'),
    '--part',
    'Content-Type: image/png; name="plaie.png"',
    'Content-Disposition: attachment; filename="plaie.png"',
    'Content-Transfer-Encoding: base64',
    '',
    letter.photo.toString('base64'),
    '--part--',
    '',
  ].join('\r\n');
  const sign = ['cms', '-sign', '-md', 'sha256', '-signer', doctor.certificate, '-inkey', doctor.key];
  const signed = await run(['openssl', ...sign], { input: entity });
  const names = ['-from', `Dr Claire MARTIN <${doctor.address}>`, '-to', recipient.address, '-subject', 'Votre avis'];
  const seal = ['cms', '-encrypt', '-aes-256-cbc', ...names, recipient.certificate];
  writeFileSync(letter.file, await run(['openssl', ...seal], { input: signed }));
}

/** Opens an answer as the doctor and checks its signature; gives the signed text. */
export async function openAnswer(mail: string, doctor: Identity, authorities: string): Promise<string> {
  const opened = await run(['openssl', 'cms', '-decrypt', '-recip', doctor.certificate, '-inkey', doctor.key], {
    input: mail,
  });
  return run(['openssl', 'cms', '-verify', '-CAfile', authorities, '-purpose', 'smimesign'], { input: opened });
}

/** The next hop: requires STARTTLS and keeps what it takes in memory. */
export async function startOperator(tls: {
  key: string;
  certificate: string;
}): Promise<{ port: number; mails: string[]; close(): Promise<void> }> {
  const mails: string[] = [];
  const port = await freePort();
  const server = new SMTPServer({
    key: tls.key,
    cert: tls.certificate,
    authOptional: true,
    disabledCommands: ['AUTH'],
    disableReverseLookup: true,
    closeTimeout: 500,
    logger: false,
    onMailFrom: (_address, session, callback) => callback(session.secure ? null : new Error('STARTTLS first')),
    onData: (stream, _session, callback) => {
      let mail = '';
      stream.setEncoding('latin1');
      stream.on('data', (text: string) => {
        mail += text;
      });
      stream.on('end', () => {
        mails.push(mail);
        callback(null);
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  return { port, mails, close: () => new Promise((done) => server.close(() => done())) };
}
