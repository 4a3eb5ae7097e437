/**
 * `estafette chat ADDRESS`: a terminal device. Prints each event as a line and takes answers on standard input, for
 * people (`CONVERSATION text`, see chat-input.ts) and, with --json, for programs (one JSON object a line, both ways).
 */
import { createInterface } from 'node:readline';
import type { LetterMessage } from '@estafette/contracts/message';
import type { DeviceSession } from '@estafette/mobile-lite/device/device-session';
import type { ReplyMove } from '@estafette/mobile-lite/device/reply-tracker';
import { layFoundation, settings } from '../foundation.ts';
import { untilAskedToStop } from '../stop-signal.ts';
import { openTerminalDevice } from '../terminal-device.ts';
import { completeWish } from './chat-filing.ts';
import { HELP, readFiles, readInput } from './chat-input.ts';
import { createReadingNews, createStatusOrder, type Line, lineOf, summaryOf } from './chat-lines.ts';

export interface ChatOptions {
  readonly person?: string;
  readonly json?: boolean;
  /** Tells that a letter was read, its sender too where he asks for it, as soon as it is printed. */
  readonly receipts?: boolean;
}

/** The letters seen so far, for `/read` and for an answer that names no conversation. */
interface Seen {
  last: string | null;
  readonly letters: Map<string, { readonly conversationId: string; readonly letter: LetterMessage }>;
}

const print = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

function printEvents(session: DeviceSession, json: boolean, seen: Seen): void {
  const told = new Set<string>();
  const isNews = createStatusOrder();
  const isNewReading = createReadingNews();
  const printMove = ({ replyId, conversationId, progress }: ReplyMove): void => {
    const { state, failure, upload } = progress;
    const text = `  ${replyId} ${state}${failure === null ? '' : ` ${failure}`}`;
    if (json) print({ type: 'status', replyId, conversationId, state, failure, ...(upload && { upload }) });
    else process.stdout.write(`${text}\n`);
  };
  session.onMessage((opened) => {
    const { message, conversationId } = opened;
    if (message.type === 'letter' || message.type === 'quarantine') seen.last = conversationId;
    if (message.type === 'letter') seen.letters.set(message.letterId, { conversationId, letter: message });
    if (message.type === 'status' && !isNews(message)) return;
    if (message.type === 'read' && !isNewReading(message)) return;
    if (message.type === 'status') told.add(`${message.replyId} ${message.state}`);
    const time = new Date(opened.at).toLocaleTimeString('fr-FR');
    if (json) print(lineOf(opened));
    else process.stdout.write(`${time} ${conversationId} ${summaryOf(message)}\n`);
  });
  session.onReplyMove((move) => {
    // A state the gateway told stands in its status message; a refusal has none and is told here.
    if (move.progress.at === null) printMove(move);
    else setImmediate(() => void (told.has(`${move.replyId} ${move.progress.state}`) ? undefined : printMove(move)));
  });
}

/** The letter that an answer typed now is about. */
function lastSeen(session: DeviceSession, conversationId: string): { answers?: string } {
  const { conversations } = session.getSnapshot();
  const answers = conversations.find((one) => one.conversationId === conversationId)?.answers ?? null;
  return answers === null ? {} : { answers };
}

/** Does what one line of input asks for; throws an Error whose text is for the person. */
async function obey(line: string, session: DeviceSession, json: boolean, seen: Seen): Promise<void> {
  const input = readInput(line, { json, last: seen.last });
  if (input === null) throw new Error('An answer needs a conversation id and a text.');
  if (input.kind === 'help') return void process.stdout.write(`${HELP}\n`);
  if (input.kind === 'answer') {
    const { kind: _kind, conversationId, text, files, ...wishes } = input;
    const seenLast = lastSeen(session, conversationId);
    await session.sendReply(conversationId, text, { ...seenLast, ...wishes, files: await readFiles(files) });
    return;
  }
  if (input.kind === 'filing') {
    const { conversationId } = input;
    const known = [...seen.letters.values()].filter((one) => one.conversationId === conversationId);
    const wish = completeWish(
      input,
      known.map(({ letter }) => letter),
    );
    return void (await session.sendFiling(conversationId, wish));
  }
  const letters = [...seen.letters.values()].filter(({ conversationId, letter }) =>
    input.letterId === null ? conversationId === input.conversationId : letter.letterId === input.letterId,
  );
  if (letters.length === 0) throw new Error('There is no such letter.');
  for (const { conversationId, letter } of letters) await session.markSeen(conversationId, letter);
}

function greet(session: DeviceSession, json: boolean): void {
  const { deviceId, membership } = session.getSnapshot();
  if (json) print({ type: 'ready', deviceId, mailbox: membership.address, person: membership.person });
  else
    process.stdout.write(
      `${membership.mailboxName} (${membership.person}). Answer with "cnv_… your text", or just text for the last letter; /help tells more. Ctrl-C ends.\n`,
    );
}

/** Runs until its input is asked to end by a signal; the end of standard input leaves it listening. */
export async function chat(address: string, options: ChatOptions): Promise<void> {
  const json = options.json === true;
  const stop = untilAskedToStop();
  const device = await openTerminalDevice(layFoundation(settings()), { address, person: options.person });
  const { session } = device;
  const seen: Seen = { last: null, letters: new Map() };
  const complain = (error: unknown): void => {
    const sentence = error instanceof Error ? error.message : 'the answer was not taken';
    if (json) print({ type: 'error', message: sentence });
    else process.stderr.write(`${sentence}\n`);
  };
  printEvents(session, json, seen);
  if (options.receipts === true) {
    session.onMessage(({ conversationId, message }) => {
      if (message.type === 'letter') void session.markSeen(conversationId, message).catch(complain);
    });
  }
  greet(session, json);
  session.start();
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    if (line.trim() !== '') void obey(line, session, json, seen).catch(complain);
  });
  await stop.asked;
  input.close();
  await device.end();
}
