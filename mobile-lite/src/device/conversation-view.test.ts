import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newId } from '@estafette/contracts/ids';
import type { FilingMessage, Message } from '@estafette/contracts/message';
import { labLetter, letter, PRESSING_INR, quarantine } from '../test/demo-letters.ts';
import { CRITICAL_INR } from '../test/demo-reports.ts';
import { aimOf, judge, viewConversations } from './conversation-view.ts';
import type { Place } from './device-store.ts';
import type { InboxEntry } from './inbox.ts';
import type { LocalReply } from './outbox.ts';
import { localProgress, type ReplyProgress } from './reply-progress.ts';

const NOW = 1_000_000;
const DEVICE = newId('device');

function entry(
  conversationId: string,
  seq: number,
  message: Message | null,
  more: { expiresAt?: number; at?: number } = {},
) {
  const event = {
    kind: message?.type === 'status' ? 'status' : 'message',
    id: newId('event'),
    conversationId,
    author: 'gateway',
    expiresAt: more.expiresAt ?? NOW + 1_000,
    iv: 'iv',
    ct: 'ct',
  } as const;
  const kept = { place: { generation: 0, seq }, at: more.at ?? seq, event };
  return { kept, message, trouble: message === null ? 'no-key' : null } as InboxEntry;
}

function reply(conversationId: string, afterSeq: number, text: string): LocalReply {
  const message = { type: 'reply', replyId: newId('reply'), text, typedAt: '' } as const;
  return { message, conversationId, after: { generation: 0, seq: afterSeq }, kept: null };
}

function view(
  entries: InboxEntry[],
  more: {
    replies?: LocalReply[];
    progress?: Map<string, ReplyProgress>;
    readMarks?: Map<string, Place>;
    now?: number;
  } = {},
) {
  const { replies = [], progress = new Map(), readMarks = new Map(), now = NOW } = more;
  return viewConversations({ entries, replies, progress, readMarks, hasKey: () => true, deviceId: DEVICE, now });
}

const [A, B] = [newId('conversation'), newId('conversation')];

test('conversations stand by their last activity, messages by the number of the relay', () => {
  const shown = view([
    entry(A, 3, letter({ subject: 'trois' })),
    entry(A, 1, letter({ subject: 'un' })),
    entry(B, 2, letter()),
  ]);
  assert.deepEqual(
    shown.map(({ conversationId }) => conversationId),
    [A, B],
  );
  assert.deepEqual(
    shown[0]?.messages.map((one) => (one.type === 'letter' ? one.letter.subject : '')),
    ['un', 'trois'],
  );
});

test('what came after a gap stands after what came before, whatever the numbers', () => {
  const late = entry(A, 1, letter({ subject: 'après' }));
  const moved = { ...late, kept: { ...late.kept, place: { generation: 1, seq: 1 } } };
  const subjects = view([moved, entry(A, 9, letter({ subject: 'avant' }))])[0]?.messages;
  assert.deepEqual(
    subjects?.map((one) => (one.type === 'letter' ? one.letter.subject : '')),
    ['avant', 'après'],
  );
});

test('the patient, the worst severity and the counts are those of the latest result', () => {
  const [shown] = view([entry(A, 1, labLetter()), entry(A, 2, letter())]);
  assert.equal(shown?.patient?.familyName, 'DESSAINT');
  assert.deepEqual(shown?.result, { severity: 'critical', count: { critical: 2, abnormal: 4, unknown: 0, total: 7 } });
  assert.equal(shown?.correspondent?.name, 'Claire MARTIN');
  const { severity, count } = judge([{ ...CRITICAL_INR, status: 'deleted' }]);
  assert.deepEqual([severity, count.total], ['unknown', 0], 'what is deleted counts no more');
});

test('unread counts what came after the mark, our own replies never', () => {
  const mark = new Map([[A, { generation: 0, seq: 1 }]]);
  const entries = [entry(A, 1, labLetter()), entry(A, 2, letter())];
  const [shown] = view(entries, { readMarks: mark, replies: [reply(A, 2, 'vu')] });
  assert.equal(shown?.unread, 1);
  assert.equal(shown?.unreadCritical, false);
  assert.equal(view(entries)[0]?.unreadCritical, true);
});

test('a reply stands after what was known when it was written, with its state; its return is not a second one', () => {
  const local = reply(A, 1, 'réponse');
  const progress = new Map([[local.message.replyId, localProgress('queued')]]);
  const [before] = view([entry(A, 1, letter()), entry(A, 2, letter())], { replies: [local], progress });
  assert.deepEqual(
    before?.messages.map(({ type }) => type),
    ['letter', 'reply', 'letter'],
  );
  const [after] = view([entry(A, 1, letter()), entry(A, 2, local.message)], { replies: [local], progress });
  assert.deepEqual(
    after?.messages.map(({ type }) => type),
    ['letter', 'reply'],
  );
});

test('a failed or held reply asks for attention until another one went well', () => {
  const failed = reply(A, 1, 'un');
  const state = (word: 'failed' | 'sent'): ReplyProgress => ({
    state: word,
    failure: null,
    certain: true,
    corrected: false,
    at: '',
  });
  const progress = new Map([[failed.message.replyId, state('failed')]]);
  assert.equal(view([entry(A, 1, letter())], { replies: [failed], progress })[0]?.needsAttention, true);
  const again = reply(A, 1, 'deux');
  progress.set(again.message.replyId, state('sent'));
  assert.equal(view([entry(A, 1, letter())], { replies: [failed, again], progress })[0]?.needsAttention, false);
});

test('an expired conversation is not shown; an expiry only ever moves later', () => {
  const early = entry(A, 2, letter(), { expiresAt: NOW - 1 });
  assert.equal(view([early]).length, 0);
  assert.equal(view([entry(A, 1, letter(), { expiresAt: NOW + 5 }), early])[0]?.expiresAt, NOW + 5);
});

test('quarantine and sealed messages are shown, a status is not a message', () => {
  const status = {
    type: 'status',
    replyId: newId('reply'),
    state: 'sent',
    failure: null,
    certain: true,
    at: '',
  } as const;
  const [shown] = view([entry(A, 1, quarantine()), entry(A, 2, null), entry(A, 3, status)]);
  assert.deepEqual(
    shown?.messages.map(({ type }) => type),
    ['quarantine', 'waiting-for-key'],
  );
  assert.equal(shown?.answerable, false);
});

test('automatic mail is a line: not unread, and no reason to come up in the list', () => {
  const notice = {
    type: 'notice',
    letterId: newId('letter'),
    kind: 'absent',
    from: { name: 'Claire MARTIN', address: 'claire.martin@cabinet.example' },
    receivedAt: '',
    replyId: null,
    until: '2026-12-12',
    text: 'Absente.',
  } as const;
  const mark = new Map([[A, { generation: 0, seq: 1 }]]);
  const [shown] = view([entry(A, 1, letter(), { at: 10 }), entry(A, 2, notice, { at: 99 })], { readMarks: mark });
  assert.deepEqual(
    shown?.messages.map(({ type }) => type),
    ['letter', 'notice'],
  );
  assert.deepEqual([shown?.unread, shown?.lastActivityAt], [0, 10]);
});

function filing(kind: 'conversation' | 'original' = 'conversation'): FilingMessage {
  const [replyId, letterId] = [newId('reply'), newId('letter')];
  const what = kind === 'conversation' ? ({ kind } as const) : ({ kind, letterId } as const);
  return { type: 'filing', replyId, what, patient: { from: 'report', letterId, index: 0 }, typedAt: '' };
}

const REMINDER = { type: 'reminder', expiresAt: '', at: '' } as const;

test('a filing is shown once, here before it has left and there when a colleague asked; it is never unread', () => {
  const message = filing();
  const local: LocalReply = { message, conversationId: A, after: { generation: 0, seq: 1 }, kept: null };
  const shown = (entries: InboxEntry[]) => view(entries, { replies: [local] })[0]?.messages.map(({ type }) => type);
  assert.deepEqual(shown([entry(A, 1, letter())]), ['letter', 'filing']);
  assert.deepEqual(shown([entry(A, 1, letter()), entry(A, 2, message)]), ['letter', 'filing']);
  assert.equal(view([entry(A, 1, message)])[0]?.unread, 0);
});

test('a reminder counts as unread and stands until the whole conversation is filed after it, and did not fail', () => {
  const types = (wish: FilingMessage, state: 'sent' | 'failed', at = 3) => {
    const told = { state, failure: null, certain: true, corrected: false, at: '' } as const;
    const entries = [entry(A, 1, letter()), entry(A, 2, REMINDER), entry(A, at, wish)];
    return view(entries, { progress: new Map([[wish.replyId, told]]) })[0];
  };
  const stands = (one: ReturnType<typeof types>) => one?.messages.some(({ type }) => type === 'reminder');
  assert.equal(stands(types(filing(), 'sent')), false);
  assert.equal(stands(types(filing('original'), 'sent')), true);
  assert.equal(stands(types(filing(), 'sent', 1.5)), true, 'filed before it');
  const failed = types(filing(), 'failed');
  assert.deepEqual([stands(failed), failed?.filingFailed, failed?.unread], [true, true, 2]);
});

test('a conversation can be filed when its latest letter says so', () => {
  assert.equal(view([entry(A, 1, letter({ fileable: true }))])[0]?.fileable, true);
  assert.equal(view([entry(A, 1, letter({ fileable: true })), entry(A, 2, letter())])[0]?.fileable, false);
});

test('a message of a newer kind is a line: not unread, and no reason to come up in the list', () => {
  const newer = { ...entry(A, 2, null, { at: 99 }), trouble: 'newer' } as const;
  const [shown] = view([entry(A, 1, letter(), { at: 10 }), newer]);
  assert.deepEqual([shown?.messages.at(-1)?.type, shown?.unread, shown?.lastActivityAt], ['newer', 1, 10]);
});

test('what a rule of the mailbox makes critical is critical in the list; urgency alone is not', () => {
  const report = { ...CRITICAL_INR, results: CRITICAL_INR.results.slice(2) };
  const documents = [{ kind: 'report' as const, report }];
  const [ruled] = view([entry(A, 1, labLetter({ documents, urgency: { ...PRESSING_INR.urgency } }))]);
  assert.deepEqual([ruled?.result?.severity, ruled?.unreadCritical, ruled?.unreadUrgent], ['critical', true, false]);
  const mail = { level: 'urgent', reasons: [{ because: 'mail' as const }], phones: [] } as const;
  const marked = labLetter({ documents, urgent: true, urgency: { ...mail, reasons: [...mail.reasons], phones: [] } });
  const [urgent] = view([entry(A, 1, marked)]);
  assert.deepEqual([urgent?.result?.severity, urgent?.unreadCritical, urgent?.unreadUrgent], ['abnormal', false, true]);
});

test('an answer is about the last letter that can be answered, and goes to its people', () => {
  const claire = letter();
  const paul = { name: 'Paul LEROY', address: 'paul.leroy@hopital.example' };
  const [shown] = view([entry(A, 1, claire), entry(A, 2, letter({ from: paul, answerable: false }))]);
  assert.deepEqual([shown?.answers, shown?.answersTo?.address], [claire.letterId, claire.from.address]);
  assert.equal(view([entry(A, 1, letter({ answerable: false }))])[0]?.answers, null);
});

test('an answer begun for an earlier letter is about that one still, and goes to its people', () => {
  const paul = { name: 'Paul LEROY', address: 'paul.leroy@hopital.example' };
  const people = [{ name: '', address: 'b@x.example', role: 'cc', reachable: true }] as const;
  const [claire, later] = [letter({ people: [...people] }), letter({ from: paul })];
  const [shown] = view([entry(A, 1, claire), entry(A, 2, later)]);
  const messages = shown?.messages ?? [];
  const said = ({ answers, answersTo, others }: ReturnType<typeof aimOf>) => [answers, answersTo?.name, others.length];
  assert.deepEqual(said(aimOf(messages, claire.letterId)), [claire.letterId, 'Claire MARTIN', 1]);
  assert.deepEqual(said(aimOf(messages, null)), [later.letterId, 'Paul LEROY', 0]);
  assert.deepEqual([shown?.answers, shown?.answersTo, shown?.others.length], [later.letterId, paul, 0]);
});

test('the others on the latest letter can be answered together; its writer is not one of them', () => {
  const person = (address: string, role: 'from' | 'to' | 'cc') => ({ name: '', address, role, reachable: true });
  const people = [
    person('secretariat@cabinet.example', 'from'),
    person('Claire.Martin@cabinet.example', 'to'),
    person('b@x.example', 'cc'),
  ];
  const [shown] = view([entry(A, 1, letter({ people, urgent: true }))]);
  assert.deepEqual(
    shown?.others.map(({ address }) => address),
    ['b@x.example'],
  );
  assert.equal(shown?.answersTo?.address, 'secretariat@cabinet.example');
  assert.equal(shown?.unreadUrgent, true);
  assert.equal(view([entry(A, 1, letter())])[0]?.answersTo?.address, 'claire.martin@cabinet.example');
});
