/**
 * `estafette chat ADDRESS`: a terminal device. Prints each event as a line and takes answers on standard input, for
 * people (`CONVERSATION text`) and, with --json, for programs (one JSON object a line, both ways).
 */
import { createInterface } from 'node:readline';
import type { Message } from '@estafette/contracts/message';
import type { DeviceSession, OpenedMessage } from '@estafette/mobile-lite/device/device-session';
import type { ReplyMove } from '@estafette/mobile-lite/device/reply-tracker';
import { layFoundation, settings } from '../foundation.ts';
import { untilAskedToStop } from '../stop-signal.ts';
import { openTerminalDevice } from '../terminal-device.ts';

type Line = Record<string, unknown> & { readonly type: string };

function lineOf({ seq, conversationId, message, at, expiresAt }: OpenedMessage): Line {
  const common = { conversationId, seq, at: new Date(at).toISOString(), expiresAt: new Date(expiresAt).toISOString() };
  if (message.type === 'letter' || message.type === 'quarantine') {
    const { verdict, type, from, ...rest } = message;
    return {
      type,
      ...common,
      from: from.address,
      fromName: from.name,
      ...verdict,
      ...rest,
      documents: message.type === 'letter' ? message.documents : [],
    };
  }
  return { ...message, ...common, at: message.type === 'status' ? message.at : common.at };
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

function summaryOf(message: Message): string {
  if (message.type === 'quarantine')
    return `[quarantine] un courrier de ${message.from.address} n'a pas pu être ouvert (${message.verdict.reasons.join(', ')})`;
  if (message.type === 'reply')
    return `[réponse${message.person === undefined ? '' : ` de ${message.person}`}] ${oneLine(message.text)}`;
  if (message.type === 'status')
    return `[${message.state}] ${message.replyId}${message.failure === null ? '' : ` ${message.failure}`}`;
  const { verdict } = message;
  const reasons: string[] = [...verdict.reasons, ...(message.senderCertificateChanged ? ['nouveau certificat'] : [])];
  const mark = `[${verdict.show}${reasons.length > 0 ? `: ${reasons.join(', ')}` : ''}]`;
  const texts = message.documents.map((document) => {
    if (document.kind === 'text') return oneLine(document.text);
    if (document.kind === 'hprim') {
      const { patient, results } = document.report;
      const shown = results.map(({ label, first, flag }) =>
        `${label} ${first.value}${first.unit} ${flag ?? ''}`.trim(),
      );
      return `${patient.familyName} ${patient.givenName}: ${shown.join('; ')}`;
    }
    return `(${document.kind} ${document.name})`;
  });
  return `${mark} ${message.from.name || message.from.address} «${message.subject}» ${texts.join(' | ')}`;
}

/** Reads an answer line: a JSON object, or `cnv_… text`, or text for the last conversation. */
function answerFrom(text: string, json: boolean, last: string | null): { conversationId: string; text: string } | null {
  if (json) {
    const answer = JSON.parse(text) as { conversationId?: unknown; text?: unknown };
    return typeof answer.conversationId === 'string' && typeof answer.text === 'string'
      ? { conversationId: answer.conversationId, text: answer.text }
      : null;
  }
  const found = /^(cnv_[0-9A-Za-z]{26})\s+(.+)$/.exec(text);
  if (found !== null) return { conversationId: found[1] as string, text: found[2] as string };
  return last === null ? null : { conversationId: last, text };
}

function printEvents(session: DeviceSession, json: boolean, seen: (conversationId: string) => void): void {
  const told = new Set<string>();
  const printMove = ({ replyId, conversationId, progress: { state, failure } }: ReplyMove): void => {
    const line: Line = { type: 'status', replyId, conversationId, state, failure };
    const text = `  ${replyId} ${state}${failure === null ? '' : ` ${failure}`}`;
    process.stdout.write(`${json ? JSON.stringify(line) : text}\n`);
  };
  session.onMessage((opened) => {
    const { message, conversationId } = opened;
    if (message.type === 'letter' || message.type === 'quarantine') seen(conversationId);
    if (message.type === 'status') told.add(`${message.replyId} ${message.state}`);
    const time = new Date(opened.at).toLocaleTimeString('fr-FR');
    process.stdout.write(
      `${json ? JSON.stringify(lineOf(opened)) : `${time} ${conversationId} ${summaryOf(message)}`}\n`,
    );
  });
  session.onReplyMove((move) => {
    // A state the gateway told stands in its status message; a refusal has none and is told here.
    if (move.progress.at === null) printMove(move);
    else setImmediate(() => void (told.has(`${move.replyId} ${move.progress.state}`) ? undefined : printMove(move)));
  });
}

/** Runs until its input is asked to end by a signal; the end of standard input leaves it listening. */
export async function chat(address: string, options: { person?: string; json?: boolean }): Promise<void> {
  const json = options.json === true;
  const stop = untilAskedToStop();
  const device = await openTerminalDevice(layFoundation(settings()), { address, person: options.person });
  let last: string | null = null;
  const complain = (sentence: string): void =>
    void (json
      ? process.stdout.write(`${JSON.stringify({ type: 'error', message: sentence })}\n`)
      : process.stderr.write(`${sentence}\n`));
  printEvents(device.session, json, (conversationId) => {
    last = conversationId;
  });
  const { deviceId, membership } = device.session.getSnapshot();
  if (json)
    process.stdout.write(
      `${JSON.stringify({ type: 'ready', deviceId, mailbox: membership.address, person: membership.person })}\n`,
    );
  else
    process.stdout.write(
      `${membership.mailboxName} (${membership.person}). Answer with "cnv_… your text", or just text for the last letter. Ctrl-C ends.\n`,
    );
  device.session.start();
  const input = createInterface({ input: process.stdin });
  input.on('line', (line) => {
    if (line.trim() === '') return;
    void (async () => {
      const answer = answerFrom(line, json, last);
      if (answer === null) return complain('An answer needs a conversation id and a text.');
      await device.session.sendReply(answer.conversationId, answer.text);
    })().catch((error: unknown) => complain(error instanceof Error ? error.message : 'the answer was not taken'));
  });
  await stop.asked;
  input.close();
  await device.end();
}
