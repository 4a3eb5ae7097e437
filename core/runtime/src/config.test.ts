import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { readConfig, SETTINGS, type SettingName, WrongSetting } from './config.ts';

/** Values that each setting must refuse; null where any text is a value. */
const WRONG: Record<SettingName, readonly string[] | null> = {
  ESTAFETTE_HOME: [''],
  ESTAFETTE_BLOBS_FOLDER: null,
  ESTAFETTE_HOST: ['', 'two words', 'http://127.0.0.1', '127.0.0.1:25', '-x'],
  ESTAFETTE_SMTP_PORT: ['', 'smtp', '-1', '65536', '25.5', ' '],
  ESTAFETTE_HTTP_PORT: ['', 'http', '-1', '65536'],
  ESTAFETTE_WEB_URL: ['officine.example', 'ftp://officine.example'],
  ESTAFETTE_TRUST_PROXY: ['', 'yes', 'ON'],
  ESTAFETTE_MAIL_DOMAIN: ['', 'localhost', 'a b.example', 'x@officine.example', '-.example'],
  ESTAFETTE_TRUST_SPACE: ['', 'mssanté'],
  ESTAFETTE_TRUST_SPACES: null,
  ESTAFETTE_TRUST_ANCHORS: null,
  ESTAFETTE_CRLS: null,
  ESTAFETTE_ANTIVIRUS: ['clamd.sock', 'localhost', 'localhost:70000', 'unix:/run/clamd.sock'],
  ESTAFETTE_REVOCATION_HOSTS: [
    'http://crl.example',
    'crl.example/path',
    '*.example',
    '.example',
    '.',
    '.10.1.2.3',
    'crl.example:0',
    'crl.example:65536',
    'user@crl.example',
    'crl..example',
  ],
  ESTAFETTE_SMTP_CERTIFICATE: null,
  ESTAFETTE_SMTP_KEY: null,
  ESTAFETTE_NEXT_HOP: ['mail.example', 'mail.example:', 'mail.example:99999', 'a b:25'],
  ESTAFETTE_NEXT_HOP_CA: null,
  ESTAFETTE_VAULT_KEY: null,
  ESTAFETTE_VAULT_KEY_FILE: null,
  ESTAFETTE_DATABASE_URL: ['mysql://host/db', 'estafette.sqlite'],
  ESTAFETTE_REDIS_URL: ['http://host', 'localhost:6379'],
  ESTAFETTE_REDIS_SERVER: null,
  ESTAFETTE_CONVERSATION_TTL_SECONDS: ['', '9', 'week', '99999999'],
  ESTAFETTE_GATHER_SECONDS: ['', '-1', '61', '2.5'],
  ESTAFETTE_EPOCH_SECONDS: ['', '0', '86401'],
  ESTAFETTE_OPEN_WORKERS: ['', '-1', '65', 'all'],
  ESTAFETTE_DEMO: ['', 'true'],
  ESTAFETTE_DEMO_SMTP_PORT: ['', 'x'],
  ESTAFETTE_LOG_LEVEL: ['', 'loud'],
  ESTAFETTE_LOG_FILE: null,
};

test('without any environment every setting has its default', () => {
  const config = readConfig({});
  assert.equal(config.ESTAFETTE_HOME, resolve('./var'));
  assert.equal(config.ESTAFETTE_SMTP_PORT, 2_525);
  assert.equal(config.ESTAFETTE_NEXT_HOP, null);
  assert.deepEqual(Object.keys(config).sort(), Object.keys(SETTINGS).sort());
});

test('every wrong value gives a sentence that names the setting and what was expected', () => {
  for (const [name, values] of Object.entries(WRONG)) {
    for (const value of values ?? []) {
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: unknown) =>
          error instanceof WrongSetting && error.message.startsWith(`${name} must be `) && error.message.endsWith('.'),
        `${name}=${JSON.stringify(value)}`,
      );
    }
  }
});

test('right values are read as what they mean', () => {
  const config = readConfig({
    ESTAFETTE_HOST: '::1',
    ESTAFETTE_NEXT_HOP: '[::1]:25',
    ESTAFETTE_MAIL_DOMAIN: 'Gateway.Officine.EXAMPLE',
    ESTAFETTE_DATABASE_URL: 'postgresql://u@host/db',
    ESTAFETTE_LOG_FILE: '-',
    ESTAFETTE_SMTP_PORT: '0',
  });
  assert.deepEqual(config.ESTAFETTE_NEXT_HOP, { host: '::1', port: 25 });
  assert.equal(config.ESTAFETTE_MAIL_DOMAIN, 'gateway.officine.example');
  assert.deepEqual([config.ESTAFETTE_LOG_FILE, config.ESTAFETTE_SMTP_PORT, config.ESTAFETTE_HOST], ['-', 0, '::1']);
  for (const host of ['0.0.0.0', 'localhost', 'gateway.officine.example', '::'])
    assert.equal(readConfig({ ESTAFETTE_HOST: host }).ESTAFETTE_HOST, host);
});

test('an unknown setting of ours is refused, other variables are none of our business', () => {
  assert.throws(() => readConfig({ ESTAFETTE_SMPT_PORT: '25' }), /ESTAFETTE_SMPT_PORT is not a setting/);
  readConfig({ PATH: '/bin', ESTAFETTE_CACHE: '/tmp' });
});

test('prevents: a password in a wrong address standing in the sentence', () => {
  for (const name of ['ESTAFETTE_DATABASE_URL', 'ESTAFETTE_REDIS_URL']) {
    for (const value of ['mysql://user:hunter2@host/db', 'user:hunter2@host'])
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: Error) => !error.message.includes('hunter2'),
      );
  }
});
