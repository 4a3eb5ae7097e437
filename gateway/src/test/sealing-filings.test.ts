/** How the mail of a filing is sealed: encrypted wherever anything in it came encrypted, or not made at all. */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { Correspondent, MailboxKey, SealMail } from '../ports.ts';
import { createFilingSealer } from '../reply/seal-filing.ts';
import { spaceOf, spacesOf } from './spaces.fixture.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY: MailboxKey = {
  ...{ id: 'key', mailboxId: 'mbx', certificate: Buffer.from('own'), chain: [], notBefore: 0, notAfter: 1 },
  privateKey: createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })),
};
const KNOWN = { certificate: Buffer.from('his'), chain: [], capabilities: null } as unknown as Correspondent;
const MAILBOX = { id: 'mbx', address: 'pharmacie@officine.example', name: 'Pharmacie', kind: 'ORG' } as const;
const MAIL = {
  subject: 'XDM/1.0/DDM+Intervention pharmaceutique ESSAI Camille 12/01/1990',
  text: 'Bonjour,\n\nVoici un échange.\n',
  attachments: [{ name: 'IHE_XDM.ZIP', mediaType: 'application/zip', bytes: Buffer.from('PK') }],
  documents: { codes: ['61357-0'], hasQualifiedIdentity: true },
};

type Task = Parameters<SealMail>[0];

/** Seals into a trust space; gives what was handed to the sealer of mails. */
async function sealed(
  space: 'demo' | 'mssante',
  given: { isSecret: boolean; known: boolean; isUnusable?: boolean; size?: number },
): Promise<{ tasks: Task[]; isInClear: boolean }> {
  const tasks: Task[] = [];
  const seal = createFilingSealer({
    store: { correspondent: async () => (given.known ? KNOWN : null) },
    spaces: spacesOf([spaceOf(space)], ['officine.example']),
    correspondentIndex: () => Buffer.alloc(32),
    ownKeys: { forSealing: async () => ({ signing: [KEY], encryption: null }) },
    async seal(task) {
      tasks.push(task);
      if (given.isUnusable === true && task.recipient !== null) return { refused: 'certificate-unusable', wants: [] };
      return { sealed: Buffer.alloc(given.size ?? 1) };
    },
    trust: { anchors: 'anchors.pem', lists: null },
    clock: { now: () => new Date(0) },
  });
  const facts = { mailbox: MAILBOX, to: 'dossier@officine.example', mail: MAIL, messageId: '<a@b>', at: new Date(0) };
  return { tasks, isInClear: (await seal({ ...facts, space, isSecret: given.isSecret })).isInClear };
}

const subjects = ({ headers = [], protectedHeaders = [] }: Partial<Task>) =>
  [headers, protectedHeaders].map((fields) => fields.find((field) => field.startsWith('Subject:')));

test('outside an encrypted filing stands the mark of its kind, inside the patient', async () => {
  const { tasks, isInClear } = await sealed('demo', { isSecret: true, known: true });
  assert.equal(isInClear, false);
  const [outside, inside = ''] = subjects(tasks[0] ?? {});
  assert.equal(outside, 'Subject: XDM/1.0/DDM+[...]');
  assert.match(inside.replace(/\r\n/g, ''), /ESSAI Camille/);
  assert.ok(tasks[0]?.headers.includes('X-MSS-CODECDA: 61357-0') && tasks[0].headers.includes('X-MSS-INS: O'));
});

test('where answers may go signed only, a filing may, unless anything in it came encrypted', async () => {
  const { tasks, isInClear } = await sealed('mssante', { isSecret: false, known: false });
  assert.equal(isInClear, true);
  assert.match(subjects(tasks[0] ?? {})[0] ?? '', /ESSAI/);
  await assert.rejects(sealed('mssante', { isSecret: true, known: false }), { code: 'certificate-missing' });
  await assert.rejects(sealed('demo', { isSecret: false, known: false }), { code: 'certificate-missing' });
  const unusable = { isSecret: true, known: true, isUnusable: true };
  await assert.rejects(sealed('mssante', unusable), { code: 'certificate-unusable' });
  assert.equal((await sealed('mssante', { ...unusable, isSecret: false })).isInClear, true);
});

test('the same filing has the same entity; one that grew too large is not made', async () => {
  const wish = { isSecret: true, known: true };
  const [one, other] = [await sealed('demo', wish), await sealed('demo', wish)];
  assert.deepEqual(one.tasks[0]?.entity, other.tasks[0]?.entity);
  await assert.rejects(sealed('demo', { ...wish, size: 25_000_001 }), { code: 'filing-too-large' });
});
