/**
 * Two of our gateways facing each other under mutual TLS, a doctor's and a pharmacy's: answers, delivery reports and
 * absences pass between them, and traffic comes to an end though both mailboxes are absent (design, promise 10). The
 * audit trails of both count every mail; `loops.test.ts` of the gateway tries the configurations that are not met here.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@estafette/runtime/free-port.fixture';
import type { Chat, ChatLine } from './support/chat.ts';
import { runCommand } from './support/command.ts';
import { letterOf, textPart } from './support/letters.ts';
import { decodedWords } from './support/maildir.ts';
import { encrypt, identityIn, sign } from './support/openssl.ts';
import { mssanteSpace, prepareDemo } from './support/operators.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

/** Once all that must come has come, nothing new for so long is the end of the traffic. */
const QUIET_MS = 3_000;
/** Of mails that perhaps wait for another attempt, or for a gateway that had no time to judge its peer. */
const PATIENCE_MS = 300_000;
const PARIS_TIME = new Intl.DateTimeFormat('fr-FR', { timeStyle: 'medium', timeZone: 'Europe/Paris' });

/** Kinds of the mails that the gateway of a stage has posted, in order. */
function postedBy(stage: Stage): string[] {
  const store = new DatabaseSync(join(stage.home, 'estafette.sqlite'), { readOnly: true, timeout: 10_000 });
  try {
    const rows = store.prepare("select detail from audit_events where event = 'mail-posted' order by seq").all();
    return rows.map(({ detail }) => String(detail));
  } finally {
    store.close();
  }
}

async function run(stage: Stage, ...words: string[]): Promise<void> {
  const { code, errors } = await stage.run(words);
  assert.equal(code, 0, errors);
}

async function setAbsent(stage: Stage, address: string): Promise<void> {
  const lastDay = new Date(Date.now() + 48 * 3_600_000).toISOString().slice(0, 10);
  await run(stage, 'absence', 'set', address, '--until', lastDay);
}

describe('two gateways whose mailboxes are both absent', () => {
  const pharmacy = new Stage();
  let doctor: Stage;
  let [doctorAddress, pharmacyAddress] = ['', ''];
  let [atPharmacy, atDoctor]: [Chat | null, Chat | null] = [null, null];

  const counts = () => ({ doctor: postedBy(doctor), pharmacy: postedBy(pharmacy) });

  /** What both have posted, once neither posts any more. */
  async function atRest(): Promise<ReturnType<typeof counts>> {
    for (let before = counts(); ; ) {
      await pause(QUIET_MS);
      const now = counts();
      if (JSON.stringify(now) === JSON.stringify(before)) return now;
      before = now;
    }
  }

  /** The doctor's first letter: her gateway sends answers only, so this one comes from other software of hers. */
  async function firstLetter(port: number): Promise<void> {
    const signed = await sign(identityIn(pharmacy.demo('doctor')), textPart('Une question.\r\n'));
    const sealed = await encrypt(pharmacy.demo('pharmacy', 'cert.pem'), signed);
    const { from, to, bytes } = letterOf({ from: doctorAddress, to: pharmacyAddress, subject: 'Question' }, sealed);
    const { certificate, key } = identityIn(pharmacy.demo('operator'));
    const words = ['--server', `127.0.0.1:${port}`, '--tls', '--tls-cert', certificate, '--tls-key', key];
    const letter = ['--from', from, '--to', to, '--data', '-'];
    // A gateway that had no time to judge its peer says “later” (454), and other software comes again.
    await until('the first letter is taken', async () => {
      const { code, output } = await runCommand('swaks', [...words, ...letter], { input: bytes });
      assert.match(output.toString(), code === 0 ? /<~ +250 .*ltr_/ : /<~\*+ 454 /);
      return code === 0;
    });
  }

  before(async () => {
    await prepareDemo(pharmacy);
    // As late as can be: until a gateway listens there, somebody else might.
    const [pharmacyPort, doctorPort] = [await freePort(), await freePort()];
    [doctorAddress, pharmacyAddress] = [pharmacy.address('doctor'), pharmacy.address('pharmacy')];
    const ours = await mssanteSpace(pharmacy, { doorPort: pharmacyPort, theirPort: doctorPort });
    const theirs = await mssanteSpace(pharmacy, {
      doorPort: doctorPort,
      theirPort: pharmacyPort,
      own: 'operator',
      trustList: ours,
    });
    doctor = new Stage({
      ESTAFETTE_DEMO: 'off',
      ESTAFETTE_MAIL_DOMAIN: 'mx.cabinet.example',
      ESTAFETTE_TRUST_ANCHORS: pharmacy.demo('ca.pem'),
      ESTAFETTE_CRLS: pharmacy.demo('crl.pem'),
      ESTAFETTE_TRUST_SPACES: theirs.file,
    });
    const { certificate, key } = identityIn(pharmacy.demo('doctor'));
    const person = ['--kind', 'PER', '--name', 'Dr Claire MARTIN'];
    await run(doctor, 'mailbox', 'add', doctorAddress, '--pem', certificate, '--key', key, ...person);
    await pharmacy.start({ ESTAFETTE_TRUST_SPACES: ours.file });
    await doctor.start();
    atPharmacy = await pharmacy.chat();
    atDoctor = await doctor.chat('Claire', doctorAddress);
    await firstLetter(pharmacyPort);
  });
  after(async () => {
    try {
      await doctor?.close();
    } finally {
      await pharmacy.close();
    }
  });

  it('carries an answer from the one to the other and back, each reported delivered', async () => {
    assert.ok(atPharmacy !== null && atDoctor !== null);
    const delivered = (chat: Chat, reply: string) =>
      chat.line('delivered', ({ replyId, state }) => replyId === reply && state === 'delivered', PATIENCE_MS);
    const question = await atPharmacy.letter('Question');
    const first = await atPharmacy.answer(question.conversationId ?? '', 'Oui, je vous écoute.');
    // Until its report is there the doctor does not answer: the two would leave in any order.
    await delivered(atPharmacy, first);
    const received = await atDoctor.letter('Re: Question');
    assert.deepEqual([received.show, received.operator?.domain], ['verified', 'officine.example']);
    const second = await atDoctor.answer(received.conversationId ?? '', 'Le dosage du matin ?');
    const isBack = ({ type, subject }: ChatLine) => type === 'letter' && subject === 'Re: Question';
    const back = await atPharmacy.line('the answer to the answer', isBack, PATIENCE_MS);
    assert.deepEqual([back.show, back.conversationId], ['verified', question.conversationId]);
    await delivered(atDoctor, second);
    assert.deepEqual(await atRest(), {
      doctor: ['delivery-report', 'reply'],
      pharmacy: ['reply', 'delivery-report'],
    });
  });

  it('tells each side once that the other is absent, and stops', async (t: TestContext) => {
    assert.ok(atPharmacy !== null && atDoctor !== null);
    // An absence is told once a day of Paris: all must pass within one.
    await until('no day ends soon', () => !PARIS_TIME.format(new Date()).startsWith('23:5'), 2 * PATIENCE_MS);
    await setAbsent(pharmacy, pharmacyAddress);
    await setAbsent(doctor, doctorAddress);
    const before = counts();
    const [asked, answered] = [await atPharmacy.letter('Question'), await atDoctor.letter('Re: Question')];
    for (const text of ['Et le soir ?', 'Merci.', 'Bonne journée.']) {
      await atPharmacy.answer(asked.conversationId ?? '', text);
      await atDoctor.answer(answered.conversationId ?? '', text);
    }
    for (const chat of [atPharmacy, atDoctor])
      await chat.line('the absence', ({ type }) => type === 'notice', PATIENCE_MS);
    const expected = [...Array(3).fill('delivery-report'), ...Array(3).fill('reply'), 'absence'].toSorted();
    const postedSince = (now: ReturnType<typeof counts>) => ({
      doctor: now.doctor.slice(before.doctor.length),
      pharmacy: now.pharmacy.slice(before.pharmacy.length),
    });
    const isAll = (kinds: readonly string[]) => kinds.length >= expected.length;
    await until('both have posted all', () => Object.values(postedSince(counts())).every(isAll), PATIENCE_MS);
    const since = postedSince(await atRest());
    t.diagnostic(`6 answers with both absent: ${JSON.stringify(since)}`);
    for (const kinds of [since.doctor, since.pharmacy]) assert.deepEqual(kinds.toSorted(), expected);
    for (const chat of [atPharmacy, atDoctor])
      assert.ok(!chat.letters().some(({ subject = '' }) => decodedWords(subject).includes('automatique')));
  });
});
