/**
 * Watches that the other side answers what it was asked, and nothing before: nodemailer keeps every line for the next
 * command, so that a `250` sent early would be taken for the answer to our final dot, and the mail for sent. More answers
 * than commands wait for one means that the session is out of step (RFC 5321 §4.1: the server speaks when spoken to);
 * those that were awaited stand all the same: `250 taken` and `421 closing` often come together (§3.8).
 * It cannot tell an answer that comes right after the 354, while the mail is on the line, from one that is in time.
 */
import type { Readable } from 'node:stream';

/** The shortest beginning of a line that tells whether others follow it (RFC 5321 §4.2.1). */
const HEAD_CHARACTERS = 4;
const IS_NO_END = /^(?:\s*$|\d{3}-)/;

/**
 * How many commands of a connection wait for their answer. nodemailer does not publish it; where it keeps no such list
 * any more nothing is ever early, and mails leave all the same. route.test.ts fails then.
 */
export function awaitedBy(connection: object): number {
  const { _responseActions: actions } = connection as { readonly _responseActions?: unknown };
  return Array.isArray(actions) ? actions.length : Number.POSITIVE_INFINITY;
}

/** Counts complete answers in what comes, across pieces. */
function answerCounter(): (chunk: Buffer) => number {
  let head = '';
  return (chunk) => {
    let answers = 0;
    let at = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, at)) {
      head += chunk.toString('latin1', at, Math.min(end, at + HEAD_CHARACTERS));
      if (!IS_NO_END.test(head)) answers += 1;
      head = '';
      at = end + 1;
    }
    head = (head + chunk.toString('latin1', at, at + HEAD_CHARACTERS)).slice(0, HEAD_CHARACTERS);
    return answers;
  };
}

/**
 * Calls `early` when more is answered than `awaited` says, with how many were awaited; before the listeners that are
 * there already.
 */
export function watchEarlyAnswers(socket: Readable, awaited: () => number, early: (awaited: number) => void): void {
  const count = answerCounter();
  socket.prependListener('data', (chunk: Buffer) => {
    const answers = count(chunk);
    const waiting = awaited();
    if (answers > 0 && answers > waiting) early(waiting);
  });
}
