/**
 * Between real operators: a doctor's letter travels through Postfix under mutual TLS, the pharmacist answers, Postfix
 * takes the answer and Dovecot keeps it, the doctor reads it in neomutt, whose S/MIME finds the signature right, and
 * signs an answer there that comes back into the same conversation.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { type Dovecot, startDovecot } from './peers/dovecot.ts';
import { type Neomutt, openNeomutt } from './peers/neomutt.ts';
import { type Postfix, startPostfix } from './peers/postfix.ts';
import { canRunPostfix } from './peers/postfix-instance.ts';
import type { Chat, ChatLine } from './support/chat.ts';
import { runCommand } from './support/command.ts';
import { letterOf, textPart } from './support/letters.ts';
import { fieldOf } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { certificatesIn, mssanteSpace, OPERATOR_NAMES, prepareDemo } from './support/operators.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const PASSWORD = 'une-boite-de-demonstration';
const skip = canRunPostfix() ? false : 'Postfix needs root, and its package';

describe('between operators of a trust space', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'est-peers-'));
  let stage: Stage;
  let chat: Chat;
  let postfix: Postfix;
  let dovecot: Dovecot;
  let neomutt: Neomutt;
  let submissionPort: number;
  let asked: ChatLine;
  let replyId: string;

  /** Postfix logs through a daemon of its own: a line may come after what it tells of. */
  const logged = (line: RegExp) => until(`Postfix logs ${line}`, () => line.test(postfix.log()));

  before(async () => {
    stage = new Stage();
    await prepareDemo(stage);
    // Only now: a start in between could be given the same ports.
    const [doorPort, theirPort] = [await freePort(), await freePort()];
    submissionPort = await freePort();
    const { file } = await mssanteSpace(stage, { doorPort, theirPort });
    const theirs = { certificate: stage.demo('operator', 'cert.pem'), key: stage.demo('operator', 'key.pem') };
    for (const name of ['dovecot', 'postfix']) mkdirSync(join(folder, name));
    await runCommand('chmod', ['755', folder]);
    dovecot = await startDovecot({ folder: join(folder, 'dovecot'), ...theirs, password: PASSWORD });
    postfix = await startPostfix({
      folder: join(folder, 'postfix'),
      port: theirPort,
      hostName: 'mx.cabinet.example',
      domain: 'cabinet.example',
      ...theirs,
      authorities: stage.demo('ca.pem'),
      routes: { 'officine.example': { port: doorPort, name: 'gateway.officine.example' } },
      speakers: { 'officine.example': 'gateway.officine.example' },
      lmtp: dovecot.lmtp,
      submissionPort,
    });
    const issuer = join(folder, 'issuer.pem');
    writeFileSync(issuer, certificatesIn(stage.demo('ca.pem'))[1] ?? '');
    neomutt = openNeomutt({
      folder: join(folder, 'neomutt'),
      name: 'Dr Claire MARTIN',
      address: stage.address('doctor'),
      imap: { port: dovecot.imapPort, password: PASSWORD },
      submissionPort,
      ...identityIn(stage.demo('doctor')),
      authorities: stage.demo('ca.pem'),
      issuer,
      correspondents: { [stage.address('pharmacy')]: stage.demo('pharmacy', 'cert.pem') },
    });
    await stage.start({ ESTAFETTE_TRUST_SPACES: file });
    chat = await stage.chat();
  });
  after(async () => {
    try {
      await stage?.close();
    } finally {
      await postfix?.stop();
      await dovecot?.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  });

  it("takes the doctor's letter from Postfix, and shows two marks: signature and operator", async () => {
    const signed = await sign(identityIn(stage.demo('doctor')), textPart('Bonjour, un INR à 6,8 : que faire ?\r\n'));
    const sealed = await encrypt(stage.demo('pharmacy', 'cert.pem'), signed);
    const letter = letterOf(
      { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: 'INR de la patiente' },
      sealed,
    );
    const words = ['--server', `127.0.0.1:${submissionPort}`, '--from', letter.from, '--to', letter.to, '--data', '-'];
    assert.equal((await runCommand('swaks', words, { input: letter.bytes })).code, 0);
    asked = await chat.letter('INR de la patiente');
    assert.deepEqual([asked.show, asked.signature], ['verified', 'valid']);
    assert.equal(asked.operator?.domain, 'cabinet.example');
    assert.match(asked.operator?.name ?? '', /CABINET DU DR MARTIN|mx\.cabinet\.example/);
    await logged(/Verified TLS connection established to 127\.0\.0\.1/);
  });

  it('delivers the answer to Postfix with our certificate, and Dovecot keeps it', async () => {
    replyId = await chat.answer(asked.conversationId ?? '', 'Ne pas délivrer ; je vous rappelle.');
    const [mail] = await until('the answer lies in the mailbox', async () => {
      const letters = await dovecot.letters(stage.address('doctor'));
      return letters.length > 0 ? letters : null;
    });
    assert.ok(mail !== undefined);
    await logged(/Trusted TLS connection established from/);
    const clear = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('doctor'), mail));
    assert.match(clear.toString(), /Ne pas d=C3=A9livrer/);
    assert.equal(fieldOf(mail, 'Subject'), 'Re: INR de la patiente');
  });

  it("hears from Postfix's delivery report that the answer is delivered", async () => {
    await chat.line('the answer is delivered', (line) => line.replyId === replyId && line.state === 'delivered');
  });

  it('is answered from neomutt, which finds our signature right, in the same conversation', async () => {
    const screen = await neomutt.answerNewest('Merci, je vois la patiente ce soir.');
    assert.match(screen, /S\/MIME signature successfully verified/);
    const answer = await chat.letter('Re: INR de la patiente');
    assert.equal(answer.conversationId, asked.conversationId);
    assert.deepEqual([answer.show, answer.route], ['verified', 'thread-token']);
    assert.match(answer.documents?.[0]?.text ?? '', /Merci, je vois la patiente ce soir\./);
  });

  it('is refused by Postfix when another certificate speaks for our domain', async () => {
    const { certificate, key } = {
      certificate: stage.demo('operator', 'cert.pem'),
      key: stage.demo('operator', 'key.pem'),
    };
    const words = ['--server', `127.0.0.1:${postfix.port}`, '--tls', '--tls-cert', certificate, '--tls-key', key];
    const { output } = await runCommand('swaks', [
      ...words,
      ...['--from', stage.address('pharmacy'), '--to', stage.address('doctor')],
    ]);
    assert.match(output.toString(), /554 5\.7\.1 .*not listed/);
    assert.notEqual(OPERATOR_NAMES.ours, OPERATOR_NAMES.theirs);
  });
});
