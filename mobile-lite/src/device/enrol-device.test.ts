import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { RelayDouble } from '../test/relay-double.ts';
import { type EnrolmentStep, enrolDevice } from './enrol-device.ts';
import { MemoryDeviceStore } from './memory-device-store.ts';

const relay = await RelayDouble.start();
after(() => relay.stop());

test('a device joins once per link, with keys that cannot be taken out of it', async () => {
  const store = new MemoryDeviceStore();
  const link = relay.gateway.makeLink(relay.baseUrl);
  const steps: EnrolmentStep[] = [];
  const joined = await enrolDevice({ link, baseUrl: relay.baseUrl, store, onStep: (step) => steps.push(step) });
  assert.equal(joined.outcome, 'joined');
  assert.deepEqual(steps, ['making-keys', 'asking', 'waiting', 'joined']);
  const { identity } = await store.load();
  assert.equal(identity?.membership.mailboxName, 'Pharmacie des Tilleuls');
  assert.equal(identity?.wrappingKeys.privateKey.extractable, false);
  assert.equal(identity?.signingKeys.privateKey.extractable, false);
  const again = await enrolDevice({ link, baseUrl: relay.baseUrl, store: new MemoryDeviceStore() });
  assert.deepEqual(again, { outcome: 'refused', code: 'enrolment-used' });
});

test('a link that is incomplete or wrong, or whose relay cannot be reached, says so and keeps nothing', async () => {
  const store = new MemoryDeviceStore();
  const parts = { baseUrl: relay.baseUrl, store, patienceMs: 100 };
  const link = relay.gateway.makeLink(relay.baseUrl);
  const cut = await enrolDevice({ ...parts, link: link.slice(0, -1) });
  assert.deepEqual(cut, { outcome: 'refused', code: 'link-malformed' });
  const forged = await enrolDevice({ ...parts, link: link.replace(/\.[^.]*$/, `.${'A'.repeat(43)}`) });
  assert.deepEqual(forged, { outcome: 'refused', code: 'enrolment-unknown' });
  relay.reachable = false;
  const unreached = await enrolDevice({ ...parts, link });
  assert.deepEqual(unreached, { outcome: 'refused', code: 'network' });
  assert.equal((await store.load()).identity, null);
});
