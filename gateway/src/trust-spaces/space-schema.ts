/**
 * The operator's file of trust spaces as JSON (docs/trust-spaces.md): its shape, and a sentence for everything that is
 * not as it must be: where it stands, what was expected, what was found. Nothing unknown is let through: a misspelt
 * setting that is silently ignored is a door left open. What the values mean together is judged in check-spaces.ts.
 */
import { isIP } from 'node:net';
import { SPACE_LIMITS } from '@estafette/contracts/limits';
import * as v from 'valibot';
import { PRESET_NAMES } from './presets.ts';

/** A value with its expectation: the second half of the sentence about a wrong one. */
const text = (isRight: (text: string) => boolean, expectation: string) =>
  v.custom<string>((value) => typeof value === 'string' && isRight(value), expectation);
const number = (from: number, to: number, expectation = `a whole number, ${from} to ${to}`) =>
  v.custom<number>((value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to, expectation);
const word = <const W extends string>(...words: readonly W[]) =>
  v.custom<W>((value) => words.includes(value as W), `one of ${words.join(', ')}`);
const yesOrNo = v.custom<boolean>((value) => typeof value === 'boolean', 'true or false');

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const NAME_SERVER = /^(?:[0-9.]+|\[[0-9a-f:]+\]):([0-9]{1,5})$/i;

const isHost = (given: string): boolean => isIP(given) !== 0 || HOST.test(given);
const port = number(1, 65_535, 'a port, 1 to 65535');
const host = text(isHost, 'an IP address or a host name');
const path = text((given) => given !== '' && !given.includes('\0'), 'the path of a file');
const place = text((given) => given !== '' && !given.includes('\0'), 'the path of a file or folder');
const line = text((given) => /^[^\p{Cc}]{1,200}$/u.test(given), 'a line of 1 to 200 characters');
const hours = number(0, SPACE_LIMITS.hoursMax);
const share = v.custom<number>(
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
  'a share, 0 to 1 (a list with fewer domains than this share of the last one is refused)',
);
const nameServer = text((given) => {
  const found = NAME_SERVER.exec(given);
  const address = given.slice(0, given.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return found !== null && isIP(address) !== 0 && Number(found[1]) >= 1 && Number(found[1]) <= 65_535;
}, 'the address of a name server with its port, such as 192.0.2.53:53');
const isSource = (given: string): boolean =>
  URL.canParse(given) ? new URL(given).protocol === 'https:' : given !== '' && !given.includes('://');

const Letters = v.strictObject({
  requires: v.optional(word('nothing', 'signed-or-encrypted', 'signed-and-encrypted')),
  opensTripleDes: v.optional(yesOrNo),
  revocationHoldHours: v.optional(hours),
});

const Answers = v.strictObject({
  encrypts: v.optional(word('always', 'when-possible')),
  content: v.optional(word('aes-256-cbc', 'aes-256-gcm')),
  keyTransport: v.optional(word('rsa-pkcs1', 'rsa-oaep-sha256')),
  hasHtmlTwin: v.optional(yesOrNo),
  hasOperatorLabel: v.optional(yesOrNo),
  asksReports: v.optional(yesOrNo),
  productNumber: v.optional(
    v.nullable(text((given) => /^[A-Za-z0-9._-]{1,64}$/.test(given), 'letters, digits, dots and dashes, 64 at most')),
  ),
});

const Trust = v.strictObject({ anchors: place, lists: v.optional(v.nullable(place), null) });

const Door = v.strictObject({
  host: v.optional(host),
  port: v.optional(port),
  certificate: path,
  key: path,
  requiresTls: v.optional(yesOrNo),
  admits: v.optional(word('anyone', 'listed-operators', 'accounts')),
  clients: v.optional(v.nullable(Trust), null),
  allowsCbcSuites: v.optional(yesOrNo),
});

const Route = v.variant('kind', [
  v.strictObject({ kind: v.literal('smart-host'), host, port }),
  v.strictObject({
    kind: v.literal('mail-exchanger'),
    port: v.optional(port, 25),
    nameServers: v.optional(v.array(nameServer), []),
    allowsPrivateAddresses: v.exactOptional(yesOrNo),
  }),
]);

const domain = text((given) => DOMAIN.test(given), 'a domain in lower case, such as cabinet.example');

const WayOut = v.strictObject({
  route: Route,
  servers: Trust,
  serverName: v.optional(v.nullable(host)),
  ownCertificate: v.optional(v.nullable(v.strictObject({ certificate: path, key: path })), null),
  reaches: v.optional(v.union([word('listed-domains', 'any-domain'), v.array(domain)])),
  checksPeerName: v.optional(yesOrNo),
  connectionsPerDomainMax: v.optional(number(1, SPACE_LIMITS.connectionsPerDomainMax)),
  giveUpAfterHours: v.optional(number(1, SPACE_LIMITS.hoursMax)),
});

const List = v.strictObject({
  source: text(isSource, 'an address beginning with https://, or the path of a file'),
  serverAuthorities: v.optional(v.nullable(place), null),
  signer: v.strictObject({ authorities: place, commonName: line }),
  refreshMinutes: v.optional(number(1, SPACE_LIMITS.hoursMax * 60)),
  shrinkMax: v.optional(share),
  alarmAfterHours: v.optional(number(1, SPACE_LIMITS.hoursMax)),
  failAfterHours: v.optional(number(1, SPACE_LIMITS.hoursMax)),
});

const SpaceSchema = v.strictObject({
  name: text((given) => NAME.test(given), 'a name of lower-case letters, digits and dashes, 40 at most'),
  preset: word(...PRESET_NAMES),
  letters: v.optional(Letters, {}),
  answers: v.optional(Answers, {}),
  door: v.optional(v.nullable(Door), null),
  wayOut: v.optional(v.nullable(WayOut), null),
  trustList: v.optional(v.nullable(List), null),
});

export const SpacesFileSchema = v.strictObject({
  spaces: v.pipe(
    v.array(SpaceSchema),
    v.check(({ length }) => length > 0 && length <= SPACE_LIMITS.spacesMax, `1 to ${SPACE_LIMITS.spacesMax} spaces`),
  ),
});

export type GivenSpace = v.InferOutput<typeof SpaceSchema>;

/** The place in the file as an operator would point at it: `spaces[1].door.port`. */
const placeOf = (issue: v.BaseIssue<unknown>): string =>
  (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '') || 'the file';

const SHOWN_CHARACTERS = 60;

/** A value of the file as it may be repeated, short and on one line. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const written = text.slice(0, SHOWN_CHARACTERS + 1).replace(/\p{C}+/gu, ' ');
  return `“${text.length > SHOWN_CHARACTERS ? `${written.slice(0, SHOWN_CHARACTERS - 1)}…` : written}”`;
}

/** What is expected where the schema says it in its own words. */
function expectationOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'custom' || issue.type === 'check') return issue.message;
  if (issue.type === 'strict_object') return 'an object { … }';
  if (issue.type === 'array') return 'a list [ … ]';
  if (issue.type === 'union') return 'listed-domains, any-domain or a list of domains';
  return (issue.expected ?? issue.message).replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ');
}

/** One sentence for what is wrong at one place. */
export function sentenceOf(issue: v.BaseIssue<unknown>): string {
  const where = placeOf(issue);
  // A key that is not known, and one that is not there (valibot tells them apart by what it expected).
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${where}: there is no such setting`;
  if (issue.input === undefined) return `${where}: it is missing`;
  const deeper = issue.type === 'union' ? issue.issues?.find(({ path: inner }) => inner !== undefined) : undefined;
  if (deeper !== undefined) {
    const at = (deeper.path ?? []).map(({ key }) => `[${String(key)}]`).join('');
    return `${where}${at}: ${expectationOf(deeper)}, but is ${shown(deeper.input)}`;
  }
  return `${where}: ${expectationOf(issue)}, but is ${shown(issue.input)}`;
}
