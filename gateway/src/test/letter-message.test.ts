/** The message of a letter: it always fits the relay's event, what is large is a sealed blob, a second run makes the same. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { openBlob, openJson } from '@estafette/contracts/conversation-seal';
import type { ClinicalReport, LabResult } from '@estafette/contracts/document';
import { newId } from '@estafette/contracts/ids';
import { CONTENT_LIMITS, RELAY_LIMITS, URGENCY_LIMITS } from '@estafette/contracts/limits';
import { type LetterMessage, MessageSchema } from '@estafette/contracts/message';
import { InboxEventSchema } from '@estafette/contracts/sealed-event';
import * as v from 'valibot';
import type { KnownSender } from '../conversation/know-sender.ts';
import { createLetterKeeper, openContext } from '../conversation/letter-message.ts';
import type { Routing } from '../conversation/route-letter.ts';
import { NO_HEADERS, type OpenedLetter, type ReadDocument } from '../ports.ts';
import { openWorld, questionIn, type World } from './world.fixture.ts';

let world: World;
let routed: Extract<Routing, { outcome: 'routed' }>;
beforeEach(async () => {
  world = await openWorld();
  const routing = await world.route(questionIn(world));
  assert.equal(routing.outcome, 'routed');
  routed = routing as typeof routed;
});
afterEach(() => world.close());

const RECEIVED_AT = '2026-06-15T10:20:00.000Z';
const SENDER: KnownSender = {
  correspondentIndex: Buffer.alloc(32),
  proof: { kind: 'certificate' },
  answerable: true,
  answerTo: null,
  people: [],
  participants: [],
};
const FACTS = { sender: SENDER, receivedAt: RECEIVED_AT, space: 'demo' };

const opened = (documents: readonly ReadDocument[], change: Partial<OpenedLetter> = {}): OpenedLetter => ({
  verdict: { signature: 'valid', identity: 'match', encryption: 'opened', show: 'verified', reasons: [], signer: null },
  layers: [],
  headers: {
    ...NO_HEADERS,
    from: 'claire.martin@cabinet.example',
    fromName: 'Dr Claire MARTIN',
    to: 'pharmacie@officine.example',
    toProtected: false,
    subject: 'INR',
    subjectProtected: true,
    subjectHidden: true,
    date: '',
    messageId: '<a@cabinet.example>',
    inReplyTo: '',
    references: '<z@cabinet.example>',
  },
  documents,
  senderCertificate: null,
  noticeCertificate: null,
  wants: [],
  identity: 'x',
  ...change,
});

const result = (at: number): LabResult => ({
  headings: [],
  interpretation: '',
  label: `Analyse ${at} "é"`.repeat(8),
  code: 'INR',
  first: { value: '6,8', unit: '', low: '2,0', high: '3,0' },
  second: null,
  flag: 'HH',
  flagComputed: false,
  severity: 'critical',
  status: 'F',
  comments: ['voir le compte rendu'.repeat(20)],
});
const report = (results: number, text: string): ClinicalReport => ({
  source: 'hprim',
  title: '',
  typeCode: '',
  status: 'final',
  prescriber: '',
  patient: { familyName: 'DESSAINT', birthName: '', givenName: 'Marguerite', birthDate: null, sex: 'F', ins: null },
  date: '2026-01-12',
  fileNumber: '1',
  sender: 'LABO',
  recipient: 'MARTIN',
  results: Array.from({ length: results }, (_, at) => result(at)),
  text,
  warnings: [],
});

const keeper = () => createLetterKeeper(world);

/** Makes the message, seals it as an event and opens it again as the phone does; the event must fit the relay. */
async function delivered(documents: readonly ReadDocument[]): Promise<LetterMessage> {
  const message = await keeper().message(routed, newId('letter'), opened(documents), FACTS);
  const event = await world.events.message(routed, { id: newId('message') }, message);
  assert.ok(Buffer.byteLength(JSON.stringify(event)) <= RELAY_LIMITS.eventMaxBytes);
  assert.equal(v.safeParse(InboxEventSchema, event).success, true);
  assert.equal(event.kind, 'message');
  const { conversationId, id, author } = event;
  const sealed = event as Extract<typeof event, { kind: 'message' | 'status' }>;
  const clear = await openJson(routed.key.key, { kind: 'message', conversationId, id, author }, sealed);
  return v.parse(MessageSchema, clear) as LetterMessage;
}

test('an ordinary text arrives as it is', async () => {
  const document = { kind: 'text', text: 'INR à 6,8', truncated: false } as const;
  assert.deepEqual((await delivered([document])).documents, [document]);
});

test('a text that is too long is shortened and says so, whatever its characters cost', async () => {
  for (const letter of ['a', 'é', '\u{1f600}', '\u0001', '"']) {
    const text = letter.repeat(CONTENT_LIMITS.textMaxCharacters / letter.length);
    const message = await delivered([{ kind: 'text', text, truncated: false }]);
    const [document] = message.documents;
    assert.ok(document?.kind === 'text' && document.truncated && document.text.length > 0);
    assert.ok(text.startsWith(document.text.replace(/[\ud800-\udbff]$/, '')));
  }
});

test('what is new in a text keeps its place when the text is shortened; where nothing of it is left, all is shown', async () => {
  const half = CONTENT_LIMITS.inlineTextMaxCharacters;
  const text = 'x'.repeat(2 * half);
  const told = async (fresh: { from: number; to: number }[]) => {
    const [document] = (await delivered([{ kind: 'text', text, truncated: false, fresh }])).documents;
    return document?.kind === 'text' ? document.fresh : null;
  };
  assert.deepEqual(await told([{ from: 0, to: 3 }]), [{ from: 0, to: 3 }]);
  assert.deepEqual(
    await told([
      { from: 5, to: 9 },
      { from: half - 2, to: half + 9 },
    ]),
    [
      { from: 5, to: 9 },
      { from: half - 2, to: half },
    ],
  );
  assert.equal(await told([{ from: half, to: half + 9 }]), undefined);
});

test('sixty long texts together still fit', async () => {
  const texts = Array.from({ length: CONTENT_LIMITS.documentsMax }, () => ({
    kind: 'text' as const,
    text: 'é'.repeat(20_000),
    truncated: false,
  }));
  assert.ok((await delivered(texts)).documents.length > 0);
});

test('a report beyond the limit loses its prose first, then its last results, and says so', async () => {
  const long = await delivered([{ kind: 'report', report: report(3, 'prose '.repeat(40_000)) }]);
  const [kept] = long.documents;
  assert.ok(kept?.kind === 'report' && kept.report.text === '' && kept.report.results.length === 3);
  const huge = await delivered([{ kind: 'report', report: report(CONTENT_LIMITS.resultsMax, 'prose') }]);
  const [rest] = huge.documents;
  assert.ok(rest?.kind === 'report' && rest.report.results.length > 0);
  assert.deepEqual(rest.report.results[0], result(0));
  assert.ok(rest.report.warnings.includes('report-shortened'));
});

test('a photo becomes a sealed blob that only the conversation key opens', async () => {
  const bytes = Buffer.from('bytes of a photograph of a wound');
  const photo = { kind: 'photo', name: 'plaie.jpg', mediaType: 'image/jpeg', width: 4, height: 3, bytes } as const;
  const [document] = (await delivered([photo])).documents;
  assert.ok(document?.kind === 'photo' && document.bytes === bytes.length);
  assert.equal(document.sha256, createHash('sha256').update(bytes).digest('hex'));
  const stored = await world.blobs.get(`blobs/${world.mailboxId}/${document.blobId}`);
  assert.ok(stored !== null && !stored.includes('photograph'));
  const clear = await openBlob(routed.key.key, routed.conversation.id, document.blobId, new Uint8Array(stored));
  assert.deepEqual(Buffer.from(clear), bytes);
  await assert.rejects(openBlob(routed.key.key, routed.conversation.id, newId('blob'), new Uint8Array(stored)));
});

const view = (what: string) =>
  ({ mediaType: 'image/jpeg', bytes: Buffer.from(what), width: 320, height: 240 }) as const;

test('views of a photo and the first page of a PDF are sealed blobs of their own', async () => {
  const photo = { kind: 'photo', name: 'plaie.jpg', mediaType: 'image/jpeg', width: 4_000, height: 3_000 } as const;
  const paper = { kind: 'file', name: 'bilan.pdf', mediaType: 'application/pdf', note: null } as const;
  const [shown, file] = (
    await delivered([
      { ...photo, bytes: Buffer.from('whole'), thumbnail: view('small'), screen: view('medium') },
      { ...paper, bytes: Buffer.from('%PDF'), preview: { picture: view('page'), pages: 2, text: 'INR 6,8' } },
    ])
  ).documents;
  assert.ok(shown?.kind === 'photo' && file?.kind === 'file');
  assert.deepEqual([file.preview?.pages, file.preview?.text], [2, 'INR 6,8']);
  const views = [shown, shown.thumbnail, shown.screen, file, file.preview?.picture];
  const clear: string[] = [];
  for (const one of views) {
    assert.ok(one);
    const stored = await world.blobs.get(`blobs/${world.mailboxId}/${one.blobId}`);
    assert.ok(stored !== null);
    const bytes = await openBlob(routed.key.key, routed.conversation.id, one.blobId, new Uint8Array(stored));
    assert.deepEqual([one.bytes, one.sha256], [bytes.length, createHash('sha256').update(bytes).digest('hex')]);
    clear.push(Buffer.from(bytes).toString());
  }
  assert.deepEqual(clear, ['whole', 'small', 'medium', '%PDF', 'page']);
  const rows = await world.store.blobsOf(routed.conversation.id);
  assert.deepEqual(rows.map(({ blobId }) => blobId).sort(), views.map((one) => one?.blobId).sort());
});

test('the words of PDFs are shortened before a result or a text is', async () => {
  const lab = { kind: 'report', report: report(60, 'prose') } as const;
  const words = { kind: 'text', text: 'Bonjour. '.repeat(500), truncated: false } as const;
  const papers = Array.from({ length: 20 }, (_, at) => ({
    kind: 'file' as const,
    name: `${at}.pdf`,
    mediaType: 'application/pdf',
    note: null,
    bytes: Buffer.from('%PDF'),
    preview: { picture: null, pages: 1, text: 'é'.repeat(8_000) },
  }));
  const { documents } = await delivered([lab, words, ...papers]);
  assert.deepEqual(documents.slice(0, 2), [lab, words]);
  const left = documents.flatMap((document) => (document.kind === 'file' ? [document.preview?.text.length ?? 0] : []));
  assert.ok(left.length === papers.length && left.some((length) => length > 0), left.join(' '));
});

test('pictures are looked at only where the letter is shown', async () => {
  const seen: number[] = [];
  const looking = createLetterKeeper({
    ...world,
    addViews: async (documents) => {
      seen.push(documents.length);
      return [{ kind: 'text', text: 'vu', truncated: false }];
    },
  });
  const refused = { ...opened([]).verdict, show: 'quarantine' as const };
  await looking.message(routed, newId('letter'), opened([], { verdict: refused }), FACTS);
  assert.deepEqual(seen, []);
  const message = (await looking.message(routed, newId('letter'), opened([]), FACTS)) as LetterMessage;
  assert.deepEqual([seen, message.documents.length], [[0], 1]);
});

test('a second run of the same letter makes the same message and the same blobs', async () => {
  const letterId = newId('letter');
  const photo = {
    kind: 'file',
    name: 'a.pdf',
    mediaType: 'application/pdf',
    note: null,
    bytes: Buffer.from('x'),
  } as const;
  const letter = opened([photo]);
  const one = await keeper().message(routed, letterId, letter, FACTS);
  assert.deepEqual(await keeper().message(routed, letterId, letter, FACTS), one);
  assert.equal((await world.store.blobsOf(routed.conversation.id)).length, 1);
});

test('what presses is told however much of its report had to be left out', async () => {
  const { mailboxId } = routed.conversation;
  await world.store.addUrgencyRule(mailboxId, { analyte: '6301-6', comparison: '>', limit: 5, unit: '' });
  await world.store.setCorrespondentPhone(SENDER.correspondentIndex, '06 00 00 00 00');
  const calm = { severity: 'normal', flag: 'N' } as const;
  const long = report(CONTENT_LIMITS.resultsMax, 'prose '.repeat(3_000));
  const results = [...long.results.map((one) => ({ ...one, ...calm })), { ...result(0), ...calm, code: '6301-6' }];
  const message = await delivered([{ kind: 'report', report: { ...long, results, phones: ['01 42 00 00 00'] } }]);
  const { label } = result(0);
  assert.deepEqual(message.urgency, {
    level: 'critical',
    reasons: [
      { because: 'rule', label: label.slice(0, URGENCY_LIMITS.wordMaxCharacters), value: '6,8', rule: '6301-6 > 5' },
    ],
    phones: ['01 42 00 00 00', '06 00 00 00 00'],
  });
  assert.equal(message.urgent, true);
  const [shown] = message.documents;
  assert.ok(shown?.kind === 'report' && shown.report.results.every(({ code }) => code !== '6301-6'));
});

test('a letter in quarantine becomes a notice without content', async () => {
  const verdict = { ...opened([]).verdict, show: 'quarantine' as const };
  const text = { kind: 'text', text: 'secret', truncated: false } as const;
  const message = await keeper().message(routed, newId('letter'), opened([text], { verdict }), FACTS);
  assert.equal(message.type, 'quarantine');
  assert.ok(!JSON.stringify(message).includes('secret'));
});

test('what is said beside a letter is said only where it applies', async () => {
  const bare = await keeper().message(routed, newId('letter'), opened([]), FACTS);
  const kept = [
    'type',
    'letterId',
    'from',
    'subject',
    'subjectProtected',
    'receivedAt',
    'verdict',
    'route',
    'answerable',
  ];
  assert.deepEqual(Object.keys(bare).sort(), [...kept, 'documents'].sort());
  const people = [{ name: 'Labo', address: 'labo@labo.example', role: 'cc', reachable: true }] as const;
  const { headers } = opened([]);
  const letter = opened([], { headers: { ...headers, urgent: true, dispositionTo: headers.from, peopleLeftOut: 3 } });
  const carrier = { kind: 'operator', domain: 'cabinet.example', name: 'OPERATEUR' } as const;
  const marked = { ...routed, marks: ['same-message-id', 'subject-changed'] } as const;
  const facts = { ...FACTS, carrier, sender: { ...SENDER, people }, senderCertificateChanged: true } as const;
  const message = v.parse(MessageSchema, await keeper().message(marked, newId('letter'), letter, facts));
  assert.equal(message.type, 'letter');
  const { operator, urgent, asksReceipt, peopleLeftOut, sameMessageId, subjectChanged } = message as LetterMessage;
  assert.deepEqual(operator, { name: 'OPERATEUR', domain: 'cabinet.example' });
  assert.deepEqual((message as LetterMessage).people, people);
  assert.deepEqual([urgent, asksReceipt, peopleLeftOut, sameMessageId, subjectChanged], [true, true, 3, true, true]);
  const unproven = { ...facts, sender: { ...SENDER, proof: null } };
  assert.ok(!('asksReceipt' in (await keeper().message(marked, newId('letter'), letter, unproven))));
});

test('what an answer needs is kept sealed, and a hidden subject is known as hidden', async () => {
  const question = questionIn(world);
  const again = await world.route(question);
  assert.equal(again.outcome, 'routed');
  const place = again as typeof routed;
  const fresh = [{ from: 0, to: 'Bonjour\n\nINR à 6,8'.length }];
  const text: ReadDocument = { kind: 'text', text: 'Bonjour\n\nINR à 6,8\n> Et ?', truncated: false, fresh };
  const people = [{ name: 'Labo', address: 'labo@labo.example', role: 'cc' }] as const;
  const letter = opened([text], {
    headers: { ...opened([]).headers, people, dispositionTo: 'claire.martin@cabinet.example', urgent: true },
    layers: [{ kind: 'encrypted', outcome: 'opened', authenticated: true, reason: null }],
  });
  await keeper().keepContext(place, question.letterId, letter, FACTS);
  const sealed = await world.store.letterContext(question.letterId, world.mailboxId);
  assert.ok(sealed !== null && !sealed.includes('MARTIN'));
  const context = await openContext(place.key, place.conversation, question.letterId, sealed);
  assert.deepEqual([context.subject, context.subjectHidden], ['INR', true]);
  assert.deepEqual(context.quote, ['Bonjour', 'INR à 6,8']);
  const writer = { name: 'Dr Claire MARTIN', address: 'claire.martin@cabinet.example', role: 'from' };
  assert.deepEqual(context.people, [writer, ...people]);
  assert.deepEqual([context.space, context.wasEncrypted, context.urgent], ['demo', true, true]);
  assert.deepEqual([context.receiptTo, context.answerTo], ['claire.martin@cabinet.example', undefined]);
  assert.deepEqual([context.messageId, context.references], ['<a@cabinet.example>', ['<z@cabinet.example>']]);
  await assert.rejects(openContext(place.key, place.conversation, newId('letter'), sealed));
});

test('the original is kept sealed, whole', async () => {
  const letter = Buffer.from('From: claire.martin@cabinet.example\r\n\r\nINR');
  await keeper().keepOriginal(routed, newId('letter'), letter);
  const [blob] = await world.store.blobsOf(routed.conversation.id);
  const stored = await world.blobs.get(`blobs/${world.mailboxId}/${blob?.blobId}`);
  const clear = await openBlob(
    routed.key.key,
    routed.conversation.id,
    blob?.blobId ?? '',
    new Uint8Array(stored ?? []),
  );
  assert.deepEqual(Buffer.from(clear), letter);
});

test('sixty reports of the largest kind are fitted in moments: mail is spoken in the same event loop', async (t) => {
  const largest = Array.from({ length: CONTENT_LIMITS.documentsMax }, (_, at) => {
    const one = report(CONTENT_LIMITS.resultsMax, 'prose');
    return { kind: 'report', report: { ...one, fileNumber: `${at}` } } as const;
  });
  let bytes = 0;
  const { stringify } = JSON;
  t.mock.method(JSON, 'stringify', (value: unknown) => {
    const text = stringify(value);
    bytes += text?.length ?? 0;
    return text;
  });
  const message = await delivered(largest);
  assert.ok(message.documents.length > 0);
  assert.ok(bytes < 4 * stringify(largest).length, `${bytes} bytes were written to find out`);
});
