/**
 * Refusing well: letters that must not be shown, sent by hand with openssl and swaks. The pharmacist sees a notice
 * without content; the operator lists, inspects, releases and deletes; a proven sender hears of it once, in one text for
 * every failure, sealed. openssl opens and verifies what he hears.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority, issueMailboxCertificate } from '@estafette/certs/development-authority';
import { NOTICE_LIMITS } from '@estafette/contracts/limits';
import type { Chat, ChatLine } from './support/chat.ts';
import type { Outcome } from './support/command.ts';
import { type Letter, letterOf, part, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, fieldsOf, mailsIn, quotedPrintable } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { type Destination, sendWithSwaks } from './support/post-office.ts';
import { everythingInRedis } from './support/redis-keys.ts';
import { filesBelow, wordsFoundIn } from './support/searching.ts';
import { type Server, Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

type Person = 'doctor' | 'lab';

interface Listed {
  readonly letterId: string;
  readonly mailbox: string;
  readonly claimedSender: string | null;
  readonly reasons: readonly string[];
  readonly bytes: number;
  readonly state: string;
  readonly notice: string;
  readonly keptUntil: string;
}

const SECRET = 'aspidistra';
const SUBJECT = 'Nigelle';
/** The signature is false, and so nothing says that the cipher was not tampered with either. */
const ALTERED = ['content-altered', 'not-authenticated'];
const TEXT = textPart(`Bonjour,\r\nPatiente sous ${SECRET}, à reconduire.\r\n`);

const stage = new Stage();
let server: Server;
let destination: Destination;
let chat: Chat;

before(async () => {
  server = await stage.start();
  destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
  chat = await stage.chat();
});
after(() => stage.close());

const signed = (person: Person, entity: Buffer) => sign(identityIn(stage.demo(person)), entity);

const letterFrom = (from: Person, entity: Buffer): Letter =>
  letterOf({ from: stage.address(from), to: stage.address('pharmacy'), subject: SUBJECT }, entity);

async function post(from: Person, entity: Buffer): Promise<{ letterId: string; messageId: string; seen: ChatLine }> {
  const letter = letterFrom(from, entity);
  const letterId = await sendWithSwaks(destination, letter);
  return { letterId, messageId: letter.messageId, seen: await chat.arrival(letterId) };
}

const run = (...words: string[]) => stage.run(['quarantine', ...words]);

/** What is printed with --json: one object a line. */
const linesOf = <T>(output: Buffer): T[] => JSON.parse(`[${output.toString().trim().replaceAll('\n', ',')}]`);

async function entryOf(letterId: string): Promise<Listed | undefined> {
  const { code, output, errors } = await run('list', '--json');
  assert.equal(code, 0, errors);
  return linesOf<Listed>(output).find((one) => one.letterId === letterId);
}

/** What is listed of a letter once the gateway has deleted it: the command may not wait that long. */
const deleted = (letterId: string): Promise<Listed> =>
  until('it is deleted', async () => [await entryOf(letterId)].find((entry) => entry?.state === 'deleted'));

/** A release that fails; asked again where the command did not wait for the gateway. */
const failedRelease = (letterId: string): Promise<Outcome> =>
  until('the release fails', async () => {
    const said = await run('release', letterId);
    return said.output.includes('has not done it yet') ? null : said;
  });

const shownLetter = (id: string): Promise<ChatLine & { answerable?: boolean }> =>
  chat.line(`the released letter ${id}`, (line) => line.type === 'letter' && line.letterId === id, 300_000);

async function trailOf(letterId: string): Promise<string[]> {
  const { output } = await stage.run(['trace', letterId, '--json']);
  return linesOf<{ event: string }>(output).map(({ event }) => event);
}

/** A signed text of which one byte was changed on its way, still in its signature and encrypted. */
async function altered(): Promise<Buffer> {
  const entity = await signed('lab', Buffer.from(`Content-Type: text/plain\r\n\r\n${SECRET} 5 mg\r\n`));
  const changed = Buffer.from(entity.toString('latin1').replace(`${SECRET} 5 mg`, `${SECRET} 9 mg`), 'latin1');
  assert.notDeepEqual(changed, entity);
  return encrypt(stage.demo('pharmacy', 'cert.pem'), changed);
}

describe('what the pharmacist sees of a letter that must not be shown', () => {
  const letters: Readonly<Record<string, { entity: () => Promise<Buffer>; reasons: string[] }>> = {
    'altered after signing': { entity: altered, reasons: ALTERED },
    'encrypted for somebody else': {
      entity: async () => encrypt(stage.demo('lab', 'cert.pem'), await signed('lab', TEXT)),
      reasons: ['not-for-us'],
    },
    'garbage in the place of the envelope': {
      entity: async () => part('application/pkcs7-mime; smime-type=enveloped-data', `rien ${SECRET}`),
      reasons: ['envelope-malformed'],
    },
  };
  for (const [name, { entity, reasons }] of Object.entries(letters)) {
    it(`${name}: who it claims to come from, when and why, and no content`, async () => {
      const { letterId, seen } = await post('lab', await entity());
      assert.equal(seen.type, 'quarantine');
      assert.equal(seen.from, stage.address('lab'));
      assert.deepEqual(seen.reasons, reasons);
      assert.deepEqual(wordsFoundIn(Buffer.from(JSON.stringify(seen)), [SECRET, SUBJECT]), []);
      const entry = await entryOf(letterId);
      assert.ok(entry, 'it is listed');
      assert.deepEqual([entry.claimedSender, entry.state], [stage.address('lab'), 'held']);
      assert.deepEqual([entry.mailbox, entry.reasons], [stage.address('pharmacy'), reasons]);
      assert.ok(entry.bytes > 100 && Date.parse(entry.keptUntil) > Date.now());
    });
  }

  it('a claimed sender is told nothing', () => {
    assert.deepEqual(mailsIn(stage.demo('lab', 'Maildir')), []);
  });
});

describe('what the operator can do', () => {
  it('inspects what is wrong and what it consists of, and gets the content only into a file, noted in the trail', async () => {
    const { letterId } = await post('lab', await altered());
    const { code, output, errors } = await run('inspect', letterId.slice(0, -1));
    assert.equal(code, 0, errors);
    for (const words of ['content-altered', 'signed, detached: invalid', 'encrypted: opened', 'text/plain'])
      assert.ok(output.includes(words), `${words} in:\n${output.toString()}`);
    assert.ok(!output.includes(SECRET));
    assert.match(output.toString(), /Subject: \(not shown\)/);
    assert.ok(!(await trailOf(letterId)).includes('letter-content-taken'));
    const file = join(stage.home, 'taken.eml');
    assert.equal((await run('inspect', letterId, '--content', file)).code, 0);
    assert.match(readFileSync(file, 'utf8'), new RegExp(`${SECRET} 9 mg`));
    assert.equal(statSync(file).mode & 0o077, 0);
    writeFileSync(file, '');
    assert.ok((await trailOf(letterId)).includes('letter-content-taken'));
    assert.equal((await run('inspect', letterId, '--content', file)).code, 2);
  });

  it('releases a forged letter once: unverified with all its reasons, in its own conversation, not answerable', async () => {
    const { letterId, seen } = await post('lab', await altered());
    const { code, output, errors } = await run('release', letterId);
    assert.equal(code, 0, errors);
    assert.match(output.toString(), /is shown in|has not done it yet: it will/);
    const shown = await shownLetter(letterId);
    assert.deepEqual([shown.show, shown.signature, shown.answerable], ['unverified', 'invalid', false]);
    assert.deepEqual(shown.reasons, [...ALTERED, 'released']);
    assert.equal(shown.conversationId, seen.conversationId);
    assert.match(shown.documents?.[0]?.text ?? '', new RegExp(`${SECRET} 9 mg`));
    await until('it is written down', async () => (await trailOf(letterId)).includes('letter-released'));
    assert.equal((await entryOf(letterId))?.state, 'released');
    const again = await run('release', letterId);
    assert.equal(again.code, 1);
    assert.match(again.errors, /not held any more: it was released/);
    assert.equal(chat.lines.filter((line) => line.letterId === letterId).length, 2);
  });

  it('cannot release what cannot be read: it says why, and the letter stays', async () => {
    const { letterId } = await post('lab', part('application/pkcs7-mime; smime-type=enveloped-data', 'toujours rien'));
    const { code, errors } = await failedRelease(letterId);
    assert.equal(code, 1);
    assert.match(errors, /stays in quarantine.*nothing to show: The CMS structure is malformed/);
    const list = (await run('list')).output.toString();
    assert.match(list, new RegExp(`${letterId}  held \\(not released: envelope-malformed\\)`));
    assert.ok((await trailOf(letterId)).includes('letter-release-failed'));
  });

  it('deletes a letter: its bytes are gone, the notice stays', async () => {
    const { letterId } = await post('lab', await encrypt(stage.demo('lab', 'cert.pem'), TEXT));
    const blobs = () => filesBelow(join(stage.home, 'blobs')).size;
    const before = blobs();
    assert.equal((await run('delete', letterId)).code, 0);
    const { claimedSender } = await deleted(letterId);
    assert.deepEqual([blobs(), claimedSender], [before - 1, null]);
    assert.equal((await run('inspect', letterId)).code, 3);
    assert.equal((await run('inspect', letterId, '--content', join(stage.home, 'never.eml'))).code, 3);
    assert.match((await run('list')).output.toString(), /claims to come from \(deleted with it\)/);
    assert.ok((await trailOf(letterId)).includes('letter-deleted'));
    const later = await stage.chat('Noé');
    assert.equal((await later.arrival(letterId)).type, 'quarantine');
    await later.end();
  });

  it('releases a letter to a key that was imported afterwards: plainly verified, and answerable', async () => {
    const address = stage.address('pharmacy');
    const [certificate, both] = [join(stage.home, 'former.pem'), join(stage.home, 'former-both.pem')];
    const now = new Date();
    const authority = await createAuthority({ now, organization: 'ANCIENNE', rootName: 'AC ANCIENNE' });
    const structure = { name: 'PHARMACIE', number: { finess: '990000046' }, department: 'Paris (75)' };
    const former = await issueMailboxCertificate(authority, { now, address, structure });
    writeFileSync(certificate, former.certificatePem);
    writeFileSync(both, former.certificatePem + former.privateKeyPem, { mode: 0o600 });
    const { letterId, seen } = await post('doctor', await encrypt(certificate, await signed('doctor', TEXT)));
    assert.deepEqual([seen.show, seen.reasons], ['quarantine', ['not-for-us']]);
    const early = await failedRelease(letterId);
    assert.match(early.errors, /nothing to show: No recipient/);
    const imported = await stage.run(['key', 'import', address, '--pem', both]);
    assert.equal(imported.code, 0, imported.errors);
    assert.equal((await run('release', letterId)).code, 0);
    const shown = await shownLetter(letterId);
    assert.deepEqual([shown.show, shown.reasons, shown.answerable], ['verified', [], true]);
    const replyId = await chat.answer(shown.conversationId ?? '', 'Bien reçu.');
    await chat.line('the answer left', (line) => line.replyId === replyId && line.state === 'sent');
  });

  it('names letters by an unambiguous beginning of their id, and hears of what is not there', async () => {
    const ambiguous = await run('inspect', 'ltr_0');
    const unknown = await run('delete', 'ltr_7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
    assert.deepEqual([ambiguous.code, unknown.code, (await run('release', 'courrier')).code], [2, 3, 2]);
    assert.match(ambiguous.errors, /letters in quarantine begin with ltr_0/);
  });
});

describe('what a proven sender hears', () => {
  const maildir = () => stage.demo('doctor', 'Maildir');
  const notices = () => mailsIn(maildir()).filter((mail) => fieldsOf(mail, 'auto-submitted').length > 0);
  /** Signed outside, so that the sender is proven, and encrypted to somebody else inside. */
  const sealedForNobody = async (text: string) =>
    signed('doctor', await encrypt(stage.demo('lab', 'cert.pem'), textPart(text)));

  it('one notice, sealed, in one text without reason or subject, that no machine answers', async () => {
    const { letterId, messageId, seen } = await post('doctor', await sealedForNobody('perdu'));
    assert.deepEqual([seen.show, seen.signature, seen.identity], ['quarantine', 'valid', 'match']);
    const notice = await until('the notice is in the Maildir', () => notices()[0]);
    assert.equal(fieldOf(notice, 'auto-submitted'), 'auto-replied');
    assert.equal(fieldOf(notice, 'in-reply-to'), messageId);
    assert.equal(fieldOf(notice, 'from').includes(stage.address('pharmacy')), true);
    assert.doesNotMatch(decodedWords(fieldOf(notice, 'subject')), /ouvert|Nigelle/);
    const entity = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('doctor'), notice));
    const text = quotedPrintable(entity.toString('latin1'));
    const words = /Votre courrier reçu le \d\d\/\d\d\/\d{4} à \d\d:\d\d n'a pas pu être ouvert par le destinataire/;
    assert.match(text, words);
    assert.ok(text.includes(messageId));
    for (const word of ['not-for-us', 'chiffré', 'signature', SUBJECT]) assert.ok(!text.includes(word), word);
    const inspected = (await run('inspect', letterId)).output.toString();
    assert.match(inspected, /signed, detached: valid\n\s+encrypted: refused \(not-for-us\)/);
    assert.match(inspected, /certificate: .*MARTIN.*\n\s+issuer .*; serial [0-9a-fA-F]+; valid until/);
    await until('the trail says so', async () => (await trailOf(letterId)).includes('notice-sent'));
    assert.equal((await entryOf(letterId))?.notice, 'sent');
  });

  it('a letter that answers by itself is no letter: nothing is shown of it, and nobody is told', async () => {
    const automatic = Buffer.concat([Buffer.from('Auto-Submitted: auto-replied\r\n'), await sealedForNobody('absent')]);
    const letterId = await sendWithSwaks(destination, letterFrom('doctor', automatic));
    await until('it is in the trail', async () => (await trailOf(letterId)).includes('letter-automatic'));
    assert.equal(await entryOf(letterId), undefined);
    assert.ok(!chat.lines.some((line) => line.letterId === letterId));
  });

  it('hears no more than a few in a day, and the trail says why', async () => {
    const most = NOTICE_LIMITS.perSenderAndDayMax;
    // One after the other: which of two letters is the last one that he hears of is not told by their order.
    for (let sent = notices().length; sent < most; sent += 1) {
      await post('doctor', await sealedForNobody(`encore ${sent}`));
      await until('its notice has left', () => notices().length > sent);
    }
    const { letterId } = await post('doctor', await sealedForNobody('trop'));
    await until('the last one is withheld', async () => (await trailOf(letterId)).includes('notice-withheld'));
    assert.equal(notices().length, most);
  });
});

describe('over a restart', () => {
  it('a wish without a server is fulfilled at the next start, and nobody is told twice', async () => {
    const { letterId } = await post('lab', await altered());
    const told = mailsIn(stage.demo('doctor', 'Maildir')).length;
    const ports = stage.portsOf(server);
    await server.stop();
    const { code, output } = await run('release', letterId);
    assert.deepEqual([code, /at the next start/.test(output.toString())], [0, true]);
    server = await stage.start(ports);
    assert.equal((await shownLetter(letterId)).show, 'unverified');
    assert.equal(mailsIn(stage.demo('doctor', 'Maildir')).length, told);
  });

  it('nothing of a letter in quarantine rests in clear', async () => {
    const places = new Map([
      ...filesBelow(stage.home, [stage.demo('doctor', 'Maildir'), stage.demo()]),
      ...(await everythingInRedis(join(stage.home, 'redis', 'redis.sock'))),
    ]);
    assert.ok([...places.keys()].some((name) => name.includes('estafette.sqlite')));
    const words = [SECRET, SUBJECT, stage.address('lab'), stage.address('doctor')];
    for (const [place, bytes] of places) assert.deepEqual(wordsFoundIn(bytes, words), [], place);
  });
});
