/**
 * The mailboxes of a foreign operator: a Dovecot of its own in a folder of its own. Mail comes by LMTP on a socket and is
 * read by IMAP over TLS. One password serves everybody: the accounts are of the story.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { runCommand } from '../support/command.ts';
import { until } from '../support/waiting.ts';

export interface DovecotSettings {
  /** Folder that others may enter. */
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
  readonly password: string;
}

export interface Dovecot {
  readonly imapPort: number;
  readonly lmtp: string;
  /** Letters of an address, as they lie in its Maildir, oldest first. */
  letters(address: string): Promise<Buffer[]>;
  log(): string;
  stop(): Promise<void>;
}

function configuration(settings: DovecotSettings, imapPort: number): string {
  const { folder } = settings;
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
instance_name = ${folder}
log_path = ${folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <${settings.certificate}
ssl_key = <${settings.key}
mail_location = maildir:${folder}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
auth_mechanisms = plain
passdb {
  driver = static
  args = password=${settings.password}
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${imapPort}
    ssl = yes
  }
}
service lmtp {
  unix_listener ${folder}/lmtp {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 00
  }
}
`;
}

/** Starts a Dovecot; resolves when it listens. */
export async function startDovecot(settings: DovecotSettings): Promise<Dovecot> {
  const { folder } = settings;
  const imapPort = await freePort();
  for (const name of ['run', 'state', 'mail']) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  await runCommand('chown', ['nobody:nogroup', join(folder, 'mail')]);
  const file = join(folder, 'dovecot.conf');
  writeFileSync(file, configuration(settings, imapPort));
  const child = spawn('dovecot', ['-F', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const log = (): string => {
    try {
      return readFileSync(join(folder, 'dovecot.log'), 'utf8');
    } catch {
      return '';
    }
  };
  await until('Dovecot is ready', () => {
    if (child.exitCode !== null) throw new Error(`Dovecot ended: ${complaint}${log()}`);
    return /starting up/.test(log());
  });
  return {
    imapPort,
    lmtp: join(folder, 'lmtp'),
    async letters(address) {
      const script = 'for d in new cur; do for f in "$1/$d"/*; do [ -f "$f" ] && echo "$f"; done; done';
      const { output } = await runCommand('sh', ['-c', script, 'sh', join(folder, 'mail', address)]);
      const files = output.toString().split('\n').filter(Boolean);
      return files.sort((one, other) => nameOf(one).localeCompare(nameOf(other))).map((one) => readFileSync(one));
    },
    log,
    async stop() {
      if (child.exitCode !== null) return;
      const gone = new Promise<void>((done) => child.once('exit', () => done()));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

const nameOf = (path: string): string => path.split('/').at(-1) ?? '';
