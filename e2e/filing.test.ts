/**
 * Filing in the patient's record: what a doctor and a pharmacist wrote about a report reaches the pharmacy's own software as
 * one signed and encrypted mail, with the exchange for people and for software; a crash in between files it once; what is
 * not filed is recalled before it expires.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { archiveOf, cdaOf } from '@estafette/gateway/content/xdm/letter.fixture';
import type { ChatDocument } from './support/chat.ts';
import { attachment, letterOf, mixed, textPart } from './support/letters.ts';
import { decodedWords, fieldOf, mailsIn } from './support/maildir.ts';
import { decrypt, encrypt, identityIn, sign, verify } from './support/openssl.ts';
import { type Destination, send } from './support/post-office.ts';
import { Stage } from './support/stage.ts';
import { until } from './support/waiting.ts';

const KILLER = pathToFileURL(join(import.meta.dirname, 'crash', 'kill-at.mjs')).href;
/** Its key is right, or nobody would be filed under it as qualified; the OID is that of tests. */
const INS = '199015112345668';
const REPORT = archiveOf({
  documents: [
    {
      uri: 'DOC0001.XML',
      bytes: cdaOf({ number: INS, value: '6.9' }),
      patient: `${INS}^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH`,
    },
  ],
});
const QUESTION = 'Voyez-vous une interaction avec son traitement ?';
const ANSWER = 'Oui : spironolactone et trimétoprime. J’appelle la patiente.';

/** A letter of the doctor with a report that states the patient's qualified identity. */
async function write(stage: Stage, destination: Destination, subject: string): Promise<void> {
  const content = mixed(textPart(`${QUESTION}\r\n`), attachment('application/zip', 'IHE_XDM.ZIP', REPORT));
  const entity = Buffer.concat([Buffer.from('X-MSS-INS: O\r\n'), content]);
  const sealed = await encrypt(
    stage.demo('pharmacy', 'cert.pem'),
    await sign(identityIn(stage.demo('doctor')), entity),
  );
  const heading = { from: stage.address('doctor'), to: stage.address('pharmacy'), subject };
  await send(destination, letterOf(heading, sealed));
}

/** The bytes of the one part of a type, which goes in base64. */
function attached(entity: Buffer, type: string): Buffer {
  const parts = entity.toString('latin1').split(/\r?\n--[^\r\n]+/);
  const [part = '', ...others] = parts.filter((one) => one.trimStart().startsWith(`Content-Type: ${type}`));
  assert.equal(others.length, 0, `one part of ${type}`);
  return Buffer.from(part.slice(part.search(/\r?\n\r?\n/)), 'base64');
}

/** Everything the product keeps, without the people of the demo. What goes while it is looked through is not kept. */
function* keptFiles(stage: Stage): Generator<Buffer> {
  for (const file of readdirSync(stage.home, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name);
    if (file.isFile() && !join(file.parentPath, '/').startsWith(stage.demo('/')) && existsSync(path))
      yield readFileSync(path);
  }
}

// Most of this story is waiting for the last quarter of a life: it begins with the others. The life is long enough for
// a filing before that quarter, and the quarter for a reminder, on a busy machine.
const forgetful = new Stage({ ESTAFETTE_CONVERSATION_TTL_SECONDS: '80', ESTAFETTE_EPOCH_SECONDS: '1' });
let recalled: ReturnType<typeof fileOneForgetOther>;
before(() => {
  recalled = fileOneForgetOther();
  recalled.catch(() => {});
});
after(() => forgetful.close());

/** Two letters, of which one is filed, until a reminder has come; what was reminded of, and of what it should be. */
async function fileOneForgetOther() {
  const server = await forgetful.start();
  const destination = { port: server.smtpPort, authorities: forgetful.demo('ca.pem') };
  const chat = await forgetful.chat();
  await write(forgetful, destination, 'Versé');
  await write(forgetful, destination, 'Oublié');
  const { conversationId: filed = '' } = await chat.letter('Versé');
  const { conversationId: forgotten = '' } = await chat.letter('Oublié');
  const filing = await chat.file(filed);
  await chat.line('the filing is sent', (line) => line.replyId === filing && line.state === 'sent');
  await chat.line(
    'the reminder',
    ({ type, conversationId }) => type === 'reminder' && conversationId === forgotten,
    300_000,
  );
  const reminded = chat.lines.flatMap(({ type, conversationId }) => (type === 'reminder' ? [conversationId] : []));
  return { server, forgotten, reminded };
}

describe('a conversation that is filed', () => {
  const stage = new Stage();
  after(() => stage.close());
  const filed = () => mailsIn(stage.demo('dossier', 'Maildir'));

  it('reaches the record as one mail, once, though the gateway dies while it is made', async () => {
    const first = await stage.start();
    const ports = stage.portsOf(first);
    const destination = { port: first.smtpPort, authorities: stage.demo('ca.pem') };
    const chat = await stage.chat();
    await write(stage, destination, 'Potassium');
    const letter = await chat.letter('Potassium');
    assert.equal((letter as { fileable?: boolean }).fileable, true);
    const { conversationId = '' } = letter;
    const answer = await chat.answer(conversationId, ANSWER);
    await chat.line('the answer is sent', (line) => line.replyId === answer && line.state === 'sent');
    await first.stop();
    const doomed = await stage.start({
      ...ports,
      ...{ NODE_OPTIONS: `--import=${KILLER}`, KILL_AT: 'mail-kept', KILL_ON: '1' },
    });
    const filing = await chat.file(conversationId);
    assert.equal(await doomed.ended, 'SIGKILL');
    const second = await stage.start(ports);
    await chat.line('the filing is sent', (line) => line.replyId === filing && line.state === 'sent', 180_000);
    assert.equal(filed().length, 1);
    const trace = await stage.run(['trace', conversationId]);
    const told = trace.output.toString();
    assert.match(told, new RegExp(`${filing}  filing-accepted +conversation, 61357-0, dev_`));
    assert.match(told, new RegExp(`${filing}  reply-sent`));
    assert.equal(await second.stop(), 0);
  });

  it('leaves nothing in clear in what the gateway keeps', () => {
    const files = [...keptFiles(stage)];
    assert.ok(files.length > 5);
    for (const word of [ANSWER, QUESTION, 'CAMILLE', '%PDF-1', 'IHE_XDM'])
      assert.ok(!files.some((file) => file.includes(word)), `“${word}” lies in the data folder`);
  });

  it('is signed by the pharmacy and encrypted to its software; outside stands the mark, not the patient', async () => {
    const [mail = Buffer.alloc(0)] = filed();
    assert.equal(fieldOf(mail, 'Subject'), 'XDM/1.0/DDM+[...]');
    assert.equal(fieldOf(mail, 'X-MSS-CODECDA'), '61357-0');
    assert.equal(fieldOf(mail, 'X-MSS-INS'), 'O');
    assert.ok(!mail.includes('ESSAI'));
    const signed = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('dossier'), mail));
    assert.match(
      decodedWords(fieldOf(signed, 'Subject')),
      /^XDM\/1\.0\/DDM\+Intervention pharmaceutique ESSAI CAMILLE 12\/01\/1990$/,
    );
  });

  it('holds the exchange for people, PDF/A, and for software, read by our own reader', async () => {
    const [mail = Buffer.alloc(0)] = filed();
    const signed = await verify(stage.demo('ca.pem'), await decrypt(stage.demo('dossier'), mail));
    assert.equal(attached(signed, 'application/zip').subarray(0, 2).toString('latin1'), 'PK');
    const pdf = attached(signed, 'application/pdf');
    assert.equal(pdf.subarray(0, 8).toString('latin1'), '%PDF-1.4');
    assert.ok(pdf.includes('<pdfaid:part>1</pdfaid:part>'));
    // Its own headers state the identity, as those of any such letter do.
    const file = join(stage.home, 'filed.eml');
    writeFileSync(file, signed);
    const { code, output, errors } = await stage.run(['inspect', file, '--space', 'mssante', '--json']);
    assert.equal(code, 0, errors);
    const read = JSON.parse(output.toString()) as { documents: readonly ChatDocument[] };
    const report = read.documents.flatMap((document) => document.report ?? [])[0];
    assert.partialDeepStrictEqual(report?.patient, {
      ...{ familyName: 'ESSAI', givenName: 'CAMILLE', birthDate: '1990-01-12', sex: 'F' },
      ins: { masked: '1 99 01 … 68', quality: 'qualified' },
    });
  });
});

describe('a conversation that is not filed', () => {
  it('is recalled before it expires; one that was filed is not', async () => {
    const { server, forgotten, reminded } = await recalled;
    assert.deepEqual(reminded, [forgotten]);
    await until('the record has the one', () => mailsIn(forgetful.demo('dossier', 'Maildir')).length === 1);
    assert.equal(await server.stop(), 0);
  });
});
