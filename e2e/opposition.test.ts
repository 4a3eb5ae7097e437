/**
 * A patient opposes that a mailbox sees letters about them: letters that name them, by number or by traits, in HPRIM or in
 * CDA, are held with a reason and counted, in that mailbox and no other; nothing of them rests or is shown anywhere. They
 * can be released once the opposition has ended, and not before. Letters are signed and encrypted by openssl.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cdaOf } from '@estafette/gateway/content/cda/cda.fixture';
import { INR_LINES } from '@estafette/gateway/content/hprim/hprim.fixture';
import type { Chat, ChatLine } from './support/chat.ts';
import { attachment, letterOf, mixed, textPart } from './support/letters.ts';
import { mailsIn } from './support/maildir.ts';
import { encrypt, identityIn, sign } from './support/openssl.ts';
import { send } from './support/post-office.ts';
import { everythingInRedis } from './support/redis-keys.ts';
import { resultText } from './support/result-text.ts';
import { filesBelow, wordsFoundIn } from './support/searching.ts';
import { type Server, Stage } from './support/stage.ts';

const SUBJECT = 'Nigelle';
/** Of the patient of both fixtures. */
const NAMES = ['DESSAINT', 'Marguerite', 'DELVAUX', '2410359999999'];
const OTHER_MAILBOX = 'infirmerie@officine.example';

interface Listed {
  readonly id: string;
  readonly mailbox: string | null;
  readonly patient: { readonly number: string | null } | null;
  readonly withdrawnAt: string | null;
  readonly held: readonly { readonly mailbox: string; readonly letters: number }[];
}

const HPRIM = attachment('text/plain', 'resultat.hpr', INR_LINES.join('\r\n'));
const CDA = attachment('text/xml', 'compte-rendu.xml', cdaOf());
const OTHER_PATIENT = attachment('text/plain', 'resultat.hpr', resultText());

describe('a patient who opposes', () => {
  const stage = new Stage();
  let server: Server;
  let chat: Chat;
  let opposition = '';
  const held: string[] = [];

  before(async () => {
    server = await stage.start();
    const added = await stage.run(['mailbox', 'add', OTHER_MAILBOX, '--name', 'Infirmerie']);
    assert.equal(added.code, 0, added.errors);
    chat = await stage.chat();
  });
  after(() => stage.close());

  const pharmacy = () => stage.address('pharmacy');
  const run = (...words: string[]) => stage.run(['opposition', ...words]);

  async function listed(): Promise<Listed[]> {
    const { code, output, errors } = await run('list', '--json');
    assert.equal(code, 0, errors);
    return output
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Listed);
  }

  const signed = (file: Buffer) =>
    sign(identityIn(stage.demo('doctor')), mixed(textPart('Voir le résultat joint.\r\n'), file));
  const destination = () => ({ port: server.smtpPort, authorities: stage.demo('ca.pem') });

  async function post(file: Buffer): Promise<ChatLine & { letterId: string }> {
    const heading = { from: stage.address('doctor'), to: pharmacy(), subject: SUBJECT };
    const entity = await encrypt(stage.demo('pharmacy', 'cert.pem'), await signed(file));
    const [letterId = ''] = await send(destination(), letterOf(heading, entity));
    return { ...(await chat.arrival(letterId)), letterId };
  }

  const familyIn = (line: ChatLine | undefined): string | undefined =>
    line?.documents?.find(({ kind }) => kind === 'report')?.report?.patient.familyName;

  it('is recorded by name, birth date and mailbox; what cannot be meant is refused with a sentence', async () => {
    const traits = ['--family', 'Dessaint', '--given', 'marguerite', '--born', '1941-03-14'];
    const refused = await run('add', '--mailbox', 'personne@officine.example', ...traits);
    assert.deepEqual([refused.code, /not a mailbox/.test(refused.errors)], [3, true], refused.errors);
    assert.match((await run('add', '--ins', '241035999999907')).errors, /^--ins: the key does not belong/);
    const { code, output, errors } = await run('add', '--mailbox', pharmacy(), ...traits, '--json');
    assert.equal(code, 0, errors);
    opposition = (JSON.parse(output.toString()) as { id: string }).id;
    const again = await run('add', '--mailbox', pharmacy(), ...traits);
    assert.match(again.output.toString(), new RegExp(`${opposition} was recorded already`));
  });

  it('a letter that names the patient, in HPRIM or in CDA, is held with a reason, and nothing of it is shown', async () => {
    for (const file of [HPRIM, CDA]) {
      const seen = await post(file);
      assert.deepEqual([seen.type, seen.show, seen.reasons], ['quarantine', 'quarantine', ['patient-opposes']]);
      assert.equal(seen.from, stage.address('doctor'));
      assert.deepEqual(wordsFoundIn(Buffer.from(JSON.stringify(seen)), [...NAMES, SUBJECT]), []);
      held.push(seen.letterId);
    }
  });

  it('a letter about somebody else is delivered', async () => {
    const seen = await post(OTHER_PATIENT);
    assert.deepEqual([seen.type, familyIn(seen)], ['letter', 'ESSAI']);
  });

  it('the same letter is held in the mailbox of the opposition and shown in the other one', async () => {
    const there = await stage.chat('Noé', OTHER_MAILBOX);
    const heading = { from: stage.address('doctor'), to: pharmacy(), alsoTo: [OTHER_MAILBOX], subject: SUBJECT };
    const letter = letterOf(heading, await signed(HPRIM));
    const recipients = [pharmacy(), OTHER_MAILBOX];
    const [letterId = ''] = await send(destination(), { ...letter, recipients });
    assert.equal(familyIn(await there.arrival(letterId)), 'DESSAINT');
    assert.equal((await chat.arrival(letterId)).type, 'quarantine');
    await there.end();
  });

  it('the letters are counted, their sender hears nothing, and the patient rests nowhere in clear', async () => {
    const [one] = await listed();
    assert.deepEqual([one?.id, one?.held], [opposition, [{ mailbox: pharmacy(), letters: 3 }]]);
    assert.deepEqual(mailsIn(stage.demo('doctor', 'Maildir')), []);
    const places = new Map([
      ...filesBelow(stage.home, [stage.demo()]),
      ...(await everythingInRedis(join(stage.home, 'redis', 'redis.sock'))),
    ]);
    assert.ok([...places.keys()].some((name) => name.includes('estafette.sqlite')));
    const found = [...places].flatMap(([place, bytes]) =>
      wordsFoundIn(bytes, NAMES).map((word) => `${word} in ${place}`),
    );
    assert.deepEqual(found, []);
  });

  it('no letter is released while the patient opposes', async () => {
    const { code, errors } = await stage.run(['quarantine', 'release', held[0] ?? '']);
    assert.equal(code, 1);
    assert.match(errors, new RegExp(`a patient it names opposes.*opposition withdraw ${opposition}`));
    assert.deepEqual(wordsFoundIn(Buffer.from(errors), NAMES), []);
  });

  it('withdrawn, it names nobody any more; its letters can be released, and the next one is delivered', async () => {
    const { code, errors } = await run('withdraw', opposition);
    assert.equal(code, 0, errors);
    assert.equal((await run('withdraw', opposition)).code, 1);
    const [one] = await listed();
    assert.deepEqual([one?.patient, one?.held], [null, [{ mailbox: pharmacy(), letters: 3 }]]);
    const released = await stage.run(['quarantine', 'release', held[0] ?? '']);
    assert.equal(released.code, 0, released.errors);
    const isShown = (line: ChatLine): boolean => line.type === 'letter' && line.letterId === held[0];
    const shown = await chat.line('the released letter', isShown);
    assert.deepEqual([shown.show, shown.reasons, familyIn(shown)], ['verified', [], 'DESSAINT']);
    assert.equal(familyIn(await post(HPRIM)), 'DESSAINT');
  });

  it('an opposition by number holds letters for every mailbox', async () => {
    const { code, errors } = await run('add', '--ins', '2 41 03 59 999 999 06');
    assert.equal(code, 0, errors);
    assert.deepEqual((await post(CDA)).reasons, ['patient-opposes']);
    const [newest] = await listed();
    assert.deepEqual([newest?.mailbox, newest?.patient?.number], [null, '241035999999906']);
  });
});
