/**
 * Letters and answers past the real clamd: what it finds is not shown and does not leave, what it calls clean does, and
 * while it is away everything waits and nothing is lost.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type RunningClamd, startClamd, VIRUS, VIRUS_NAME } from '@estafette/gateway/antivirus/clamd.fixture';
import type { Chat, ChatLine } from './support/chat.ts';
import { attachment, letterOf, mixed, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const PAPER = '%PDF-1.4\n% compte rendu fictif\n%%EOF\n';
/** What has waited is tried again after up to 75 seconds. */
const RECOVERY_MS = 180_000;

describe('the antivirus', () => {
  let clamd: RunningClamd;
  let stage: Stage;
  let destination: Destination;
  let chat: Chat;

  before(async () => {
    clamd = await startClamd();
    stage = new Stage({ ESTAFETTE_ANTIVIRUS: clamd.path });
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
  });
  after(async () => {
    try {
      await stage?.close();
    } finally {
      await clamd?.end();
    }
  });

  async function post(subject: string, file: string): Promise<string> {
    const entity = mixed(textPart('Bonjour.\r\n'), attachment('application/pdf', 'compte-rendu.pdf', file));
    const sealed = await encrypt(stage.demo('pharmacy', 'cert.pem'), await sign(identityIn(stage.demo('lab')), entity));
    const heading = { from: stage.address('lab'), to: stage.address('pharmacy'), subject };
    const [letterId = ''] = await send(destination, letterOf(heading, sealed));
    return letterId;
  }

  async function trailOf(letterId: string): Promise<{ event: string; detail?: string }[]> {
    const { output } = await stage.run(['trace', letterId, '--json']);
    const lines = output.toString().split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as { event: string; detail?: string });
  }

  it('a clean letter arrives with its file', async () => {
    await post('Propre', PAPER);
    const seen = await chat.letter('Propre');
    assert.equal(seen.show, 'verified');
    assert.ok(seen.documents?.some(({ name }) => name === 'compte-rendu.pdf'));
  });

  it('an infected one is a notice without content, named in the trail, and no wish of the operator releases it', async () => {
    const letterId = await post('Infecté', `${PAPER}${VIRUS}`);
    const seen = await chat.arrival(letterId);
    assert.deepEqual([seen.type, seen.from, seen.reasons], ['quarantine', stage.address('lab'), ['virus-found']]);
    const trail = await trailOf(letterId);
    assert.equal(trail.find(({ event }) => event === 'virus-found')?.detail, VIRUS_NAME);
    const refused = await until('the gateway has answered the wish', async () => {
      const { code, output, errors } = await stage.run(['quarantine', 'release', letterId]);
      // The command itself waits for some time only.
      return output.includes('has not done it yet') ? null : { code, errors };
    });
    assert.notEqual(refused.code, 0);
    assert.match(refused.errors, /stays in quarantine.*antivirus/s);
  });

  it('its proven sender is told what was wrong, sealed', async () => {
    const told = async () => {
      for (const mail of mailsIn(stage.demo('lab', 'Maildir'))) {
        const opened = await decrypt(stage.demo('lab'), mail).catch(() => null);
        if (opened?.includes('fichier dangereux')) return mail;
      }
      return undefined;
    };
    const notice = await until('the laboratory has the notice', told);
    assert.doesNotMatch(decodedWords(fieldOf(notice, 'Subject') ?? ''), /Infecté/);
  });

  it('an infected answer does not leave and says why, a clean one does', async () => {
    const { conversationId = '' } = await chat.letter('Propre');
    const answer = (name: string, bytes: string): Promise<string> => {
      const path = join(stage.home, name);
      writeFileSync(path, bytes);
      return chat.answer(conversationId, `avec ${name}`, { files: [path] });
    };
    void answer('mauvais.pdf', `${PAPER}${VIRUS}`).catch(() => null);
    await chat.line('the refusal', ({ failure }) => failure === 'attachment-infected');
    const replyId = await answer('bon.pdf', PAPER);
    await until('the clean answer left', () => chat.states(replyId).includes('sent'));
  });

  it('while clamd is away a letter waits and doctor says so; it arrives when clamd is back', async () => {
    await clamd.stop();
    const letterId = await post('En attente', PAPER);
    const waits = async () => (await trailOf(letterId)).find(({ event }) => event === 'letter-unscanned')?.detail;
    assert.equal(await until('the trail says that it waits', waits), 'antivirus-unavailable');
    assert.ok(!chat.lines.some((line) => line.letterId === letterId));
    assert.match((await stage.run(['doctor'])).output.toString(), /warning +antivirus: clamd gives no answer/);
    await clamd.start();
    const isShown = (line: ChatLine): boolean => line.type === 'letter' && line.subject === 'En attente';
    assert.equal((await chat.line('the letter that waited', isShown, RECOVERY_MS)).letterId, letterId);
  });
});
