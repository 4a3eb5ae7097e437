/** Configured revocation lists that end: said in the log at each look, written into the trail once for each list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '@estafette/contracts/audit-events';
import { STATUS_LIMITS } from '@estafette/contracts/limits';
import type { TraceLine } from '../ports.ts';
import { createListAlarms } from './list-alarms.ts';

const HOUR_MS = 3_600_000;

test('a list that ends is announced once, and once more when it is over; a fresh one is not mentioned', async () => {
  const clock = { ms: 1_000 * HOUR_MS, now: () => new Date(clock.ms) };
  const lines: TraceLine[] = [];
  const warned: string[] = [];
  const nextUpdate = clock.ms + STATUS_LIMITS.listWarningMs;
  const look = createListAlarms({
    read: async () => [
      { file: 'a.crl', fingerprint: 'aa', nextUpdate },
      { file: 'b.crl', fingerprint: 'bb', nextUpdate: nextUpdate + 100 * HOUR_MS },
    ],
    store: {
      audit: async (entry: AuditEntry, at: number) => void lines.push({ ...entry, at }),
      trace: async (subject: string) => lines.filter((line) => line.subject === subject),
    },
    clock,
    log: {
      debug: () => {},
      info: () => {},
      error: () => {},
      warn: (_message, fields) => void warned.push(`${fields?.reason} ${fields?.state}`),
    },
  });
  for (let hour = 0; hour <= 25; hour += 1) {
    await look();
    await look();
    clock.ms += HOUR_MS;
  }
  assert.deepEqual(
    lines.map(({ subject, event, detail }) => [subject, event, detail]),
    [
      ['crl aa', 'list-ending', 'ending'],
      ['crl aa', 'list-ending', 'over'],
    ],
  );
  assert.deepEqual([warned.length, warned[0], warned.at(-1)], [26, 'a.crl ending', 'a.crl over']);
});
