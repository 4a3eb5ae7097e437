/**
 * Settings: environment variables, each with a default, a check and a sentence that says what was expected.
 * The README's table lists the same names (compared by `npm run check`). Read once, at start, and passed on;
 * nothing else in the project reads the environment.
 */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { CONVERSATION_LIMITS, STATUS_LIMITS } from '@estafette/contracts/limits';

interface Setting<T> {
  readonly meaning: string;
  readonly fallback: string;
  /** Gives the value, or a sentence that ends "… but is “x”" when it is wrong. */
  readonly read: (text: string) => T | Expectation;
}

class Expectation {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

const expected = (text: string) => new Expectation(text);

function wholeNumber(from: number, to: number) {
  return (text: string) => {
    const value = Number(text);
    return Number.isInteger(value) && value >= from && value <= to && text.trim() !== ''
      ? value
      : expected(`a whole number from ${from} to ${to}`);
  };
}

const port = (text: string) => {
  const value = wholeNumber(0, 65_535)(text);
  return value instanceof Expectation ? expected('a port: 0 (any free one) to 65535') : value;
};

function oneOf<const W extends string>(...words: W[]) {
  return (text: string) => (words.includes(text as W) ? (text as W) : expected(`one of ${words.join(', ')}`));
}

const folder = (text: string) => (text === '' ? expected('a folder') : resolve(text));

/** An IP address or a host name; an empty one would listen on every address of the machine. */
const host = (text: string) =>
  isIP(text) !== 0 || /^(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
    ? text
    : expected('an IP address or a host name');

const optionalText = (text: string) => (text === '' ? null : text);
const optionalPath = (text: string) => (text === '' ? null : resolve(text));

const optionalUrl =
  (...protocols: string[]) =>
  (text: string) => {
    if (text === '') return null;
    const wanted = `nothing or an address beginning with ${protocols.map((p) => `${p}//`).join(' or ')}`;
    return URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : expected(wanted);
  };

const hostAndPort = (text: string) => {
  if (text === '') return null;
  const found = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text);
  if (found === null || Number(found[2]) > 65_535) return expected('nothing or host:port');
  return { host: (found[1] as string).replace(/^\[|\]$/g, ''), port: Number(found[2]) };
};

/** A socket of clamd: the path of a unix socket, or host:port. */
const clamdPlace = (text: string) => {
  if (text === '') return null;
  if (text.startsWith('/')) return { path: text };
  const found = hostAndPort(text);
  return found instanceof Expectation ? expected('nothing, the absolute path of a socket, or host:port') : found;
};

const mailDomain = (text: string) =>
  /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(text)
    ? text.toLowerCase()
    : expected('a domain name such as officine.example');

/** Hosts as an allow-list: `name`, `.suffix` (every host below it), either with `:port`; IPv6 in brackets. */
const hostList = (text: string) => {
  const wanted = `nothing or up to ${STATUS_LIMITS.hostsListedMax} host names with commas between, each exact or a suffix that begins with a dot, perhaps with a port`;
  const words = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  const hosts = words.flatMap((word) => {
    const found =
      /^(?:(\.?)((?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)|\[([0-9a-f:]+)\])(?::(\d{1,5}))?$/.exec(
        word,
      );
    const name = found?.[2] ?? found?.[3] ?? '';
    const [isSuffix, port] = [found?.[1] === '.', found?.[4] === undefined ? null : Number(found[4])];
    const isTooWide = isSuffix && (!name.includes('.') || isIP(name) !== 0);
    return found === null || isTooWide || (port !== null && (port < 1 || port > 65_535))
      ? []
      : [{ name, isSuffix, port }];
  });
  return hosts.length === words.length && hosts.length <= STATUS_LIMITS.hostsListedMax ? hosts : expected(wanted);
};

function setting<T>(fallback: string, read: Setting<T>['read'], meaning: string): Setting<T> {
  return { fallback, read, meaning };
}

/** Every setting, by the name of its environment variable. */
export const SETTINGS = {
  ESTAFETTE_HOME: setting('./var', folder, 'data folder: everything Estafette keeps'),
  ESTAFETTE_BLOBS_FOLDER: setting(
    '',
    optionalPath,
    'folder of sealed attachments, shared by gateway and relay nodes; default: blobs in the data folder',
  ),
  ESTAFETTE_HOST: setting('127.0.0.1', host, 'address to listen on'),
  ESTAFETTE_SMTP_PORT: setting('2525', port, 'port of the SMTP gateway (STARTTLS)'),
  ESTAFETTE_HTTP_PORT: setting('8080', port, 'port of the relay and the web app'),
  ESTAFETTE_WEB_URL: setting(
    '',
    optionalUrl('http:', 'https:'),
    'public address of the web app, for enrolment links; default: host and port',
  ),
  ESTAFETTE_TRUST_PROXY: setting(
    'off',
    oneOf('on', 'off'),
    'believe X-Forwarded-* of a reverse proxy in front of the relay',
  ),
  ESTAFETTE_MAIL_DOMAIN: setting(
    'gateway.officine.example',
    mailDomain,
    'domain in Message-IDs and in the SMTP greeting',
  ),
  ESTAFETTE_TRUST_SPACE: setting('demo', oneOf('demo', 'apicrypt-style'), 'policy for letters in and out'),
  ESTAFETTE_TRUST_SPACES: setting(
    '',
    optionalPath,
    'JSON file of trust spaces (docs/trust-spaces.md), read again at SIGHUP; default: the one space that the other settings describe',
  ),
  ESTAFETTE_TRUST_ANCHORS: setting(
    '',
    optionalPath,
    'PEM file or folder of trust anchors and intermediates; default: the demo authority',
  ),
  ESTAFETTE_CRLS: setting(
    '',
    optionalPath,
    "PEM or DER file or folder of revocation lists; default: the demo authority's",
  ),
  ESTAFETTE_REVOCATION_HOSTS: setting(
    '',
    hostList,
    'hosts that revocation lists, OCSP answers and issuers may be fetched from: names or .suffixes, with commas; default: none, nothing is fetched',
  ),
  ESTAFETTE_ANTIVIRUS: setting(
    '',
    clamdPlace,
    'socket of clamd (ClamAV), a path or host:port: nothing unscanned is shown or sent; default: none, nothing is scanned',
  ),
  ESTAFETTE_SMTP_CERTIFICATE: setting(
    '',
    optionalPath,
    'PEM certificate chain of the SMTP gateway; default: a demo certificate',
  ),
  ESTAFETTE_SMTP_KEY: setting('', optionalPath, 'PEM private key of the SMTP gateway'),
  ESTAFETTE_NEXT_HOP: setting('', hostAndPort, 'host:port that takes outgoing mail; default: the demo operator'),
  ESTAFETTE_NEXT_HOP_CA: setting(
    '',
    optionalPath,
    "PEM file the next hop's TLS certificate must chain to; default: the demo authority",
  ),
  ESTAFETTE_VAULT_KEY: setting('', optionalText, 'vault key, 32 bytes in base64; default: a file'),
  ESTAFETTE_VAULT_KEY_FILE: setting(
    '',
    optionalPath,
    'file of the vault key; default: keys/vault.key in the data folder, made on first start',
  ),
  ESTAFETTE_DATABASE_URL: setting(
    '',
    optionalUrl('postgres:', 'postgresql:'),
    'PostgreSQL for what lasts; default: SQLite in the data folder',
  ),
  ESTAFETTE_REDIS_URL: setting(
    '',
    optionalUrl('redis:', 'rediss:'),
    'Redis for what expires; default: a private redis-server in the data folder',
  ),
  ESTAFETTE_REDIS_SERVER: setting('', optionalText, 'redis-server program for the private one; default: found on PATH'),
  ESTAFETTE_CONVERSATION_TTL_SECONDS: setting(
    String(CONVERSATION_LIMITS.defaultTtlSeconds),
    wholeNumber(CONVERSATION_LIMITS.minTtlSeconds, CONVERSATION_LIMITS.maxTtlSeconds),
    'life of a conversation after its last letter',
  ),
  ESTAFETTE_GATHER_SECONDS: setting(
    '5',
    wholeNumber(0, CONVERSATION_LIMITS.gatherPauseMaxSeconds),
    'messages typed within this pause of each other leave as one mail; 0: each leaves at once',
  ),
  ESTAFETTE_EPOCH_SECONDS: setting(
    '3600',
    wholeNumber(1, 86_400),
    'width of an expiry epoch: keys are destroyed at its end',
  ),
  ESTAFETTE_OPEN_WORKERS: setting(
    '0',
    wholeNumber(0, 64),
    'worker threads that open and seal letters; 0: one less than the cores, at least one',
  ),
  ESTAFETTE_DEMO: setting('on', oneOf('on', 'off'), 'make demo identities and run the demo operator'),
  ESTAFETTE_DEMO_SMTP_PORT: setting('2526', port, 'port of the demo operator'),
  ESTAFETTE_LOG_LEVEL: setting('info', oneOf('debug', 'info', 'warn', 'error'), 'least serious log line written'),
  ESTAFETTE_LOG_FILE: setting(
    '',
    optionalText,
    'log file, or - for standard error; default: log/estafette.log in the data folder',
  ),
} as const satisfies Record<string, Setting<unknown>>;

type Read<S> = S extends Setting<infer T> ? Exclude<T, Expectation> : never;
export type SettingName = keyof typeof SETTINGS;
export type Config = { readonly [N in SettingName]: Read<(typeof SETTINGS)[N]> };

/** A wrong setting; the message names it, says what was expected and what was found. */
export class WrongSetting extends Error {}

/** The value as it may be repeated: an address loses its user and password. */
const withoutCredentials = (text: string): string => text.replace(/^([a-z+]*:\/\/)?.*@/is, '$1…@');

/** Reads every setting; throws `WrongSetting` at the first that is wrong. Values of secrets are not repeated. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const config: Record<string, unknown> = {};
  for (const [name, { fallback, read }] of Object.entries(SETTINGS) as [SettingName, Setting<unknown>][]) {
    const text = environment[name] ?? fallback;
    const value = read(text);
    if (value instanceof Expectation)
      throw new WrongSetting(`${name} must be ${value.expected}, but is “${withoutCredentials(text)}”.`);
    config[name] = value;
  }
  for (const name of Object.keys(environment)) {
    if (name.startsWith('ESTAFETTE_') && !(name in SETTINGS) && !SETUP_VARIABLES.includes(name)) {
      throw new WrongSetting(`${name} is not a setting of Estafette; the README lists them.`);
    }
  }
  return config as Config;
}

/** Variables of the set-up scripts, which are no settings of the servers. */
const SETUP_VARIABLES = ['ESTAFETTE_CACHE'];
