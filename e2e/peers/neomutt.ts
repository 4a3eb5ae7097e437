/**
 * The doctor's mail program: neomutt, at a terminal of its own (script(1)), reading the mailbox by IMAP and signing and
 * encrypting with its classic S/MIME backend. It is driven by the keys a person would press; what it sends leaves by
 * the operator's submission port.
 */
import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { until } from '../support/waiting.ts';

export interface NeomuttSettings {
  readonly folder: string;
  readonly name: string;
  readonly address: string;
  readonly imap: { readonly port: number; readonly password: string };
  readonly submissionPort: number;
  /** The doctor's own identity, PEM files. */
  readonly certificate: string;
  readonly key: string;
  /** Authorities, PEM file; the issuing one is sent along. */
  readonly authorities: string;
  readonly issuer: string;
  /** Correspondents' certificates by address, PEM files. */
  readonly correspondents: Readonly<Record<string, string>>;
}

export interface Neomutt {
  /** Opens the newest letter and answers it with this text, signed and encrypted; gives what the screen showed. */
  answerNewest(text: string): Promise<string>;
}

/** Any name will do, as long as the index of neomutt says the same one. */
const keyId = (pem: string): string =>
  `${createHash('sha256').update(new X509Certificate(pem).raw).digest('hex').slice(0, 8)}.0`;

function writeKeys(settings: NeomuttSettings): string {
  const certificates = join(settings.folder, 'certificates');
  const keys = join(settings.folder, 'keys');
  for (const folder of [certificates, keys]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const issuer = keyId(readFileSync(settings.issuer, 'utf8'));
  copyFileSync(settings.issuer, join(certificates, issuer));
  const lines: string[] = [];
  const own = keyId(readFileSync(settings.certificate, 'utf8'));
  for (const [address, file] of Object.entries({
    ...settings.correspondents,
    [settings.address]: settings.certificate,
  })) {
    const id = keyId(readFileSync(file, 'utf8'));
    copyFileSync(file, join(certificates, id));
    lines.push(`${address} ${id} story ${issuer} t`);
  }
  copyFileSync(settings.key, join(keys, own));
  writeFileSync(join(certificates, '.index'), `${lines.join('\n')}\n`);
  writeFileSync(join(keys, '.index'), `${settings.address} ${own} own ${issuer} t\n`);
  return own;
}

function writeConfiguration(settings: NeomuttSettings, own: string, textFile: string): string {
  const { folder, address, name, imap } = settings;
  const editor = join(folder, 'editor.sh');
  // The answer above what the program quoted, as most people write.
  writeFileSync(editor, `#!/bin/sh\ncat "${textFile}" "$1" > "$1.new" && mv "$1.new" "$1"\n`, { mode: 0o755 });
  const lines = [
    `set realname="${name}"`,
    `set from="${address}"`,
    'set use_envelope_from',
    `set imap_user="${address}"`,
    `set imap_pass="${imap.password}"`,
    `set folder="imaps://127.0.0.1:${imap.port}/"`,
    'set spoolfile="+INBOX"',
    `set ssl_ca_certificates_file="${settings.authorities}"`,
    'set ssl_verify_host=no',
    `set smtp_url="smtp://127.0.0.1:${settings.submissionPort}/"`,
    'set ssl_starttls=no',
    'set record=""',
    'set copy=no',
    'set mail_check=1',
    'set timeout=1',
    'set confirmappend=no',
    'set wait_key=no',
    'set pager_stop',
    'set fast_reply',
    'set include=yes',
    'set abort_unmodified=no',
    'set abort_noattach=no',
    'set sleep_time=0',
    'set delete=no',
    'set quit=yes',
    'set move=no',
    `set editor="${editor} %s"`,
    `set header_cache="${join(folder, 'cache')}"`,
    'set sort=date-received',
    'source /etc/neomuttrc.d/smime.rc',
    'set crypt_use_gpgme=no',
    'set smime_is_default',
    `set smime_ca_location="${settings.authorities}"`,
    `set smime_certificates="${join(folder, 'certificates')}"`,
    `set smime_keys="${join(folder, 'keys')}"`,
    `set smime_default_key="${own}"`,
    'set smime_verify_command="openssl smime -verify -inform DER -in %s %C -content %f -purpose any -out /dev/null"',
    'set smime_decrypt_use_default_key=yes',
    'set crypt_autosign=yes',
    'set crypt_autoencrypt=yes',
    'set crypt_replysignencrypted=yes',
    'set crypt_verify_sig=yes',
    'set smime_timeout=600',
  ];
  const file = join(folder, 'neomuttrc');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** A neomutt in `folder`. */
export function openNeomutt(settings: NeomuttSettings): Neomutt {
  mkdirSync(settings.folder, { recursive: true, mode: 0o700 });
  const own = writeKeys(settings);
  const textFile = join(settings.folder, 'answer.txt');
  const configuration = writeConfiguration(settings, own, textFile);
  return {
    async answerNewest(text) {
      writeFileSync(textFile, `${text}\n\n`);
      const terminal = openTerminal(['neomutt', '-F', configuration], settings.folder);
      try {
        await terminal.shows(/Msgs:\d/);
        terminal.press('*\r');
        await terminal.shows(/passphrase/);
        terminal.press('\r');
        await terminal.shows(/i:Exit/);
        terminal.press('i');
        await terminal.shows(/Msgs:\d/);
        terminal.press('r');
        await terminal.shows(/Security:/);
        terminal.press('y');
        await terminal.shows(/Mail sent/);
        terminal.press('q');
        await terminal.ended();
        return terminal.everything();
      } finally {
        terminal.kill();
      }
    },
  };
}

/** A program at a terminal of its own: what it shows is waited for, and keys are pressed. */
function openTerminal(words: readonly string[], home: string) {
  const child = spawn('script', ['-qec', words.join(' '), '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', HOME: home, LANG: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let seen = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString('utf8');
  });
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  return {
    async shows(expected: RegExp): Promise<void> {
      await until(`neomutt shows ${expected}`, () => expected.test(screen.slice(seen))).catch((error: unknown) => {
        throw new Error(`${error instanceof Error ? error.message : ''}; it shows:\n${readable(screen.slice(seen))}`);
      });
      seen = screen.length;
    },
    press: (keys: string) => void child.stdin.write(keys),
    ended: () => gone,
    everything: () => readable(screen),
    kill: () => void child.kill('SIGKILL'),
  };
}

const readable = (screen: string): string => stripVTControlCharacters(screen).replace(/\s+/g, ' ');
