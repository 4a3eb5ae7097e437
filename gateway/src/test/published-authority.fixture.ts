/**
 * For tests: an authority run by the openssl command, which publishes its list over HTTP and answers OCSP with its own
 * responder; and the letters of a doctor it certified. Nothing here is code of the product.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const DOCTOR = 'claire.martin@cabinet.example';

/** Who certifies a request file, into another file, with these extension lines. */
interface Certifier {
  certify(csr: string, to: string, extensions: string): void;
}

/** Makes the authority in `folder`; `above` certifies it, else it certifies itself. */
export function publishedAuthority(folder: string, name: string, above?: Certifier) {
  mkdirSync(join(folder, 'issued'), { recursive: true });
  const at = (file: string): string => join(folder, file);
  const openssl = (...words: string[]): Buffer =>
    execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('index.txt.attr'), 'unique_subject = no\n');
  writeFileSync(at('crlnumber'), '01\n');
  writeFileSync(
    at('ca.conf'),
    `[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = issued\ncrlnumber = crlnumber\nrand_serial = yes\nserial = serial\n` +
      `certificate = ca.pem\nprivate_key = ca.key\ndefault_md = sha256\ndefault_days = 30\ndefault_crl_days = 7\n` +
      `policy = any\n[any]\ncommonName = supplied\n[req]\ndistinguished_name = dn\n[dn]\n` +
      `[authority]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n` +
      `subjectKeyIdentifier = hash\n`,
  );
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const request = (file: string, subject: string): void =>
    void openssl(
      'req',
      '-config',
      'ca.conf',
      '-new',
      ...newKey,
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.csr`,
      '-subj',
      `/CN=${subject}`,
    );

  /** Certifies a request file of another folder, with these extensions. */
  const certify = (csr: string, to: string, extensions: string): void => {
    writeFileSync(at('extensions.conf'), `${extensions}\n`);
    openssl('ca', '-config', 'ca.conf', '-batch', '-notext', '-in', csr, '-out', to, '-extfile', 'extensions.conf');
  };

  return {
    certificate: at('ca.pem'),
    der: (): Buffer => openssl('x509', '-in', 'ca.pem', '-outform', 'DER'),
    certify,
    /** Makes its own certificate; `pointers` are extension lines that say where its status is. */
    found(pointers = ''): void {
      const self = ['-x509', '-days', '30', '-extensions', 'authority', '-subj', `/CN=${name}`];
      if (above === undefined) {
        openssl('req', '-config', 'ca.conf', ...self, ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem');
        return;
      }
      request('ca', name);
      const extensions = 'basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign';
      above.certify(at('ca.csr'), at('ca.pem'), `${extensions}\n${pointers}`);
    },
    /** Certifies the doctor. */
    doctor(pointers: string): void {
      request('doctor', 'Dr Claire MARTIN');
      certify(
        'doctor.csr',
        'doctor.pem',
        `basicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature,keyAgreement\n` +
          `extendedKeyUsage = emailProtection\nsubjectAltName = email:${DOCTOR}\n${pointers}`,
      );
    },
    revokeDoctor: (): void =>
      void openssl('ca', '-config', 'ca.conf', '-revoke', 'doctor.pem', '-crl_reason', 'keyCompromise'),
    /** The list as it is published now, DER. */
    list(): Buffer {
      openssl('ca', '-config', 'ca.conf', '-gencrl', '-out', 'list.pem');
      return openssl('crl', '-in', 'list.pem', '-outform', 'DER');
    },
    /** A letter that the doctor signed. */
    letter(subject: string): Buffer {
      writeFileSync(at('text.txt'), 'Content-Type: text/plain; charset=utf-8\r\n\r\nINR 6,8\r\n');
      const signed = openssl(
        'cms',
        '-sign',
        '-md',
        'sha256',
        '-signer',
        'doctor.pem',
        '-inkey',
        'doctor.key',
        '-in',
        'text.txt',
        '-crlfeol',
        '-binary',
      );
      const head = `From: <${DOCTOR}>\r\nTo: <pharmacie@officine.example>\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@cabinet.example>\r\n`;
      return Buffer.concat([
        Buffer.from(head),
        Buffer.from(signed.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
      ]);
    },
    /** `openssl ocsp` as the responder; give the process to `endResponder`. */
    async respond(port: number): Promise<ChildProcess> {
      const words = [
        'ocsp',
        '-index',
        'index.txt',
        '-port',
        String(port),
        '-CA',
        'ca.pem',
        '-rsigner',
        'ca.pem',
        '-rkey',
        'ca.key',
        '-nmin',
        '60',
        '-ignore_err',
      ];
      const child = spawn('openssl', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
      // It serves one connection after the other: a probing one would only be in its way.
      await new Promise<void>((resolve, reject) => {
        let said = '';
        child.stderr?.on('data', (part: Buffer) => {
          said += part;
          if (said.includes('waiting for OCSP')) resolve();
        });
        child.once('exit', () => reject(new Error('the responder does not run')));
      });
      return child;
    },
    doctorKey: () => ({
      certificate: openssl('x509', '-in', 'doctor.pem', '-outform', 'DER'),
      privateKey: createPrivateKey(readFileSync(at('doctor.key'))),
    }),
  };
}

/** Ends the responder that this test started. */
export async function endResponder(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
