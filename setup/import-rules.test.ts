/**
 * Shows that every import rule bites: a small set of files with one planted violation each, and the same set without
 * it. Then judges the real checkout.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CYCLE_RULE, checkImports, findViolations, RULES } from './import-rules.ts';

interface Plant {
  rule: string;
  says: string;
  file: string;
  bad: string;
  good: string;
}

const PLANTS: Plant[] = [
  {
    rule: 'contracts-are-pure',
    says: 'contracts must not use Node',
    file: 'core/contracts/src/ids.ts',
    bad: "import { randomUUID } from 'node:crypto';",
    good: "import { ulid } from 'ulid';",
  },
  {
    rule: 'contracts-are-pure',
    says: 'contracts must not use another workspace, not even its types',
    file: 'core/contracts/src/ids.ts',
    bad: "import type { Clock } from '@estafette/runtime/clock';",
    good: "import type { Verdict } from './verdict.ts';",
  },
  {
    rule: 'runtime-rests-on-contracts',
    says: 'runtime must not know the gateway',
    file: 'core/runtime/src/config.ts',
    bad: "export { inbound } from '@estafette/gateway/inbound';",
    good: "export { LIMITS } from '@estafette/contracts/limits';",
  },
  {
    rule: 'sides-stay-apart',
    says: 'the relay must not know the gateway',
    file: 'im-relay/src/inbox.ts',
    bad: "const gateway = await import('../../gateway/src/inbound.ts');",
    good: "const clock = await import('@estafette/runtime/clock');",
  },
  {
    rule: 'sides-stay-apart',
    says: 'the gateway uses certs only in tests',
    file: 'gateway/src/hosting.ts',
    bad: "import { issue } from '@estafette/certs/development-authority';",
    good: "import { limits } from '@estafette/contracts/limits';",
  },
  {
    rule: 'phone-is-light',
    says: 'the app must not use Node',
    file: 'mobile-lite/src/store.ts',
    bad: "import fs from 'fs';",
    good: "import { openDB } from 'idb';",
  },
  {
    rule: 'phone-is-light',
    says: 'the build of the app must not use runtime',
    file: 'mobile-lite/build.ts',
    bad: "import { log } from '@estafette/runtime/log';",
    good: "import { readFile } from 'node:fs/promises';",
  },
  {
    rule: 'composition-on-top',
    says: 'nothing below imports cli',
    file: 'certs/src/authority.ts',
    bad: "import { main } from '@estafette/cli/main';",
    good: "import { pem } from './pem.ts';",
  },
  {
    rule: 'composition-on-top',
    says: 'cli does not import bench or e2e',
    file: 'cli/src/main.ts',
    bad: "import { run } from '../../bench/run.ts';",
    good: "import { gateway } from '@estafette/gateway/main';",
  },
  {
    rule: 'composition-on-top',
    says: 'nothing imports the set-up',
    file: 'cli/src/start.ts',
    bad: "import { listFiles } from '../../setup/tree.ts';",
    good: "import { listMailboxes } from './mailbox.ts';",
  },
  {
    rule: 'stage-walls',
    says: 'a stage must not import another stage',
    file: 'gateway/src/content/hprim.ts',
    bad: "type Opened = import('../envelope/open.ts').Opened;",
    good: "import type { Opened } from '../ports.ts';",
  },
  {
    rule: 'stage-walls',
    says: 'a stage must not import runtime',
    file: 'gateway/src/intake/session.ts',
    bad: "import { log } from '@estafette/runtime/log';",
    good: "import { FAILURES } from '@estafette/contracts/failure';",
  },
  {
    rule: 'one-place-knows-the-order',
    says: 'another file of the gateway must not import a stage',
    file: 'gateway/src/sweep.ts',
    bad: "import { open } from './envelope/open.ts';",
    good: "import { inbound } from './inbound.ts';",
  },
  {
    rule: 'order-holds-no-adapter',
    says: 'the order of the stages names no adapter, not even its type',
    file: 'gateway/src/inbound.ts',
    bad: "import type { Queue } from '@estafette/runtime/queue';",
    good: "import { open } from './envelope/open.ts';",
  },
  {
    rule: 'adapters-are-built-in-main',
    says: 'only main.ts builds adapters',
    file: 'im-relay/src/inbox.ts',
    bad: "import { connect } from '@estafette/runtime/redis-connection';",
    good: "import type { RedisConnection } from '@estafette/runtime/redis-connection';",
  },
  {
    rule: 'one-file-imports-bullmq',
    says: 'bullmq stays in queue.ts, types included',
    file: 'core/runtime/src/metrics.ts',
    bad: "import type { Job } from 'bullmq';",
    good: "import type { Job } from './queue.ts';",
  },
  {
    rule: 'drivers-stay-in-database-files',
    says: 'the PostgreSQL driver stays in postgres-database.ts',
    file: 'core/runtime/src/migrations.ts',
    bad: "const pg = require('pg');",
    good: "import { sql } from 'kysely';",
  },
  {
    rule: 'each-danger-in-its-stage',
    says: 'CMS stays in envelope',
    file: 'gateway/src/content/text.ts',
    bad: "import forge from 'node-forge';",
    good: "import { simpleParser } from 'mailparser';",
  },
  {
    rule: 'each-danger-in-its-stage',
    says: 'nodemailer does not seal',
    file: 'gateway/src/envelope/seal.ts',
    bad: "import MailComposer from 'nodemailer/lib/mail-composer';",
    good: "import forge from 'node-forge';",
  },
  {
    rule: 'tests-stay-out',
    says: 'code must not import a test',
    file: 'gateway/src/envelope/open.ts',
    bad: "import { letters } from './open.test.ts';",
    good: "import { letters } from './letters.ts';",
  },
  {
    rule: 'imports-can-be-read',
    says: 'an import must not be computed',
    file: 'cli/src/plugin.ts',
    bad: 'const part = await import(name);',
    good: "const part = await import('./part.ts');",
  },
];

/** The names of the rules broken by one file. */
function rulesBrokenBy(file: string, source: string): string[] {
  const names = [...RULES, CYCLE_RULE].map((rule) => rule.name);
  const lines = findViolations(new Map([[file, source]]));
  return names.filter((name) => lines.some((line) => line.includes(`: ${name} (`)));
}

describe('import rules', () => {
  for (const { rule, says, file, bad, good } of PLANTS) {
    it(`${rule}: ${says}`, () => {
      assert.ok(rulesBrokenBy(file, bad).includes(rule), `${bad} in ${file} went unnoticed`);
      assert.deepEqual(rulesBrokenBy(file, good), [], `${good} in ${file} was refused`);
    });
  }

  it('every rule has a planted violation', () => {
    const planted = new Set(PLANTS.map((plant) => plant.rule));
    const bare = RULES.filter((rule) => !planted.has(rule.name)).map((rule) => rule.name);
    assert.deepEqual(bare, []);
  });

  it(`${CYCLE_RULE.name}: a circle of three files is told once, through type imports too`, () => {
    const files = new Map([
      ['cli/src/a.ts', "import './b.ts';"],
      ['cli/src/b.ts', "export type { C } from './c.ts';"],
      ['cli/src/c.ts', "import './a.ts';\nimport './d.ts';"],
      ['cli/src/d.ts', ''],
    ]);
    const lines = findViolations(files);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^cli\/src\/a\.ts → cli\/src\/b\.ts → cli\/src\/c\.ts → cli\/src\/a\.ts: no-cycles/);
  });

  it('a worker that comes back to its starter is no cycle, but obeys the stage rules', () => {
    const url = (file: string): string => `new Worker(new URL('${file}', import.meta.url));`;
    const files = new Map([
      ['gateway/src/open-worker.ts', "import './main.ts';"],
      ['gateway/src/main.ts', url('./open-worker.ts')],
    ]);
    assert.deepEqual(findViolations(files), []);
    assert.deepEqual(rulesBrokenBy('gateway/src/sweep.ts', url('./envelope/open.ts')), ['one-place-knows-the-order']);
  });

  it('e2e, bench and tests may build adapters and play the peer', () => {
    const queue = "import { createQueue } from '@estafette/runtime/queue';";
    assert.deepEqual(rulesBrokenBy('bench/run.ts', `${queue} import '@estafette/cli/main';`), []);
    assert.deepEqual(rulesBrokenBy('e2e/letter.test.ts', queue), []);
    assert.deepEqual(rulesBrokenBy('im-relay/src/inbox.test.ts', queue), []);
    assert.deepEqual(rulesBrokenBy('gateway/src/dispatch/send.test.ts', "import 'smtp-server';"), []);
    assert.deepEqual(rulesBrokenBy('gateway/src/envelope/open.test.ts', "import '@estafette/certs/pem';"), []);
  });

  it('the checkout keeps them all', () => {
    assert.deepEqual(checkImports(), []);
  });
});
