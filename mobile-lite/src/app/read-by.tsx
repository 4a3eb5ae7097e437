/**
 * At the foot of the letter: who of the mailbox has read it, and so who reads for the person it names. There it may come, grow
 * and break into lines while one reads: nothing of the letter moves. It is not read aloud when it changes: it is no message.
 */
import type { LetterMessage, ReadMessage } from '@estafette/contracts/message';
import type { JSX } from 'preact';
import type { DeviceSession } from '../device/device-session.ts';
import { readLine } from './read-words.ts';

export function ReadBy(props: {
  letter: LetterMessage;
  readings: readonly ReadMessage[];
  session: DeviceSession;
  now: number;
}): JSX.Element | null {
  const { letter, readings, session, now } = props;
  const { person, mailboxName } = session.getSnapshot().membership;
  const line = readLine(letter, readings, { person, mailboxName, now });
  if (line === '') return null;
  return (
    <p class="read-by" data-testid="read-by" aria-live="off">
      {line}
    </p>
  );
}
