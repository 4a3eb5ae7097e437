/** What an operator is shown of a letter in quarantine: what it consists of, not what it says. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { sealClaimedSender } from './conversation/kept-original.ts';
import { createLetterKeeper } from './conversation/letter-message.ts';
import type { Routing } from './conversation/route-letter.ts';
import { openQuarantineRoom } from './inspect-quarantine.ts';
import { index } from './lasting/rows.conformance.ts';
import { PRESETS } from './ports.ts';
import { openWorld, questionIn, type World } from './test/world.fixture.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const room = () => openQuarantineRoom({ ...world, trust: null, lettersOf: () => PRESETS.demo.letters });
const CLAIRE = { name: 'Dr Claire MARTIN', address: 'claire.martin@cabinet.example' };

async function held(letter: string, sealedSender?: Buffer): Promise<string> {
  const question = questionIn(world, {}, { proof: null, answerable: false });
  const { letterId } = question;
  const routed = (await world.route(question)) as Extract<Routing, { outcome: 'routed' }>;
  const bytes = Buffer.from(letter.replaceAll('\n', '\r\n'));
  await createLetterKeeper(world).keepOriginal(routed, letterId, bytes);
  const facts = { receivedAt: world.clock.ms, bytes: bytes.length, reasons: [], senderIndex: index() };
  const sealed = sealedSender ?? (await sealClaimedSender(routed, letterId, CLAIRE));
  await world.store.quarantineLetter({ letterId, mailboxId: world.mailboxId, ...facts, sealedSender: sealed });
  return letterId;
}

test('headers are shown as they came, but for what says something: subjects and file names', async () => {
  await held(
    [
      'Received: from mx.labo.example (mx.labo.example [192.0.2.1])',
      ' by gateway',
      'From: claire.martin@cabinet.example',
      'SUBJECT: =?utf-8?Q?R=C3=A9sultats?=',
      ' de Mme NIGELLE',
      'Thread-Topic: NIGELLE',
      'Content-Type: application/pdf; name="NIGELLE \\"Rose\\".pdf"; x=y',
      "Content-Disposition: attachment; filename*0*=utf-8''NIGELLE; filename*1=.pdf",
      '',
      'NIGELLE',
      '',
    ].join('\n'),
  );
  const [letter] = await room().list();
  assert.ok(letter);
  assert.deepEqual((await room().inspect(letter))?.headers, [
    'Received: from mx.labo.example (mx.labo.example [192.0.2.1]) by gateway',
    'From: claire.martin@cabinet.example',
    'SUBJECT: (not shown)',
    'Thread-Topic: (not shown)',
    'Content-Type: application/pdf; name=(not shown); x=y',
    'Content-Disposition: attachment; filename*0*=(not shown); filename*1=(not shown)',
  ]);
});

test('prevents: one claimed sender that does not open hiding all other letters from the operator', async () => {
  const sound = await held('From: a\n\nx');
  const other = await held('From: b\n\nx', Buffer.alloc(60, 7));
  const senders = new Map((await room().list()).map(({ letterId, sender }) => [letterId, sender]));
  assert.deepEqual([senders.get(sound), senders.get(other)], [CLAIRE, null]);
});
