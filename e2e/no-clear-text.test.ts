/**
 * No clear text at rest: after a whole exchange with a result, photos, a text, a PDF and answers, neither the words,
 * nor the patient's name, nor the subject, nor the bytes of the photo are found in the data folder, in Redis or in the
 * logs, in any of the forms words are written down in. The same search finds them where they may be.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { printed } from '@estafette/gateway/content/pdf/pdf.fixture';
import type { Chat } from './support/chat.ts';
import { attachment, letterOf, mixed, textPart } from './support/letters.ts';
import { mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign } from './support/openssl.ts';
import { picture } from './support/picture.ts';
import { type Destination, send } from './support/post-office.ts';
import { everythingInRedis } from './support/redis-keys.ts';
import { resultText } from './support/result-text.ts';
import { filesBelow, wordsFoundIn } from './support/searching.ts';
import { type Server, Stage } from './support/stage.ts';
import { isAlive, until } from './support/waiting.ts';

const PATIENT = { familyName: 'ZYGOMALAS', givenName: 'Eudoxie' };
const SUBJECT = 'Quetschier mirabelle';
const BODY = 'saxifrage';
const ATTACHED = 'Hellébore fétide';
const FILE_NAME = 'ordonnance-campanule';
const ANSWER = 'Pimprenelle notée';
const IN_THE_PHOTO = 'pixels-de-pivoine';
const IN_THE_PDF = 'Scolopendre';
const WORDS = [
  PATIENT.familyName,
  PATIENT.givenName,
  'Quetschier',
  'mirabelle',
  BODY,
  ATTACHED,
  'Hellébore',
  FILE_NAME,
  'Pimprenelle',
  IN_THE_PHOTO,
  IN_THE_PDF,
];
const STRANGER = 'curieux.inconnu@ailleurs.example';

/** A PDF whose words stand in it as they are; the gateway reads them for its preview. */
const paperSaying = (words: string): Promise<Buffer> =>
  printed((paper) => void paper.text(words), { compress: false, info: { Title: words } });

describe('after a whole exchange', () => {
  const stage = new Stage({ ESTAFETTE_LOG_LEVEL: 'debug' });
  let server: Server;
  let destination: Destination;
  let chat: Chat;
  const correspondentsFolders = () => [stage.demo('doctor', 'Maildir'), stage.demo('lab', 'Maildir')];

  before(async () => {
    server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
    await exchange();
  });
  after(() => stage.close());

  async function sealedLetter(person: 'doctor' | 'lab', subject: string, entity: Buffer) {
    const sealed = await encrypt(
      stage.demo('pharmacy', 'cert.pem'),
      await sign(identityIn(stage.demo(person)), entity),
    );
    return letterOf({ from: stage.address(person), to: stage.address('pharmacy'), subject }, sealed);
  }

  /** Letter with photo and file, result, unprotected and malformed letters, refused recipient, answer. */
  async function exchange(): Promise<void> {
    const withFiles = mixed(
      textPart(`Madame ${PATIENT.givenName} ${PATIENT.familyName}, ${BODY}.`),
      attachment('text/plain', `${FILE_NAME}.txt`, `${ATTACHED} ${PATIENT.familyName}`),
      attachment('image/png', 'photo.png', picture(IN_THE_PHOTO)),
      attachment('application/pdf', 'bilan.pdf', await paperSaying(IN_THE_PDF)),
      attachment('application/octet-stream', `${FILE_NAME}.bin`, `binaire ${ATTACHED}`),
    );
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject: SUBJECT };
    const letterIds = await send(
      destination,
      await sealedLetter('doctor', SUBJECT, withFiles),
      await sealedLetter('lab', SUBJECT, textPart(resultText(PATIENT))),
      letterOf(heading, textPart(BODY)),
      letterOf(heading, Buffer.from(`Content-Type: multipart/signed\r\n\r\n${BODY}\r\n`)),
    );
    const refused = letterOf({ ...heading, from: STRANGER, to: 'mirabelle@officine.example' }, textPart(BODY));
    await assert.rejects(send(destination, refused));
    const { conversationId } = await chat.line('the letter with files', (line) => (line.documents?.length ?? 0) > 2);
    const replyId = await chat.answer(conversationId ?? '', `${ANSWER} pour ${PATIENT.familyName}.`);
    await chat.line('the answer is sent', (line) => line.replyId === replyId && line.state === 'sent');
    for (const letterId of letterIds) await chat.arrival(letterId);
  }

  const clean = new Map<string, Buffer>();
  const assertClean = (places: ReadonlyMap<string, Buffer>): void => {
    // What was found clean and is as it was need not be looked through again.
    const changed = [...places].filter(([place, bytes]) => clean.get(place)?.equals(bytes) !== true);
    const found = changed.flatMap(([place, bytes]) => wordsFoundIn(bytes, WORDS).map((word) => `${word} in ${place}`));
    assert.deepEqual(found, []);
    for (const [place, bytes] of changed) clean.set(place, bytes);
  };

  it('the search finds the words where they may be: on the screen and in the opened answer', async () => {
    const shown = Buffer.from(JSON.stringify(chat.lines));
    assert.deepEqual(wordsFoundIn(shown, [PATIENT.familyName, BODY, FILE_NAME, 'Pimprenelle', IN_THE_PDF]).length, 5);
    assert.ok(
      chat.lines.some((line) => line.documents?.some(({ kind }) => kind === 'photo')),
      'a photo was shown',
    );
    const [mail] = mailsIn(stage.demo('doctor', 'Maildir'));
    const opened = await decrypt(stage.demo('doctor'), mail as Buffer);
    assert.deepEqual(wordsFoundIn(opened, [PATIENT.familyName, 'Pimprenelle', BODY]).length, 3);
    const copy = Buffer.concat([Buffer.from('..'), Buffer.from(Buffer.from(ATTACHED, 'utf16le').toString('base64'))]);
    assert.deepEqual(wordsFoundIn(copy, [ATTACHED]), [ATTACHED]);
  });

  it('Redis holds none of the words under any key', async () => {
    const held = await everythingInRedis(join(stage.home, 'redis', 'redis.sock'));
    assert.ok(held.size > 3, 'there is something to look through');
    assertClean(held);
  });

  it('the data folder holds none of them: spool, database, Redis file, blobs, logs', () => {
    const files = filesBelow(stage.home, correspondentsFolders());
    const names = [...files.keys()].join(' ');
    for (const part of ['estafette.sqlite', 'appendonly', 'blobs/', 'estafette.log'])
      assert.ok(names.includes(part), part);
    assertClean(files);
    assertClean(new Map([['the names of the files', Buffer.from(names)]]));
  });

  it('the mails of the correspondents are encrypted: no word of the answer, no patient', () => {
    const mails = mailsIn(stage.demo('doctor', 'Maildir'));
    assert.equal(mails.length, 1);
    for (const mail of mails)
      assert.deepEqual(wordsFoundIn(mail, [...Object.values(PATIENT), BODY, 'Pimprenelle']), []);
  });

  it('the logs name no correspondent, and nothing was printed', async () => {
    const logs = ['log/estafette.log', 'redis/redis.log'].map((name) => join(stage.home, name));
    const addresses = [
      stage.address('doctor'),
      stage.address('lab'),
      stage.address('pharmacy'),
      STRANGER,
      'mirabelle@officine.example',
    ];
    const read = () => Buffer.concat(logs.map((file) => readFileSync(file)));
    // The phone shows a letter before that is logged.
    await until('there is a log of the delivery', () => read().includes('letter delivered'));
    const text = read();
    assert.deepEqual(wordsFoundIn(text, addresses), []);
    assert.deepEqual(wordsFoundIn(Buffer.from(server.printed()), [...addresses, ...WORDS]), []);
  });

  it('an orderly stop and a crash leave nothing either', async () => {
    const redis = stage.redisPid();
    await server.kill();
    await until('its Redis is gone too', () => !isAlive(redis));
    assertClean(filesBelow(stage.home, correspondentsFolders()));
    const again = await stage.start();
    assert.equal(await again.stop(), 0);
    assertClean(filesBelow(stage.home, correspondentsFolders()));
  });
});
