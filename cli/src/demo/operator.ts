/**
 * The demo's other side: a small operator with its own smtp-server, which receives for the demo doctor, the demo
 * laboratory and the pharmacy's practice software into their Maildirs. It requires STARTTLS, as an operator of a trust space does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMTP_LIMITS } from '@estafette/contracts/limits';
import { SMTPServer } from 'smtp-server';
import { deliverToMaildir } from './maildir.ts';
import type { DemoMaterial } from './material.ts';

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

/** Starts the operator; rejects when its port cannot be had. */
export async function startDemoOperator(options: {
  host: string;
  port: number;
  demo: DemoMaterial;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { people, files, record } = options.demo;
  const folders = new Map(
    [people.doctor, people.lab, ...(record === undefined ? [] : [record])].map((person) => [
      person.address,
      join(person.folder, 'Maildir'),
    ]),
  );
  const server = new SMTPServer({
    name: 'mx.cabinet.example',
    key: readFileSync(files.operatorKey),
    cert: readFileSync(files.operatorCertificate),
    minVersion: 'TLSv1.2',
    disabledCommands: ['AUTH'],
    authOptional: true,
    disableReverseLookup: true,
    size: SMTP_LIMITS.letterMaxBytes,
    closeTimeout: 1_000,
    logger: false,
    onMailFrom: (_address, session, callback) =>
      callback(session.secure ? null : refusal(530, '5.7.0 Must issue a STARTTLS command first')),
    onRcptTo: ({ address }, _session, callback) =>
      callback(folders.has(address.toLowerCase()) ? null : refusal(550, '5.1.1 No such mailbox here')),
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', (error) => callback(error));
      stream.on('end', () => {
        const mail = Buffer.concat(chunks);
        const targets = session.envelope.rcptTo.map(({ address }) => folders.get(address.toLowerCase()) as string);
        Promise.all(targets.map((folder) => deliverToMaildir(folder, mail))).then(
          () => callback(null, '2.0.0 Delivered'),
          () => callback(refusal(451, '4.3.0 Mailbox unavailable')),
        );
      });
    },
  });
  server.on('error', () => {});
  const port = await new Promise<number>((resolve, reject) => {
    const listening = server.listen(options.port, options.host, () => {
      listening.off('error', reject);
      resolve((listening.address() as { port: number }).port);
    });
    listening.once('error', reject);
  });
  return { port, close: () => new Promise((done) => server.close(() => done())) };
}
