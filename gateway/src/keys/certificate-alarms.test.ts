/** Told in time, once, and in no other words than codes: certificates that end. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createAuthority, issueServerCertificate } from '@estafette/certs/development-authority';
import type { Log, LogFields } from '@estafette/runtime/ports';
import type { MailboxKey } from '../ports.ts';
import { openWorld, START, type World } from '../test/world.fixture.ts';
import { createCertificateAlarms, serverCertificate } from './certificate-alarms.ts';
import { DAY_MS, keyFor, usesInWords } from './keys.fixture.ts';

let world: World;
let warnings: (LogFields | undefined)[];
let look: () => Promise<void>;

beforeEach(async () => {
  world = await openWorld();
  warnings = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (_message, fields) => void warnings.push(fields),
    error() {},
  };
  look = createCertificateAlarms({ ...world, usesOf: usesInWords, servers: () => [], log });
});
afterEach(() => world.close());

const codes = () => warnings.map((fields) => [fields?.code, fields?.count]);
const addKey = async (key: MailboxKey): Promise<MailboxKey> => {
  const own = { ...key, mailboxId: world.mailboxId };
  await world.store.addMailboxKey(own);
  return own;
};
/** Goes on day by day, looking every hour. */
async function live(days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour += 1) {
    await look();
    world.clock.ms += DAY_MS / 24;
  }
}

test('a key that ends is told at 60, 30 and 7 days, each once, and every day when it is over', async () => {
  const key = await addKey(keyFor('both', START, -300, 70));
  await live(69);
  assert.deepEqual(codes(), [
    ['certificate-ending', 60],
    ['certificate-ending', 30],
    ['certificate-ending', 7],
  ]);
  assert.ok(warnings.every((fields) => fields?.mailboxId === world.mailboxId));
  const told = (await world.store.trace(key.id)).map(({ event, detail, related }) => [event, detail, related]);
  assert.deepEqual(told, [
    ['certificate-ending', '60', world.mailboxId],
    ['certificate-ending', '30', world.mailboxId],
    ['certificate-ending', '7', world.mailboxId],
  ]);
  warnings.length = 0;
  await live(3);
  assert.deepEqual(codes(), [
    ['certificate-missing', undefined],
    ['certificate-missing', undefined],
    ['certificate-missing', undefined],
    ['certificate-missing', undefined],
  ]);
});

test('a server started again does not tell a threshold again', async () => {
  await addKey(keyFor('both', START, -300, 25));
  await look();
  const { log } = { log: { debug() {}, info() {}, warn: () => void warnings.push({}), error() {} } };
  await createCertificateAlarms({ ...world, usesOf: usesInWords, servers: () => [], log })();
  assert.equal(warnings.length, 1);
  assert.deepEqual(codes()[0], ['certificate-ending', 25]);
});

test('a key that takes over in time silences the alarm; a new key is told anew when it ends', async () => {
  await addKey(keyFor('both', START, -300, 40));
  await look();
  assert.equal(warnings.length, 1);
  const next = await addKey(keyFor('both', START, 10, 100));
  warnings.length = 0;
  await live(39);
  assert.deepEqual(warnings, []);
  await live(5);
  assert.deepEqual(codes(), [['certificate-ending', 60]]);
  assert.equal((await world.store.trace(next.id)).length, 1);
});

test('a mailbox whose only key is for signing lacks one for receiving', async () => {
  await addKey(keyFor('sign', START, -3, 300));
  await look();
  assert.deepEqual(
    warnings.map((fields) => [fields?.code, fields?.reason]),
    [['certificate-missing', 'encrypt']],
  );
});

test('the certificate of the SMTP server is watched the same way', async () => {
  const now = new Date(START);
  const structure = { name: 'Officine', number: { siret: '00000000000000' }, department: 'Paris (75)' };
  const options = { now, hostNames: ['gateway.officine.example'], structure, validityDays: 29 };
  const { certificatePem } = await issueServerCertificate(await createAuthority({ now }), options);
  const smtp = serverCertificate('smtp', Buffer.from(certificatePem));
  await addKey(keyFor('both', START, -3, 300));
  const { log } = {
    log: { debug() {}, info() {}, warn: (_m: string, f?: LogFields) => void warnings.push(f), error() {} },
  };
  const lookAtBoth = createCertificateAlarms({ ...world, usesOf: usesInWords, servers: () => [smtp], log });
  await lookAtBoth();
  assert.deepEqual(codes(), [['server-certificate-ending', 29]]);
  assert.equal((await world.store.trace(`smtp ${smtp.fingerprint}`))[0]?.detail, '30');
});
