/** `estafette doctor`: checks that this machine and these settings can run Estafette, one line per check. */
import { execFileSync } from 'node:child_process';
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from 'node:crypto';
import { accessSync, existsSync, constants as modes, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '@estafette/runtime/config';
import { makeDataFolder } from '../data-folder.ts';
import { findRedisProgram, layFoundation, openStoreFor, settings } from '../foundation.ts';
import { standing, trouble } from '../keys/key-words.ts';
import { PlainError } from '../plain-error.ts';
import { findRunning } from '../running-instance.ts';
import { checkAntivirus } from './doctor-antivirus.ts';
import { checkLists, checkPort, checkSpaces, type Finding } from './doctor-spaces.ts';

const DISK_FREE_MIN_BYTES = 1024 ** 3;

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 22 || (major === 22 && minor >= 18);
  return {
    check: 'Node',
    outcome: enough ? 'ok' : 'failed',
    detail: `${process.version}, OpenSSL ${process.versions.openssl}; 22.18 or newer is needed`,
  };
}

/** RSA PKCS#1 v1.5 key transport with implicit rejection: without it most S/MIME letters cannot be opened. */
function checkKeyTransport(): Finding {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  try {
    const secret = Buffer.from('0123456789abcdef');
    const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, secret);
    const right = privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, wrapped).equals(secret);
    return { check: 'RSA key transport', outcome: right ? 'ok' : 'failed', detail: 'RSAES-PKCS1-v1_5 decryption' };
  } catch {
    return {
      check: 'RSA key transport',
      outcome: 'failed',
      detail: 'this Node refuses RSAES-PKCS1-v1_5 decryption: use Node 22.18 or newer',
    };
  }
}

function checkFolder(config: Config): Finding {
  const home = config.ESTAFETTE_HOME;
  try {
    makeDataFolder(home);
    accessSync(home, modes.W_OK);
    const { bavail, bsize } = statfsSync(home);
    const free = bavail * bsize;
    const detail = `${home}, ${Math.floor(free / 1024 ** 3)} GiB free`;
    return { check: 'data folder', outcome: free < DISK_FREE_MIN_BYTES ? 'warning' : 'ok', detail };
  } catch {
    return { check: 'data folder', outcome: 'failed', detail: `${home} cannot be written: see ESTAFETTE_HOME` };
  }
}

function checkRedis(config: Config): Finding {
  if (config.ESTAFETTE_REDIS_URL !== null)
    return { check: 'Redis', outcome: 'ok', detail: 'an external one is set; it is checked at start' };
  const program = findRedisProgram(config);
  if (program === null)
    return { check: 'Redis', outcome: 'failed', detail: 'no redis-server: run "apt-get install redis-server"' };
  try {
    return {
      check: 'Redis',
      outcome: 'ok',
      detail: execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split(' ').slice(0, 3).join(' '),
    };
  } catch {
    return { check: 'Redis', outcome: 'failed', detail: `${program} does not run` };
  }
}

function checkOpenssl(): Finding {
  try {
    return {
      check: 'openssl',
      outcome: 'ok',
      detail: execFileSync('openssl', ['version'], { encoding: 'utf8' }).trim(),
    };
  } catch {
    return { check: 'openssl', outcome: 'warning', detail: 'not found: "estafette demo" needs it, the servers do not' };
  }
}

/** Each mailbox's certificates; nothing is made where no server ever ran. */
async function checkMailboxes(config: Config): Promise<Finding[]> {
  const isMade = existsSync(join(config.ESTAFETTE_HOME, 'estafette.sqlite'));
  if (config.ESTAFETTE_DATABASE_URL === null && !isMade) return [];
  const check = 'mailbox certificates';
  try {
    const foundation = layFoundation(config);
    const store = await openStoreFor(foundation);
    try {
      const mailboxes = await store.mailboxes();
      const now = foundation.clock.now();
      const troubles: Finding[] = [];
      for (const mailbox of mailboxes) {
        const found = trouble(await standing(store, mailbox, now), now);
        if (found !== null) troubles.push({ check, outcome: 'warning', detail: `${mailbox.address}: ${found}` });
      }
      const detail = mailboxes.length === 0 ? 'no mailbox yet' : `${mailboxes.length} looked at, none ends soon`;
      return troubles.length > 0 ? troubles : [{ check, outcome: 'ok', detail }];
    } finally {
      await store.close();
    }
  } catch {
    return [{ check, outcome: 'warning', detail: 'the database or its keys cannot be read just now' }];
  }
}

/** Prints the findings; fails when one of them keeps Estafette from running. */
export async function doctor(options: { json?: boolean }): Promise<void> {
  const config = settings();
  const isServing = findRunning(config.ESTAFETTE_HOME) !== null;
  const host = config.ESTAFETTE_HOST;
  const findings = [
    checkNode(),
    checkKeyTransport(),
    checkFolder(config),
    checkRedis(config),
    checkOpenssl(),
    ...(await checkAntivirus(config)),
    ...(await checkSpaces(config, isServing)),
    await checkPort('HTTP port', host, config.ESTAFETTE_HTTP_PORT, isServing),
    ...(config.ESTAFETTE_DEMO === 'on'
      ? [await checkPort('demo SMTP port', host, config.ESTAFETTE_DEMO_SMTP_PORT, isServing)]
      : []),
    ...checkLists('revocation lists', config.ESTAFETTE_CRLS, 'see ESTAFETTE_CRLS'),
    ...(await checkMailboxes(config)),
  ];
  for (const finding of findings) {
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(finding)}\n`
        : `${finding.outcome.padEnd(8)} ${finding.check}: ${finding.detail}\n`,
    );
  }
  if (findings.some((finding) => finding.outcome === 'failed')) throw new PlainError('Estafette cannot run like this.');
}
