/**
 * Expired means unreadable. When a conversation is over its key is destroyed: its files go, new devices do not see it, an
 * answer is refused, and copies of the database and of Redis that were taken before cannot be opened any more.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openCustody } from '@estafette/gateway/conversation/custody';
import { openStore } from '@estafette/gateway/open-store';
import type { LastingStore } from '@estafette/gateway/ports';
import { readConfig } from '@estafette/runtime/config';
import { openEpochKeyFiles } from '@estafette/runtime/epoch-key-files';
import { openVault, readVaultKey } from '@estafette/runtime/vault';
import type { Chat, ChatLine } from './support/chat.ts';
import { attachment, letterOf, mixed, textPart } from './support/letters.ts';
import { mailsIn } from './support/maildir.ts';
import { encrypt, identityIn, sign } from './support/openssl.ts';
import { picture } from './support/picture.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const SUBJECT = 'Bientôt échu';

describe('a conversation that has expired', () => {
  // Within this time a slow machine decodes the photo, shows the letter and is copied.
  const stage = new Stage({ ESTAFETTE_CONVERSATION_TTL_SECONDS: '25', ESTAFETTE_EPOCH_SECONDS: '1' });
  const copy = join(stage.home, 'copy');
  let destination: Destination;
  let chat: Chat;
  let shown: ChatLine;
  let messageId: string;
  let epochsBefore: string[];
  let keyOpenedBefore: boolean;

  const epochFolder = join(stage.home, 'keys', 'epochs');
  const epochCopy = join(copy, 'epochs');
  const epochKeys = () => readdirSync(epochFolder).filter((name) => name.endsWith('.key'));
  const blobFiles = () =>
    readdirSync(join(stage.home, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

  const ownVault = () => openVault(readVaultKey({ environmentKey: null, file: join(stage.home, 'keys', 'vault.key') }));

  async function withStore<T>(home: string, look: (store: LastingStore) => Promise<T>): Promise<T> {
    const store = await openStore(readConfig({ ESTAFETTE_HOME: home }), ownVault());
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  }

  /** Whether the copy of the database, with these epoch keys and the vault, gives the conversation key. */
  const copyOpens = (epochs: string): Promise<boolean> =>
    withStore(copy, async (store) => {
      const conversation = await store.conversation(shown.conversationId ?? '');
      assert.ok(conversation !== null, 'the copy knows the conversation');
      const custody = openCustody(await openEpochKeyFiles(epochs, ownVault()), { epochSeconds: 1 });
      return (await custody.unwrap(conversation)) !== null;
    });

  async function write(subject: string, entity: Buffer, references: readonly string[] = []): Promise<string> {
    const sealed = await encrypt(
      stage.demo('pharmacy', 'cert.pem'),
      await sign(identityIn(stage.demo('doctor')), entity),
    );
    const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject, references };
    const letter = letterOf(heading, sealed);
    await send(destination, letter);
    return letter.messageId;
  }

  before(async () => {
    const server = await stage.start();
    destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
    chat = await stage.chat();
    messageId = await write(
      SUBJECT,
      mixed(textPart('Cela ne restera pas.'), attachment('image/png', 'photo.png', picture('bref'))),
    );
    shown = await chat.letter(SUBJECT);
    epochsBefore = epochKeys();
    // Copied as well, so that it does not matter how long it takes to look into the copies.
    cpSync(epochFolder, epochCopy, { recursive: true });
    // No row of the letter is to come any more: a copy taken in the middle of writing may be none.
    await until('the letter is done with', () => readdirSync(join(stage.home, 'safe', 'spool')).length === 0);
    for (const name of readdirSync(stage.home).filter((one) => one.startsWith('estafette.sqlite') || one === 'redis'))
      cpSync(join(stage.home, name), join(copy, name), { recursive: true, filter: (file) => !file.endsWith('.sock') });
    keyOpenedBefore = await copyOpens(epochCopy);
    await until('the key of its epoch is gone', () => epochsBefore.every((name) => !epochKeys().includes(name)));
  });
  after(() => stage.close());

  it('could be opened while it lived, from a copy too', () => {
    assert.equal(epochsBefore.length, 1);
    assert.equal(keyOpenedBefore, true);
    assert.equal(
      shown.documents?.some(({ kind }) => kind === 'photo'),
      true,
    );
  });

  it('leaves no key and no sealed file behind', async () => {
    for (const name of epochsBefore) assert.equal(existsSync(join(epochFolder, name)), false);
    await until('its sealed files are gone', () => blobFiles().length === 0);
  });

  it('cannot be opened from copies of the database and of Redis taken before', async () => {
    assert.equal(await copyOpens(epochFolder), false);
    const aof = readdirSync(join(copy, 'redis', 'appendonlydir')).map((name) =>
      readFileSync(join(copy, 'redis', 'appendonlydir', name)),
    );
    assert.ok(Buffer.concat(aof).includes(shown.conversationId ?? ''), 'the copy of Redis holds its sealed events');
  });

  it('is not given to a new device', async () => {
    const fresh = await stage.chat('Dominique');
    await write('Du jour', textPart('Bonjour.'));
    await fresh.letter('Du jour');
    assert.deepEqual(
      fresh.letters().map(({ subject }) => subject),
      ['Du jour'],
    );
  });

  it('takes no answer any more: conversation-expired, and no mail leaves', async () => {
    chat.type(shown.conversationId ?? '', 'Trop tard ?');
    await chat.line(
      'the answer is refused',
      (line) => line.message === 'conversation-expired' || line.failure === 'conversation-expired',
    );
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, 0);
  });

  it('is followed by a new one that says so when the doctor writes again', async () => {
    await write(`Re: ${SUBJECT}`, textPart('Et alors ?'), [messageId]);
    const again = await chat.letter(`Re: ${SUBJECT}`);
    assert.equal(again.route, 'new-expired');
    assert.notEqual(again.conversationId, shown.conversationId);
  });

  it('has its destruction written in the audit trail', async () => {
    const epoch = epochsBefore[0]?.replace('.key', '') ?? '';
    const events = await until('its destruction is written down', () =>
      withStore(stage.home, async (store) => {
        const told = (await store.trace(`epoch ${epoch}`)).map(({ event }) => event);
        return told.length > 0 ? told : null;
      }),
    );
    assert.deepEqual(events, ['epoch-destroyed']);
  });
});
